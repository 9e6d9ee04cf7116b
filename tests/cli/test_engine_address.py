"""Addresses and configurations of an engine that cannot be right: status 7, and which one is meant."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from kit import Project, python

from samlocal.errors import ExitStatus

# A region of one's own: without one samlocal says which it takes.
REGION = {"AWS_REGION": "eu-west-1"}
PROJECT = python("def handler(event, context):\n    return event\n")


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("tcp://[:::::", r"is no engine's address"),
        ("http://[", r"is no engine's address"),
        ("tcp://1.2.3.4:99999", r"is no engine's address: Port out of range"),
        ("tcp://127.0.0.1:x", r"is no engine's address"),
        ("tcp://", r"Invalid bind address"),
        ("foo://bar", r"Invalid bind address protocol"),
        ("fd://", r"fd protocol is not implemented"),
        ("ssh://", r"names no machine"),
        ("ssh://me@127.0.0.1:1", r"cannot be reached: ssh: .*Connection refused.*\n.*without a question"),
        ("tcp://127.0.0.1:1", r"Connection refused"),
        ("unix:///nowhere/docker.sock", r"No such file or directory"),
        ("unix:///etc/passwd", r"Connection refused"),
        ("unix:///" + "x" * 200, r"path too long"),
    ],
)
@pytest.mark.parametrize("command", ["invoke", "doctor"])
def test_an_address_that_leads_nowhere_is_said(
    project: Callable[..., Project], host: str, says: str, command: str
) -> None:
    made = project(PROJECT)
    if command == "doctor":
        outcome = made.run("doctor", "--output", "json", environ={"DOCKER_HOST": host})
        found = next(finding for finding in outcome.payload if finding["subject"] == "engine")
        assert found["level"] == "fail"
        assert re.search(says, f"{found['text']}\n{found['remedy']}")
        return
    outcome = made.run("invoke", "Fn", environ={"DOCKER_HOST": host} | REGION).ended(ExitStatus.DOCKER)
    assert re.search(says, outcome.stderr), outcome.stderr
    assert len(outcome.lines) == 2


@pytest.mark.parametrize(
    "environ",
    [
        {"DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/nowhere"},
        {"DOCKER_TLS_VERIFY": "1"},
        {"DOCKER_CERT_PATH": "/nowhere"},
    ],
    ids=" ".join,
)
def test_tls_without_certificates_is_said(project: Callable[..., Project], environ: dict[str, str]) -> None:
    outcome = project(PROJECT).run("invoke", "Fn", environ=environ).ended(ExitStatus.DOCKER)
    assert "asks for TLS" in outcome.stderr
    assert "ca.pem" in outcome.stderr


@pytest.mark.parametrize(
    "config", [[], {"currentContext": ["a"]}, {"currentContext": "absent"}, {"auths": 7, "credsStore": 7}], ids=str
)
def test_a_docker_configuration_that_is_none_is_said(project: Callable[..., Project], config: Any) -> None:
    made = project(PROJECT)
    (made.home / ".docker").mkdir()
    (made.home / ".docker" / "config.json").write_text(json.dumps(config))
    environ = {"DOCKER_HOST": "", "DOCKER_CONTEXT": "", "DOCKER_CONFIG": ""}
    unset = {name: value for name, value in made.environment(environ | REGION).items() if name not in environ}
    outcome = made.shell(f"unset {' '.join(environ)}; samlocal invoke Fn", environ=unset).ended(ExitStatus.DOCKER)
    assert len(outcome.lines) == 2
