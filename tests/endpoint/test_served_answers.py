"""What callers get of real sandboxes: whole logs, streams that are left, and others' names for one function."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import kit
import pytest
from kit import Docker, Gate
from served_kit import MakeProject, served

pytestmark = pytest.mark.docker

TALKS = {
    "python3.11": (
        "code/app.py",
        "def handler(event, context):\n    for number in range(300):\n        print('line', number)\n",
    ),
    "nodejs20.x": (
        "code/app.js",
        "exports.handler = async () => {\n"
        "  for (let number = 0; number < 300; number += 1) console.log('line', number);\n"
        "};\n",
    ),
}


@pytest.mark.parametrize("runtime", list(TALKS))
def test_the_log_that_comes_with_the_answer_has_its_last_line_and_its_report(
    project: MakeProject, runtime: str
) -> None:
    file, source = TALKS[runtime]
    with served(project({"template.json": kit.template(Fn=kit.function(runtime)), file: source})) as own:
        for _ in range(5):
            answer = own.invoke(LogType="Tail")
            request_id = answer["ResponseMetadata"]["RequestId"]
            log = base64.b64decode(answer["LogResult"]).decode()
            assert len(log.encode()) <= 4096
            *lines, end, report = log.splitlines()
            # 4 KB hold 45 of Node's.
            assert [line.split("line ")[1] for line in lines[-40:]] == [str(number) for number in range(260, 300)]
            assert end == f"END RequestId: {request_id}"
            assert report.startswith(f"REPORT RequestId: {request_id}\t")


STREAMS = """\
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  for (let number = 0; number < event.parts; number += 1) {
    stream.write("x".repeat(event.size));
    await new Promise((resolve) => setTimeout(resolve, event.pause));
  }
  console.log("wrote all");
  stream.end();
});
"""


def test_a_reader_who_hangs_up_in_a_stream_does_not_end_the_function(project: MakeProject, docker: Docker) -> None:
    made = project(kit.node(STREAMS, Timeout=20))
    with served(made) as own:
        parts = urllib.parse.urlsplit(own.url)
        event = json.dumps({"parts": 20, "size": 10_000, "pause": 50}).encode()
        with socket.create_connection((parts.hostname, parts.port), timeout=60) as rude:
            rude.sendall(
                b"POST /2021-11-15/functions/Fn/response-streaming-invocations HTTP/1.1\r\n"
                b"Host: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(event), event)
            )
            assert rude.recv(100).startswith(b"HTTP/1.1 200")
        # As on AWS, where the function is not told either.
        own.running.has_logged("wrote all")
        own.running.has_logged(" Fn success ")
        answer = own.client.invoke_with_response_stream(
            FunctionName="Fn", Payload=json.dumps({"parts": 2, "size": 3, "pause": 1})
        )
        assert b"".join(
            event["PayloadChunk"]["Payload"] for event in answer["EventStream"] if "PayloadChunk" in event
        )
        assert "fault of samlocal's own" not in own.running.stderr()
    assert docker.nothing_left(made)


def test_a_stream_is_not_held_up_by_another_whose_reader_is_slow(project: MakeProject) -> None:
    with served(project(kit.node(STREAMS, Timeout=20))) as own:
        parts = urllib.parse.urlsplit(own.url)
        event = json.dumps({"parts": 200, "size": 100_000, "pause": 0}).encode()
        with socket.create_connection((parts.hostname, parts.port), timeout=60) as slow:
            slow.sendall(
                b"POST /2021-11-15/functions/Fn/response-streaming-invocations HTTP/1.1\r\n"
                b"Host: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(event), event)
            )
            assert slow.recv(100).startswith(b"HTTP/1.1 200")
            for _ in range(3):
                assert own.invoke(payload={"parts": 1, "size": 2, "pause": 0})["Payload"] == b"xx"


def test_a_function_is_one_by_whatever_name_version_or_arn_it_is_called(project: MakeProject) -> None:
    source = "import uuid\nME = str(uuid.uuid4())\ndef handler(event, context): return ME\n"
    made = project(kit.python(source, FunctionName="orders", AutoPublishAlias="live"))
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
    with served(made) as own:
        names = ["Fn", "orders", "orders:live", "orders:$LATEST", arn, f"{arn}:live", "123456789012:function:orders"]
        assert len({own.result(name) for name in names}) == 1
        assert own.result("orders", Qualifier="live") == own.result("Fn")


def test_a_caller_that_hangs_up_has_run_what_it_asked_for(project: MakeProject) -> None:
    source = (
        "import time\n"
        "def handler(event, context):\n"
        "    print('begins')\n"
        "    time.sleep(1)\n"
        "    print('went on to its end')\n"
    )
    with served(project(kit.python(source))) as own:
        parts = urllib.parse.urlsplit(own.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=60) as rude:
            rude.sendall(
                b"POST /2015-03-31/functions/Fn/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
            )
            own.running.has_logged("begins")
        own.running.has_logged("went on to its end")
        own.running.has_logged(" Fn success ")


def test_it_is_reached_by_ipv6_also_from_inside(project: MakeProject) -> None:
    source = (
        "import json, os, urllib.request\n"
        "def handler(event, context):\n"
        "    if event.get('called'):\n"
        "        return 'by ipv6'\n"
        "    url = os.environ['AWS_ENDPOINT_URL_LAMBDA'] + '/2015-03-31/functions/Fn/invocations'\n"
        "    return json.load(urllib.request.urlopen(url, b'{\"called\": 1}'))\n"
    )
    with served(project(kit.python(source, Timeout=20)), "--host", "::1") as own:
        assert own.url.startswith("http://[::1]:")
        assert own.result() == "by ipv6"


def test_who_opens_it_to_the_network_is_told_so(project: MakeProject) -> None:
    with served(project(kit.python("def handler(event, context): return 1")), "--host", "0.0.0.0") as own:
        assert own.url.startswith("http://127.0.0.1:")
        assert own.result() == 1
        assert "every machine that reaches this one can run your functions" in own.running.stderr()


def test_a_slow_function_does_not_hold_up_another(project: MakeProject, docker: Docker) -> None:
    source = (
        "import socket\n"
        "def handler(event, context):\n"
        "    if event:\n"
        "        socket.create_connection(event).recv(1)\n"
        "    return event\n"
    )
    with (
        Gate(docker) as gate,
        served(project(kit.python(source))) as own,
        ThreadPoolExecutor(1) as callers,
    ):
        own.invoke(payload=[])
        slow = callers.submit(own.result, "Fn", [gate.host, gate.port])
        gate.awaits()
        assert own.result("Fn", []) == []
        assert not slow.done()
        gate.opens()
        assert slow.result() == [gate.host, gate.port]


def test_a_thousand_idle_connections_leave_files_for_sandboxes(project: MakeProject) -> None:
    made = project(kit.python("def handler(event, context): return 1"))
    # macOS's own limit, and less than Linux's.
    few = replace(made, launcher=("sh", "-c", 'ulimit -Sn 256; exec "$@"', "sh"))
    with served(few) as own, kit.open_files(4096), contextlib.ExitStack() as closing:
        parts = urllib.parse.urlsplit(own.url)
        for _ in range(1_000):
            closing.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=60))
        assert own.result() == 1
