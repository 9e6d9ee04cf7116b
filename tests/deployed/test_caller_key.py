"""What tells one caller's kept answers from another's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from samlocal.aws import caller_key


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / ".aws"
    (folder / "sso" / "cache").mkdir(parents=True)
    (folder / "config").write_text("[profile work]\nregion = eu-west-1\n")
    (folder / "credentials").write_text("[work]\naws_access_key_id = ONE\n")
    (folder / "sso" / "cache" / "token.json").write_text("{}")
    return tmp_path


def key(home: Path, **more: str) -> str:
    return caller_key({"HOME": str(home), **more}, profile="work", region="eu-west-1")


@pytest.mark.parametrize(
    "variable",
    [
        "AWS_ACCESS_KEY_ID",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_CLOUDFORMATION",
        "AWS_ENDPOINT_URL_S3",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ],
)
def test_every_variable_that_chooses_the_caller_or_the_endpoint_counts(home: Path, variable: str) -> None:
    assert len({key(home), key(home, **{variable: "one"}), key(home, **{variable: "two"})}) == 3


def test_what_chooses_nobody_does_not_count(home: Path) -> None:
    assert key(home) == key(home, AWS_PAGER="less", AWS_SECRET_ACCESS_KEY="s", PATH="/bin")


@pytest.mark.parametrize("name", ["config", "credentials", "sso/cache/token.json", "sso/cache/another.json"])
def test_a_changed_file_of_the_callers_is_another_caller(home: Path, name: str) -> None:
    before = key(home)
    file = home / ".aws" / name
    stamp = file.stat().st_mtime_ns if file.exists() else 0
    new = file.with_name("new")
    new.write_text("changed")
    # Of the same age, as a backup that is put back may be.
    os.utime(new, ns=(stamp, stamp))
    new.replace(file)

    assert key(home) != before
    assert key(home) == key(home)


def test_a_web_identity_token_that_was_renewed_is_another_caller(home: Path) -> None:
    token = home / "token"
    token.write_text("first")
    before = key(home, AWS_WEB_IDENTITY_TOKEN_FILE=str(token))
    token.write_text("second, longer")

    assert key(home, AWS_WEB_IDENTITY_TOKEN_FILE=str(token)) != before


def test_odd_variables_have_a_key_too(home: Path) -> None:
    assert key(home, AWS_PROFILE="\udcff", AWS_CONFIG_FILE="\0", AWS_WEB_IDENTITY_TOKEN_FILE="~nobody/x")
