"""Profiles as botocore takes them: MFA, Identity Center, programs that give credentials, endpoints."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aws_front import Front, front_of
from kit import AwsEndpoint, Project
from role_kit import deploy, environ_of, files

from samlocal.errors import ExitStatus

TOKEN = b"123456"


@pytest.fixture
def front(aws_server: AwsEndpoint) -> Iterator[Front]:
    with front_of(aws_server) as running:
        yield running


@pytest.fixture(scope="module")
def stack(aws_server: AwsEndpoint) -> dict[str, str]:
    return deploy(aws_server, f"profiles-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def profiles(project: Callable[..., Project], front: Front, stack: dict[str, str]) -> Callable[[str], Project]:
    """Makes a project whose user has this ``~/.aws/config`` and the profile ``base`` with keys."""

    def make(config: str) -> Project:
        environ = environ_of(front, "pat")
        keys = f"[base]\naws_access_key_id = {environ.pop('AWS_ACCESS_KEY_ID')}\n"
        keys += f"aws_secret_access_key = {environ.pop('AWS_SECRET_ACCESS_KEY')}\n"
        made: Project = project(files(stack["name"]), **environ)
        folder = made.home / ".aws"
        folder.mkdir()
        (folder / "config").write_text(config)
        (folder / "credentials").write_text(keys)
        return made

    return make


def mfa(stack: dict[str, str]) -> str:
    return (
        "[profile work]\nsource_profile = base\nmfa_serial = arn:aws:iam::123456789012:mfa/pat\n"
        f"role_arn = arn:aws:iam::123456789012:role/{stack['SharedRole']}\n"
    )


def at_terminal(project: Project, *args: str, out: Path) -> tuple[int, bytes]:
    """Runs samlocal at a terminal, where a code is typed when it is asked for.

    Standard output goes to a file; what the terminal shows is given back, with the exit status.
    """
    environ = project.environment()
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(project.folder)
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT, 0o600), 1)
        os.execve(sys.executable, [sys.executable, "-P", "-m", "samlocal", *args], environ)
    shown, typed, until = b"", False, time.monotonic() + 30
    try:
        while time.monotonic() < until:
            if not select.select([terminal], [], [], 0.2)[0]:
                continue
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
            if b"MFA code" in shown and not typed:
                typed = True
                os.write(terminal, TOKEN + b"\n")
        _, status = os.waitpid(child, 0)
    finally:
        os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_an_mfa_code_is_asked_for_once_at_the_terminal(
    profiles: Callable[[str], Project], front: Front, stack: dict[str, str], tmp_path: Path
) -> None:
    application = profiles(mfa(stack))
    env = ["env", "New", "-e", "test", "--aws-profile", "work", "--refresh", "--output", "json"]

    status, shown = at_terminal(application, *env, out=tmp_path / "out")
    assert status == 0, shown
    assert shown.count(b"Enter MFA code") == 1
    assert (tmp_path / "out").read_bytes().startswith(b"[{")
    assert front.parameters("sts:AssumeRole")["TokenCode"] == TOKEN.decode()

    # No terminal any more, and none needed. The session's file is its owner's.
    application.run(*env).succeeded()
    (kept,) = (application.cache / "aws-sessions").iterdir()
    assert kept.stat().st_mode & 0o077 == 0


def test_an_mfa_code_without_a_terminal_is_an_error(
    profiles: Callable[[str], Project], stack: dict[str, str]
) -> None:
    application = profiles(mfa(stack))
    command = [sys.executable, "-P", "-m", "samlocal", "env", "New", "-e", "test", "--aws-profile", "work"]

    # A session of its own has no terminal to open.
    done = subprocess.run(
        command,
        cwd=application.folder,
        env=application.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        start_new_session=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == ExitStatus.CREDENTIALS, done.stderr
    assert b"The profile wants an MFA code, and there is no terminal to ask for it." in done.stderr
    assert done.stdout == b""


def test_an_expired_session_of_identity_center_names_the_command_that_logs_in(
    profiles: Callable[[str], Project],
) -> None:
    application = profiles(
        "[profile work]\nsso_session = org\nsso_account_id = 123456789012\nsso_role_name = Developer\n"
        "[sso-session org]\nsso_region = eu-west-1\nsso_start_url = https://example.awsapps.com/start\n"
    )

    outcome = application.invoke("New", "-e", "test", "--aws-profile", "work").ended(ExitStatus.CREDENTIALS)

    assert "Log in again: `aws sso login --profile work`." in outcome.stderr


def test_a_program_gives_the_credentials(profiles: Callable[[str], Project], front: Front) -> None:
    application = profiles(f"[profile work]\ncredential_process = {sys.executable} keys.py\n")
    (application.folder / "keys.py").write_text(
        "import json\nprint(json.dumps({'Version': 1, 'AccessKeyId': 'AKIAFROMPROGRAM', 'SecretAccessKey': 's'}))\n"
    )

    application.run("env", "New", "-e", "test", "--aws-profile", "work").succeeded()

    assert {call.key for call in front.calls} == {"AKIAFROMPROGRAM"}


def test_a_program_that_fails_is_an_error(profiles: Callable[[str], Project]) -> None:
    application = profiles("[profile work]\ncredential_process = /bin/false\n")

    outcome = application.invoke("New", "-e", "test", "--aws-profile", "work").ended(ExitStatus.CREDENTIALS)

    assert "could not be had" in outcome.stderr
    assert "--aws-profile" in outcome.stderr


@pytest.mark.docker
def test_a_function_gets_the_endpoint_of_the_profile(
    profiles: Callable[[str], Project], front: Front, stack: dict[str, str]
) -> None:
    application = profiles(f"[profile work]\nsource_profile = base\nendpoint_url = {front.url}\n")
    keys = (application.home / ".aws" / "credentials").read_text().replace("[base]", "[work]")
    (application.home / ".aws" / "credentials").write_text(keys)
    environ = {name: value for name, value in application.environ.items() if name not in ("AWS_ENDPOINT_URL",)}
    environ = {name: value for name, value in environ.items() if name != "DOCKER_HOST"}
    of_profile = Project(folder=application.folder, home=application.home, cache=application.cache, environ=environ)

    seen = of_profile.invoke("New", "-e", "test", "--aws-profile", "work").succeeded().payload

    assert f":assumed-role/{stack['SharedRole']}/" in seen["role"]
