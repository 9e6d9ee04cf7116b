"""Who runs the functions: samlocal's fixture, or a server of SAM CLI's that boto3 calls, as its users write it."""

import json
import os
import subprocess
import time

import pytest

SAM = "BENCH_SAM"
"""SAM CLI's command, as JSON; without it samlocal runs the functions."""


@pytest.fixture(scope="session")
def invoke(request):
    """``invoke(function, event)`` gives the payload."""
    if SAM not in os.environ:
        samlocal = request.getfixturevalue("samlocal")
        yield lambda name, event: samlocal.function(name)(event).payload
        return
    command = json.loads(os.environ[SAM])
    port = command[command.index("--port") + 1]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        client = called(f"http://127.0.0.1:{port}")
        yield lambda name, event: json.load(client.invoke(FunctionName=name, Payload=json.dumps(event))["Payload"])
    finally:
        server.terminate()
        server.wait()


def called(address):
    """A client, once the server listens."""
    import boto3
    import botocore
    from botocore.exceptions import EndpointConnectionError

    config = botocore.config.Config(read_timeout=60, retries={"max_attempts": 0}, signature_version=botocore.UNSIGNED)
    client = boto3.client("lambda", endpoint_url=address, region_name="eu-west-1", config=config)
    deadline = time.monotonic() + 60
    while True:
        try:
            client.list_functions()
        except EndpointConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        except botocore.exceptions.ClientError:
            # It has no such operation, and answers.
            return client
        else:
            return client
