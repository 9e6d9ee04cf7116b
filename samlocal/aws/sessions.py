"""The sessions of profiles with a role, kept: who is asked for an MFA code is asked once in a session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samlocal.own_folder import own_folder

_SESSION = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
"""What a session's keys consist of (STS API reference, "Credentials")."""


def keep_sessions(core: Any, folder: Path) -> None:
    """As the AWS CLI does it (awscli/customizations/assumerole.py), in samlocal's own folder."""
    import botocore.utils

    try:
        own_folder(folder)
    except OSError:
        # A disk that refuses costs one more question for the code, no more.
        return

    class Sessions(botocore.utils.JSONFileCache):  # type: ignore[misc]
        """A file of another shape counts as absent."""

        def __getitem__(self, key: str) -> Any:
            kept = super().__getitem__(key)
            keys = kept.get("Credentials") if isinstance(kept, dict) else None
            if not isinstance(keys, dict) or not all(isinstance(keys.get(name), str) for name in _SESSION):
                raise KeyError(key)
            try:
                botocore.utils.parse_timestamp(keys["Expiration"])
            except ValueError as error:
                raise KeyError(key) from error
            return kept

        def __contains__(self, key: object) -> bool:
            try:
                self[str(key)]
            except KeyError:
                return False
            return True

    provider = core.get_component("credential_provider").get_provider("assume-role")
    provider.cache = Sessions(str(folder))
