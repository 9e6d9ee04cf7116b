"""Routes of an OpenAPI document, 2.0 or 3.0, as API Gateway imports it.

Sources: API Gateway developer guide, "OpenAPI extensions for API Gateway", "Set the OpenAPI basePath property",
"Working with OpenAPI definitions for HTTP APIs".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from samlocal.http_api.integration import ANY, Integration, NotRun
from samlocal.http_api.model import DEFAULT_ROUTE, ApiKind, Authorizer, Cors, GatewayResponse, IamAuthorizer, Route
from samlocal.http_api.routes.authorizers import of_scheme
from samlocal.http_api.routes.callees import Callees
from samlocal.http_api.routes.definition import followed
from samlocal.http_api.routes.described import of_openapi
from samlocal.http_api.routes.integrations import integration
from samlocal.http_api.routes.stack import Stack
from samlocal.http_api.routes.validations import DocumentValidations
from samlocal.template.document import Map, Node

_METHODS = {
    **{name: name.upper() for name in ("get", "put", "post", "delete", "options", "head", "patch", "trace")},
    "x-amazon-apigateway-any-method": ANY,
}
_INTEGRATION = "x-amazon-apigateway-integration"
_API_KEY_HEADER = "x-api-key"
_GATEWAY_HEADER = "gatewayresponse.header."


class OpenApi(Struct, frozen=True, kw_only=True):
    """What a document says."""

    title: str | None
    routes: tuple[Route, ...]
    authorizers: Mapping[str, Authorizer]
    gateway_responses: Mapping[str, GatewayResponse]
    binary_media_types: tuple[str, ...]
    minimum_compression_size: int | None
    api_key_source: str | None
    cors: Cors | None


def openapi(
    stack: Stack,
    callees: Callees,
    body: Map,
    kind: ApiKind,
    variables: Mapping[str, str],
    *,
    base_path: str = "ignore",
) -> OpenApi:
    """Reads a document. ``base_path`` says what becomes of its own one: ignore, prepend or split."""
    return _Document(stack, callees, body, kind, variables).read(base_path)


class _Document:
    def __init__(
        self, stack: Stack, callees: Callees, body: Map, kind: ApiKind, variables: Mapping[str, str]
    ) -> None:
        self._stack = stack
        self._callees = callees
        self._body = body
        self._kind = kind
        self._variables = variables
        components = stack.mapping(body.get("components"))
        self._schemes = stack.mapping(body.get("securityDefinitions") or components.get("securitySchemes"))
        self._validations = DocumentValidations(stack, body)
        self._authorizers: dict[str, Authorizer] = {}
        self._api_keys: set[str] = set()

    def read(self, base_path: str) -> OpenApi:
        stack, body = self._stack, self._body
        for name, node in self._schemes.items():
            self._scheme(name, stack.mapping(node))
        prefix = self._prefix(base_path)
        return OpenApi(
            title=stack.text(stack.mapping(body.get("info")).get("title")),
            routes=tuple(self._routes(prefix)),
            authorizers=self._authorizers,
            gateway_responses=dict(self._gateway_responses()),
            binary_media_types=stack.texts(body.get("x-amazon-apigateway-binary-media-types")),
            minimum_compression_size=stack.number(body.get("x-amazon-apigateway-minimum-compression-size")),
            api_key_source=stack.text(body.get("x-amazon-apigateway-api-key-source")),
            cors=openapi_cors(stack, body.get("x-amazon-apigateway-cors")),
        )

    def _scheme(self, name: str, scheme: Map) -> None:
        authorizer = of_scheme(self._stack, self._callees, name, scheme, self._kind, self._variables)
        if authorizer is not None:
            self._authorizers[name] = authorizer
        elif (self._stack.text(scheme.get("name")) or "").lower() == _API_KEY_HEADER:
            self._api_keys.add(name)

    def _prefix(self, base_path: str) -> str:
        if base_path == "ignore":
            return ""
        written = self._stack.text(self._body.get("basePath"))
        for server in self._stack.items(self._body.get("servers")) if written is None else ():
            described = self._stack.mapping(server)
            given = self._stack.mapping(self._stack.mapping(described.get("variables")).get("basePath"))
            url = urlsplit(self._stack.text(described.get("url")) or "").path
            written = url.replace("{basePath}", (self._stack.text(given.get("default")) or "").strip("/"))
            break
        parts = [part for part in (written or "").split("/") if part]
        if base_path == "split":
            # The first part is the custom domain's mapping.
            parts = parts[1:]
        return "".join(f"/{part}" for part in parts)

    def _routes(self, prefix: str) -> Iterator[Route]:
        paths = self._stack.mapping(self._body.get("paths"))
        # HTTP APIs know no validation.
        is_rest = self._kind is ApiKind.REST
        for path, node in paths.items():
            item = followed(self._stack, self._body, node)
            for name, operation in item.items():
                method = _METHODS.get(name)
                described = self._stack.mapping(operation) if method else Map()
                if method and described:
                    route = self._route(prefix, path, method, described)
                    yield replace(route, validation=self._validations.of(item, described)) if is_rest else route

    def _route(self, prefix: str, path: str, method: str, operation: Map) -> Route:
        stack = self._stack
        authorizer, scopes, api_key = self._security(operation)
        default = path.strip("/") == DEFAULT_ROUTE
        return Route(
            method=ANY if default else method,
            path=DEFAULT_ROUTE if default else f"{prefix}/{path.strip('/')}",
            integration=self._integration(operation),
            authorizer=authorizer,
            scopes=scopes,
            api_key_required=api_key,
            operation_name=stack.text(operation.get("operationId")),
        )

    def _integration(self, operation: Map) -> Integration:
        described = followed(self._stack, self._body, operation.get(_INTEGRATION))
        if not described:
            return NotRun(reason="it has no integration")
        return integration(
            self._stack, self._callees, of_openapi(self._stack, described), self._kind, self._variables
        )

    def _security(self, operation: Map) -> tuple[str | None, tuple[str, ...], bool]:
        """The authorizer, its scopes, and whether an API key is asked for."""
        stack = self._stack
        declared = operation["security"] if "security" in operation else self._body.get("security")
        authorizer: str | None = None
        scopes: tuple[str, ...] = ()
        api_key = False
        for each in stack.items(declared):
            for name, wanted in stack.mapping(each).items():
                if name in self._api_keys:
                    api_key = True
                elif name in self._authorizers and authorizer is None:
                    authorizer, scopes = name, stack.texts(wanted)
        auth = stack.mapping(operation.get("x-amazon-apigateway-auth"))
        if authorizer is None and stack.text(auth.get("type")) == "AWS_IAM":
            authorizer = "AWS_IAM"
            self._authorizers.setdefault(authorizer, IamAuthorizer())
        return authorizer, scopes, api_key

    def _gateway_responses(self) -> Iterator[tuple[str, GatewayResponse]]:
        stack = self._stack
        for name, node in stack.mapping(self._body.get("x-amazon-apigateway-gateway-responses")).items():
            described = stack.mapping(node)
            yield (
                name,
                gateway_response(
                    status=stack.number(described.get("statusCode")),
                    parameters=stack.pairs(described.get("responseParameters")),
                    templates=stack.pairs(described.get("responseTemplates")),
                ),
            )


def gateway_response(
    *, status: int | None, parameters: Mapping[str, str], templates: Mapping[str, str]
) -> GatewayResponse:
    """Of its parameters, those that are headers."""
    headers = {
        name.removeprefix(_GATEWAY_HEADER): value
        for name, value in parameters.items()
        if name.startswith(_GATEWAY_HEADER)
    }
    return GatewayResponse(status=status, headers=headers, templates=templates)


def openapi_cors(stack: Stack, node: Node) -> Cors | None:
    """An ``x-amazon-apigateway-cors``; the same with its names in capitals is CloudFormation's."""
    written = stack.mapping(node)
    if not written:
        return None
    named = {name.lower(): value for name, value in written.items()}
    return Cors(
        origins=stack.texts(named.get("alloworigins")),
        methods=stack.texts(named.get("allowmethods")),
        headers=stack.texts(named.get("allowheaders")),
        exposed=stack.texts(named.get("exposeheaders")),
        credentials=stack.flag(named.get("allowcredentials")),
        max_age=stack.number(named.get("maxage")),
    )
