"""The Lambda Extensions API of one sandbox (Lambda developer guide, "Extensions API reference").

The refusals' types and texts are those of aws-lambda-runtime-interface-emulator, ``internal/lambda/rapi/handler``.
"""

from __future__ import annotations

import json
import uuid
from typing import assert_never

from samlocal.sandbox.apis.extensions import Extension, ExtensionEvent, Extensions, Refused, State
from samlocal.sandbox.apis.http import Response
from samlocal.sandbox.apis.server import Handler, Request, Route, json_response, refusal
from samlocal.sandbox.identity import SandboxIdentity
from samlocal.sandbox.messages import Event, Shutdown

_ROOT = "/2020-01-01/extension"
_CLOSED_REQUEST = 499

# A registration, a subscription, an error: Lambda's own are a few hundred bytes.
BODY_BYTES = 1024 * 1024


class ExtensionsApi:
    """HTTP in front of Extensions, on the event loop."""

    def __init__(self, extensions: Extensions, subject: SandboxIdentity) -> None:
        self._extensions = extensions
        self._subject = subject
        self.routes = (
            Route(method="POST", path=f"{_ROOT}/register", handler=refusing(self._register)),
            Route(method="GET", path=f"{_ROOT}/event/next", handler=refusing(self._next)),
            Route(method="POST", path=f"{_ROOT}/init/error", handler=refusing(self._init_error)),
            Route(method="POST", path=f"{_ROOT}/exit/error", handler=refusing(self._exit_error)),
        )

    async def _register(self, request: Request) -> Response:
        name = request.headers.get("lambda-extension-name", "")
        if not name:
            raise Refused("Extension.InvalidExtensionName", "Empty extension name")
        extension = await self._extensions.register(name, _events(await request.body(BODY_BYTES)))
        answer = {
            "functionName": self._subject.function_name,
            "functionVersion": "$LATEST",
            "handler": self._subject.handler,
        }
        features = request.headers.get("lambda-extension-accept-feature", "").split(",")
        if "accountId" in (feature.strip() for feature in features):
            answer["accountId"] = self._subject.account
        return json_response(answer, headers={"Lambda-Extension-Identifier": extension.id})

    async def _next(self, request: Request) -> Response:
        extension = caller(request, self._extensions)
        poll = self._extensions.ready(extension)
        try:
            await request.wait_for(poll)
        finally:
            # Nobody is there for what would be given to it.
            poll.cancel()
        if poll.cancelled():
            return Response(status=_CLOSED_REQUEST)
        headers = {
            "Lambda-Extension-Identifier": extension.id,
            "Lambda-Extension-Event-Identifier": str(uuid.uuid4()),
        }
        return json_response(_body(poll.result()), headers=headers)

    async def _init_error(self, request: Request) -> Response:
        return await self._error(request, State.INIT_ERROR)

    async def _exit_error(self, request: Request) -> Response:
        return await self._error(request, State.EXIT_ERROR)

    async def _error(self, request: Request, state: State) -> Response:
        header = "Lambda-Extension-Function-Error-Type"
        extension = caller(request, self._extensions)
        error_type = request.headers.get(header.lower(), "")
        if not error_type:
            raise Refused("Extension.MissingHeader", f"{header} not found")
        self._extensions.fail(extension, state, error_type)
        return json_response({"status": "OK"}, status=202)


def caller(request: Request, extensions: Extensions) -> Extension:
    """The extension that a request comes from. Raises Refused."""
    given = request.headers.get("lambda-extension-identifier", "")
    if not given:
        raise Refused("Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header")
    try:
        id_ = str(uuid.UUID(given))
    except ValueError:
        raise Refused("Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier") from None
    extension = extensions.find(id_)
    if extension is None:
        raise Refused("Extension.UnknownExtensionIdentifier", f"Unknown extension {id_}")
    return extension


def refusing(handler: Handler) -> Handler:
    """A handler that answers what is Refused."""

    async def handled(request: Request) -> Response:
        try:
            return await handler(request)
        except Refused as refused:
            return refusal(403, refused.error_type, refused.message)

    return handled


def _events(body: bytes) -> tuple[str, ...]:
    """The events of a registration's body. Raises Refused."""
    try:
        asked = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Refused("InvalidRequestFormat", str(error)) from error
    events = (asked.get("events") or []) if isinstance(asked, dict) else None
    if not isinstance(events, list):
        raise Refused("InvalidRequestFormat", "events is no list")
    return tuple(dict.fromkeys(str(event) for event in events))


def _body(event: ExtensionEvent) -> dict[str, object]:
    match event:
        case Event():
            return {
                "eventType": "INVOKE",
                "deadlineMs": event.deadline_ms,
                "requestId": event.request_id,
                "invokedFunctionArn": event.function_arn,
                "tracing": {"type": "X-Amzn-Trace-Id", "value": event.trace_id},
            }
        case Shutdown():
            return {"eventType": "SHUTDOWN", "deadlineMs": event.deadline_ms, "shutdownReason": event.reason.value}
        case _:
            assert_never(event)
