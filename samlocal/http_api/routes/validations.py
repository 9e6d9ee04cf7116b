"""Which requests a REST API lets pass: validators, required parameters and models, of documents and of resources.

Sources: API Gateway developer guide, "x-amazon-apigateway-request-validators object"; the CloudFormation types
AWS::ApiGateway::RequestValidator, ::Model and ::Method.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from samlocal.http_api.model import Validation
from samlocal.http_api.routes.definition import followed
from samlocal.http_api.routes.stack import Stack
from samlocal.template.document import Map
from samlocal.template.model import Resource

Schema: TypeAlias = dict[str, Any]

_VALIDATOR = "x-amazon-apigateway-request-validator"
# What a path has not is another path.
_PARTS = {"query": "querystring", "header": "header"}
_MODELS = "/models/"


class DocumentValidations:
    """Those of an OpenAPI document."""

    def __init__(self, stack: Stack, body: Map) -> None:
        self._stack = stack
        self._body = body
        self._validators = stack.mapping(body.get(f"{_VALIDATOR}s"))

    def of(self, item: Map, operation: Map) -> Validation | None:
        """Of one operation of a path item."""
        stack = self._stack
        name = stack.text(operation.get(_VALIDATOR) or self._body.get(_VALIDATOR))
        validator = stack.mapping(self._validators.get(name)) if name else Map()
        if not validator:
            return None
        declared = [*self._parameters(item), *self._parameters(operation)]
        parameters = schemas = None
        if stack.flag(validator.get("validateRequestParameters")):
            parameters = tuple(dict.fromkeys(self._required(declared)))
        if stack.flag(validator.get("validateRequestBody")):
            schemas = dict(self._schemas(operation, declared))
        return Validation(parameters=parameters or (), schemas=schemas or {})

    def _parameters(self, holder: Map) -> Iterator[Map]:
        for node in self._stack.items(holder.get("parameters")):
            yield followed(self._stack, self._body, node)

    def _required(self, declared: list[Map]) -> Iterator[tuple[str, str]]:
        for each in declared:
            part = _PARTS.get(self._stack.text(each.get("in")) or "")
            name = self._stack.text(each.get("name"))
            if part and name and self._stack.flag(each.get("required")):
                yield part, name

    def _schemas(self, operation: Map, declared: list[Map]) -> Iterator[tuple[str, str]]:
        described = followed(self._stack, self._body, operation.get("requestBody"))
        content = self._stack.mapping(described.get("content"))
        for content_type, node in content.items():
            schema = self._stack.value(self._stack.mapping(node).get("schema"))
            if isinstance(schema, dict):
                yield content_type.lower(), self._whole(schema)
        for each in declared:
            schema = self._stack.value(each.get("schema")) if self._stack.text(each.get("in")) == "body" else None
            if isinstance(schema, dict):
                types = self._stack.texts(operation.get("consumes") or self._body.get("consumes"))
                for content_type in types or ("application/json",):
                    yield content_type.lower(), self._whole(schema)

    def _whole(self, schema: Schema) -> str:
        """A schema with what its references name, which are the document's own."""
        parts = {
            name: value
            for name in ("definitions", "components")
            if isinstance(value := self._stack.value(self._body.get(name)), dict)
        }
        schemas = parts.get("components", {})
        if isinstance(schemas, dict) and schemas:
            parts["components"] = {"schemas": schemas.get("schemas", {})}
        return json.dumps({"allOf": [schema], **parts})


def method_validation(stack: Stack, api: Resource, method: Resource) -> Validation | None:
    """Of an AWS::ApiGateway::Method."""
    own = method.properties
    validator = stack.referred(own.get("RequestValidatorId"))
    if validator is None:
        return None
    parameters: tuple[tuple[str, str], ...] = ()
    schemas: dict[str, str] = {}
    if stack.flag(validator.properties.get("ValidateRequestParameters")):
        parameters = tuple(_required(stack.pairs(own.get("RequestParameters"))))
    if stack.flag(validator.properties.get("ValidateRequestBody")):
        models = dict(_models(stack, api))
        for content_type, node in stack.mapping(own.get("RequestModels")).items():
            model = stack.referred(node)
            name = _name(stack, model) if model is not None else stack.text(node)
            if name in models:
                # Models name each other by URLs of API Gateway's that end in their names.
                schema = {"allOf": [{"$ref": f"#/definitions/{name}"}], "definitions": models}
                schemas[content_type.lower()] = json.dumps(_local(schema))
    return Validation(parameters=parameters, schemas=schemas)


def _required(parameters: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, required in parameters.items():
        part, _, key = name.removeprefix("method.request.").partition(".")
        if required.lower() == "true" and part in ("querystring", "header") and key:
            yield part, key


def _models(stack: Stack, api: Resource) -> Iterator[tuple[str, Any]]:
    for model in stack.of(api, "RestApiId", "AWS::ApiGateway::Model"):
        schema = stack.value(model.properties.get("Schema"))
        if isinstance(schema, str):
            try:
                schema = json.loads(schema)
            except ValueError:
                continue
        if isinstance(schema, dict):
            # Drafts that say of themselves that they are others are read as draft 4 all the same.
            yield _name(stack, model), {name: value for name, value in schema.items() if name != "$schema"}


def _name(stack: Stack, model: Resource) -> str:
    return stack.text(model.properties.get("Name")) or model.logical_id


def _local(schema: Any) -> Any:
    match schema:
        case {"$ref": str(url), **rest} if _MODELS in url:
            return {"$ref": f"#/definitions/{url.rpartition(_MODELS)[2]}", **rest}
        case dict():
            return {name: _local(value) for name, value in schema.items()}
        case list():
            return [_local(item) for item in schema]
    return schema
