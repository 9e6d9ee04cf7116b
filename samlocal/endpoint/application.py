"""The endpoint as a web application: routes, headers, and who may ask; what is answered comes from elsewhere."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from samlocal.endpoint import api_error
from samlocal.endpoint.answer import Answer
from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.invoke_request import InvocationType
from samlocal.endpoint.invoker import Invoker
from samlocal.endpoint.listings import Listings
from samlocal.function.limits import REQUEST_BYTES
from samlocal.own_host import foreign

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

Handler: TypeAlias = Callable[["Request", str], Awaitable[Answer]]
"""Answers a request that has this id. May raise ApiError."""

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
    *,
    refused: Callable[[str, ApiError], None],
    failed: Callable[[Exception], None],
) -> Starlette:
    """``refused`` hears what came of a request that ran nothing, ``failed`` gets a fault of samlocal's own."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    async def invoke(request: Request, request_id: str) -> Answer:
        return await invoker.invoke(
            request.path_params["name"],
            request.query_params.get("Qualifier"),
            request.headers,
            await _body(request),
            request_id=request_id,
        )

    async def stream(request: Request, request_id: str) -> Answer:
        return await invoker.stream(
            request.path_params["name"],
            request.query_params.get("Qualifier"),
            request.headers,
            await _body(request),
            request_id=request_id,
        )

    async def invoke_async(request: Request, request_id: str) -> Answer:
        """What InvokeAsync was before Invoke's type Event (deprecated): it takes no headers and no qualifier."""
        headers = {"x-amz-invocation-type": InvocationType.EVENT}
        name = request.path_params["name"]
        return await invoker.invoke(name, None, headers, await _body(request), request_id=request_id)

    def reads(reader: Reader) -> Handler:
        async def read(request: Request, _: str) -> Answer:
            return await reader(request.path_params.get("name", ""), request.query_params)

        return read

    async def unknown(request: Request, _: str) -> Answer:
        raise api_error.unknown_operation(f"samlocal has no {request.method} {request.url.path}.")

    def answers(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            request_id = str(uuid.uuid4())
            try:
                _check_caller(request)
                answer = await handler(request, request_id)
            except ApiError as error:
                if not error.told:
                    refused(f"{request.method} {request.url.path}", error)
                answer = refusal(error)
            except Exception as error:
                failed(error)
                answer = refusal(api_error.service_error("samlocal failed; it says more where it runs."))
            return _response(answer, request_id, failed)

        return endpoint

    return Starlette(
        routes=[
            Route(f"{_FUNCTION}/invocations", answers(invoke), methods=["POST"]),
            Route(_STREAMING, answers(stream), methods=["POST"]),
            # SDKs disagree about the slash at the end.
            Route(_ASYNC, answers(invoke_async), methods=["POST"]),
            Route(f"{_ASYNC}/", answers(invoke_async), methods=["POST"]),
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


async def _body(request: Request) -> bytes:
    """The body, as far as it may be one: the rest is not kept. Raises ApiError."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= REQUEST_BYTES:
            parts.append(part)
    if size > REQUEST_BYTES:
        raise api_error.larger_than_requests()
    return b"".join(parts)


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

    headers = {"X-Amzn-RequestId": request_id, **answer.headers}
    if answer.stream is not None:
        return StreamingResponse(_told(answer.stream, failed), status_code=answer.status, headers=headers)
    return Response(answer.body, status_code=answer.status, headers=headers)
