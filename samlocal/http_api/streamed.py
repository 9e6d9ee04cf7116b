"""An answer that goes out while its function writes it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

from samlocal.http_api.answers.answer import Answered, has_body, malformed, refused
from samlocal.http_api.answers.function_url import url_headers
from samlocal.http_api.answers.payload import MalformedError
from samlocal.http_api.answers.prelude import Prelude
from samlocal.http_api.answers.refusal import MALFORMED
from samlocal.http_api.answers.rest import response_headers
from samlocal.http_api.exchange import HttpAnswer, HttpRequest, Matched
from samlocal.http_api.model import Api, ApiKind
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.result import Result, Success, error_message
from samlocal.service.chunks import Chunks
from samlocal.service.run import Run


class BrokenOffError(Exception):
    """The function has failed in the middle of its answer, whose status is out."""


async def streamed_answer(api: Api, matched: Matched, request: HttpRequest, run: Run, chunks: Chunks) -> Answered:
    """Begins with the first bytes of the body, or of its end. A malformed beginning is answered as any is."""
    parts = _parts(run, chunks)
    try:
        first = await anext(parts, b"")
        prelude = Prelude(api.kind, chunks.content_type)
        body = prelude.feed(first)
        while not prelude.is_known:
            part = await anext(parts, None)
            body = prelude.end() if part is None else prelude.feed(part)
    except MalformedError as error:
        await parts.aclose()
        return Answered(answer=refused(api, request, MALFORMED, matched), remark=malformed(matched, error))
    except BrokenOffError:
        return Answered(answer=refused(api, request, MALFORMED, matched))
    headers = _headers(api, request, prelude)
    if not has_body(request, prelude.status):
        # Whatever the function writes.
        await parts.aclose()
        return Answered(answer=HttpAnswer(status=prelude.status, headers=headers))
    return Answered(answer=HttpAnswer(status=prelude.status, headers=headers, stream=_body(body, parts)))


def _headers(api: Api, request: HttpRequest, prelude: Prelude) -> tuple[tuple[str, str], ...]:
    if api.kind is ApiKind.FUNCTION_URL:
        return url_headers(request, prelude.headers)
    return response_headers(request, prelude.headers, content_type=True)


async def _parts(run: Run, chunks: Chunks) -> AsyncGenerator[bytes, None]:
    """All of the response as it comes. Raises BrokenOffError, and what ``Run.whole`` raises."""
    try:
        async for part in chunks.until(run.task):
            yield part
        result = await run.whole()
        if not isinstance(result, Success):
            raise BrokenOffError(_why(result))
        if not result.streamed:
            yield result.payload
    finally:
        chunks.leave()


async def _body(begun: bytes, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if begun:
        yield begun
    async for part in parts:
        yield part


def _why(result: Result | Throttled) -> str:
    if isinstance(result, Throttled):
        return result.reason.value
    return error_message(result.payload) or "the function has failed"
