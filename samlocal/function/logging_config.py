"""How a function logs: ``LoggingConfig`` (Lambda developer guide, "Configuring advanced logging controls")."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from samlocal.template.values import Json, text

if TYPE_CHECKING:
    from samlocal.function.properties import Properties

_NAME = "LoggingConfig"
# Lambda's API reference, LoggingConfig.
_GROUP = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")


class LogFormat(StrEnum):
    TEXT = "Text"
    JSON = "JSON"


class LogLevel(StrEnum):
    """What a JSON log is filtered by, the most detailed first."""

    TRACE = "TRACE"
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"
    FATAL = "FATAL"

    def passes(self, least: LogLevel) -> bool:
        """Whether a record of this level is in a log filtered at ``least``."""
        order = list(LogLevel)
        return order.index(self) >= order.index(least)


_SYSTEM_LEVELS = (LogLevel.DEBUG, LogLevel.INFO, LogLevel.WARN)

E = TypeVar("E", bound=StrEnum)


class LoggingConfig(Struct, frozen=True, kw_only=True):
    """``application_level`` is for what the function writes, ``system_level`` for what Lambda says; both for JSON."""

    group: str
    format: LogFormat = LogFormat.TEXT
    application_level: LogLevel = LogLevel.INFO
    system_level: LogLevel = LogLevel.INFO

    @property
    def variables(self) -> dict[str, str]:
        """What tells the runtime. A text log has no level to filter by."""
        if self.format is LogFormat.TEXT:
            return {}
        return {"AWS_LAMBDA_LOG_FORMAT": self.format.value, "AWS_LAMBDA_LOG_LEVEL": self.application_level.value}


def logging_config(properties: Properties, *, function_name: str) -> LoggingConfig:
    """Raises TemplateError where Lambda would refuse it."""
    given = properties.mapping(_NAME)
    known = ("LogFormat", "ApplicationLogLevel", "SystemLogLevel", "LogGroup")
    for name in given:
        if name not in known:
            raise properties.wrong(_NAME, f"{_NAME} has no {name}; it has {', '.join(known)}")
    format_ = _one_of(properties, "LogFormat", given.get("LogFormat"), LogFormat) or LogFormat.TEXT
    application = _one_of(properties, "ApplicationLogLevel", given.get("ApplicationLogLevel"), LogLevel)
    system = _one_of(properties, "SystemLogLevel", given.get("SystemLogLevel"), LogLevel)
    if system is not None and system not in _SYSTEM_LEVELS:
        raise properties.wrong(_NAME, f"SystemLogLevel is {', '.join(_SYSTEM_LEVELS)}, got {system}")
    if format_ is LogFormat.TEXT and (application or system):
        raise properties.wrong(_NAME, "a log level needs LogFormat: JSON; a text log cannot be filtered")
    group = text(given.get("LogGroup") or f"/aws/lambda/{function_name}")
    if not _GROUP.fullmatch(group):
        raise properties.wrong(_NAME, f"LogGroup is up to 512 letters, digits and . - _ / #, got {group!r}")
    return LoggingConfig(
        group=group,
        format=format_,
        application_level=application or LogLevel.INFO,
        system_level=system or LogLevel.INFO,
    )


def _one_of(properties: Properties, name: str, value: Json, allowed: type[E]) -> E | None:
    if value is None:
        return None
    try:
        return allowed(text(value))
    except ValueError:
        raise properties.wrong(_NAME, f"{name} is {', '.join(allowed)}, got {text(value)!r}") from None
