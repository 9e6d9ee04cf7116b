"""A request to run a function, as its headers and its body say it, checked as Lambda checks it.

Sources: Lambda API reference, Invoke and InvokeWithResponseStream; Lambda developer guide, "Lambda quotas";
botocore's model of Lambda, in whose order AWS names what may be given. AWS's own words for what is too large are
quoted in ASFHyP3/hyp3 issue 2241 and awslabs/aws-athena-query-federation issue 793.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import NoReturn, TypeVar

import msgspec
from msgspec import Struct

from samlocal.endpoint import api_error
from samlocal.function.limits import EVENT_REQUEST_BYTES, REQUEST_BYTES
from samlocal.sandbox.invocation import Request, tracing_header

E = TypeVar("E", bound=StrEnum)

# Of the header, which is Base64 (Lambda API reference, Invoke, ``ClientContext``).
_CLIENT_CONTEXT_BYTES = 3583


class InvocationType(StrEnum):
    EVENT = "Event"
    REQUEST_RESPONSE = "RequestResponse"
    DRY_RUN = "DryRun"


class LogType(StrEnum):
    NONE = "None"
    TAIL = "Tail"


class InvokeRequest(Struct, frozen=True, kw_only=True):
    """What is asked for."""

    type: InvocationType
    tail: bool
    request: Request


def invoke_request(
    headers: Mapping[str, str],
    body: bytes,
    *,
    request_id: str,
    qualifier: str | None,
    streams: bool = False,
) -> InvokeRequest:
    """Reads a request; the names of ``headers`` are in small letters. Raises ApiError.

    One that ``streams`` its response has no type ``Event``.
    """
    type_ = _one_of(headers, "x-amz-invocation-type", "invocationType", InvocationType, streams=streams)
    log_type = _one_of(headers, "x-amz-log-type", "logType", LogType)
    if "x-amz-durable-execution-name" in headers:
        raise api_error.invalid_parameter("samlocal runs no durable executions: leave DurableExecutionName out.")
    _check_size(len(body), type_ or InvocationType.REQUEST_RESPONSE)
    return InvokeRequest(
        type=type_ or InvocationType.REQUEST_RESPONSE,
        tail=log_type is LogType.TAIL,
        request=Request(
            payload=_payload(body),
            client_context=_client_context(headers.get("x-amz-client-context")),
            trace_id=headers.get("x-amzn-trace-id") or tracing_header(),
            tenant_id=headers.get("x-amz-tenant-id"),
            request_id=request_id,
            qualifier=qualifier,
        ),
    )


def _one_of(
    headers: Mapping[str, str], name: str, member: str, allowed: type[E], *, streams: bool = False
) -> E | None:
    value = headers.get(name)
    if not value:
        return None
    values = [each for each in allowed if not (streams and each == InvocationType.EVENT)]
    if value not in values:
        raise api_error.constraint(member, value, f"satisfy enum value set: [{', '.join(values)}]")
    return allowed(value)


def _check_size(size: int, type_: InvocationType) -> None:
    if type_ is InvocationType.EVENT and size > EVENT_REQUEST_BYTES:
        raise api_error.too_large(
            f"{size} byte payload is too large for the Event invocation type (limit {EVENT_REQUEST_BYTES} bytes)"
        )
    if size > REQUEST_BYTES:
        raise api_error.larger_than(REQUEST_BYTES)


def _payload(body: bytes) -> bytes:
    """No body is the event ``{}``. Six megabytes are read in 3 ms, in which nobody else is served."""
    if not body:
        return b"{}"
    try:
        # What is in its strings is not looked at below.
        body.decode()
        msgspec.json.decode(body, type=msgspec.Raw)
    except UnicodeDecodeError as error:
        raise _no_json(error) from error
    except (msgspec.DecodeError, RecursionError):
        _check_json(body)
    return body


def _check_json(body: bytes) -> None:
    """Has the last word, and says more of what is wrong. Raises ApiError."""
    try:
        json.loads(body.decode(), parse_int=str, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise _no_json(error) from error


def _client_context(header: str | None) -> str | None:
    """The JSON that the runtime gets."""
    if not header:
        return None
    if len(header) > _CLIENT_CONTEXT_BYTES:
        raise api_error.invalid_content(f"Client context must be no more than {_CLIENT_CONTEXT_BYTES} bytes.")
    try:
        text = base64.b64decode(header, validate=True).decode()
        whole = json.loads(text)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _no_client_context() from error
    if not isinstance(whole, dict):
        raise _no_client_context()
    return text


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _no_json(error: Exception) -> api_error.ApiError:
    return api_error.invalid_content(
        f"Could not parse request body into json: Could not parse payload into json: {error}"
    )


def _no_client_context() -> api_error.ApiError:
    """AWS names no type of it (Inqnuam/serverless-aws-lambda, which answers as AWS does)."""
    return api_error.invalid_content("Client context must be a valid Base64-encoded JSON object.", type_=None)
