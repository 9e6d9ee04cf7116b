"""The certificate that ``--tls`` serves with, and what functions reach: samlocal's own, of this machine alone.

Nobody has signed it: clients are told where it is, and trust it or not. Its key never leaves its owner's folder.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from samlocal.own_folder import own_folder

if TYPE_CHECKING:
    from cryptography import x509

INSIDE = "execute-api.samlocal.internal"
"""What functions call WebSocket APIs, behind an API's id: ICANN keeps ``internal`` out of the DNS."""

_NAMES = ("localhost", "host.docker.internal", "127.0.0.1", "::1", f"*.{INSIDE}")
_DAYS = 365
_LEFT = datetime.timedelta(days=7)
"""A certificate that ends sooner is made anew."""


class Certificate(Struct, frozen=True, kw_only=True):
    """``served`` has the key, too; ``public`` is what clients are given to trust."""

    served: Path
    public: Path


def certificate(folder: Path, names: Iterable[str] = ()) -> Certificate:
    """The one in ``folder``, made where there is none for these names beside this machine's own. Raises OSError."""
    own_folder(folder)
    made = Certificate(served=folder / "key-and-certificate.pem", public=folder / "certificate.pem")
    wanted = {*_NAMES, *names}
    public = _good(made.served, wanted)
    if public is None:
        private, public = _new(sorted(wanted))
        _write(made.served, private + public)
    # The one that has the key is whole or not there; the other is made of it, whatever has become of it.
    if not made.public.is_file() or made.public.read_bytes() != public:
        _write(made.public, public)
    return made


def _good(path: Path, wanted: set[str]) -> bytes | None:
    """The certificate in a file, as PEM, where it has these names and is still good for a while."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
        there = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return None
    if found.not_valid_after_utc - _LEFT < datetime.datetime.now(datetime.UTC):
        return None
    names = {*there.get_values_for_type(x509.DNSName), *map(str, there.get_values_for_type(x509.IPAddress))}
    return found.public_bytes(serialization.Encoding.PEM) if wanted <= names else None


def _new(names: list[str]) -> tuple[bytes, bytes]:
    """A key, and its certificate, as PEM."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "samlocal on this machine")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, made.public_bytes(serialization.Encoding.PEM)


def _name(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, for its owner alone."""
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
