"""The environment on this machine (``-e local``), as a test has it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from samlocal.errors import ConfigurationError
from samlocal.local.clearing import clear
from samlocal.local.local_environment import LocalEnvironment
from samlocal.local.seed import read_seed, sow
from samlocal.project.local_stack import local_project
from samlocal.project.project import Project


class Environment:
    """A test run's own: the user's stays as it is, and so does another worker's. It ends with the run.

    ``seed`` is a file for ``samlocal local seed``. ``changed`` is called when all names have become others.
    """

    def __init__(self, project: Project, *, seed: Path | None, changed: Callable[[], object]) -> None:
        self._project = project
        self._seed = seed
        self._changed = changed

    @property
    def url(self) -> str:
        """Where every service of AWS is: an ``endpoint_url``."""
        return self._opened.server.url

    @property
    def variables(self) -> Mapping[str, str]:
        """For a program that is to use it: ``AWS_ENDPOINT_URL``, keys and the region."""
        return {**self._opened.server.environment({}), "AWS_REGION": self._opened.wanted.region}

    def client(self, service: str) -> Any:
        """boto3's client of a service there."""
        return self._opened.server.aws(self._opened.wanted.region).client(service)

    def physical_id(self, logical_id: str) -> str:
        """What a resource of the template is called there: a table's name, a queue's URL. Raises LookupError."""
        environment = self._project.account.environment(refresh=False)
        resource = environment.stack.resources.get(logical_id) if environment is not None else None
        if resource is None:
            raise LookupError(f"{self._project.settings.template}: the stack has no resource {logical_id}")
        return resource.physical_id

    def seed(self, path: Path) -> None:
        """Puts the data of a seed file there, as ``samlocal local seed`` does. Raises ConfigurationError."""
        opened = self._opened
        aws, stack_name = opened.server.aws(opened.wanted.region), opened.wanted.stack_name
        for _ in sow(read_seed(path), aws, stack_name=stack_name):
            pass

    def clear(self) -> None:
        """Empties the stack's tables, buckets and queues, but for the seed: some milliseconds, and all names stay.

        What else a test has changed (secrets, user pools, resources that it has made itself) is for ``reset``.
        """
        opened = self._opened
        clear(opened.server.aws(opened.wanted.region), opened.wanted.stack_name)
        if self._seed is not None:
            self.seed(self._seed)

    def reset(self) -> None:
        """Starts anew: empty but for the seed, with the template deployed, which takes a second or more."""
        self.stop()
        self._changed()
        if self._seed is not None:
            self.seed(self._seed)

    def stop(self) -> None:
        """Ends it, with its data."""
        self._project.account.close()
        local = local_project(self._project.settings)
        with local.locked():
            local.stop()

    def close(self) -> None:
        """Ends it, and keeps nothing of it: its user does not come again."""
        self.stop()
        shutil.rmtree(local_project(self._project.settings).folder, ignore_errors=True)

    @property
    def _opened(self) -> LocalEnvironment:
        if not self._project.settings.is_local:
            raise ConfigurationError("There is no environment on this machine in this run.", tip="Give -e local.")
        return self._project.account.local.opened()
