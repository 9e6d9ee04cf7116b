"""One resource's properties as values of the right type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from samlocal.errors import TemplateError, UnresolvedError
from samlocal.template.document import Node, Seq
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import Resource, Template
from samlocal.template.values import Json, Known, Origin, Unknown, text, whole_number
from samlocal.template.written import written


class Properties:
    """Reads one resource's properties as values of the right type.

    Raises UnresolvedError where a value cannot be known and TemplateError where it is of the wrong kind.
    """

    def __init__(self, template: Template, resource: Resource, evaluator: Evaluator) -> None:
        self._template = template
        self._resource = resource
        self._evaluator = evaluator
        self.origins: dict[str, Origin] = {}
        """The placeholders that had a part in what was read so far, by their texts."""
        self._secret: set[str] = set()

    def value(self, name: str) -> Json:
        return self._known(name, self._resource.properties.get(name))

    def text(self, name: str) -> str | None:
        value = self.value(name)
        if value is None:
            return None
        if isinstance(value, (list, dict)):
            raise self.wrong(name, f"{name} needs text, got {written(self._resource.properties[name])}")
        return text(value)

    def number(self, name: str, allowed: range, *, default: int, unit: str) -> int:
        written_text = self.text(name)
        return default if written_text is None else self.checked(name, written_text, allowed, unit)

    def checked(self, name: str, value: Json, allowed: range, unit: str) -> int:
        given = text(value)
        size = whole_number(given.removeprefix("-"))
        if size is None:
            raise self.wrong(name, f"{name} needs a number of {unit}, got {text(value)[:40]!r}")
        number = -size if given.startswith("-") else size
        if number not in allowed:
            raise self.wrong(name, f"{name} is {allowed.start} to {allowed.stop - 1} {unit}, got {number}")
        return number

    def mapping(self, name: str) -> Mapping[str, Json]:
        value = self.value(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.wrong(name, f"{name} needs a mapping")
        return value

    def items(self, name: str) -> Seq:
        """A list whose items are still expressions."""
        decided = self._evaluator.decided(self._resource.properties.get(name))
        if isinstance(decided, Unknown):
            raise self._unresolved(name, decided)
        self._note(decided.origins)
        node = decided.node
        if node is None:
            return Seq()
        if isinstance(node, Seq):
            return node
        value = self._known(name, node)
        if not isinstance(value, list):
            raise self.wrong(name, f"{name} needs a list, got {written(node)}")
        return Seq([text(item) for item in value], line=self._resource.line_of(name))

    def item(self, name: str, node: Node) -> Json:
        return self._known(name, node)

    def wrong(self, name: str, what: str) -> TemplateError:
        # What is wrong quotes the value.
        said = f"{name} is not what Lambda takes; its value is secret" if name in self._secret else what
        return TemplateError(f"{self.place(name)}: {self._resource.logical_id}: {said}.")

    def place(self, name: str) -> str:
        return self._template.place(self._resource.line_of(name))

    def _known(self, name: str, node: Node) -> Json:
        match self._evaluator.evaluate(node):
            case Known(value=value, origins=origins):
                self._note(origins)
                if any(origin.secret for origin in origins):
                    self._secret.add(name)
                return value
            case Unknown() as unknown:
                raise self._unresolved(name, unknown)
        return None

    def _note(self, origins: Iterable[Origin]) -> None:
        self.origins |= {origin.text: origin for origin in origins if origin.placeholder}

    def _unresolved(self, name: str, unknown: Unknown) -> UnresolvedError:
        return UnresolvedError(
            f"{self.place(name)}: {self._resource.logical_id}: {name} = {unknown.expression}: {unknown.reason}.",
            tip=unknown.tip,
        )
