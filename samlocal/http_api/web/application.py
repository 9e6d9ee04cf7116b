"""One API as an ASGI application."""

from __future__ import annotations

import json
from collections.abc import Callable

from samlocal.http_api import openapi_document
from samlocal.http_api.exchange import HttpAnswer, HttpRequest
from samlocal.http_api.front import Front
from samlocal.http_api.web.asgi import Message, Receive, Send, answer_request
from samlocal.http_api.web.static_files import StaticFiles


class WebApplication:
    """``static`` are files for paths without a route; with ``any_host`` it answers to whatever name it is called by.

    ``failed`` gets a fault of samlocal's own, and what breaks an answer off.
    """

    def __init__(
        self,
        front: Front,
        *,
        static: StaticFiles | None = None,
        any_host: bool = False,
        failed: Callable[[Exception], None],
    ) -> None:
        self._front = front
        self._static = static
        self._any_host = any_host
        self._failed = failed

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        await answer_request(scope, receive, send, self._answer, any_host=self._any_host, failed=self._failed)

    async def _answer(self, request: HttpRequest) -> HttpAnswer:
        if request.path == openapi_document.PATH and request.method in ("GET", "HEAD"):
            return self._document(request)
        if self._static is not None and not self._front.routes(request):
            file = await self._static.answer(request)
            if file is not None:
                return file
        return await self._front.answer(request)

    def _document(self, request: HttpRequest) -> HttpAnswer:
        url = f"{request.scheme}://{request.header('host') or 'localhost'}"
        body = json.dumps(openapi_document.openapi_document(self._front.api, url)).encode()
        # For editors and consoles that run in a browser, at an address of their own.
        headers = (("Content-Type", "application/json"), ("Access-Control-Allow-Origin", "*"))
        return HttpAnswer(status=200, headers=headers, body=body)
