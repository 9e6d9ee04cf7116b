"""Sources are read for the functions of a service, by their own rights, and run in its pool.

On AWS the poller has the rights of the function's execution role (Lambda developer guide, "Lambda execution role
permissions" of each event source). So it does here; the environment on this machine asks nobody for rights, and is
read as its user reads it.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.endpoint.callers import aws_of
from samlocal.endpoint.directory import CurrentDirectory
from samlocal.endpoint.happening import Told as EventTold
from samlocal.errors import ConfigurationError, SamlocalError
from samlocal.function.template_rights import template_rights
from samlocal.pool.options import PoolOptions
from samlocal.service.service import Service
from samlocal.sources.aws_streams import KinesisStream, TableStream
from samlocal.sources.discards import AwsDiscards
from samlocal.sources.event_source import EventSource
from samlocal.sources.event_sources import Polls, ReadElsewhereError, Reader
from samlocal.sources.happening import Doubtful, Told
from samlocal.sources.mapping import Latest, Mapping, SourceKind, StreamOptions
from samlocal.sources.means import Means
from samlocal.sources.pace import Pace
from samlocal.sources.pipe import Pipe
from samlocal.sources.pipe_runs import PipeRuns
from samlocal.sources.poller_rights import lacking
from samlocal.sources.positions import Positions, positions_file
from samlocal.sources.queue import AwsQueue
from samlocal.sources.queue_poller import QueuePoller
from samlocal.sources.running import Ran, Runs, running
from samlocal.sources.stream import Stream
from samlocal.sources.stream_poller import StreamPoller
from samlocal.sources.threads import Threads

if TYPE_CHECKING:
    from filelock import FileLock

    from samlocal.deployed.rights.session_policy import Rights

# Batches of a queue that run at once, where nothing else bounds them (as many as the pool runs by default).
_AT_ONCE = 10

# How long a shard that has nothing is left alone: on AWS a second for Kinesis, whose readers share five calls a
# second, and a quarter of one for DynamoDB ("Polling and batching streams").
_REST_SECONDS = 0.25
_SHARED_REST_SECONDS = 1.0


class ServiceReaders:
    """``events`` hears of each event as of those that callers send, ``told`` of sources; ``functions`` are those that
    pipes run.

    In the environment on this machine one command alone reads a source: another one of the same template would run
    the same records of a stream again.
    """

    def __init__(
        self,
        service: Service,
        functions: CurrentDirectory,
        pool_options: PoolOptions,
        threads: Threads,
        *,
        events: EventTold,
        told: Told,
    ) -> None:
        self._service = service
        self._concurrency = pool_options.concurrency
        self._threads = threads
        self._events = events
        self._functions = functions
        self._told = told
        self._positions: dict[tuple[str, str], Positions] = {}
        self._claims: dict[Path, FileLock] = {}
        self._checked: list[Mapping] = []

    async def reader(self, mapping: EventSource) -> Reader:
        """Raises ReadElsewhereError where another samlocal reads it, and what planning the function raises: one that
        cannot be made reads nothing that others could have.
        """
        project = self._service.project
        is_local = project.settings.is_local
        if is_local:
            await asyncio.to_thread(self._claim, mapping)
        if isinstance(mapping, Pipe):
            return Reader(aws=await asyncio.to_thread(project.account.caller))
        callee = mapping.callee
        try:
            spec = await self._service.plan(callee.path)
        except SamlocalError:
            if is_local:
                await asyncio.to_thread(self._let_go, mapping)
            raise
        aws = await asyncio.to_thread(project.account.caller) if is_local else aws_of(spec)
        if aws is None:
            raise ConfigurationError(
                f"{callee.path} has no rights here, and its event sources are read by those.",
                tip="Name an environment with -e or -n.",
            )
        role = spec.function.role if isinstance(spec.function.role, str) else None
        if is_local:
            await self._check_rights(mapping)
        return Reader(
            aws=aws,
            role=role,
            expires=None if is_local else spec.expires,
            concurrency=spec.function.reserved_concurrency,
            timeout=spec.function.timeout,
        )

    async def _check_rights(self, mapping: Mapping) -> None:
        """Says once what AWS would refuse the mapping for, as far as the template says what its role may do."""
        if mapping in self._checked:
            return
        self._checked.append(mapping)
        project = self._service.project

        def read() -> Rights:
            return project.with_current_values(
                lambda application: template_rights(*application.find(mapping.callee.path))
            )[1]

        try:
            rights = await self._threads(read)
        except SamlocalError:
            # Nor does the template say it of a role that is somebody else's.
            return
        lacks = lacking(rights, mapping.kind, mapping.source)
        if lacks:
            reason = f"The provided execution role does not have permissions to call {', '.join(lacks)}"
            self._told(Doubtful(mapping=mapping, reason=reason))

    def _runs(self, mapping: EventSource, reader: Reader) -> Runs:
        if isinstance(mapping, Pipe):
            return PipeRuns(mapping, reader.aws, self._run_function, told=self._told, in_thread=self._threads)
        return running(self._service.pool, mapping.callee, mapping.qualifier, self._events)

    async def _run_function(self, arn: str, payload: bytes) -> Ran:
        """One of the template's, or of its environment. Raises ApiError where it is none, SamlocalError."""
        callee, reference = await self._functions.find(arn, None)
        return await running(self._service.pool, callee, reference.qualifier, self._events)(payload)

    def poller(self, mapping: EventSource, reader: Reader, pace: Pace) -> Polls:
        means = Means(told=self._told, pace=pace, in_thread=self._threads)
        if mapping.stream is not None:
            return self._stream_poller(mapping, mapping.stream, reader, means)
        bounds = (mapping.concurrency, self._concurrency, reader.concurrency, _AT_ONCE)
        return QueuePoller(
            mapping,
            AwsQueue(reader.aws, mapping),
            self._runs(mapping, reader),
            timeout=reader.timeout,
            at_once=max(1, min(bound for bound in bounds if bound is not None)),
            means=means,
        )

    def _stream_poller(self, mapping: EventSource, options: StreamOptions, reader: Reader, means: Means) -> Polls:
        is_kinesis = mapping.kind is SourceKind.STREAM
        stream: Stream
        if is_kinesis:
            stream = KinesisStream(reader.aws, mapping, role=reader.role)
        else:
            stream = TableStream(reader.aws, mapping)
        is_shared = is_kinesis and not self._service.project.settings.is_local
        return StreamPoller(
            mapping,
            options,
            stream,
            self._runs(mapping, reader),
            AwsDiscards(reader.aws),
            opened=lambda identity: self._opened(mapping, options, identity),
            rest=_SHARED_REST_SECONDS if is_shared else _REST_SECONDS,
            means=means,
        )

    def _opened(self, mapping: EventSource, options: StreamOptions, identity: str) -> Positions:
        """They outlive interruptions; those in the environment on this machine also this process."""
        key = mapping.id, identity
        if key not in self._positions:
            project = self._service.project
            start, file = options.start, None
            if project.settings.is_local:
                file = self._file(mapping)
            else:
                start = Latest()
            self._positions[key] = Positions(identity, start, now=time.time(), file=file)
        return self._positions[key]

    def _claim(self, mapping: EventSource) -> None:
        """Until this process ends, however that is."""
        from filelock import FileLock, Timeout

        file = self._claim_file(mapping)
        if file in self._claims:
            return
        lock = FileLock(file, mode=0o600, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise ReadElsewhereError(
                f"Another `samlocal up` reads {mapping.source_name} for {mapping.reader}.",
                tip="It is read here as soon as that one has ended.",
            ) from error
        except OSError as error:
            raise ConfigurationError(f"{file} cannot be written: {error.strerror}.") from error
        self._claims[file] = lock

    def _let_go(self, mapping: EventSource) -> None:
        lock = self._claims.pop(self._claim_file(mapping), None)
        if lock is not None:
            lock.release()

    def _claim_file(self, mapping: EventSource) -> Path:
        return self._file(mapping).with_suffix(".lock")

    def _file(self, mapping: EventSource) -> Path:
        folder = self._service.project.account.local.opened(told=False).lasting
        return positions_file(folder, mapping.reader_arn, mapping.id)
