"""Lambda's shareable test events of one function, which the console shows to everybody of the account.

They are the examples of a schema ``_FUNCTION-schema`` in EventBridge's registry ``lambda-testevent-schemas``, an
OpenAPI 3 document. Sources: Lambda developer guide, "Testing Lambda functions in the console", "Shareable test
events" (the registry and the permissions); aws/aws-sam-cli, ``samcli/lib/shared_test_events/`` (the names, that a
first event's schema is discovered, that a schema without events is deleted, and the five versions).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import msgspec
from msgspec import Raw

from samlocal.aws import Aws, AwsCallError
from samlocal.config import nearest
from samlocal.errors import AwsError, EventError, FunctionNotFoundError
from samlocal.project.project import Project
from samlocal.records import MALFORMED

_REGISTRY = "lambda-testevent-schemas"
_TYPE = "OpenApi3"
_VERSIONS = 5

_NEEDED = (
    "DescribeRegistry, CreateRegistry, DescribeSchema, CreateSchema, UpdateSchema, DeleteSchema, "
    "ListSchemaVersions, DeleteSchemaVersion and GetDiscoveredSchema"
)


class SharedEvents:
    """Those of one function in one region. All calls raise AwsError and CredentialsError."""

    def __init__(self, aws: Aws, function_name: str, *, region: str) -> None:
        self._aws = aws
        self._function = function_name
        self._region = region
        self._schema = {"RegistryName": _REGISTRY, "SchemaName": f"_{function_name}-schema"}

    @classmethod
    def of(cls, project: Project, function: str) -> Self:
        """Of a function in the project's environment. Raises FunctionNotFoundError where it is not deployed."""
        application, (owner, resource) = project.with_current_values(lambda joined: joined.find(function))
        project.keep(application)
        stack = owner.environment.stack if owner.environment else None
        if stack is None or resource.logical_id not in stack.resources:
            raise FunctionNotFoundError(
                f"{function} is not deployed in {project.settings.environment}.",
                tip="Deploy it: test events are shared of a deployed function. `samlocal event save` needs none.",
            )
        return cls(project.account.caller(), owner.name(resource), region=owner.place.region)

    def names(self) -> tuple[str, ...]:
        """In the order that they have there."""
        document = self._document()
        return () if document is None else document.names()

    def event(self, name: str) -> bytes:
        """The event as it was shared. Raises EventError where there is none of that name."""
        document = self._document()
        found = None if document is None else document.event(name)
        if found is None:
            raise self._absent(name, document)
        return found

    def put(self, name: str, event: bytes, *, replaces: bool) -> None:
        """Raises EventError where the name is taken and ``replaces`` is not given."""
        document = self._document()
        if document is None:
            self._make_registry()
            discovered = self._call("get_discovered_schema", Events=[event.decode()], Type=_TYPE)
            document = _Document(discovered["Content"])
            document.put(name, event)
            self._call("create_schema", **self._schema, Type=_TYPE, Content=document.text())
            return
        if document.event(name) is not None and not replaces:
            raise EventError(
                f"{self._function} shares a test event {name} already.",
                tip="Take another name, or replace it with --replace.",
            )
        document.put(name, event)
        self._update(document)

    def delete(self, name: str) -> None:
        """Raises EventError where there is none of that name."""
        document = self._document()
        if document is None or document.event(name) is None:
            raise self._absent(name, document)
        document.delete(name)
        if document.names():
            self._update(document)
        else:
            self._call("delete_schema", **self._schema)

    def _update(self, document: _Document) -> None:
        self._call("update_schema", **self._schema, Type=_TYPE, Content=document.text())
        versions: list[int] = []
        more: dict[str, str] = {}
        while True:
            answer = self._call("list_schema_versions", **self._schema, **more)
            versions += [int(each["SchemaVersion"]) for each in answer.get("SchemaVersions", ())]
            if not answer.get("NextToken"):
                break
            more = {"NextToken": answer["NextToken"]}
        for version in sorted(versions)[:-_VERSIONS]:
            self._call("delete_schema_version", **self._schema, SchemaVersion=str(version))

    def _make_registry(self) -> None:
        try:
            self._call("describe_registry", RegistryName=_REGISTRY)
        except AwsCallError as error:
            if error.code != "NotFoundException":
                raise
            self._call("create_registry", RegistryName=_REGISTRY)

    def _document(self) -> _Document | None:
        """None where no event is shared."""
        try:
            return _Document(self._call("describe_schema", **self._schema)["Content"])
        except AwsCallError as error:
            if error.code == "NotFoundException":
                return None
            raise

    def _absent(self, name: str, document: _Document | None) -> EventError:
        names = () if document is None else document.names()
        return EventError(
            f"{name}: {self._function} shares no test event of that name{nearest(name, names)}",
            tip=f"It shares {', '.join(names) or 'none: `samlocal event share put` does that'}.",
        )

    def _call(self, operation: str, **parameters: object) -> dict[str, Any]:
        with _told():
            return self._aws.call("schemas", operation, region=self._region, **parameters)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except AwsCallError as error:
        if not error.denied:
            raise
        raise AwsCallError(
            f"The caller may not use the test events that are shared: {error.message}",
            code=error.code,
            action=error.action,
            tip=f"It needs, of the actions schemas:*, {_NEEDED} on the registry {_REGISTRY} and its schemas. Events "
            "in files need none of it: `samlocal event save`.",
        ) from error


class _Document:
    """A schema's text, of which only the examples are touched: every digit of the rest stays as it was."""

    def __init__(self, content: str) -> None:
        try:
            self._top = msgspec.json.decode(content, type=dict[str, Raw])
            self._components = msgspec.json.decode(self._top["components"], type=dict[str, Raw])
            examples = self._components.get("examples", Raw(b"{}"))
            self._examples = msgspec.json.decode(examples, type=dict[str, dict[str, Raw]])
        except (KeyError, *MALFORMED) as error:
            raise AwsError(
                f"The schema of the test events is no OpenAPI document with components: {error}.",
                tip=f"Mend it, or delete it, in the registry {_REGISTRY} of EventBridge's schemas.",
            ) from error

    def names(self) -> tuple[str, ...]:
        return tuple(name for name, example in self._examples.items() if "value" in example)

    def event(self, name: str) -> bytes | None:
        value = self._examples.get(name, {}).get("value")
        return None if value is None else bytes(value)

    def put(self, name: str, event: bytes) -> None:
        # What else stands beside it, as how the console invokes with it, stays.
        self._examples[name] = {**self._examples.get(name, {}), "value": Raw(event)}

    def delete(self, name: str) -> None:
        del self._examples[name]

    def text(self) -> str:
        components = {**self._components, "examples": self._examples}
        return msgspec.json.encode({**self._top, "components": components}).decode()
