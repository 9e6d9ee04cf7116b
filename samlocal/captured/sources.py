"""Where events of a function arrive: its queues, its streams, and what it logs."""

from __future__ import annotations

from msgspec import Struct

from samlocal.config import nearest
from samlocal.endpoint.directory import Directory
from samlocal.errors import ConfigurationError
from samlocal.function.application import Application
from samlocal.function.logging_config import logging_config
from samlocal.function.properties import Properties
from samlocal.sources.mapping import Mapping, NotPolled
from samlocal.sources.mappings import mappings

LOGS = "logs"
"""What the function's log is called among its sources."""


class ArrivalSources(Struct, frozen=True, kw_only=True):
    """Of one function. ``role`` is the ARN of its role, None where that is not known; ``not_read`` are mappings that
    samlocal cannot read."""

    mappings: tuple[Mapping, ...]
    not_read: tuple[NotPolled, ...]
    log_group: str
    region: str
    role: str | None

    def choose(self, name: str | None) -> Mapping | None:
        """The one of this name, else the only one; None for the log. Raises ConfigurationError."""
        if name is None and len(self.mappings) > 1:
            raise ConfigurationError(
                f"The function has several sources: {', '.join(self._names)}.", tip="Name one with --source."
            )
        if name == LOGS or (name is None and not self.mappings):
            return None
        for each in self.mappings:
            if name in (None, each.source_name, each.id, each.source):
                return each
        for other in self.not_read:
            if name == other.id:
                raise ConfigurationError(f"{other.id} is not read: {other.reason}.")
        raise ConfigurationError(
            f"The function has no source {name}{nearest(str(name), self._names)}",
            tip=f"It has {', '.join(self._names)}.",
        )

    @property
    def _names(self) -> list[str]:
        return [*(each.source_name for each in self.mappings), LOGS]


def arrival_sources(application: Application, function: str) -> ArrivalSources:
    """Raises FunctionNotFoundError, and UnresolvedError where the log group's name cannot be known."""
    owner, resource = application.find(function)
    path, role = owner.path(resource), owner.role(resource)
    of_function = [each for each in mappings(Directory(application)) if each.reader == path]
    properties = Properties(owner.template, resource, owner.evaluator)
    return ArrivalSources(
        mappings=tuple(each for each in of_function if isinstance(each, Mapping)),
        not_read=tuple(each for each in of_function if isinstance(each, NotPolled)),
        log_group=logging_config(properties, function_name=owner.name(resource)).group,
        region=owner.place.region,
        role=role if isinstance(role, str) else None,
    )
