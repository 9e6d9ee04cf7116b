"""Where resources are deployed: partition, region and account, as ARNs and host names spell them."""

from __future__ import annotations

import re

from msgspec import Struct

# botocore's data/partitions.json: which regions a partition holds, and its DNS suffix (`AWS::URLSuffix`).
_PARTITIONS = (
    ("aws-cn", r"cn-", "amazonaws.com.cn"),
    ("aws-us-gov", r"us-gov-", "amazonaws.com"),
    ("aws-iso", r"us-iso-", "c2s.ic.gov"),
    ("aws-iso-b", r"us-isob-", "sc2s.sgov.gov"),
    ("aws-iso-e", r"eu-isoe-", "cloud.adc-e.uk"),
    ("aws-iso-f", r"us-isof-", "csp.hci.ic.gov"),
    ("aws-eusc", r"eusc-", "amazonaws.eu"),
)
_SUFFIXES = {partition: suffix for partition, _, suffix in _PARTITIONS}

# The regions whose website endpoints have a dash after `s3-website`, all later ones have a dot
# (AWS General Reference, "Amazon S3 website endpoints"; aws-cdk region-info/lib/aws-entities.ts).
_DASHED_WEBSITES = frozenset(
    {
        "us-east-1", "us-west-1", "us-west-2", "us-gov-west-1", "eu-west-1",
        "ap-northeast-1", "ap-southeast-1", "ap-southeast-2", "sa-east-1",
    }
)  # fmt: skip


class Place(Struct, frozen=True, kw_only=True):
    """A region of an account."""

    partition: str = "aws"
    region: str
    account: str

    @classmethod
    def from_arn(cls, arn: str) -> Place:
        """The place an ARN names; region and account are empty for resources that have none in their ARN.

        Raises ValueError when the text is no ARN.
        """
        parts = arn.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            raise ValueError(f"not an ARN: {arn!r}")
        return cls(partition=parts[1], region=parts[3], account=parts[4])

    @classmethod
    def in_region(cls, region: str, *, account: str) -> Place:
        """The place with the partition that the region belongs to."""
        return cls(partition=partition_of(region), region=region, account=account)

    @property
    def url_suffix(self) -> str:
        """What `AWS::URLSuffix` gives here."""
        return _SUFFIXES.get(self.partition, "amazonaws.com")

    @property
    def s3_website(self) -> str:
        """The host under which buckets of this region serve websites."""
        mark = "-" if self.region in _DASHED_WEBSITES else "."
        return f"s3-website{mark}{self.region}.{self.url_suffix}"


def partition_of(region: str) -> str:
    """The partition a region belongs to: ``cn-north-1`` → ``aws-cn``."""
    for partition, prefix, _ in _PARTITIONS:
        if re.match(prefix, region):
            return partition
    return "aws"
