"""Which event sources a command reads, and which it does not."""

from __future__ import annotations

from collections.abc import Collection
from typing import Self

from msgspec import Struct

from samlocal.cli.shown.said import ServedSource
from samlocal.endpoint.directory import Directory
from samlocal.sources.mapping import Mapping, NotPolled
from samlocal.sources.mappings import mappings

_OTHERS = "in a deployed environment that takes its messages from others; --source {function} reads it"


class ReadSources(Struct, frozen=True, kw_only=True):
    """``mappings`` are read, ``shown`` are all."""

    mappings: tuple[Mapping, ...]
    shown: tuple[ServedSource, ...]

    @classmethod
    def of(cls, directory: Directory, *, named: Collection[str], is_local: bool) -> Self:
        """Those of the functions that are ``named``; where none is, all of the environment on this machine."""
        read: list[Mapping] = []
        shown: list[ServedSource] = []
        for each in mappings(directory):
            function = each.callee.path
            match each:
                case NotPolled(id=id_, reason=reason):
                    shown.append(ServedSource(id=id_, function=function, source="", name=id_, not_read=reason))
                case Mapping(id=id_, source=source, source_name=name):
                    wanted = function in named or (is_local and not named)
                    why = "--source names other functions" if named else _OTHERS.format(function=function)
                    if wanted:
                        read.append(each)
                    not_read = None if wanted else why
                    shown.append(ServedSource(id=id_, function=function, source=source, name=name, not_read=not_read))
        return cls(mappings=tuple(read), shown=tuple(shown))
