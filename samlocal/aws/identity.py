"""Who calls AWS, as far as it can be told without asking anyone: a key for what is kept of its answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

# What chooses the caller, the region and the endpoints (AWS SDKs and tools reference guide, "Environment variables
# list"). Keys are known by their id: another caller has another one. Nothing secret is among them.
_VARIABLES = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_CONFIG_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_DEFAULT_PROFILE",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_LOGIN_CACHE_DIRECTORY",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "HOME",
    }
)
_ENDPOINTS = "AWS_ENDPOINT_URL"
"""Of all services, and with a service's name behind it of that one."""


def caller_key(environ: Mapping[str, str], *, profile: str | None, region: str | None) -> str:
    """Tells one caller's cached answers from another's: by the settings, and by the state of the files they name.

    New keys in ``~/.aws/credentials``, or another login, are another caller, whatever the profile's name. It costs a
    handful of stat calls.
    """
    settings = [(name, value) for name, value in environ.items() if name in _VARIABLES or name.startswith(_ENDPOINTS)]
    parts = [profile or "", region or "", *(f"{name}={value}" for name, value in sorted(settings)), *_states(environ)]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()[:16]


def _states(environ: Mapping[str, str]) -> Iterator[str]:
    """The state of every file that credentials come from."""
    home = Path(environ.get("HOME") or "~").expanduser() / ".aws"
    for variable, usual in (
        ("AWS_CONFIG_FILE", home / "config"),
        ("AWS_SHARED_CREDENTIALS_FILE", home / "credentials"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", None),
    ):
        named = environ.get(variable)
        if named or usual is not None:
            yield _state(Path(named).expanduser() if named else usual or Path())
    # Tokens of IAM Identity Center and of `aws login`.
    for folder in (
        home / "sso" / "cache",
        Path(environ.get("AWS_LOGIN_CACHE_DIRECTORY") or home / "login" / "cache"),
    ):
        yield _state(folder)
        try:
            tokens = sorted(folder.iterdir())
        except OSError:
            continue
        yield from map(_state, tokens)


def _state(path: Path) -> str:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return f"{path}: -"
    return f"{path}: {status.st_mtime_ns} {status.st_ctime_ns} {status.st_size} {status.st_ino}"
