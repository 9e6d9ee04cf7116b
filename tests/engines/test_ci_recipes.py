"""The files of docs/ci.md, run as near to the places that they are for as one machine comes."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from dev_container import dev_container
from kit import Project, function, template
from second_engine import SecondEngine

pytestmark = pytest.mark.docker

PAGE = (Path(__file__).parents[2] / "docs/ci.md").read_text(encoding="utf-8")

FILES = {
    "template.json": template(Hello=function()),
    "code/app.py": "def handler(event, context):\n    return 'Hello, ' + event['name']\n",
    "events/hello.json": {"name": "Ada"},
    "tests/test_hello.py": "def test_it_says_hello(samlocal):\n"
    "    assert samlocal.function('Hello')({'name': 'Ada'}).payload == 'Hello, Ada'\n",
}


def recipe(title: str, language: str) -> str:
    """The first file of a language below a heading."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    found = re.search(rf"```{language}\n(.+?)```", section, re.DOTALL)
    assert found, title
    return found[1]


def passes(made: Project, lines: list[str], environ: Mapping[str, str] | None = None) -> None:
    """The lines of a job, which ends with the first that fails."""
    pytest_here = f'pytest() {{ "{sys.executable}" -m pytest "$@"; }}'
    ran = made.shell("\n".join(["set -e", pytest_here, *lines]), environ=environ).succeeded()
    answer, said = ran.stdout.decode().split("\n", 1)
    assert json.loads(answer) == "Hello, Ada"
    assert "1 passed" in said


def test_github_actions_has_its_engine_beside_the_job(local: Callable[..., Project]) -> None:
    workflow: dict[str, Any] = yaml.safe_load(recipe("GitHub Actions", "yaml"))
    job = workflow["jobs"]["functions"]
    assert "container" not in job
    passes(local(FILES), [step["run"] for step in job["steps"] if step.get("name") not in (None, "install")])


def test_gitlabs_dind_service_is_an_engine_on_another_machine_behind_tls(
    local: Callable[..., Project], elsewhere: SecondEngine
) -> None:
    job = yaml.safe_load(recipe("GitLab with the dind service", "yaml"))["functions"]
    given = job["variables"]
    assert given["DOCKER_HOST"] == "tcp://docker:2376"
    assert given["DOCKER_CERT_PATH"] == f"{given['DOCKER_TLS_CERTDIR']}/client"
    # The service's name, and the folder that it shares, are made by GitLab's runner.
    there = {"DOCKER_HOST": elsewhere.tls_host, "DOCKER_CERT_PATH": f"{elsewhere.folder}/certs/client"}
    made = replace(elsewhere.project(local(FILES)), environ={**local({}).environ, **given, **there})
    passes(made, job["script"])


def test_gitlabs_runner_and_dev_containers_lend_the_socket_of_the_engine_around_the_job(
    elsewhere: SecondEngine,
) -> None:
    job = yaml.safe_load(recipe("GitLab with the runner's socket", "yaml"))["functions"]
    assert "variables" not in job
    mounted = re.search(r'"/var/run/docker.sock:([^"]+)"', recipe("GitLab with the runner's socket", "toml"))
    (mount,) = json.loads(recipe("A dev container", "json"))["mounts"]
    assert mounted
    assert f"target={mounted[1]}," in mount
    # Nobody says where the engine is.
    with dev_container(elsewhere, socket=mounted[1], environ={}) as container:
        passes(container.project(FILES), job["script"])
