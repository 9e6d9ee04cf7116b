"""boto3's own clients of what a test has running: the second opinion on what is there."""

from __future__ import annotations

from typing import Any

REGION = "us-east-1"
"""Where the environment on this machine is, and functions of no environment."""


def aws_client(service: str, url: str, *, region: str = REGION, key: str = "local") -> Any:
    """``key`` is an access key id, which says at some endpoints who asks."""
    import boto3

    return boto3.client(
        service, endpoint_url=url, region_name=region, aws_access_key_id=key, aws_secret_access_key="testing"
    )
