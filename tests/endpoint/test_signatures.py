"""Whose signature a request has, by the example that AWS's own guide computes step by step."""

from __future__ import annotations

import pytest

from samlocal.aws.signature import is_signed_with, signature_of

# IAM user guide, "Create a signed AWS API request" (its example of Signature Version 4).
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HEADERS = {
    "host": "iam.amazonaws.com",
    "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    "x-amz-date": "20150830T123600Z",
    "user-agent": "not signed",
    "authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date, "
    "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
}
TARGET = "/?Action=ListUsers&Version=2010-05-08"


def is_signed(*, secret: str = SECRET, target: str = TARGET, body: bytes = b"", **headers: str) -> bool:
    given = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
    signature = signature_of(given)
    assert signature is not None
    return is_signed_with(secret, signature, method="GET", target=target, headers=given, body=body)


def test_the_guides_own_signature_is_good() -> None:
    assert is_signed()
    # What is not part of it may change on the way.
    assert is_signed(user_agent="another")


@pytest.mark.parametrize(
    "changed",
    [
        {"secret": "guessed"},
        {"target": "/?Action=DeleteUser&Version=2010-05-08"},
        {"body": b"x"},
        {"host": "evil.example"},
        {"x_amz_date": "20150830T123601Z"},
    ],
)
def test_a_signature_is_good_for_what_was_signed_alone(changed: dict[str, str]) -> None:
    assert not is_signed(**changed)  # type: ignore[arg-type]


def test_a_signature_says_who_asks_which_service_where() -> None:
    signature = signature_of(HEADERS)
    assert signature is not None
    assert (signature.access_key_id, signature.region, signature.service) == ("AKIDEXAMPLE", "us-east-1", "iam")


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer abc",
        "AWS AKID:sig",
        HEADERS["authorization"][:-1],
        HEADERS["authorization"].replace("aws4", "aws5"),
    ],
)
def test_what_is_no_signature_names_nobody(authorization: str) -> None:
    assert signature_of({"authorization": authorization}) is None
