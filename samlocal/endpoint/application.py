"""The endpoint as a web application: routes, headers, and who may ask; what is answered comes from elsewhere."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from samlocal.endpoint import api_error
from samlocal.endpoint.answer import Answer
from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.callers import Callers
from samlocal.endpoint.forwarding import LARGEST, Forwarding, Sent
from samlocal.endpoint.hears import Hears
from samlocal.endpoint.invoke_request import InvocationType
from samlocal.endpoint.invoker import Invoker
from samlocal.endpoint.listings import Listings
from samlocal.function.limits import REQUEST_BYTES
from samlocal.own_host import foreign
from samlocal.pool.turn import OF_A_FUNCTION

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
_MAPPINGS = "/2015-03-31/event-source-mappings"
_STREAMING = "/2021-11-15/functions/{name:path}/response-streaming-invocations"
_ASYNC = "/2014-11-13/functions/{name:path}/invoke-async"
# What is below a function there, and is not read here: no function has such a name.
_ELSEWHERE = ("policy", "aliases", "aliases/{alias}", "versions", "code", "invocations")


class Application:
    """``hears`` gets what becomes of requests that run nothing."""

    def __init__(
        self, invoker: Invoker, listings: Listings, callers: Callers, forwarding: Forwarding, hears: Hears
    ) -> None:
        self._invoker = invoker
        self._listings = listings
        self._callers = callers
        self._forwarding = forwarding
        self._hears = hears
        self._ends = False

    def end(self) -> None:
        """Only functions have others run from now on."""
        self._ends = True

    def asgi(self) -> Starlette:
        from starlette.applications import Starlette
        from starlette.routing import Route

        listings, unknown = self._listings, self._answers(self._unknown)

        def runs(path: str, handler: Handler) -> Route:
            return Route(path, self._answers(handler, runs=True), methods=["POST"])

        def reads(path: str, reader: Reader) -> Route:
            async def read(request: Request, *_: object) -> Answer:
                return await reader(request.path_params.get("name", ""), request.query_params)

            return Route(path, self._answers(read), methods=["GET"])

        async def another_method(request: Request, _: Exception) -> Response:
            return await unknown(request)

        return Starlette(
            routes=[
                runs(f"{_FUNCTION}/invocations", self._invoke),
                runs(_STREAMING, self._stream),
                # SDKs disagree about the slash at the end.
                *(runs(path, self._invoke_async) for path in (_ASYNC, f"{_ASYNC}/")),
                *(reads(path, listings.functions) for path in (_FUNCTIONS, f"{_FUNCTIONS}/")),
                *(reads(path, listings.mappings) for path in (_MAPPINGS, f"{_MAPPINGS}/")),
                reads(f"{_FUNCTION}/configuration", listings.configuration),
                *(Route(f"{_FUNCTION}/{each}", unknown, methods=["GET"]) for each in _ELSEWHERE),
                reads(_FUNCTION, listings.function),
                Route("/{path:path}", unknown, methods=["GET"]),
            ],
            exception_handlers={405: another_method},
        )

    async def _invoke(self, request: Request, body: bytes, request_id: str) -> Answer:
        return await self._invoker.invoke(*_named(request), request.headers, body, request_id=request_id)

    async def _stream(self, request: Request, body: bytes, request_id: str) -> Answer:
        return await self._invoker.stream(*_named(request), request.headers, body, request_id=request_id)

    async def _invoke_async(self, request: Request, body: bytes, request_id: str) -> Answer:
        """What InvokeAsync was before Invoke's type Event (deprecated): it takes no headers and no qualifier."""
        headers = {"x-amz-invocation-type": InvocationType.EVENT}
        return await self._invoker.invoke(_named(request)[0], None, headers, body, request_id=request_id)

    async def _unknown(self, request: Request, *_: object) -> Answer:
        raise _not_there(request)

    def _answers(self, handler: Handler, *, runs: bool = False) -> Callable[[Request], Awaitable[Response]]:
        """An answer to whatever comes. ``runs`` says that it is to run a function."""

        async def endpoint(request: Request) -> Response:
            from starlette.requests import ClientDisconnect

            request_id = str(uuid.uuid4())
            try:
                answer = await self._answer(request, handler, request_id, runs=runs)
            except ApiError as error:
                if not error.told:
                    self._hears.refused(f"{request.method} {request.url.path}", error)
                answer = refusal(error)
            except ClientDisconnect:
                # Before its request was whole: nobody reads this.
                answer = Answer(status=400)
            except Exception as error:
                self._hears.failed(error)
                answer = refusal(api_error.service_error("samlocal failed; it says more where it runs."))
            return self._response(answer, request_id)

        return endpoint

    async def _answer(self, request: Request, handler: Handler, request_id: str, *, runs: bool) -> Answer:
        _check_host(request)
        caller = self._callers.of(request.headers)
        if caller is None:
            if runs and self._ends:
                raise api_error.service_error("samlocal: it is ending.")
            return await handler(request, await _body(request, at_most=REQUEST_BYTES), request_id)
        OF_A_FUNCTION.set(runs)
        refusal = self._forwarding.refusal(caller, _sent(request, b""))
        if refusal is not None:
            async for _ in request.stream():
                # An upload may be of any size.
                pass
            return refusal
        body = await _body(request, at_most=LARGEST)
        missing = _not_there(request)
        if not self._forwarding.takes(caller, runs=runs):
            try:
                return await handler(request, body, request_id)
            except ApiError as error:
                if error.status != 404:
                    raise
                missing = error
        forwarded = await self._forwarding.answer(caller, _sent(request, body))
        if forwarded is None:
            raise missing
        return forwarded

    def _response(self, answer: Answer, request_id: str) -> Response:
        from starlette.responses import Response

        headers = dict(answer.headers)
        if not any(name.lower() == "x-amzn-requestid" for name in headers):
            headers["X-Amzn-RequestId"] = request_id
        if answer.stream is not None:
            return _streamed(self._watched(answer.stream), answer, headers)
        return Response(answer.body, status_code=answer.status, headers=headers)

    async def _watched(self, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Its status is out: a fault breaks the connection, and is told here."""
        try:
            async for part in stream:
                yield part
        except Exception as error:
            self._hears.failed(error)
            raise


def _streamed(parts: AsyncIterator[bytes], answer: Answer, headers: Mapping[str, str]) -> Response:
    from starlette.responses import StreamingResponse

    class Streamed(StreamingResponse):
        async def __call__(self, *connection: Any) -> None:
            try:
                await super().__call__(*connection)
            finally:
                # A client may be gone before the first part was asked for.
                answer.left()

    return Streamed(parts, status_code=answer.status, headers=headers)


def refusal(error: ApiError) -> Answer:
    return Answer(
        status=error.status,
        headers={"Content-Type": "application/json", "X-Amzn-ErrorType": error.error_type},
        body=json.dumps(error.body).encode(),
    )


def _named(request: Request) -> tuple[str, str | None]:
    """The function, and the version or alias of it."""
    return request.path_params["name"], request.query_params.get("Qualifier")


def _not_there(request: Request) -> ApiError:
    return api_error.unknown_operation(f"samlocal has no {request.method} {request.url.path}.")


async def _body(request: Request, *, at_most: int) -> bytes:
    """The body; one that is larger is read to its end, and not kept. Raises ApiError."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= at_most:
            parts.append(part)
    if size > at_most:
        raise api_error.larger_than(at_most)
    return b"".join(parts)


def _sent(request: Request, body: bytes) -> Sent:
    query = request.scope["query_string"]
    target = request.scope["raw_path"] + (b"?" + query if query else b"")
    return Sent(method=request.method, target=target.decode("latin-1"), headers=dict(request.headers), body=body)


def _check_host(request: Request) -> None:
    headers = request.headers
    refused = foreign(
        host=headers.get("host", ""),
        origin=headers.get("origin"),
        fetch_site=headers.get("sec-fetch-site"),
        who="samlocal's Lambda endpoint",
    )
    if refused:
        raise api_error.foreign(refused)
