"""The endpoint as a web application: routes, headers, and who may ask; what is answered comes from elsewhere."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from samlocal.endpoint import api_error
from samlocal.endpoint.answer import Answer
from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.callers import Callers
from samlocal.endpoint.forwarding import Forwarding, Sent
from samlocal.endpoint.invoke_request import InvocationType
from samlocal.endpoint.invoker import Invoker
from samlocal.endpoint.listings import Listings
from samlocal.function.limits import REQUEST_BYTES
from samlocal.own_host import foreign

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

Handler: TypeAlias = Callable[["Request", bytes, str], Awaitable[Answer]]
"""Answers a request that has this body and this id. May raise ApiError."""

Reader: TypeAlias = Callable[[str, Mapping[str, str]], Awaitable[Answer]]
"""Answers for a function's name, empty where none is named, and a query. May raise ApiError."""

_FUNCTIONS = "/2015-03-31/functions"
_FUNCTION = f"{_FUNCTIONS}/{{name:path}}"
# What AWS has below a function there, and samlocal has not.
_ELSEWHERE = ("policy", "aliases", "aliases/{alias}", "versions")
_MAPPINGS = "/2015-03-31/event-source-mappings"
_STREAMING = "/2021-11-15/functions/{name:path}/response-streaming-invocations"
_ASYNC = "/2014-11-13/functions/{name:path}/invoke-async"


def web_application(
    invoker: Invoker,
    listings: Listings,
    callers: Callers,
    forwarding: Forwarding,
    *,
    refused: Callable[[str, ApiError], None],
    failed: Callable[[Exception], None],
) -> Starlette:
    """``refused`` hears what came of a request that ran nothing, ``failed`` gets a fault of samlocal's own."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    async def invoke(request: Request, body: bytes, request_id: str) -> Answer:
        return await invoker.invoke(
            request.path_params["name"],
            request.query_params.get("Qualifier"),
            request.headers,
            body,
            request_id=request_id,
        )

    async def stream(request: Request, body: bytes, request_id: str) -> Answer:
        return await invoker.stream(
            request.path_params["name"],
            request.query_params.get("Qualifier"),
            request.headers,
            body,
            request_id=request_id,
        )

    async def invoke_async(request: Request, body: bytes, request_id: str) -> Answer:
        """What InvokeAsync was before Invoke's type Event (deprecated): it takes no headers and no qualifier."""
        headers = {"x-amz-invocation-type": InvocationType.EVENT}
        name = request.path_params["name"]
        return await invoker.invoke(name, None, headers, body, request_id=request_id)

    def reads(reader: Reader) -> Handler:
        async def read(request: Request, *_: object) -> Answer:
            return await reader(request.path_params.get("name", ""), request.query_params)

        return read

    async def unknown(request: Request, *_: object) -> Answer:
        raise api_error.unknown_operation(f"samlocal has no {request.method} {request.url.path}.")

    async def answer(request: Request, handler: Handler, request_id: str, *, runs: bool) -> Answer:
        _check_caller(request)
        caller = callers.of(request.headers)
        body = await _body(request, keeps=None if caller is not None else REQUEST_BYTES)
        if caller is None:
            return await handler(request, body, request_id)
        if not forwarding.takes(caller, runs=runs):
            try:
                return await handler(request, body, request_id)
            except ApiError as error:
                if error.status != 404:
                    raise
                missing = error
        else:
            missing = api_error.unknown_operation(f"samlocal has no {request.method} {request.url.path}.")
        forwarded = await forwarding.answer(caller, _sent(request, body))
        if forwarded is None:
            raise missing
        return forwarded

    def answers(handler: Handler, *, runs: bool = False) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            request_id = str(uuid.uuid4())
            try:
                answered = await answer(request, handler, request_id, runs=runs)
            except ApiError as error:
                if not error.told:
                    refused(f"{request.method} {request.url.path}", error)
                answered = refusal(error)
            except Exception as error:
                failed(error)
                answered = refusal(api_error.service_error("samlocal failed; it says more where it runs."))
            return _response(answered, request_id, failed)

        return endpoint

    return Starlette(
        routes=[
            Route(f"{_FUNCTION}/invocations", answers(invoke, runs=True), methods=["POST"]),
            Route(_STREAMING, answers(stream, runs=True), methods=["POST"]),
            # SDKs disagree about the slash at the end.
            Route(_ASYNC, answers(invoke_async, runs=True), methods=["POST"]),
            Route(f"{_ASYNC}/", answers(invoke_async, runs=True), methods=["POST"]),
            Route(_FUNCTIONS, answers(reads(listings.functions)), methods=["GET"]),
            Route(f"{_FUNCTIONS}/", answers(reads(listings.functions)), methods=["GET"]),
            Route(_MAPPINGS, answers(reads(listings.mappings)), methods=["GET"]),
            Route(f"{_MAPPINGS}/", answers(reads(listings.mappings)), methods=["GET"]),
            *(Route(f"{_FUNCTION}/{each}", answers(unknown), methods=["GET"]) for each in _ELSEWHERE),
            Route(f"{_FUNCTION}/configuration", answers(reads(listings.configuration)), methods=["GET"]),
            Route(_FUNCTION, answers(reads(listings.function)), methods=["GET"]),
            Route("/{path:path}", answers(unknown), methods=["GET", "POST", "PUT", "DELETE", "PATCH"]),
        ]
    )


def refusal(error: ApiError) -> Answer:
    return Answer(
        status=error.status,
        headers={"Content-Type": "application/json", "X-Amzn-ErrorType": error.error_type},
        body=json.dumps(error.body).encode(),
    )


async def _told(stream: AsyncIterator[bytes], failed: Callable[[Exception], None]) -> AsyncIterator[bytes]:
    """Its status is out: a fault breaks the connection, and is told here."""
    try:
        async for part in stream:
            yield part
    except Exception as error:
        failed(error)
        raise


async def _body(request: Request, *, keeps: int | None) -> bytes:
    """The body, as far as it may be one: what is over ``keeps`` is not kept. Raises ApiError."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if keeps is None or size <= keeps:
            parts.append(part)
    if keeps is not None and size > keeps:
        raise api_error.larger_than_requests()
    return b"".join(parts)


def _sent(request: Request, body: bytes) -> Sent:
    query = request.scope["query_string"]
    target = request.scope["raw_path"] + (b"?" + query if query else b"")
    return Sent(method=request.method, target=target.decode("latin-1"), headers=dict(request.headers), body=body)


def _check_caller(request: Request) -> None:
    headers = request.headers
    refused = foreign(
        host=headers.get("host", ""),
        origin=headers.get("origin"),
        fetch_site=headers.get("sec-fetch-site"),
        who="samlocal's Lambda endpoint",
    )
    if refused:
        raise api_error.foreign(refused)


def _response(answer: Answer, request_id: str, failed: Callable[[Exception], None]) -> Response:
    from starlette.responses import Response, StreamingResponse

    headers = dict(answer.headers)
    if not any(name.lower() == "x-amzn-requestid" for name in headers):
        headers["X-Amzn-RequestId"] = request_id
    if answer.stream is not None:
        return StreamingResponse(_told(answer.stream, failed), status_code=answer.status, headers=headers)
    return Response(answer.body, status_code=answer.status, headers=headers)
