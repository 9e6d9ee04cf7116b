"""AWS services behind an API: asked under the role that the integration names."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from samlocal.aws import Aws, Credentials
from samlocal.http_api.exchange import HttpAnswer, HttpRequest
from samlocal.http_api.http_proxy import filled, with_query
from samlocal.http_api.integration import ANY, ServiceIntegration
from samlocal.http_api.mapping import http_expression
from samlocal.http_api.request_values import RequestValues
from samlocal.http_api.server_connection import AnswerTooLargeError
from samlocal.http_api.server_request import BODILESS, ServerRequest
from samlocal.http_api.service_call import ServiceCall
from samlocal.http_api.subtypes import SUBTYPES
from samlocal.http_api.targets import ServiceTarget

_ANSWER_BYTES = 10 * 1024 * 1024
_SECONDS = 29.0

# What AWS's hosts are called, where botocore has another name for their service.
_BOTOCORE = {"states": "stepfunctions", "monitoring": "cloudwatch", "email": "ses"}

# SQS and SSM are asked by the query protocol, though their SDKs have long spoken JSON, and who asks EventBridge names
# the action by a header of its own (localstack/localstack, ``execute_api/integrations/aws.py``, tried on AWS).
_NOT_TOLD = frozenset({"sqs", "ssm", "events"})


class NoValueError(Exception):
    """A parameter of an HTTP API's integration has none in a request: API Gateway answers 400 (localstack/localstack,
    ``test_apigw_v2_http_kinesis_put_record_no_stream``, tried on AWS)."""


class Services:
    """``credentials`` gives a role's, and raises SamlocalError where it does not. Threads may share it."""

    def __init__(self, credentials: Callable[[str], Credentials]) -> None:
        self._credentials = credentials
        self._callers: dict[str, tuple[str, Aws]] = {}
        self._making = threading.Lock()

    def ask(self, call: ServiceCall, *, role: str, region: str) -> HttpAnswer:
        """Raises SamlocalError, AnswerTooLargeError."""
        aws = self._caller(role)
        headers = {name.lower(): value for name, value in call.headers.items()}
        told = aws.target_of(call.service, call.action, region=region) if call.action is not None else None
        if told is not None:
            target, content_type = told
            headers |= {"x-amz-target": target, "content-type": content_type}
        reply = aws.send(
            call.service,
            region=region,
            method=call.method,
            target=call.target,
            headers=headers,
            body=call.body,
            subdomain=call.subdomain,
            seconds=_SECONDS,
        )
        content = bytearray()
        for piece in reply.pieces:
            content += piece
            if len(content) > _ANSWER_BYTES:
                reply.close()
                raise AnswerTooLargeError(f"{call.service} answers more than the 10 MB that an API takes.")
        return HttpAnswer(status=reply.status, headers=tuple(reply.headers.items()), body=bytes(content))

    def _caller(self, role: str) -> Aws:
        """AWS as the role calls it, with keys that hold."""
        keys = self._credentials(role)
        with self._making:
            known = self._callers.get(role)
            if known is None or known[0] != keys.access_key_id:
                known = keys.access_key_id, Aws(region="us-east-1", credentials=keys, endpoint_url=keys.endpoint_url)
                self._callers[role] = known
        return known[1]


def service_call(target: ServiceTarget, request: HttpRequest, sent: ServerRequest) -> ServiceCall:
    """A REST API's: what has been mapped, to a path or an action of the service."""
    method = request.method if target.method == ANY else target.method
    service = _BOTOCORE.get(target.service, target.service)
    body = b"" if method in BODILESS else sent.body
    headers: Mapping[str, str] = sent.headers
    if target.action is None:
        bucket = f"/{target.subdomain}" if service == "s3" and target.subdomain else ""
        path = f"{bucket}/{filled(target.path, sent.path).removeprefix('/')}"
        return ServiceCall(
            service=service,
            method=method,
            target=with_query(path, sent.query),
            subdomain="" if bucket or not target.subdomain else f"{target.subdomain}.",
            headers=headers,
            body=body,
        )
    action, _, more = filled(target.action, sent.path).partition("&")
    named = {name.lower() for name in headers}
    return ServiceCall(
        service=service,
        method=method,
        target="/?" + "&".join(part for part in (f"Action={action}", more, sent.query) if part),
        subdomain=f"{target.subdomain}." if target.subdomain else "",
        # A service of JSON is told by a header.
        action=None if service in _NOT_TOLD or "x-amz-target" in named else action,
        headers=headers,
        body=body,
    )


def subtype_call(integration: ServiceIntegration, values: RequestValues) -> ServiceCall:
    """An HTTP API's. Raises NoValueError."""
    subtype = SUBTYPES[integration.subtype]
    given = {}
    for name in (*subtype.needs, *integration.parameters):
        value = http_expression(values, integration.parameters.get(name, ""))
        if not value:
            raise NoValueError(f"{integration.subtype}: {name} has no value in this request")
        given[name] = value
    try:
        return subtype.call(given)
    except (ValueError, AttributeError) as error:
        raise NoValueError(f"{integration.subtype}: a parameter is not of its form: {error}") from error
