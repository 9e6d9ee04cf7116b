"""What a template says of an API, once it is read.

Names are API Gateway's where it has one. Sources: API Gateway developer guide (OpenAPI extensions; "Working with
routes for HTTP APIs"), CloudFormation's resource types.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct, field

from samlocal.deployed.place import Place
from samlocal.http_api.integration import Integration, LambdaIntegration, MappedIntegration, PayloadFormat
from samlocal.http_api.usage import UsagePlan

DEFAULT_ROUTE = "$default"
"""The path of an HTTP API's route for what no other one takes; the stage that has no path of its own."""


class ApiKind(enum.StrEnum):
    """What stands in front of a function."""

    REST = "REST"
    HTTP = "HTTP"
    FUNCTION_URL = "FUNCTION_URL"
    WEBSOCKET = "WEBSOCKET"
    ALB = "ALB"


class LambdaAuthorizer(Struct, frozen=True, kw_only=True, tag=True):
    """A function decides. ``request`` is False for a REST API's TOKEN authorizer.

    ``identity_sources`` are as the template has them for this kind of API: ``method.request.header.Authorization``,
    ``$request.header.Authorization``. ``ttl`` is in seconds, 0 for no caching.
    """

    name: str
    function: str
    request: bool
    payload_format: PayloadFormat = PayloadFormat.V1
    simple_responses: bool = False
    identity_sources: tuple[str, ...] = ()
    validation: str | None = None
    ttl: int = 300


class JwtAuthorizer(Struct, frozen=True, kw_only=True, tag=True):
    """An HTTP API's: a token of this issuer for one of these audiences."""

    name: str
    issuer: str
    audiences: tuple[str, ...] = ()
    identity_source: str = "$request.header.Authorization"


class CognitoAuthorizer(Struct, frozen=True, kw_only=True, tag=True):
    """A REST API's: a token of one of these user pools, which are ARNs."""

    name: str
    user_pools: tuple[str, ...]
    identity_source: str = "method.request.header.Authorization"
    validation: str | None = None


class IamAuthorizer(Struct, frozen=True, kw_only=True, tag=True):
    """Requests are signed. samlocal passes them, and says so."""

    name: str = "AWS_IAM"


class UnknownAuthorizer(Struct, frozen=True, kw_only=True, tag=True):
    """One that cannot be known; requests of its routes are refused unless ``--disable-authorizer`` is given."""

    name: str
    reason: str


Authorizer: TypeAlias = LambdaAuthorizer | JwtAuthorizer | CognitoAuthorizer | IamAuthorizer | UnknownAuthorizer


class Cors(Struct, frozen=True, kw_only=True):
    """What an HTTP API or a function URL answers a browser by itself. ``max_age`` is in seconds."""

    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    credentials: bool = False
    max_age: int | None = None


class GatewayResponse(Struct, frozen=True, kw_only=True):
    """What a REST API's template makes of a refusal of the API's own, by its type (``UNAUTHORIZED``).

    ``headers`` and ``templates`` (by content type) are as written, ``'*'`` with its quotes.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)


class RuleCondition(Struct, frozen=True, kw_only=True):
    """One of a listener rule's, all of which hold: ``field`` is ``path-pattern``, ``host-header``, ``http-header``,
    ``http-request-method``, ``query-string`` or ``source-ip``; one of ``values`` is enough.

    ``name`` is the header's. Values of a query string are ``key=value``, or ``value`` under any key.
    """

    field: str
    values: tuple[str, ...]
    name: str = ""


class Validation(Struct, frozen=True, kw_only=True):
    """What a REST API asks of a request: parameters, by part and name, and bodies that fit a schema.

    ``schemas`` are JSON, by content type in small letters; there are none where bodies are not looked at.
    """

    parameters: tuple[tuple[str, str], ...] = ()
    schemas: Mapping[str, str] = field(default_factory=dict)


class Route(Struct, frozen=True, kw_only=True):
    """A way in. ``method`` is ANY for all; ``path`` is ``/items/{id}``, ``/{proxy+}``, ``$default``, or the pattern
    that a rule of a load balancer shows. A WebSocket API's routes have their key as ``path``, and no method of note.

    ``authorizer`` names one of the API's.
    """

    method: str
    path: str
    integration: Integration
    authorizer: str | None = None
    scopes: tuple[str, ...] = ()
    api_key_required: bool = False
    operation_name: str | None = None
    conditions: tuple[RuleCondition, ...] = ()
    validation: Validation | None = None
    responds: bool = False
    """Whether what a function returns goes back over a WebSocket."""

    @property
    def key(self) -> str:
        """``GET /items/{id}``, as an HTTP API's event has it."""
        return self.path if self.path.startswith("$") else f"{self.method} {self.path}"

    @property
    def function(self) -> str | None:
        """The function behind it, None where there is none."""
        own = self.integration
        return own.function if isinstance(own, LambdaIntegration | MappedIntegration) else None


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key of the template's. ``value`` is None where AWS makes one up; ``plan`` limits it."""

    name: str
    value: str | None
    plan: UsagePlan | None = None


class Api(Struct, frozen=True, kw_only=True):
    """One API of a template, as one stage of it is served.

    ``id`` is its way from the top template (``Child/ServerlessRestApi``), for the first URL of a function the
    function's; no other API has it. ``api_id`` has the form of AWS's ten characters, made from it. ``stage`` is
    ``$default`` where it has no path. ``place`` gives region and account.
    """

    id: str
    api_id: str
    kind: ApiKind
    name: str
    place: Place
    routes: tuple[Route, ...]
    stage: str = DEFAULT_ROUTE
    stage_variables: Mapping[str, str] = field(default_factory=dict)
    binary_media_types: tuple[str, ...] = ()
    minimum_compression_size: int | None = None
    cors: Cors | None = None
    authorizers: Mapping[str, Authorizer] = field(default_factory=dict)
    gateway_responses: Mapping[str, GatewayResponse] = field(default_factory=dict)
    api_keys: tuple[ApiKey, ...] = ()
    api_key_source: str = "HEADER"
    multi_value_headers: bool = False
    """Whether a load balancer's events and answers have them; API Gateway's do anyway, or do not."""

    route_selection_expression: str = "$request.body.action"
    """A WebSocket API's."""

    url: str | None = None
    """Where AWS serves it, None where no environment has it."""

    remarks: tuple[str, ...] = ()
    """What of the template is not served, and why: a line each."""


class Apis(Struct, frozen=True, kw_only=True):
    """What is served, and what of the templates is not, a line each."""

    apis: tuple[Api, ...]
    remarks: tuple[str, ...]
    files: tuple[Path, ...] = ()
    """What was read for it."""
