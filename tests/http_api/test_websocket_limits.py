"""What one client of a WebSocket API may do, by a socket, with a pool that answers what the test says.

Sources: API Gateway developer guide, "Quotas for configuring and running a WebSocket API" (32 KB of a frame, 128 KB
of a message; what is larger closes the connection with 1009), "Use @connections commands in your backend service".
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import pytest
from front_kit import FakePool, Heard, LeapingLoop, ran, ran_in_leaps
from routes_kit import api, request
from test_websocket_front import FUNCTION, TEMPLATE
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from samlocal.http_api.exchange import HttpAnswer
from samlocal.http_api.web.websocket import WebSocketApplication
from samlocal.http_api.websocket.connections import FRAME_BYTES, MESSAGE_BYTES, Connections
from samlocal.http_api.websocket.front import WebSocketFront
from samlocal.service.server import listening, serving

API = api(TEMPLATE.replace("KEY", "say").replace("INTEGRATION", FUNCTION), head="")
STAGE = API.stage


@asynccontextmanager
async def served(pool: Any) -> AsyncIterator[str]:
    front, failures = WebSocketFront(API, pool, Heard(), None, Connections()), list[Exception]()
    with contextlib.closing(listening("127.0.0.1", 0)) as listens:
        address = f"ws://127.0.0.1:{listens.getsockname()[1]}"
        application = WebSocketApplication(front, failed=failures.append)
        sizes = MESSAGE_BYTES, FRAME_BYTES
        async with serving(application, [listens], websockets=sizes):
            yield address
    await front.close()
    assert failures == []


@pytest.mark.parametrize(
    ("path", "status"), [("/", 101), (f"/{STAGE}", 101), (f"/{STAGE}/", 101), ("/other", 403), (f"/{STAGE}/x", 403)]
)
def test_a_connection_is_of_the_root_or_of_the_stage(path: str, status: int) -> None:
    async def main() -> int:
        async with served(FakePool()) as url:
            try:
                async with connect(url + path):
                    return 101
            except InvalidStatus as refused:
                return refused.response.status_code

    assert ran(main()) == status


def halves(size: int, *, frame: int) -> list[str]:
    return ["x" * min(frame, size - at) for at in range(0, size, frame)]


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (halves(FRAME_BYTES, frame=FRAME_BYTES), None),
        (halves(FRAME_BYTES + 1, frame=FRAME_BYTES + 1), 1009),
        (halves(MESSAGE_BYTES, frame=FRAME_BYTES), None),
        (halves(MESSAGE_BYTES + 1, frame=FRAME_BYTES), 1009),
    ],
)
def test_a_message_and_its_frames_are_as_large_as_aws_takes_them(frames: list[str], code: int | None) -> None:
    pool = FakePool()

    async def main() -> int | None:
        async with served(pool) as url, connect(url, compression=None) as client:
            await client.send(frames)
            if code is None:
                await client.recv()
                return None
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
            return None if closed.value.rcvd is None else closed.value.rcvd.code

    assert ran(main()) == code
    bodies = [event["body"] for _, event in pool.asked if "body" in event]
    assert bodies == ([] if code else ["".join(frames)])


def test_a_flood_of_messages_waits_with_the_client_and_none_is_lost() -> None:
    messages = 350

    class Slow(FakePool):
        """Lets nobody go on until it is open."""

        def __init__(self) -> None:
            super().__init__()
            self.open = asyncio.Event()
            self.begun = 0

        async def invoke(self, function_id: str, request: Any, **more: Any) -> Any:
            if b"MESSAGE" in request.payload:
                self.begun += 1
                await self.open.wait()
            return await super().invoke(function_id, request, **more)

    async def until(state: Callable[[], bool]) -> None:
        while not state():
            await asyncio.sleep(0.01)

    async def main() -> tuple[int, int]:
        pool = Slow()
        async with served(pool) as url, connect(url) as client:
            for number in range(messages):
                await client.send(str(number))
            try:
                await until(lambda: pool.begun >= 100)
                # Others are served meanwhile.
                async with connect(url):
                    at_once = pool.begun
            finally:
                pool.open.set()
            for _ in range(messages):
                await client.recv()
            return at_once, len([event for _, event in pool.asked if "body" in event])

    assert ran(main()) == (100, messages)


def test_connections_are_reached_by_their_own_api_and_stage_alone() -> None:
    class Silent:
        async def send(self, message: str | bytes) -> None: ...

        async def close(self, code: int, reason: str) -> None: ...

    async def main() -> list[int | None]:
        connections = Connections()
        front = WebSocketFront(API, FakePool(), Heard(), None, connections)
        connection, _ = await front.connect(request("GET", "/"))
        front.opened(connection, Silent())
        place = f"@connections/{quote(connection.id)}"
        said = []
        for path, api_id in [
            (f"/{STAGE}/{place}", API.api_id),
            (f"/{place}", None),
            # A function of several APIs finds them all at one address, which names the first one's stage.
            (f"/other/{place}", None),
            (f"/other/{place}", API.api_id),
            (f"/{STAGE}/{place}", "another"),
            (f"/{STAGE}/{place}/more", API.api_id),
        ]:
            answer = await connections.answer(request("POST", path, body=b"hello"), api_id)
            said.append(None if answer is None else answer.status)
        await front.close()
        return said

    assert ran(main()) == [200, 200, 200, 403, 410, None]


def test_a_function_does_not_wait_for_a_client_that_does_not_read() -> None:
    # API Gateway Management API reference, PostToConnection: LimitExceededException.
    async def main(loop: LeapingLoop) -> HttpAnswer | None:
        class Full:
            async def send(self, message: str | bytes) -> None:
                loop.leap(10)
                await asyncio.Event().wait()

            async def close(self, code: int, reason: str) -> None: ...

        connections = Connections()
        front = WebSocketFront(API, FakePool(), Heard(), None, connections)
        connection, _ = await front.connect(request("GET", "/"))
        front.opened(connection, Full())
        answer = await connections.answer(request("POST", f"/@connections/{quote(connection.id)}", body=b"hello"))
        await front.close()
        return answer

    answer = ran_in_leaps(main)

    assert answer is not None
    assert (answer.status, dict(answer.headers)["x-amzn-ErrorType"]) == (429, "LimitExceededException")
