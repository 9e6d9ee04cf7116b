"""The certificate of ``--tls``."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest
from cryptography import x509

from samlocal.http_api.web.certificate import certificate


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def names(found: x509.Certificate) -> set[str]:
    there = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {*there.get_values_for_type(x509.DNSName), *map(str, there.get_values_for_type(x509.IPAddress))}


def test_it_is_this_machines_and_stays_the_same(tmp_path: Path) -> None:
    made = certificate(tmp_path / "tls")
    again = certificate(tmp_path / "tls")

    assert {"localhost", "127.0.0.1", "::1"} <= names(read(made.public))
    assert read(again.public) == read(made.public) == read(made.served)
    assert b"PRIVATE KEY" in made.served.read_bytes()
    assert b"PRIVATE KEY" not in made.public.read_bytes()


def test_it_is_made_anew_for_another_name_and_where_it_is_no_certificate(tmp_path: Path) -> None:
    before = read(certificate(tmp_path / "tls").public)
    named = certificate(tmp_path / "tls", ["192.0.2.7", "dev.example"])
    assert {"192.0.2.7", "dev.example"} <= names(read(named.public))
    assert read(named.public) != before

    named.served.write_text("nonsense")
    assert "localhost" in names(read(certificate(tmp_path / "tls").public))


@pytest.mark.parametrize("left", [None, b"", b"of another one"])
def test_clients_find_the_one_that_is_served_whatever_became_of_the_file(tmp_path: Path, left: bytes | None) -> None:
    made = certificate(tmp_path / "tls")
    served = made.served.read_bytes()
    made.public.unlink()
    if left is not None:
        made.public.write_bytes(left)

    again = certificate(tmp_path / "tls")

    assert again.served.read_bytes() == served
    assert read(again.public) == read(again.served)


def test_its_key_is_its_owners_alone_whatever_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = certificate(tmp_path / "tls")
    finally:
        os.umask(before)

    assert made.served.stat().st_mode & 0o777 == 0o600
    assert made.served.parent.stat().st_mode & 0o777 == 0o700


def test_it_ends(tmp_path: Path) -> None:
    found = read(certificate(tmp_path / "tls").public)

    assert found.not_valid_after_utc - datetime.datetime.now(datetime.UTC) < datetime.timedelta(days=366)
