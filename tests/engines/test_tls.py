"""An engine that asks for a client's certificate, by Docker's variables and by a context of one's own."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from kit import Project, python, save, write
from second_engine import SecondEngine, inside

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

HANDLER = "def handler(event, context):\n    return event\n"


def test_an_engine_behind_tls_is_asked_with_ones_certificate(
    project: Callable[..., Project], elsewhere: SecondEngine
) -> None:
    made = project(python(HANDLER), AWS_REGION="eu-west-1", AWS_EC2_METADATA_DISABLED="true")
    made = replace(made, launcher=inside(elsewhere.pid))
    certificates = elsewhere.folder / "certs/client"

    def asked(*args: str, **environ: str) -> Any:
        return made.invoke("Fn", *args, event="by TLS", environ={"DOCKER_HOST": elsewhere.tls_host, **environ})

    variables = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(certificates)}
    assert asked(**variables).succeeded().payload == "by TLS"
    # The runtime's requests, and the function's output, come back over the same kind of connection.
    told = made.run("doctor", "--output", "json", environ={"DOCKER_HOST": elsewhere.tls_host, **variables}).payload
    assert next(each["text"] for each in told if each["subject"] == "way back").startswith("by a relay")

    # docker/cli, cli/context/store: where `docker context create` has it.
    contexts, own = made.home / ".docker/contexts", hashlib.sha256(b"secure").hexdigest()
    write(
        contexts / "meta" / own / "meta.json",
        {"Name": "secure", "Endpoints": {"docker": {"Host": elsewhere.tls_host}}},
    )
    shutil.copytree(certificates, contexts / "tls" / own / "docker")
    nowhere = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
    assert asked("--engine", "Fn=secure", **nowhere).succeeded().payload == "by TLS"
    save(made.home / ".docker/config.json", b'{"currentContext": "secure"}')
    assert asked(DOCKER_HOST="").succeeded().payload == "by TLS"

    plain = asked().ended(ExitStatus.DOCKER).stderr
    assert f"The Docker engine at {elsewhere.tls_host} is behind TLS, and was asked without." in plain
    assert "DOCKER_CERT_PATH" in plain
    for file in ("cert.pem", "key.pem"):
        (contexts / "tls" / own / "docker" / file).unlink()
    assert "certificate" in asked("--engine", "secure", **nowhere).ended(ExitStatus.DOCKER).stderr
