"""AWS as a project meets it: the caller, the environment's stack, and the keys that are kept of its roles."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from samlocal.aws import SESSIONS_FOLDER, Aws, caller_key
from samlocal.project.local_stack import LocalStackInUse
from samlocal.project.settings import NEVER, Settings
from samlocal.project.teller import Teller

if TYPE_CHECKING:
    # A run without an environment needs none of it.
    from samlocal.deployed.environment import Environment
    from samlocal.deployed.revision import RevisionCheck
    from samlocal.deployed.rights.credential_cache import CredentialCache
    from samlocal.deployed.stack import Stack


class Account:
    """One project's, from its first use to ``close``; ``local`` is the environment on this machine."""

    def __init__(self, settings: Settings, teller: Teller) -> None:
        self._settings = settings
        self.local = LocalStackInUse(settings, teller)

    def close(self) -> None:
        self.local.close()

    def caller(self) -> Aws:
        """AWS as the user calls it."""
        settings = self._settings
        if settings.is_local:
            local = self.local.opened()
            return local.server.aws(local.wanted.region)
        return Aws(profile=settings.profile, region=settings.region, sessions=self._sessions)

    def environment(self, *, refresh: bool) -> Environment | None:
        """The deployed stack, None where the settings name none; ``refresh`` believes nothing that is kept."""
        settings = self._settings
        if settings.stack_name is None:
            return None
        if settings.is_local:
            return self.local.environment(refresh=refresh)

        from samlocal.deployed.environment import Environment
        from samlocal.deployed.revision import Question, RevisionCheck
        from samlocal.deployed.snapshot import Snapshot

        stack_name, world = settings.stack_name, settings.world
        snapshot = Snapshot(
            world.cache_folder / "snapshots" / self._key / f"{quote(stack_name, safe='')}.json",
            clock=time.time,
            max_age=settings.snapshot_age,
            refresh=refresh,
        )

        def check(kept: Stack) -> RevisionCheck:
            question = Question(
                stack_name=stack_name,
                region=kept.place.region,
                endpoint_url=kept.endpoint_url,
                profile=settings.profile,
                sessions=str(self._sessions),
            )
            return RevisionCheck(question, environ=world.environ)

        return Environment(
            self.caller(),
            stack_name=stack_name,
            snapshot=snapshot,
            credentials=self.credential_cache(refresh=refresh),
            check=None if settings.snapshot_age == NEVER else check,
        )

    def credential_cache(self, *, refresh: bool) -> CredentialCache:
        if self._settings.is_local:
            return self.local.credential_cache(refresh=refresh)

        from samlocal.deployed.rights.credential_cache import CredentialCache

        folder = self._settings.world.cache_folder / "credentials"
        return CredentialCache(folder, caller=self._key, clock=time.time, refresh=refresh)

    @property
    def _key(self) -> str:
        """Tells callers apart."""
        settings = self._settings
        return caller_key(settings.world.environ, profile=settings.profile, region=settings.region)

    @property
    def _sessions(self) -> Path:
        return self._settings.world.cache_folder / SESSIONS_FOLDER
