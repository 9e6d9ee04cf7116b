"""Functions' requests for what is not here: they go on to AWS, as the function's own.

A function of an environment may call deployed functions that the template does not have, and ask Lambda for anything
else. With its own keys it could do so without this endpoint, whose address its SDK was given: so nothing is gained or
lost by the way through here. The signature that it came with is of this address; it gets a new one, of the same keys,
and only where it was good.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import TypeVar

from msgspec import Struct

from samlocal.aws import Aws
from samlocal.aws.signature import is_signed_with
from samlocal.aws.signed_request import Reply
from samlocal.endpoint import api_error
from samlocal.endpoint.answer import Answer
from samlocal.endpoint.callers import Caller
from samlocal.errors import SamlocalError
from samlocal.sandbox.network.endpoint import Endpoint, endpoint
from samlocal.service.no_service import no_service

T = TypeVar("T")

LARGEST = 70_167_211
"""Bytes that AWS takes of a request to Lambda, which may bring a package (localstack/docs, pull request 933)."""

_LAMBDA = "lambda"


class Sent(Struct, frozen=True, kw_only=True):
    """A request as it came. ``target`` is its path with the query, the names of ``headers`` are in small letters."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Forwarding:
    """``own`` is the endpoint that requests come to. ``told`` gets the caller's name, the request and its status."""

    def __init__(self, own: Endpoint, *, told: Callable[[str, str, int], None]) -> None:
        self._own = own
        self._told = told

    def refusal(self, caller: Caller, sent: Sent) -> Answer | None:
        """To a request for another service than Lambda, whose body nobody needs."""
        service = caller.signature.service
        if service == _LAMBDA:
            return None
        self._told(caller.name, f"{service} {sent.method} {sent.target.partition('?')[0]}", 403)
        said = no_service(service, sent.headers)
        return Answer(status=said.status, headers=said.headers, body=said.body)

    def takes(self, caller: Caller, *, runs: bool) -> bool:
        """Whether a request goes on without having been looked at here; ``runs`` says that it is to run a function.

        Functions of the template run here, those of other regions and everything else are AWS's.
        """
        return caller.aws is not None and not (runs and caller.signature.region == caller.region)

    async def answer(self, caller: Caller, sent: Sent) -> Answer | None:
        """AWS's answer; None where it is to be had here only. Raises ApiError."""
        region = caller.signature.region
        if caller.aws is None:
            return None
        if not is_signed_with(
            caller.secret,
            caller.signature,
            method=sent.method,
            target=sent.target,
            headers=sent.headers,
            body=sent.body,
        ):
            raise api_error.bad_signature()
        try:
            reply = await _in_a_thread(lambda: self._send(caller.aws, region, sent))
            if reply is None:
                return None
            self._told(caller.name, f"{sent.method} {sent.target.partition('?')[0]}", reply.status)
            return await _answer(reply)
        except SamlocalError as error:
            raise api_error.service_error(f"samlocal: {error.message}") from error

    def _send(self, aws: Aws | None, region: str, sent: Sent) -> Reply | None:
        if aws is None:
            return None
        there = endpoint(aws.endpoint_of(_LAMBDA, region=region))
        if (there.host, there.port) == (self._own.host, self._own.port):
            # Whoever started samlocal has its own address for AWS's.
            return None
        return aws.send(
            _LAMBDA,
            region=region,
            method=sent.method,
            target=sent.target,
            headers=sent.headers,
            body=sent.body,
        )


async def _answer(reply: Reply) -> Answer:
    whole = any(name.lower() == "content-length" for name in reply.headers)
    if not whole:
        return Answer(
            status=reply.status, headers=reply.headers, stream=_streamed(reply.pieces), left=lambda: _close(reply)
        )
    body = await _in_a_thread(lambda: b"".join(reply.pieces))
    headers = {name: value for name, value in reply.headers.items() if name.lower() != "content-length"}
    return Answer(status=reply.status, headers=headers, body=body)


async def _streamed(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await _in_a_thread(lambda: next(pieces, None))) is not None:
        yield piece


def _close(reply: Reply) -> None:
    """In a thread: somebody may be reading it still."""
    threading.Thread(target=reply.close, name="samlocal-forwarding", daemon=True).start()


async def _in_a_thread(work: Callable[[], T]) -> T:
    """In one of its own: AWS may take a quarter of an hour, and nobody waits for it at samlocal's end."""
    result: Future[T] = Future()

    def run() -> None:
        if not result.set_running_or_notify_cancel():
            return
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=run, name="samlocal-forwarding", daemon=True).start()
    return await asyncio.wrap_future(result)
