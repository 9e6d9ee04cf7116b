"""What CloudFormation's own transforms put in place: ``Fn::ForEach`` loops and ``AWS::Include`` of local files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from samlocal.errors import TemplateError
from samlocal.template.document import EXPANSION_LIMIT, Document, IncludedLine, Map, Node, Problem, Seq, place
from samlocal.template.reader import read
from samlocal.template.values import ParameterValue

_LOOP = "Fn::ForEach::"
_INCLUDE = "AWS::Include"

LOOP_LIMIT = 10_000
"""What the loops of a template may put in, in entries; CloudFormation takes 500 resources (user guide, "Quotas")."""


def needs_expanding(node: Node) -> bool:
    """Whether a document holds a loop or an include at all."""
    match node:
        case Map():
            return any(
                key.startswith(_LOOP) or key == "Fn::Transform" or needs_expanding(value)
                for key, value in node.items()
            )
        case Seq():
            return any(needs_expanding(item) for item in node)
    return False


def expand(document: Document, parameters: Mapping[str, ParameterValue]) -> Document:
    """The document with its loops written out and local includes put in.

    What cannot be expanded (a collection that is not known, an include from S3) is left out and is a problem.
    Raises TemplateError where loops give more than anybody can use, or a file includes itself.
    Sources: CloudFormation template reference, "Fn::ForEach", "AWS::Include transform".
    """
    expansion = _Expansion(document=document, parameters=parameters, problems=[], chain=(document.path,))
    root = expansion.node(document.root)
    if not isinstance(root, Map):
        return document
    problems = (*document.problems, *expansion.problems)
    return Document(path=document.path, root=root, problems=problems, size=document.size, files=document.files)


class _Budget(Struct):
    """What loops have put in so far: entries of their bodies, and values in all."""

    entries: int = 0
    values: int = 0

    def spend(self, where: str, name: str, *, entries: int = 0, values: int = 0) -> None:
        self.entries += entries
        self.values += values
        for spent, limit, what in (
            (self.entries, LOOP_LIMIT, "entries"),
            (self.values, EXPANSION_LIMIT, "values"),
        ):
            if spent > limit:
                raise TemplateError(
                    f"{where}: the loop {name} brings what the template's loops give to more than {limit:,} {what}.",
                    tip="Shorten its collection: CloudFormation takes 500 resources in a template.",
                )


class _Expansion(Struct, frozen=True, kw_only=True):
    """``chain`` are the files that include one another, the template first."""

    document: Document
    parameters: Mapping[str, ParameterValue]
    problems: list[Problem]
    chain: tuple[Path, ...]
    budget: _Budget = field(default_factory=_Budget)

    def node(self, node: Node) -> Node:
        match node:
            case Map():
                return self.mapping(node)
            case Seq():
                result = Seq([self.node(item) for item in node], line=node.line)
                result.lines = list(node.lines)
                return result
        return node

    def mapping(self, node: Map) -> Map:
        result = Map(line=node.line)
        for key, value in node.items():
            line = node.line_of(key)
            if key.startswith(_LOOP):
                added = self.loop(key, value, line)
            elif key == "Fn::Transform":
                added = self.include(value, line) or Map({key: value}, line=line)
            else:
                added = Map({key: self.node(value)}, line=line)
            for name, item in added.items():
                result[name] = item
                result.lines[name] = added.lines.get(name, line)
        return result

    def loop(self, key: str, value: Node, line: int) -> Map:
        name = key.removeprefix(_LOOP)
        if not isinstance(value, Seq) or len(value) != 3 or not isinstance(value[0], str):
            return self.left_out(line, f"the loop {name} needs [identifier, collection, body]")
        identifier, collection, body = value
        items = self.collection(collection)
        if items is None:
            return self.left_out(line, f"the collection of the loop {name} is not known")
        if not isinstance(body, Map):
            return self.left_out(line, f"the body of the loop {name} is a mapping")
        result = Map(line=line)
        for item in items:
            # Inner loops may go over what the outer one puts in.
            self.budget.spend(
                place(self.document.path, line),
                name,
                entries=sum(not key.startswith(_LOOP) for key in body),
                values=_values(body),
            )
            written = self.node(_put_in(body, str(identifier), item))
            if isinstance(written, Map):
                result.update(written)
                result.lines.update(written.lines)
        return result

    def collection(self, node: Node) -> list[str] | None:
        if isinstance(node, Seq):
            lists = [self.collection(item) if isinstance(item, Map) else [str(item)] for item in node]
            return None if None in lists else [item for items in lists if items is not None for item in items]
        if isinstance(node, Map) and isinstance(node.get("Ref"), str):
            name = str(node["Ref"])
            given = self.parameters.get(name)
            if given is not None:
                return [item.strip() for item in given.text.split(",") if item.strip()]
            declared = self.document.root.get("Parameters")
            body = declared.get(name) if isinstance(declared, Map) else None
            default = body.get("Default") if isinstance(body, Map) else None
            if default is not None:
                return [item.strip() for item in str(default).split(",") if item.strip()]
        return None

    def include(self, value: Node, line: int) -> Map | None:
        """A local include's content; None for another macro, which is left as it stands."""
        if not isinstance(value, Map) or value.get("Name") != _INCLUDE:
            return None
        parameters = value.get("Parameters")
        location = parameters.get("Location") if isinstance(parameters, Map) else None
        if not isinstance(location, str) or "://" in location:
            self.left_alone(line, f"the include of {location} is not on this machine")
            return None
        path = self.document.path.parent / Path(location)
        if not self.document.files.is_file(path):
            self.left_alone(line, f"there is no file {path} to include")
            return None
        if path.resolve() in {there.resolve() for there in self.chain}:
            chain = " → ".join(str(there) for there in (*self.chain, path))
            raise TemplateError(
                f"{place(self.document.path, line)}: a file includes itself: {chain}.", tip="Break the circle."
            )
        included = read(path, self.document.files)
        self.problems.extend(included.problems)
        root = _marked(included.root, path)
        inner = replace(self, chain=(*self.chain, path))
        return inner.mapping(root) if isinstance(root, Map) else None

    def left_alone(self, line: int, what: str) -> None:
        self.problems.append(Problem(path=self.document.path, line=line, message=f"{what}; it is left as it is."))

    def left_out(self, line: int, what: str) -> Map:
        self.problems.append(Problem(path=self.document.path, line=line, message=f"{what}; it is left out."))
        return Map(line=line)


def _marked(node: Node, path: Path) -> Node:
    """What a file holds, with lines that know their file."""
    match node:
        case Map():
            marked = Map(
                {key: _marked(value, path) for key, value in node.items()}, line=IncludedLine.of(path, node.line)
            )
            marked.lines = {key: IncludedLine.of(path, line) for key, line in node.lines.items()}
            return marked
        case Seq():
            items = Seq([_marked(item, path) for item in node], line=IncludedLine.of(path, node.line))
            items.lines = [IncludedLine.of(path, line) for line in node.lines]
            return items
    return node


def _values(node: Node) -> int:
    """How many values a node holds, itself among them."""
    match node:
        case Map():
            return 1 + sum(map(_values, node.values()))
        case Seq():
            return 1 + sum(map(_values, node))
    return 1


def _put_in(node: Node, identifier: str, item: str) -> Node:
    """A loop's body for one item: ``${Id}`` as it stands, ``&{Id}`` without what is no letter or digit."""
    match node:
        case Map():
            if node == {"Ref": identifier}:
                return item
            result = Map(line=node.line)
            for key, value in node.items():
                name = _in_text(key, identifier, item)
                result[name] = _put_in(value, identifier, item)
                result.lines[name] = node.line_of(key)
            return result
        case Seq():
            items = Seq([_put_in(value, identifier, item) for value in node], line=node.line)
            items.lines = list(node.lines)
            return items
        case str():
            return _in_text(node, identifier, item)
    return node


def _in_text(text: str, identifier: str, item: str) -> str:
    bare = re.sub(r"[^A-Za-z0-9]", "", item)
    return text.replace(f"${{{identifier}}}", item).replace(f"&{{{identifier}}}", bare)
