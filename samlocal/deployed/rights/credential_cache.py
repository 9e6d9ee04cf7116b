"""The roles' credentials on disk, as the AWS CLI keeps them: for the user only, until they near their end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import msgspec

from samlocal.aws import AwsUnreachableError, Credentials
from samlocal.deployed import shape
from samlocal.deployed.snapshot import read_private, write_private

RENEW_BEFORE = 900.0
"""Seconds before their end at which credentials are renewed: a function may run that long."""


class CredentialCache:
    """Credentials by the session that they are of. ``clock`` gives epoch seconds; ``caller`` tells callers apart."""

    def __init__(self, folder: Path, *, caller: str, clock: Callable[[], float], refresh: bool = False) -> None:
        self._folder = folder
        self._caller = caller
        self._clock = clock
        self._refresh = refresh

    def of(self, session: str, assume: Callable[[], Credentials]) -> Credentials:
        """Those on disk while they last, else new ones; ``session`` is a role's ARN, or says more than that.

        Raises what ``assume`` raises.
        """
        file = self._folder / f"{hashlib.sha256(f'{self._caller} {session}'.encode()).hexdigest()[:32]}.json"
        kept = self._read(file)
        if kept is not None and not self._refresh and self._left(kept) > RENEW_BEFORE:
            return kept
        try:
            credentials = assume()
        except AwsUnreachableError:
            if kept is None or self._left(kept) <= 0:
                raise
            return kept
        write_private(file, json.dumps({"version": 1, **msgspec.to_builtins(credentials)}))
        return credentials

    def _read(self, file: Path) -> Credentials | None:
        content = read_private(file)
        try:
            expires = content["expires"]
            return Credentials(
                access_key_id=shape.text(content["access_key_id"]),
                secret_access_key=shape.text(content["secret_access_key"]),
                session_token=shape.text_or_none(content["session_token"]),
                expires=None if expires is None else shape.number(expires),
                endpoint_url=shape.text_or_none(content["endpoint_url"]),
            )
        except shape.MALFORMED:
            return None

    def _left(self, credentials: Credentials) -> float:
        return float("inf") if credentials.expires is None else credentials.expires - self._clock()
