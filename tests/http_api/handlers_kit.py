"""A pool whose functions are the test's own, and a front before it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from front_kit import Heard, ran
from routes_kit import found, request

from samlocal.http_api.exchange import HttpAnswer
from samlocal.http_api.front import Front
from samlocal.http_api.model import ApiKind
from samlocal.sandbox.invocation import Invocation, Request
from samlocal.sandbox.report import Report
from samlocal.sandbox.result import FunctionError, Result, Success

Handler = Callable[[Any], Any]


class HandlerPool:
    """Runs them as Lambda does: what they return as JSON, or the error that they raise."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers

    async def invoke(
        self,
        function_id: str,
        request: Request,
        *,
        chunk: Callable[[bytes], None],
        answered: Callable[[Result], None] | None = None,
        streams: Callable[[str], None] | None = None,
    ) -> Invocation:
        result = self._result(function_id, request)
        if answered is not None:
            answered(result)
        request_id = request.request_id or "made up"
        report = Report(request_id=request_id, duration=1.0, memory_size=128)
        return Invocation(request_id=request_id, result=result, report=report)

    def _result(self, function_id: str, request: Request) -> Result:
        try:
            returned = self._handlers[function_id](json.loads(request.payload))
        except ValueError as error:
            described = {"errorMessage": str(error), "errorType": "ValueError"}
            return FunctionError(payload=json.dumps(described).encode())
        return Success(payload=json.dumps(returned).encode())


class Served:
    """The APIs of a template; nobody waits on a socket."""

    def __init__(self, template: str, handlers: Mapping[str, Handler]) -> None:
        self._apis = {api.kind: api for api in found(template, head="").apis}
        self._pool = HandlerPool(handlers)

    def ask(
        self,
        kind: ApiKind,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> HttpAnswer:
        path, _, query = target.partition("?")
        sent = {"Host": "127.0.0.1:3000", "Accept": "*/*", **(headers or {})}

        async def main() -> HttpAnswer:
            front = Front(self._apis[kind], self._pool, Heard(), _no_tokens)
            answer = await front.answer(request(method, path, query=query, headers=sent, body=body))
            await front.close()
            return answer

        return ran(main())


def _no_tokens() -> Any:
    raise AssertionError("no token is asked about")
