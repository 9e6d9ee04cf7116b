"""What a REST API answers by itself, as the template has it or as AWS words it.

Sources: API Gateway developer guide, "Gateway response types" (statuses) and "Gateway responses in API Gateway";
messages and ``x-amzn-ErrorType`` as seen in answers of AWS (localstack/localstack, ``gateway_response.py``, where
they are validated; awsdocs/amazon-api-gateway-developer-guide issue 71; AWS knowledge center, "403 Forbidden errors
when using a Lambda authorizer"; aws/chalice issue 670 for ``null``). Who is denied gets a ``Message`` where the
template has no say (dev.to, "API Gateway + Lambda authorizer + Lambda proxy integration failure modes").
"""

from __future__ import annotations

import json
from typing import NamedTuple

from samlocal.http_api import identifiers
from samlocal.http_api.answers.accepted import accepted_template
from samlocal.http_api.answers.payload import text_bytes
from samlocal.http_api.answers.refusal import Refusal, RefusalType
from samlocal.http_api.answers.variables import Variables
from samlocal.http_api.exchange import HttpAnswer, HttpRequest, Matched
from samlocal.http_api.model import Api, ApiKind, GatewayResponse

_JSON = "application/json"
_DEFAULT_TEMPLATE = '{"message":$context.error.messageString}'
_DENIED_TEMPLATE = '{"Message":$context.error.messageString}'
# The message of what goes wrong behind the API begins with a space (DataBiosphere/azul issue 6284, recorded on AWS).
_SPACED = frozenset(
    {
        RefusalType.API_CONFIGURATION_ERROR,
        RefusalType.INTEGRATION_FAILURE,
        RefusalType.INTEGRATION_TIMEOUT,
        RefusalType.MALFORMED,
    }
)


class _Words(NamedTuple):
    status: int
    error_type: str
    message: str | None


_WORDS = {
    RefusalType.ACCESS_DENIED: _Words(403, "AccessDeniedException", "User is not authorized to access this resource"),
    RefusalType.API_CONFIGURATION_ERROR: _Words(500, "InternalServerErrorException", "Internal server error"),
    RefusalType.AUTHORIZER_CONFIGURATION_ERROR: _Words(500, "AuthorizerConfigurationException", None),
    RefusalType.BAD_REQUEST_BODY: _Words(400, "BadRequestException", "Invalid request body"),
    RefusalType.BAD_REQUEST_PARAMETERS: _Words(400, "BadRequestException", "Missing required request parameters"),
    RefusalType.INTEGRATION_FAILURE: _Words(502, "InternalServerErrorException", "Internal server error"),
    RefusalType.INTEGRATION_TIMEOUT: _Words(504, "InternalServerErrorException", "Endpoint request timed out"),
    RefusalType.INVALID_API_KEY: _Words(403, "ForbiddenException", "Forbidden"),
    RefusalType.MALFORMED: _Words(502, "InternalServerErrorException", "Internal server error"),
    RefusalType.MISSING_AUTHENTICATION_TOKEN: _Words(
        403, "MissingAuthenticationTokenException", "Missing Authentication Token"
    ),
    RefusalType.QUOTA_EXCEEDED: _Words(429, "LimitExceededException", "Limit Exceeded"),
    RefusalType.REQUEST_TOO_LARGE: _Words(413, "RequestTooLargeException", "Request Too Long"),
    RefusalType.THROTTLED: _Words(429, "TooManyRequestsException", "Too Many Requests"),
    RefusalType.UNAUTHORIZED: _Words(401, "UnauthorizedException", "Unauthorized"),
    RefusalType.UNSUPPORTED_MEDIA_TYPE: _Words(415, "BadRequestException", "Unsupported Media Type"),
}


def gateway_response(api: Api, request: HttpRequest, matched: Matched | None, refusal: Refusal) -> HttpAnswer:
    words = _WORDS[refusal.type]
    message = words.message if refusal.message is None else refusal.message
    said = _said(api, refusal.type, words.status)
    name = f"DEFAULT_{words.status // 100}XX" if refusal.type is RefusalType.MALFORMED else refusal.type.value
    space = " " if refusal.type in _SPACED else ""
    variables = Variables(
        api,
        request,
        matched,
        caller=refusal.caller,
        error_type=name,
        message=message,
        message_string=space + json.dumps(message, ensure_ascii=False),
    )
    default = (_JSON, _default_template(api, refusal.type, said))
    content_type, template = accepted_template(request, said.templates) or default
    headers = [
        ("Content-Type", content_type),
        ("x-amzn-RequestId", request.request_id),
        ("x-amzn-ErrorType", words.error_type),
        ("x-amz-apigw-id", identifiers.extended_id(request.request_id)),
        *refusal.headers,
    ]
    for header, value in said.headers.items():
        filled = variables.header(value)
        if filled is not None:
            headers = [pair for pair in headers if pair[0].lower() != header.lower()]
            headers.append((header, filled))
    return HttpAnswer(
        status=said.status or words.status, headers=tuple(headers), body=text_bytes(variables.filled(template))
    )


def _said(api: Api, type_: RefusalType, status: int) -> GatewayResponse:
    """The template's for this type, else its default for the class of the status. 413 cannot be changed (API Gateway
    developer guide, "Important notes")."""
    responses = api.gateway_responses
    if type_ is RefusalType.REQUEST_TOO_LARGE:
        return GatewayResponse()
    default = responses.get(f"DEFAULT_{status // 100}XX", GatewayResponse())
    return responses.get(type_.value, default)


def _default_template(api: Api, type_: RefusalType, said: GatewayResponse) -> str:
    is_denied = type_ is RefusalType.ACCESS_DENIED and api.kind is ApiKind.REST
    return _DENIED_TEMPLATE if is_denied and said == GatewayResponse() else _DEFAULT_TEMPLATE
