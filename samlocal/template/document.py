"""A template as it is written: plain values that remember their lines."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from msgspec import Struct, field

from samlocal.errors import TemplateError
from samlocal.template.files import Files


class Map(dict[str, "Node"]):
    """A mapping of the template; ``line`` is where it starts, ``lines`` where each key stands (1-based)."""

    __slots__ = ("line", "lines")

    def __init__(self, items: dict[str, Node] | None = None, *, line: int = 0) -> None:
        super().__init__(items or {})
        self.line = line
        self.lines: dict[str, int] = {}

    def line_of(self, key: str) -> int:
        return self.lines.get(key, self.line)


class Seq(list["Node"]):
    """A list of the template; ``line`` is where it starts, ``lines`` where each item stands (1-based)."""

    __slots__ = ("line", "lines")

    def __init__(self, items: list[Node] | None = None, *, line: int = 0) -> None:
        super().__init__(items or [])
        self.line = line
        self.lines: list[int] = []

    def line_of(self, index: int) -> int:
        return self.lines[index] if index < len(self.lines) else self.line


EXPANSION_LIMIT = 1_000_000
"""What a template may come to by its aliases and its loops, in values, and one expression, in characters and items.

CloudFormation takes a template of 1 MB (CloudFormation user guide, "Quotas")."""

NESTING_LIMIT = 200
"""How deep a template may be nested, in levels; those that people write have some twenty."""

Node: TypeAlias = str | int | float | bool | Map | Seq | None


class Problem(Struct, frozen=True, kw_only=True):
    """Something wrong in a template that does not stop the rest of it."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{place(self.path, self.line)}: {self.message}"


class IncludedLine(int):
    """A line of a file that the template includes."""

    path: Path

    @classmethod
    def of(cls, path: Path, line: int) -> IncludedLine:
        if isinstance(line, IncludedLine):
            return line
        made = cls(line)
        made.path = path
        return made


def place(path: Path, line: int) -> str:
    """``template.yaml:14``, the form that editors follow; of what is included, the place in its own file."""
    return f"{line.path if isinstance(line, IncludedLine) else path}:{int(line)}"


class Document(Struct, frozen=True, kw_only=True):
    """A template file as written."""

    path: Path
    root: Map
    problems: tuple[Problem, ...] = ()
    size: int = 0
    """In bytes, as the file stands."""

    files: Files = field(default_factory=Files)
    """What this and the templates round it were read from."""


def check_extent(root: Map, *, path: Path, what: str) -> None:
    """Raises TemplateError for what is nested too deeply, or comes by its aliases to more than can be used."""
    # How many values a node stands for and how deep it goes, by its identity: aliases let it stand in many places.
    extents: dict[int, tuple[int, int]] = {}

    def extent(node: Node) -> tuple[int, int]:
        if not isinstance(node, (Map, Seq)):
            return 1, 0
        if id(node) not in extents:
            inner = [extent(item) for item in (node.values() if isinstance(node, Map) else node)]
            values, depth = 1 + sum(count for count, _ in inner), 1 + max((depth for _, depth in inner), default=0)
            extents[id(node)] = values, depth
            if values > EXPANSION_LIMIT and len(extents) < EXPANSION_LIMIT // 10:
                raise TemplateError(
                    f"{path}:{node.line}: the aliases here stand for more than {EXPANSION_LIMIT:,} values, which no "
                    f"{what} needs.",
                    tip="Write out what is meant: CloudFormation takes a template of 1 MB, aliases written out.",
                )
        return extents[id(node)]

    try:
        _, depth = extent(root)
    except RecursionError:
        depth = NESTING_LIMIT + 1
    if depth > NESTING_LIMIT:
        raise TemplateError(f"{path}: the {what} is nested too deeply to be read.", tip="Flatten it.")


def with_lines(value: object, *, line: int) -> Node:
    """Plain Python values as template nodes, all of them standing at one line."""
    match value:
        case Map() | Seq():
            return value
        case dict():
            return Map({str(key): with_lines(item, line=line) for key, item in value.items()}, line=line)
        case list() | tuple():
            return Seq([with_lines(item, line=line) for item in value], line=line)
        case str() | bool() | int() | float() | None:
            return value
    return str(value)
