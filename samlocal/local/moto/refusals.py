"""What moto would run, or say that it has run, and whom it would call: refused in the words of each service.

A service is imported when it is first asked, and mended then.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from msgspec import Struct

from samlocal.local.moto.targets import LOG


class _Runs(Struct, frozen=True, kw_only=True):
    """The operations of a service's backend that run code, and its error for what a caller may not do."""

    backend: str
    methods: tuple[str, ...]
    error: str


# Batch's would run the container through the engine, with the host's folders if asked to. Those of the others say
# that something has run which has not.
_RUN: Mapping[str, _Runs] = {
    "batch": _Runs(backend="BatchBackend", methods=("submit_job",), error="ClientException"),
    "codebuild": _Runs(backend="CodeBuildBackend", methods=("start_build",), error="InvalidInputException"),
    "ecs": _Runs(
        backend="EC2ContainerServiceBackend", methods=("run_task", "start_task"), error="InvalidParameterException"
    ),
}


def refuse(service: str) -> None:
    """Called once for each service, before its first request."""
    if service == "sns":
        from moto.sns.models import Subscription

        setattr(Subscription, "publish", _delivered_here(Subscription.publish))  # noqa: B010 - mypy forbids the assignment
        return
    runs = _RUN.get(service)
    if runs is None:
        return
    error = getattr(importlib.import_module(f"moto.{service}.exceptions"), runs.error)
    backend = getattr(importlib.import_module(f"moto.{service}.models"), runs.backend)
    for method in runs.methods:
        setattr(backend, method, _refusal(f"{service}:{method}", error))


def _refusal(operation: str, error: type[Exception]) -> Any:
    def refused(*_: Any, **__: Any) -> NoReturn:
        raise error(f"samlocal's local environment runs no containers and no builds ({operation}).")

    return refused


def _delivered_here(publish: Callable[..., None]) -> Callable[..., None]:
    """An HTTP subscriber hears nothing, and is no reason why the others should not: SNS tries it later, on AWS."""

    def published(subscription: Any, *message: Any, **more: Any) -> None:
        if subscription.protocol in ("http", "https"):
            LOG.warning(
                "not delivered from %s: the local environment calls nobody (%s)",
                subscription.topic_arn,
                subscription.arn,
            )
            return
        publish(subscription, *message, **more)

    return published
