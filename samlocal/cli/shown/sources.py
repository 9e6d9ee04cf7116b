"""Which event sources a command reads, and which it does not."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping as Table
from typing import Self

from msgspec import Struct

from samlocal.cli.shown.served import ServedSource
from samlocal.endpoint.directory import Directory
from samlocal.sources.event_source import EventSource
from samlocal.sources.mapping import Mapping, NotPolled, SourceKind
from samlocal.sources.mappings import mappings
from samlocal.sources.pipe import Pipe
from samlocal.sources.pipes import pipes
from samlocal.sources.pushed_sources import PushedSource, pushed_sources

_OF_QUEUES = "in a deployed environment that takes its messages from others; --source {function} reads it"
_OF_STREAMS = "in a deployed environment others read it; --source {function} reads what comes from then on, too"


class ReadSources(Struct, frozen=True, kw_only=True):
    """``mappings`` are read, ``shown`` are all."""

    mappings: tuple[EventSource, ...]
    shown: tuple[ServedSource, ...]

    @classmethod
    def of(cls, directory: Directory, *, named: Collection[str], idle: Table[str, str] | None) -> Self:
        """Those of the functions that are ``named``; where none is, all of the environment on this machine.

        ``idle`` says of which resources of that one nothing comes, and why; it is None of a deployed environment.
        """
        is_local = idle is not None
        read: list[EventSource] = []
        shown: list[ServedSource] = []
        # A deployed environment runs its own pipes.
        own = pipes(directory.application) if is_local else ()
        for each in (*mappings(directory), *own):
            function = each.reader
            match each:
                case NotPolled(id=id_, reason=reason):
                    shown.append(ServedSource(id=id_, function=function, source="", name=id_, not_read=reason))
                case Mapping(id=id_, source=source, source_name=name) | Pipe(id=id_, source=source, source_name=name):
                    wanted = function in named or (is_local and not named)
                    others = _OF_QUEUES if each.kind is SourceKind.QUEUE else _OF_STREAMS
                    why = "--source names other functions" if named else others.format(function=function)
                    if wanted:
                        read.append(each)
                    not_read = None if wanted else why
                    shown.append(ServedSource(id=id_, function=function, source=source, name=name, not_read=not_read))
        # A deployed environment pushes to the functions that are deployed there.
        shown += map(_pushed, pushed_sources(directory, idle)) if idle is not None else ()
        return cls(mappings=tuple(read), shown=tuple(shown))


def _pushed(source: PushedSource) -> ServedSource:
    name = f"{source.id.removeprefix(f'{source.function}/')} ({source.type})"
    return ServedSource(id=source.id, function=source.function, source="", name=name, not_read=source.not_run)
