"""The roles' credentials on disk, as the AWS CLI keeps them: for the user only, until they near their end."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from samlocal.aws import AwsUnreachableError, Credentials
from samlocal.records import read_record, write_record

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
        kept = read_record(file, Credentials)
        if kept is not None and not self._refresh and self._left(kept) > RENEW_BEFORE:
            return kept
        try:
            credentials = assume()
        except AwsUnreachableError:
            if kept is None or self._left(kept) <= 0:
                raise
            return kept
        write_record(file, credentials)
        return credentials

    def _left(self, credentials: Credentials) -> float:
        # A session's always end.
        return (credentials.expires or 0.0) - self._clock()
