"""Sources are read for the functions of a service, by their own rights, and run in its pool.

On AWS the poller has the rights of the function's execution role (Lambda developer guide, "Lambda execution role
permissions" of each event source). So it does here; the environment on this machine asks nobody for rights, and is
read as its user reads it.
"""

from __future__ import annotations

import asyncio

from samlocal.endpoint.callers import aws_of
from samlocal.endpoint.directory import Callee
from samlocal.endpoint.happening import Told as EventTold
from samlocal.errors import ConfigurationError
from samlocal.pool.options import PoolOptions
from samlocal.service.service import Service
from samlocal.sources.event_sources import Polls, Reader
from samlocal.sources.happening import Told
from samlocal.sources.mapping import Mapping
from samlocal.sources.pace import Pace
from samlocal.sources.queue import AwsQueue
from samlocal.sources.queue_poller import QueuePoller
from samlocal.sources.running import running
from samlocal.sources.threads import Threads

# Batches of a queue that run at once, where nothing else bounds them (as many as the pool runs by default).
_AT_ONCE = 10


class ServiceReaders:
    """``events`` hears of each event as of those that callers send, ``told`` of sources."""

    def __init__(
        self, service: Service, pool_options: PoolOptions, threads: Threads, *, events: EventTold, told: Told
    ) -> None:
        self._service = service
        self._concurrency = pool_options.concurrency
        self._threads = threads
        self._runs = running(service.pool, events)
        self._told = told

    async def reader(self, callee: Callee) -> Reader:
        """Raises what planning the function raises: one that cannot be made reads nothing that others could have."""
        spec = await self._service.plan(callee.path)
        project = self._service.project
        is_local = project.settings.is_local
        aws = await asyncio.to_thread(project.account.caller) if is_local else aws_of(spec)
        if aws is None:
            raise ConfigurationError(
                f"{callee.path} has no rights here, and its event sources are read by those.",
                tip="Name an environment with -e or -n.",
            )
        role = spec.function.role
        return Reader(
            aws=aws,
            role=role if isinstance(role, str) else None,
            expires=None if is_local else spec.expires,
            concurrency=spec.function.reserved_concurrency,
        )

    def poller(self, mapping: Mapping, reader: Reader, pace: Pace) -> Polls:
        bounds = (mapping.concurrency, self._concurrency, reader.concurrency, _AT_ONCE)
        return QueuePoller(
            mapping,
            AwsQueue(reader.aws, mapping),
            self._runs,
            told=self._told,
            at_once=max(1, min(bound for bound in bounds if bound is not None)),
            pace=pace,
            in_thread=self._threads,
        )
