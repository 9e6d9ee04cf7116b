"""A clock that is wrong is told from credentials that are: AWS refuses both in nearly the same words."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from botocore.exceptions import ClientError

from samlocal.aws.failures import client_error
from samlocal.errors import CredentialsError


def refused(code: str, message: str, *, minutes: int = 0) -> ClientError:
    """AWS's answer when its own clock is so many minutes behind this machine's."""
    headers = {"date": formatdate(time.time() - 60 * minutes, usegmt=True)}
    error = {"Code": code, "Message": message}
    return ClientError({"Error": error, "ResponseMetadata": {"HTTPHeaders": headers}}, "DescribeStacks")


# IAM user guide, "Troubleshoot Signature Version 4 signed requests"; Amazon S3 API reference, "Error responses".
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("SignatureDoesNotMatch", "Signature expired: 20261126T100000Z is now earlier than 20261126T101500Z"),
        ("InvalidSignatureException", "Signature not yet current: 20261126T103000Z is still later than"),
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
    ],
)
@pytest.mark.parametrize(("minutes", "says"), [(20, "20 minutes fast"), (-7, "7 minutes slow")])
def test_a_wrong_clock_is_named_with_how_far_it_is_off(code: str, message: str, minutes: int, says: str) -> None:
    error = client_error(refused(code, message, minutes=minutes), None, "cloudformation", "describe_stacks")
    assert isinstance(error, CredentialsError)
    assert error.message.startswith(f"AWS does not accept the time of this machine, whose clock is {says} (")
    assert "timedatectl" in (error.tip or "")


def test_keys_that_are_wrong_are_no_wrong_clock() -> None:
    message = "The request signature we calculated does not match the signature you provided."
    error = client_error(refused("SignatureDoesNotMatch", message), "work", "sts", "get_caller_identity")
    assert error.message.startswith("AWS does not accept the credentials (")
    assert "aws sso login --profile work" in (error.tip or "")
