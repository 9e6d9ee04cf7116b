"""A sandbox's APIs, and the relay to a local endpoint, answer its own container and nobody else's."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from kit import AwsEndpoint, Project, Running, python

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

VICTIM = """
import os, time
def handler(event, context):
    print('api', os.environ['AWS_LAMBDA_RUNTIME_API'], context.aws_request_id, flush=True)
    print('endpoint', os.environ.get('AWS_ENDPOINT_URL', ''), flush=True)
    time.sleep(6)
    return 'the function itself'
"""

# Everything that would let one function read another's events or answer for it.
HOSTILE = """
import http.client
def attempt(host, method, path, body=None, **headers):
    connection = http.client.HTTPConnection(host, timeout=3)
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()
def handler(event, context):
    host, root = event['api'], '/2018-06-01/runtime'
    return {
        'next': attempt(host, 'GET', f'{root}/invocation/next'),
        'response': attempt(host, 'POST', f"{root}/invocation/{event['id']}/response", b'"forged"'),
        'error': attempt(host, 'POST', f"{root}/invocation/{event['id']}/error", b'{}'),
        'init': attempt(host, 'POST', f'{root}/init/error', b'{}'),
        'register': attempt(
            host, 'POST', '/2020-01-01/extension/register', b'{}', **{'Lambda-Extension-Name': 'spy'}
        ),
        'relay': attempt(event['endpoint'], 'GET', '/') if event['endpoint'] else None,
    }
"""


@pytest.fixture(scope="module")
def deployed(aws_server: AwsEndpoint) -> tuple[str, ...]:
    """The flags of a run that has the environment's endpoint, which listens on this machine's loopback only."""
    aws_server.deploy("neighbours", {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    return ("-n", "neighbours", "--no-assume-role")


def whereabouts(running: Running) -> dict[str, str]:
    """Where the victim's APIs are, as it says itself."""
    running.has_logged("endpoint ")
    found = re.search(r"^api (\S+) (\S+)$", running.stderr(), re.MULTILINE)
    relayed = re.search(r"^endpoint (?:http://(\S+))?$", running.stderr(), re.MULTILINE)
    assert found
    assert relayed
    return {"api": found[1], "id": found[2], "endpoint": relayed[1] or ""}


def post(host: str, path: str, body: bytes) -> int:
    connection = http.client.HTTPConnection(host, timeout=3)
    try:
        connection.request("POST", path, body)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_function_in_another_container_is_turned_away(
    project: Callable[..., Project], aws_server: AwsEndpoint, deployed: tuple[str, ...]
) -> None:
    victim = project(python(VICTIM, Timeout=30), **aws_server.environ)
    hostile = project(python(HOSTILE, Timeout=30))
    with victim.start("invoke", "Fn", *deployed) as running:
        event = whereabouts(running)
        assert event["endpoint"]
        tried: dict[str, Any] = hostile.invoke("Fn", event=event).succeeded().payload
        outcome = running.outcome().succeeded()
    assert set(tried) == {"next", "response", "error", "init", "register", "relay"}
    assert {name: answer for name, answer in tried.items() if isinstance(answer, int)} == {}
    assert tried["relay"]
    assert outcome.payload == "the function itself"


def test_the_function_itself_reaches_the_endpoint(
    project: Callable[..., Project], aws_server: AwsEndpoint, deployed: tuple[str, ...]
) -> None:
    source = """
import http.client, os
def handler(event, context):
    connection = http.client.HTTPConnection(os.environ['AWS_ENDPOINT_URL'].partition('//')[2], timeout=3)
    connection.request('GET', '/')
    return connection.getresponse().status
"""
    assert isinstance(project(python(source), **aws_server.environ).invoke("Fn", *deployed).succeeded().payload, int)


def test_on_the_hosts_network_a_process_of_this_machine_is_turned_away(project: Callable[..., Project]) -> None:
    with project(python(VICTIM, Timeout=30)).start("invoke", "Fn", "--docker-network", "host") as running:
        found = whereabouts(running)
        forged = f"/2018-06-01/runtime/invocation/{found['id']}/response"
        with pytest.raises((OSError, http.client.HTTPException)):
            post(found["api"], forged, b'"forged"')
        outcome = running.outcome().succeeded()
    assert outcome.payload == "the function itself"
    # Here everybody can be told apart: there is nothing to warn of.
    assert "cannot be told" not in outcome.stderr


def test_on_the_hosts_network_another_sandbox_is_turned_away(project: Callable[..., Project]) -> None:
    victim, hostile = project(python(VICTIM, Timeout=30)), project(python(HOSTILE, Timeout=30))
    with victim.start("invoke", "Fn", "--docker-network", "host") as running:
        tried = hostile.invoke("Fn", "--docker-network", "host", event=whereabouts(running)).succeeded().payload
        outcome = running.outcome().succeeded()
    assert {name: answer for name, answer in tried.items() if isinstance(answer, int)} == {}
    assert outcome.payload == "the function itself"


def test_a_child_of_the_function_is_the_function(project: Callable[..., Project]) -> None:
    """Whoever runs in the container may post its answer, as on Lambda."""
    source = """
import os, subprocess, sys, time
CHILD = '''
import http.client, os, sys
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
api.request("POST", f"/2018-06-01/runtime/invocation/{sys.argv[1]}/response", b'"a child"')
print(api.getresponse().status, flush=True)
'''
def handler(event, context):
    subprocess.run([sys.executable, '-c', CHILD, context.aws_request_id], check=True)
    os._exit(0)
"""
    outcome = project(python(source)).invoke("Fn", "--docker-network", "host")
    assert json.loads(outcome.stdout) == "a child"
    assert outcome.status in (ExitStatus.SUCCESS, ExitStatus.FUNCTION_FAILED)
