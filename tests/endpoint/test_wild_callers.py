"""Lambda's API, and clients who send it anything."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import kit
import wild
from event_loop import EventLoop
from fake_pool import FakePool
from test_http import served

from samlocal.sandbox.result import Success

HEAD = b" HTTP/1.1\r\nHost: localhost\r\n"
INVOKE = b"POST /2015-03-31/functions/Fn/invocations" + HEAD
WHOLE = INVOKE + b"Content-Length: 2\r\n\r\n{}"
KNOWN = (
    WHOLE,
    INVOKE + b"X-Amz-Invocation-Type: Event\r\nContent-Length: 2\r\n\r\n{}",
    INVOKE + b"X-Amz-Invocation-Type: DryRun\r\nContent-Length: 0\r\n\r\n",
    INVOKE
    + b"X-Amz-Client-Context: e30=\r\nX-Amz-Log-Type: Tail\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"POST /2021-11-15/functions/Fn/response-streaming-invocations" + HEAD + b"Content-Length: 2\r\n\r\n{}",
    b"POST /2014-11-13/functions/Fn:live/invoke-async/" + HEAD + b"Content-Length: 2\r\n\r\n{}",
    b"GET /2015-03-31/functions/?MaxItems=1&Marker=x" + HEAD + b"\r\n",
    b"GET /2015-03-31/functions/Fn/configuration?Qualifier=%24LATEST" + HEAD + b"\r\n",
    b"GET /2015-03-31/event-source-mappings/?FunctionName=Fn" + HEAD + b"\r\n",
    b"GET /2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3AFn" + HEAD + b"\r\n",
    b"DELETE /2015-03-31/functions/Fn" + HEAD + b"\r\n",
)


def test_no_client_stops_or_breaks_it_or_leaves_anything(project: Callable[..., kit.Project]) -> None:
    made = project(kit.python("def handler(event, context): return 1"))
    with closing(EventLoop()) as loop, kit.open_files(4096):
        manager = served(made, FakePool(Success(payload=b'"done"')))
        server = loop.enter(manager)
        address = server.host, server.port

        def lives() -> None:
            wild.check_answer(address, WHOLE, b"HTTP/1.1 200 ")

        lives()
        with wild.leaving_nothing(loop):
            wild.meet(address, KNOWN, lives=lives)
            with wild.crowd(address, 1000, begins=INVOKE):
                lives()
        loop.leave(manager)
