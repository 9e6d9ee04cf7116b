"""A template as plain CloudFormation, as far as the SAM translator goes.

AWS deploys no template that the translator refuses, not even in part. Here what it refuses is reduced to what makes
routes, and left out where it refuses that, too; the rest is served.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from samlocal.function.application import Application
from samlocal.function.plain_template import translated, with_document
from samlocal.template.document import Document, Map, Node
from samlocal.template.model import Resource
from samlocal.template.translate import RefusedError

_FUNCTION = "AWS::Serverless::Function"
_APIS = ("AWS::Serverless::Api", "AWS::Serverless::HttpApi", "AWS::Serverless::WebSocketApi")
_API_EVENTS = ("Api", "HttpApi")
_KEPT = (
    "Handler", "Runtime", "CodeUri", "InlineCode", "PackageType", "ImageUri", "FunctionName", "AutoPublishAlias",
    "FunctionUrlConfig",
)  # fmt: skip


def plain(application: Application) -> tuple[Application, tuple[str, ...]]:
    """The translated template, and why something of it is left out."""
    reasons: list[str] = []
    reduced: set[str] = set()
    # Each round reduces or leaves out at least one resource.
    while True:
        try:
            return translated(application), tuple(reasons)
        except RefusedError as error:
            reasons.append(error.message)
            refused = error.resources
        resources = application.template.resources
        # The translator also names what has not been understood as a resource, or is none at all.
        refused = refused & _declared(application).keys()
        if not refused:
            # What is wrong is in Globals, or the translator has fallen over something that it does not name.
            application = _without_globals(application)
            refused = frozenset(name for name, each in resources.items() if _is_sam(each) and name not in reduced)
            kept = {name for name in refused if resources[name].type in (_FUNCTION, *_APIS)}
            if not refused:
                left = {name: None for name, each in resources.items() if _is_sam(each)}
                return _changed(application, left), tuple(reasons)
        else:
            functions = {name for name, each in resources.items() if each.type == _FUNCTION}
            kept = {name for name in refused & functions if name not in reduced}
        reduced |= kept
        bodies = {name: _reduced(resources[name]) if name in kept else None for name in refused}
        application = _changed(application, bodies)


def _is_sam(resource: Resource) -> bool:
    return resource.type.startswith("AWS::Serverless::")


def _reduced(resource: Resource) -> Map:
    """A body with what Globals gave it; a function's without all that makes no routes."""
    properties = resource.properties
    if resource.type == _FUNCTION:
        kept: dict[str, Node] = {name: value for name, value in properties.items() if name in _KEPT}
        events = properties.get("Events")
        if isinstance(events, Map):
            kept["Events"] = _like(events, ((name, event) for name, event in events.items() if _is_of_api(event)))
        properties = _like(properties, kept.items())
    return _like(resource.body, (resource.body | {"Properties": properties}).items())


def _is_of_api(event: Node) -> bool:
    return isinstance(event, Map) and event.get("Type") in _API_EVENTS


def _without_globals(application: Application) -> Application:
    root = application.template.document.root
    return _reading(application, _like(root, ((name, value) for name, value in root.items() if name != "Globals")))


def _changed(application: Application, bodies: Mapping[str, Map | None]) -> Application:
    """The application with other bodies for some of its resources, without those that have None."""
    root = application.template.document.root
    declared = _declared(application)
    kept = {name: bodies.get(name, body) for name, body in declared.items() if bodies.get(name, body) is not None}
    return _reading(application, _like(root, (root | {"Resources": _like(declared, kept.items())}).items()))


def _declared(application: Application) -> Map:
    declared = application.template.document.root.get("Resources")
    return declared if isinstance(declared, Map) else Map()


def _reading(application: Application, root: Map) -> Application:
    document = application.template.document
    return with_document(application, Document(path=document.path, root=root, files=document.files))


def _like(written: Map, items: Iterable[tuple[str, Node]]) -> Map:
    """Other items on the lines of those that were written."""
    result = Map(dict(items), line=written.line)
    result.lines = dict(written.lines)
    return result
