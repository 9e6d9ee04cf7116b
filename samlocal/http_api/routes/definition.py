"""What REST and HTTP APIs have in common in a template: a definition, stages, and authorizers by name."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from samlocal.http_api.model import Authorizer, IamAuthorizer, UnknownAuthorizer
from samlocal.http_api.routes.stack import Stack
from samlocal.template.document import Map, Node
from samlocal.template.model import Resource

_IAM = "AWS_IAM"


class Stage(Struct, frozen=True, kw_only=True):
    """A stage by its name, with its variables."""

    name: str
    variables: Mapping[str, str]


def definition(stack: Stack, api: Resource) -> Map:
    """An API's OpenAPI document, empty where it has none; one that is in S3 is remarked."""
    body = stack.mapping(api.properties.get("Body"))
    location = api.properties.get("BodyS3Location")
    if body or location is None:
        return body
    if isinstance(location, str):
        # What `aws cloudformation package` uploads.
        return stack.file(location, line=api.line_of("BodyS3Location"))
    where = stack.application.template.place(api.line)
    stack.remarks.append(f"{where}: {api.logical_id}: its definition is in S3, where it is not read.")
    return Map()


def followed(stack: Stack, document: Map, node: Node) -> Map:
    """A part of an OpenAPI document, or what it refers to there."""
    part = stack.mapping(node)
    reference = part.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return part
    found: Node = document
    for step in reference[2:].split("/"):
        found = stack.mapping(found).get(step.replace("~1", "/").replace("~0", "~"))
    return stack.mapping(found)


def asked_authorizer(
    stack: Stack, own: Map, authorizers: dict[str, Authorizer], *, types: tuple[str, ...]
) -> str | None:
    """The name of the authorizer that a method's or a route's properties ask for, one of these ``types`` or IAM.

    One that ``authorizers`` does not have is added to them.
    """
    type_ = stack.text(own.get("AuthorizationType"))
    if type_ == _IAM:
        authorizers.setdefault(_IAM, IamAuthorizer())
        return _IAM
    if type_ not in types:
        return None
    named = stack.referred(own.get("AuthorizerId"))
    name = named.logical_id if named is not None else (stack.text(own.get("AuthorizerId")) or "?")
    authorizers.setdefault(name, UnknownAuthorizer(name=name, reason="it is not in this template"))
    return name
