"""``samlocal doctor``: each line true, each warning with its remedy."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from firewall import dropping
from kit import AwsEndpoint, Docker, Outcome, Project, function, python, template, write

FILES = python("def handler(event, context): return 1")


def findings(outcome: Outcome) -> dict[str, dict[str, Any]]:
    return {finding["subject"]: finding for finding in outcome.payload}


def doctor(project: Project, *args: str, **more: Any) -> dict[str, dict[str, Any]]:
    return findings(project.run("doctor", "--output", "json", *args, **more))


@pytest.mark.docker
def test_a_healthy_project_without_an_account(project: Callable[..., Project], docker: Docker) -> None:
    own = project(FILES)
    outcome = own.run("doctor", "--output", "json", environ={"AWS_EC2_METADATA_DISABLED": "true"}).succeeded()
    found = findings(outcome)

    assert found["engine"]["text"].startswith("Docker Engine ")
    assert docker.gateway() in found["way back"]["text"]
    assert "samlocal/lambda-python:3.11" in found["image python3.11"]["text"]
    assert found["template"] == {
        "level": "ok",
        "subject": "template",
        "text": "template.json: 1 functions",
        "remedy": None,
    }
    assert found["caller"]["level"] == "warn"
    assert str(own.cache) in found["cache"]["text"]
    assert all(finding["remedy"] for finding in found.values() if finding["level"] != "ok")
    assert docker.nothing_left(own)


@pytest.mark.docker
def test_the_page_has_a_line_for_each_and_the_remedy_below(project: Callable[..., Project]) -> None:
    own = project({"template.json": template(Fn=function(CodeUri="nowhere/", Runtime="python3.99"))})
    lines = own.run("doctor", environ={"AWS_EC2_METADATA_DISABLED": "true"}).succeeded().stdout.decode().splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.startswith("warn  image python3.99"))
    assert "no such runtime" in lines[at]
    assert lines[at + 1].startswith("      -> ")


def test_without_an_engine_it_fails_and_checks_the_rest(project: Callable[..., Project], tmp_path: Path) -> None:
    own = project(FILES)
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock", "AWS_EC2_METADATA_DISABLED": "true"}
    outcome = own.run("doctor", "--output", "json", environ=nowhere).ended(1)
    found = findings(outcome)
    assert found["engine"]["level"] == "fail"
    assert "DOCKER_HOST" in found["engine"]["remedy"]
    assert found["template"]["level"] == "ok"


@pytest.mark.docker
def test_a_firewall_in_the_way_is_found(project: Callable[..., Project], docker: Docker) -> None:
    bridge = f"slt{uuid.uuid4().hex[:8]}"
    with docker.network(bridge=bridge) as network, dropping(bridge):
        own = project(FILES)
        outcome = own.run("doctor", "--output", "json", "--docker-network", network).ended(1)
        assert docker.nothing_left(own)
    way = findings(outcome)["way back"]
    assert way["level"] == "fail"
    assert "firewall" in way["text"]
    assert "--docker-network host" in way["remedy"]


def test_another_program_of_the_same_name_is_found(project: Callable[..., Project], tmp_path: Path) -> None:
    own = project(FILES)
    other = tmp_path / "bin" / "samlocal"
    write(other, "#!/bin/sh\n")
    other.chmod(0o755)
    path = f"{other.parent}{os.pathsep}{os.environ['PATH']}"
    command = doctor(own, environ={"PATH": path, "AWS_EC2_METADATA_DISABLED": "true"})["command"]
    assert command["level"] == "warn"
    assert str(other) in command["text"]
    assert "python -m samlocal" in command["remedy"]


def test_an_environment_is_checked_with_its_roles(project: Callable[..., Project], aws_server: AwsEndpoint) -> None:
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}
    ids = aws_server.deploy(
        "doctored",
        {
            "Resources": {
                "FnRole": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
                "Fn": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {
                        "Role": {"Fn::GetAtt": ["FnRole", "Arn"]},
                        "Runtime": "python3.11",
                        "Handler": "a.b",
                        "Code": {"ZipFile": "x"},
                    },
                },
            }
        },
    )
    own = project(FILES, **aws_server.environ)
    found = doctor(own, "-n", "doctored")
    assert found["stack"]["level"] == "ok"
    assert "doctored: CREATE_COMPLETE" in found["stack"]["text"]
    assert found["role Fn"]["text"] == f"arn:aws:iam::123456789012:role/{ids['FnRole']}"
    assert found["caller"]["text"].startswith("arn:aws:sts::123456789012:")

    absent = own.run("doctor", "--output", "json", "-n", "doctered").ended(1)
    stack = findings(absent)["environment"]
    assert stack["level"] == "fail"
    assert "doctored" in stack["remedy"]
