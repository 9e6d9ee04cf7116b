"""What a function may send to the APIs: what becomes of it is a result, and never a fault of samlocal's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kit import Docker, Project, eventually, node, python

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

POST = """
import http.client, os, socket, struct
HOST, _, PORT = os.environ['AWS_LAMBDA_RUNTIME_API'].partition(':')
def raw(data):
    connection = socket.create_connection((HOST, int(PORT)))
    connection.sendall(data)
    return connection
def post(path, body, **headers):
    api = http.client.HTTPConnection(HOST, int(PORT))
    api.request('POST', '/2018-06-01/runtime/invocation/' + path, body, headers)
    return api.getresponse().status
def cut_off(context, kind):
    head = f'POST /2018-06-01/runtime/invocation/{context.aws_request_id}/{kind} HTTP/1.1\\r\\nHost: api\\r\\n'
    raw(f'{head}Content-Length: 1000\\r\\n\\r\\n{{'.encode()).close()
"""


@pytest.mark.parametrize("kind", ["response", "error"])
def test_an_answer_that_breaks_off_is_the_functions_failure(kind: str, project: Callable[..., Project]) -> None:
    source = f"{POST}\ndef handler(event, context):\n    cut_off(context, {kind!r})\n    import time; time.sleep(1)\n"
    outcome = project(python(source, Timeout=10)).invoke("Fn").ended(ExitStatus.FUNCTION_FAILED)
    assert outcome.payload["errorType"] == "Runtime.TruncatedResponse"
    assert outcome.report["Status"] == "error"
    # The runtime may complain of its own answer, which comes too late.
    assert "samlocal/" not in outcome.stderr.partition("START ")[2]


def test_a_runtime_that_is_killed_while_it_posts_its_error_has_failed(project: Callable[..., Project]) -> None:
    source = f"{POST}\ndef handler(event, context):\n    cut_off(context, 'error')\n    os.kill(os.getpid(), 9)\n"
    outcome = project(python(source, Timeout=10)).invoke("Fn").ended(ExitStatus.FUNCTION_FAILED)
    # The runtime may complain of its own answer, which comes too late.
    assert "samlocal/" not in outcome.stderr.partition("START ")[2]


def test_an_error_of_ten_thousand_lists_is_an_error(project: Callable[..., Project]) -> None:
    nested = "b'[' * 100_000 + b']' * 100_000"
    source = f"{POST}\ndef handler(event, context):\n    post(context.aws_request_id + '/error', {nested})\n"
    outcome = project(python(source, Timeout=10)).invoke("Fn").ended(ExitStatus.FUNCTION_FAILED)
    assert outcome.stdout == b"[" * 100_000 + b"]" * 100_000 + b"\n"


def test_an_error_over_six_megabytes_is_refused_as_a_response_is(project: Callable[..., Project]) -> None:
    source = f"""{POST}
def handler(event, context):
    print('status', post(context.aws_request_id + '/error', b'x' * 60_000_000), flush=True)
"""
    outcome = project(python(source, Timeout=20, MemorySize=512)).invoke("Fn").ended(ExitStatus.FUNCTION_FAILED)
    assert outcome.payload["errorType"] == "Function.ResponseSizeTooLarge"
    assert "status 413" in outcome.lines


def test_garbage_and_a_thousand_connections_are_left_alone(project: Callable[..., Project]) -> None:
    source = f"""{POST}
def handler(event, context):
    raw(b'\\x16\\x03\\x01 no HTTP at all\\r\\n\\r\\n')
    kept = []
    try:
        raw(b'GET / HTTP/1.1\\r\\nX: ' + b'x' * 1_000_000)
    except OSError:
        pass
    try:
        for _ in range(2000):
            kept.append(raw(b'GET /2018-06-01/'))
    except OSError:
        pass
    for each in kept:
        each.close()
    return len(kept) > 100
"""
    outcome = project(python(source, Timeout=30, MemorySize=512)).invoke("Fn").succeeded()
    assert outcome.payload is True
    assert [line for line in outcome.lines if not line.startswith(("START ", "END ", "REPORT ", "samlocal: "))] == []


def test_a_reader_that_takes_its_time_does_not_hold_up_the_timeout(
    project: Callable[..., Project], docker: Docker
) -> None:
    source = """exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  for (;;) {
    stream.write("x".repeat(1 << 16));
    await new Promise((done) => setTimeout(done, 5));
  }
});"""
    slow = project(node(source, Timeout=2, MemorySize=512))
    with slow.start("invoke", "Fn") as running:
        running.has_logged("START ")
        # Nobody reads, and the function ends with its time all the same.
        eventually(lambda: not docker.containers(slow))
        outcome = running.outcome().ended(ExitStatus.FUNCTION_FAILED)
    assert outcome.report["Status"] == "timeout"


def test_a_container_that_is_removed_is_a_runtime_that_was_killed(
    project: Callable[..., Project], docker: Docker
) -> None:
    source = "import time\ndef handler(event, context):\n    print('at work', flush=True)\n    time.sleep(50)\n"
    removed = project(python(source, Timeout=60))
    with removed.start("invoke", "Fn") as running:
        running.has_logged("at work")
        docker.remove_all(removed)
        outcome = running.outcome().ended(ExitStatus.FUNCTION_FAILED)
    assert outcome.payload["errorType"] == "Runtime.ExitError"
