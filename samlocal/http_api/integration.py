"""What stands behind a route.

Names are API Gateway's where it has one. Sources: API Gateway developer guide, "Choose an API Gateway API integration
type"; the CloudFormation types AWS::ApiGateway::Method and AWS::ApiGatewayV2::Integration.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct, field

from samlocal.http_api.targets import ContentHandling, FunctionTarget, Target

ANY = "ANY"
"""The method of a route that takes every method."""


class PayloadFormat(enum.StrEnum):
    """Of an HTTP API's events and of its authorizers'; a REST API's is 1.0, a function URL's 2.0."""

    V1 = "1.0"
    V2 = "2.0"


class LambdaIntegration(Struct, frozen=True, kw_only=True, tag=True):
    """A function gets the request. ``function`` is its way from the top template, such as ``Child/Fn``.

    ``timeout`` is in milliseconds. ``streams`` says that the answer goes out while the function writes it.
    ``parameters`` are an HTTP API's mappings of the request (``overwrite:header.x``), by which the event changes,
    ``response_parameters`` those of the answer, by its status. ``target_group`` is a load balancer's, its ARN.
    """

    function: str
    payload_format: PayloadFormat = PayloadFormat.V1
    timeout: int = 29_000
    streams: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    response_parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    target_group: str = ""


class HttpIntegration(Struct, frozen=True, kw_only=True, tag=True):
    """Another HTTP server gets the request, as it came (``HTTP_PROXY``). ``method`` is ANY to keep the client's.

    ``uri`` has the route's parameters in braces, and stage variables as ``${stageVariables.name}``. What ``streams``
    may be of any length.
    """

    uri: str
    method: str = ANY
    streams: bool = False
    timeout: int = 29_000
    parameters: Mapping[str, str] = field(default_factory=dict)
    response_parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class FixedResponse(Struct, frozen=True, kw_only=True, tag=True):
    """A load balancer answers by itself (ELB user guide, "Fixed-response actions")."""

    status: int
    content_type: str = "text/plain"
    body: str = ""


class RedirectIntegration(Struct, frozen=True, kw_only=True, tag=True):
    """A load balancer's redirect: ``#{protocol}``, ``#{host}``, ``#{port}``, ``#{path}`` and ``#{query}`` stand for
    the request's own (ELB user guide, "Redirect actions")."""

    status: int
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"


class IntegrationResponse(Struct, frozen=True, kw_only=True):
    """One of those that an integration which is no proxy may have; ``pattern`` is None for the default.

    ``parameters`` are by header (``method.response.header.x``), ``templates`` by content type.
    """

    pattern: str | None = None
    status: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)
    content: ContentHandling | None = None


class MappedIntegration(Struct, frozen=True, kw_only=True, tag=True):
    """A REST API's that is no proxy: mapping templates make what ``target`` gets of a request, and the answer of what
    comes.

    ``templates`` are by content type, ``passthrough`` is what becomes of a request for which there is none.
    ``parameters`` are a server's, as ``integration.request.header.x``. ``timeout`` is in milliseconds.
    """

    target: Target
    templates: Mapping[str, str] = field(default_factory=dict)
    passthrough: str = "WHEN_NO_MATCH"
    parameters: Mapping[str, str] = field(default_factory=dict)
    content: ContentHandling | None = None
    responses: tuple[IntegrationResponse, ...] = ()
    timeout: int = 29_000

    @property
    def function(self) -> str | None:
        """The function behind it, None where there is none."""
        return self.target.function if isinstance(self.target, FunctionTarget) else None


class ServiceIntegration(Struct, frozen=True, kw_only=True, tag=True):
    """An HTTP API's with an AWS service: ``subtype`` is ``SQS-SendMessage`` or the like, ``parameters`` are those of
    its action, as expressions. The ``role`` is its ARN; ``timeout`` is in milliseconds."""

    subtype: str
    parameters: Mapping[str, str]
    region: str
    role: str
    timeout: int = 30_000
    response_parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class NotRun(Struct, frozen=True, kw_only=True, tag=True):
    """An integration that samlocal does not run, and why: ``a VPC link leads nowhere from this machine``."""

    reason: str


Integration: TypeAlias = (
    LambdaIntegration
    | HttpIntegration
    | MappedIntegration
    | ServiceIntegration
    | FixedResponse
    | RedirectIntegration
    | NotRun
)
