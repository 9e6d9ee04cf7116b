"""``samlocal local``: what its commands say where there is nothing to do, or not here."""

from __future__ import annotations

from collections.abc import Callable

import kit
import pytest

MakeProject = Callable[..., kit.Project]


@pytest.mark.parametrize("command", ["status", "stop"])
def test_without_a_template_a_command_of_all_templates_is_named(project: MakeProject, command: str) -> None:
    outcome = project({"README": ""}).run("local", command).ended(3)
    assert f"`samlocal local {command} --all` needs none." in outcome.stderr
    assert "no local environment is up" in project({"README": ""}).run("local", "stop", "--all").succeeded().stderr
