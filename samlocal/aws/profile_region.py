"""The region of a profile, read from the AWS configuration file without loading boto3 (which takes 200 ms)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def profile_region(environ: Mapping[str, str], *, profile: str | None) -> str | None:
    """What ``region`` says in the profile's section, None where there is no file, no such profile or no region.

    Source: AWS SDKs and tools reference guide, "Shared config and credentials files", "AWS Region". The profile is
    the one given, else ``AWS_PROFILE``, else ``default``.
    """
    home = environ.get("HOME") or environ.get("USERPROFILE")
    named = environ.get("AWS_CONFIG_FILE")
    if not named and not home:
        return None
    path = Path(named) if named else Path(home or "") / ".aws" / "config"
    if named and named.startswith("~") and home:
        path = Path(home) / named.removeprefix("~").lstrip("/")
    if not path.is_file():
        return None
    import configparser  # 2 ms

    # Nested settings (`s3 =` and indented lines below it) are values to this parser, as they are to botocore's.
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, OSError, UnicodeDecodeError):
        # Whoever calls AWS is told what is wrong with the file; without an environment nobody does.
        return None
    name = profile or environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE") or "default"
    sections = ("default", "profile default") if name == "default" else (f"profile {name}",)
    for section in sections:
        if parser.has_section(section) and parser.has_option(section, "region"):
            return (parser.get(section, "region") or "").strip() or None
    # `[DEFAULT]` would be every section's; `[default]` is a section of its own.
    return None
