"""AWS_ENDPOINT_URL as the user gives it to the function: it wins over the environment's."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from aws_front import Front, front_of
from kit import AwsEndpoint, Project, python

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

SEEN = "import os\n\ndef handler(event, context): return os.environ.get('AWS_ENDPOINT_URL')\n"
CALLS = (
    "def handler(event, context):\n    import boto3\n"
    "    return boto3.client('sts').get_caller_identity()['Account']\n"
)


@pytest.fixture
def front(aws_server: AwsEndpoint) -> Iterator[Front]:
    with front_of(aws_server) as running:
        yield running


@pytest.mark.parametrize("url", ["http://aws.example.test:4566", "https://aws.example.test", ""])
def test_the_users_word_wins_and_env_shows_what_the_function_gets(
    project: Callable[..., Project], aws_server: AwsEndpoint, url: str
) -> None:
    made = project(python(SEEN), **aws_server.environ)
    given = ["--set", f"AWS_ENDPOINT_URL={url}"]

    shown = made.run("env", "Fn", "--output", "json", *given).succeeded().payload
    seen = made.run("invoke", "Fn", "--no-assume-role", *given).succeeded().payload
    without = made.run("invoke", "Fn", "--no-assume-role").succeeded().payload

    assert [entry["value"] for entry in shown] == [url]
    assert seen == url
    assert without.startswith("http://")
    assert without != url


def test_an_endpoint_on_this_machine_is_reached_and_that_is_said(
    project: Callable[..., Project], aws_server: AwsEndpoint, front: Front
) -> None:
    made = project(python(CALLS), **aws_server.environ)

    outcome = made.run("invoke", "Fn", "--no-assume-role", "--set", f"AWS_ENDPOINT_URL={front.url}").succeeded()

    assert outcome.payload == "123456789012"
    assert "sts:GetCallerIdentity" in [call.name for call in front.calls]
    assert f"AWS_ENDPOINT_URL={front.url} is this machine's" in outcome.stderr


def test_an_endpoint_that_is_no_url_is_refused_with_its_place(
    project: Callable[..., Project], aws_server: AwsEndpoint
) -> None:
    made = project(python(SEEN), **aws_server.environ)

    outcome = made.run("invoke", "Fn", "--no-assume-role", "--set", "AWS_ENDPOINT_URL=http://host:port").ended(
        ExitStatus.CONFIGURATION
    )

    assert "--set: AWS_ENDPOINT_URL is no URL: 'http://host:port'" in outcome.stderr
