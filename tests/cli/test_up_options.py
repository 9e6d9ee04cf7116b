"""What ``samlocal up`` takes for its environment where none is named."""

from __future__ import annotations

import contextlib
import io
import socket
from collections.abc import Callable, Mapping

import kit
import pytest
from kit import free_port, python

from samlocal.cli.up import command
from samlocal.cli.world import World

MakeProject = Callable[..., kit.Project]

DEPLOYED_BY_SAM = '[default.deploy.parameters]\nstack_name = "app"\n'
API = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: .
      Handler: app.handler
      Runtime: python3.11
      Events:
        Any: {Type: HttpApi}
"""
ENVIRONMENT = '[dev.deploy.parameters]\nstack_name = "app-dev"\n'


def environment_of(made: kit.Project, *args: str, environ: Mapping[str, str] | None = None) -> tuple[str, str]:
    """The environment's name and the stack's, as the command line has them."""
    world = World(
        environ=made.environment(environ),
        cwd=made.folder,
        stdin=io.BytesIO(),
        stdout=io.BytesIO(),
        stderr=io.StringIO(),
    )
    context = command.make_context("up", [*args], obj=world)
    return context.params["env_name"], context.params["stack_name"]


@pytest.mark.parametrize("file", ["", DEPLOYED_BY_SAM, ENVIRONMENT])
def test_it_is_the_one_on_this_machine_also_where_a_stack_has_been_deployed(project: MakeProject, file: str) -> None:
    made = project({**python("def handler(event, context): return None"), "samconfig.toml": file})
    assert environment_of(made) == ("local", None)


@pytest.mark.parametrize(
    ("args", "environ", "wanted"),
    [
        (["-e", "dev"], {}, ("dev", "app-dev")),
        (["--env-name=dev"], {}, ("dev", "app-dev")),
        (["-n", "app"], {}, (None, "app")),
        ([], {"SAMLOCAL_ENV_NAME": "dev"}, ("dev", "app-dev")),
        ([], {"SAMLOCAL_STACK_NAME": "app"}, (None, "app")),
        (["-e", "local"], {}, ("local", None)),
    ],
)
def test_one_that_is_named_is_taken(
    project: MakeProject,
    monkeypatch: pytest.MonkeyPatch,
    args: list[str],
    environ: dict[str, str],
    wanted: tuple[str | None, str | None],
) -> None:
    for name, value in environ.items():
        # click reads the process's environment.
        monkeypatch.setenv(name, value)
    made = project({**python("def handler(event, context): return None"), "samconfig.toml": ENVIRONMENT})
    assert environment_of(made, *args, environ=environ) == wanted


def test_the_configuration_files_own_is_taken(project: MakeProject) -> None:
    file = f'[default.samlocal.parameters]\nenv_name = "dev"\n{ENVIRONMENT}'
    made = project({**python("def handler(event, context): return None"), "samconfig.toml": file})
    assert environment_of(made)[1] == "app-dev"


@pytest.mark.parametrize(("option", "other"), [("--port", "--lambda-port"), ("--lambda-port", "--port")])
def test_of_a_port_that_is_taken_the_option_that_names_it_is_said(
    project: MakeProject, option: str, other: str
) -> None:
    made = project({"template.yaml": API, "app.py": "def handler(event, context): return None"})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        outcome = made.run("up", option, port, other, "0").ended(4)
    assert f"cannot listen on 127.0.0.1 port {port}" in outcome.stderr
    assert f"Name others with --host and {option} (0 takes a free one)" in outcome.stderr
    # Before anything is started for it.
    assert "starting the local environment" not in outcome.stderr
    made.run("local", "status").ended(1)


def free_port_before_a_taken_one() -> tuple[int, socket.socket]:
    while True:
        first = free_port()
        with contextlib.suppress(OSError):
            return first, socket.create_server(("127.0.0.1", first + 1))


def test_a_port_that_is_taken_behind_the_last_api_is_in_nobodys_way(project: MakeProject) -> None:
    made = project({"template.yaml": API, "app.py": "def handler(event, context): return None"})
    first, taken = free_port_before_a_taken_one()
    with taken, made.start("start-api", "--port", str(first)) as running:
        running.has_logged(f"is served at http://127.0.0.1:{first}")


def test_where_another_command_of_the_template_has_the_port_it_is_named(project: MakeProject) -> None:
    made = project({"template.yaml": API, "app.py": "def handler(event, context): return None"})
    port = str(free_port())
    with made.start("start-lambda", "--port", port) as running:
        running.has_logged("Lambda is served at")
        outcome = made.run("up", "--lambda-port", port).ended(4)
    assert "`samlocal start-lambda` of this template runs already. Name others with --host and --lambda-port" in (
        outcome.stderr
    )
