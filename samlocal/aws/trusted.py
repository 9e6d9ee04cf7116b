"""Whom SDKs trust."""

from __future__ import annotations

from pathlib import Path


def trusted_roots() -> bytes:
    """The certificates, as PEM, by which botocore knows AWS where nobody names others."""
    from botocore.httpsession import get_cert_path

    return Path(get_cert_path(True)).read_bytes()
