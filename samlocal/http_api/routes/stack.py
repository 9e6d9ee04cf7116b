"""One template's APIs as expressions: what readers of routes ask of them.

What an expression comes to may not be known; then there is None, and whoever reads says what that means for a route.
"""

from __future__ import annotations

from collections.abc import Iterator

from samlocal.errors import SamlocalError
from samlocal.function.application import Application
from samlocal.template.document import Map, Node, Seq, with_lines
from samlocal.template.model import Resource, is_intrinsic
from samlocal.template.reader import read
from samlocal.template.references import references
from samlocal.template.values import Json, Known, text, whole_number


class Stack:
    """A template after the SAM translator. ``remarks`` collects what had to be left out, and why."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.remarks: list[str] = []

    # resources

    def resources(self, *types: str) -> Iterator[Resource]:
        """Those of these types that the stack has."""
        for resource in self.application.template.resources.values():
            if resource.type in types and self.exists(resource):
                yield resource

    def exists(self, resource: Resource) -> bool:
        return self.application.absence(resource) is None

    def referred(self, node: Node) -> Resource | None:
        """The one resource that an expression names, such as ``!Ref Api`` and ``integrations/${Integration}``."""
        resources = self.application.template.resources
        found = dict.fromkeys(name for name in references(node) if name in resources)
        return resources[next(iter(found))] if len(found) == 1 else None

    def of(self, parent: Resource, property_name: str, *types: str) -> Iterator[Resource]:
        """Resources of these types whose property names ``parent``."""
        for resource in self.resources(*types):
            found = self.referred(resource.properties.get(property_name))
            if found is not None and found.logical_id == parent.logical_id:
                yield resource

    def id_of(self, resource: Resource, attribute: str | None = None) -> str | None:
        """What a ``Ref``, or a ``Fn::GetAtt`` of ``attribute``, gives."""
        asked = (
            {"Ref": resource.logical_id} if attribute is None else {"Fn::GetAtt": [resource.logical_id, attribute]}
        )
        return self.text(with_lines(asked, line=resource.line))

    def path(self, resource: Resource) -> str:
        return self.application.path(resource)

    # values

    def value(self, node: Node) -> Json:
        answer = self.application.evaluator.evaluate(node)
        return answer.value if isinstance(answer, Known) else None

    def text(self, node: Node) -> str | None:
        value = self.value(node)
        return None if value is None or isinstance(value, (list, dict)) else text(value)

    def number(self, node: Node) -> int | None:
        found = self.text(node)
        return None if found is None else whole_number(found)

    def flag(self, node: Node) -> bool:
        return (self.text(node) or "").lower() == "true"

    def texts(self, node: Node) -> tuple[str, ...]:
        """The texts of a list; what is not known of it is left out."""
        return tuple(found for item in self.items(node) if (found := self.text(item)) is not None)

    def pairs(self, node: Node) -> dict[str, str]:
        """A mapping of texts."""
        mapping = self.mapping(node)
        return {name: found for name, item in mapping.items() if (found := self.text(item)) is not None}

    def mapping(self, node: Node) -> Map:
        """What is a mapping once it is decided, and once all is in it that it includes; an empty one else."""
        decided = self.application.evaluator.branch(node)
        if isinstance(decided, Map) and "Fn::Transform" in decided:
            return self._with_included(decided)
        if isinstance(decided, Map) and is_intrinsic(decided):
            decided = with_lines(self.value(decided), line=decided.line)
        return decided if isinstance(decided, Map) else Map()

    def items(self, node: Node) -> Seq:
        """The items of a list, or the one that stands in place of a list."""
        decided = self.application.evaluator.branch(node)
        if isinstance(decided, Map) and is_intrinsic(decided):
            decided = with_lines(self.value(decided), line=decided.line)
        if isinstance(decided, Seq):
            return decided
        return Seq([decided]) if isinstance(decided, (str, int, float, bool)) else Seq()

    def _with_included(self, node: Map) -> Map:
        """``AWS::Include`` puts a file's content beside what stands there (CloudFormation user guide)."""
        beside = Map({key: value for key, value in node.items() if key != "Fn::Transform"}, line=node.line)
        beside.lines = dict(node.lines)
        for transform in self._transforms(node["Fn::Transform"]):
            location = self.text(self.mapping(transform.get("Parameters")).get("Location"))
            if transform.get("Name") == "AWS::Include" and location is not None:
                included = self.file(location, line=node.line_of("Fn::Transform"))
                for key, value in included.items():
                    beside.setdefault(key, value)
        return beside

    def _transforms(self, node: Node) -> Iterator[Map]:
        for item in node if isinstance(node, Seq) else [node]:
            if isinstance(item, Map):
                yield item

    def file(self, location: str, *, line: int) -> Map:
        """A file beside the template, empty where there is none; that is remarked."""
        template = self.application.template
        if "://" in location:
            self.remarks.append(f"{template.place(line)}: {location} is not read: it is not on this machine.")
            return Map()
        try:
            return read(template.folder / location, self.application.files).root
        except SamlocalError as error:
            self.remarks.append(f"{template.place(line)}: {error.message}")
            return Map()
