"""Layer versions of AWS, each brought to this machine once: what an ARN with its version names never changes."""

from __future__ import annotations

import base64
import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from samlocal.artifact.cache import hash_of
from samlocal.artifact.fetch.download import download
from samlocal.artifact.fetch.supply import ArtifactStore
from samlocal.artifact.fetch.unpacked import Unpacked, unpacked
from samlocal.aws import Aws, AwsCallError, Body, Credentials
from samlocal.errors import CredentialsError, LayerError

KIND = "versions"
OPT = "/opt"

_ARN = re.compile(r"arn:[\w-]+:lambda:(?P<region>[\w-]+):\d{12}:layer:[\w-]+:\d+")

# As short as STS gives them: they serve one call.
_ROLE_SECONDS = 900


def layer_version(arn: str, supply: ArtifactStore, *, renew: bool = False) -> Unpacked:
    """The layer's content, from the cache without asking anyone.

    Raises LayerError where AWS does not give it, ArchiveError, DownloadError, AwsError.
    """
    matched = _ARN.fullmatch(arn)
    if matched is None:
        raise LayerError(
            f"{arn} names no layer version.",
            tip="It ends in the layer's name and version: arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION.",
        )
    region = matched["region"]

    def obtain(part: Path) -> Path:
        content = _content(arn, region, supply)
        location = content["Location"]

        def open_at(start: int, again: bool) -> AbstractContextManager[Body]:
            nonlocal location
            if again:
                # The signed URL is good for ten minutes only.
                location = _content(arn, region, supply)["Location"]
            return supply.caller.open_url(location, start=start)

        download(
            part,
            open_at=open_at,
            sha256=base64.b64decode(content["CodeSha256"]).hex(),
            size=content.get("CodeSize"),
            step=supply.step(arn),
        )
        return part

    # What stands in for AWS may give the same ARN to something else.
    key = hash_of(arn, supply.endpoint_url or "")
    return unpacked(supply.layers, KIND, key, origin=arn, obtain=obtain, mounted_at=OPT, renew=renew)


def _content(arn: str, region: str, supply: ArtifactStore) -> dict[str, Any]:
    try:
        described = _reader(supply, region).call("lambda", "get_layer_version_by_arn", region=region, Arn=arn)
    except CredentialsError as error:
        raise CredentialsError(
            f"The layer {arn} is not kept on this machine, and AWS is asked for it. {error.message}",
            tip=f"{error.tip} -e ENV has those of an environment.",
        ) from error
    except AwsCallError as error:
        if error.denied:
            raise LayerError(
                f"The layer {arn} cannot be read: {error.message}",
                tip="The caller needs lambda:GetLayerVersion on it. Its owner gives it to another account with "
                "`aws lambda add-layer-version-permission`; or name a role that has it: --layer-role-arn ROLE."
                if supply.layer_role_arn is None
                else f"The role {supply.layer_role_arn} needs lambda:GetLayerVersion on it.",
            ) from error
        raise LayerError(f"The layer {arn} cannot be had: {error.message}", tip="Mend the ARN.") from error
    content: dict[str, Any] = described["Content"]
    return content


def _reader(supply: ArtifactStore, region: str) -> Aws:
    """Who asks for the layer: the caller, or the role that the user names for it."""
    if supply.layer_role_arn is None:
        return supply.caller
    keys = supply.caller.call(
        "sts",
        "assume_role",
        region=region,
        RoleArn=supply.layer_role_arn,
        RoleSessionName="samlocal-layers",
        DurationSeconds=_ROLE_SECONDS,
    )["Credentials"]
    credentials = Credentials(
        access_key_id=keys["AccessKeyId"],
        secret_access_key=keys["SecretAccessKey"],
        session_token=keys["SessionToken"],
    )
    return Aws(profile=supply.caller.profile, region=region, credentials=credentials)
