"""Which engine is whose: by what the user says, and by what engines and images say of themselves."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from kit import Project, function, template, write
from pool_kit import plan_of

from samlocal.artifact.image.runtime_image import architecture_remarks
from samlocal.engine_choice import CURRENT, EngineChoice, NamedEngine
from samlocal.errors import ExitStatus

NOWHERE = "unix:///nowhere/docker.sock"
FILES = {
    "template.json": template(
        Fn=function(FunctionName="called"), Arm=function(Architectures=["arm64"]), Other=function()
    ),
    "code/app.py": "def handler(event, context):\n    return event\n",
}


@pytest.mark.parametrize(
    ("names", "architecture", "at"),
    [
        (("Fn", "called"), "arm64", "own"),
        (("called",), "x86_64", "by-name"),
        (("Child/Fn", "Other"), "x86_64", "nested"),
        (("Other",), "arm64", "arm"),
        (("Other",), "x86_64", "others"),
        # A function that is called like an architecture has no say over it.
        (("arm64",), "x86_64", "others"),
    ],
    ids=str,
)
def test_a_functions_engine_comes_before_its_architectures_and_that_before_the_others(
    names: tuple[str, ...], architecture: str, at: str
) -> None:
    given = {"Fn": "own", "called": "by-name", "Child/Fn": "nested", "arm64": "arm", "default": "others"}
    choice = EngineChoice(named=tuple(NamedEngine(whose=whose, at=at) for whose, at in given.items()))
    chosen = choice.of(names, architecture)
    assert chosen is not None
    assert chosen.at == at
    assert choice.places == ("others", "own", "by-name", "nested", "arm")
    assert EngineChoice(named=choice.named[:-1]).of(("Other",), "x86_64") is None
    assert EngineChoice(named=choice.named[:-1]).places[0] == CURRENT


@pytest.mark.parametrize(
    ("own", "of_image", "of_machine", "says"),
    [
        ("x86_64", "amd64", "amd64", None),
        ("arm64", "arm64", "arm64", None),
        ("arm64", "amd64", "amd64", "Fn is for arm64, and runs here on amd64: the image lambda is of that kind."),
        ("arm64", "arm64", "amd64", "by emulation there, or not at all (exec format error)"),
        ("x86_64", "amd64", "arm64", "Fn is for x86_64, and the engine's machine is arm64"),
        # What an engine or an image does not say is not made up.
        ("arm64", "", "", None),
        ("arm64", "arm64", "", None),
    ],
)
def test_a_function_of_another_architecture_is_told_the_way_to_a_machine_of_its_own(
    own: str, of_image: str, of_machine: str, says: str | None
) -> None:
    plan = plan_of("Fn", architecture=own)
    remarks = architecture_remarks(plan.spec.function, image="lambda", of_image=of_image, of_machine=of_machine)
    if says is None:
        assert remarks == ()
        return
    (remark,) = remarks
    assert says in remark
    assert f'engine.{own} = "ssh://USER@MACHINE" in samconfig.toml' in remark
    assert f"--engine {own}=ssh://USER@MACHINE" in remark


def section(*lines: str, name: str = "default.samlocal.parameters") -> str:
    return "\n".join(["version = 0.1", "", f"[{name}]", *lines, ""])


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (section('engine.arm64 = "unix:///nowhere/a.sock"'), "4: engine.arm64"),
        (section("# arm64", 'arm64 = "unix:///nowhere/a.sock"', name="default.samlocal.parameters.engine"), "5: "),
        (section('engine = { Fn = "default", arm64 = "unix:///nowhere/a.sock" }'), "4: engine.arm64"),
        (section('engine = ["Fn=default", "arm64=unix:///nowhere/a.sock"]'), "4: engine"),
        (section('engine = "unix:///nowhere/a.sock"'), "4: engine"),
        (
            section('engine.arm64 = "unix:///nowhere/b.sock"', 'engine.Arm = "unix:///nowhere/a.sock"'),
            "5: engine.Arm",
        ),
    ],
)
def test_the_line_that_names_an_engine_is_told_with_who_wants_it(
    project: Callable[..., Project], file: str, line: str
) -> None:
    made = project(FILES | {"samconfig.toml": file}, DOCKER_HOST=NOWHERE, AWS_REGION="eu-west-1")
    refused = made.invoke("Arm").ended(ExitStatus.DOCKER)
    assert re.search(rf"samconfig\.toml:{line}.*, where Arm is to run: No Docker engine answers at", refused.stderr)
    assert "unix:///nowhere/a.sock" in refused.stderr
    assert len(refused.lines) == 2


def test_yaml_says_the_same(project: Callable[..., Project]) -> None:
    own = "default:\n  samlocal:\n    parameters:\n      engine:\n        arm64: unix:///nowhere/a.sock\n"
    made = project(FILES | {"samconfig.yaml": own}, DOCKER_HOST=NOWHERE, AWS_REGION="eu-west-1")
    assert "samconfig.yaml:5: engine.arm64, where Arm is to run:" in made.invoke("Arm").stderr


def test_flags_win_over_the_variable_and_that_over_the_file(project: Callable[..., Project]) -> None:
    file = section('engine.arm64 = "unix:///nowhere/of-file.sock"')
    made = project(FILES | {"samconfig.toml": file}, DOCKER_HOST=NOWHERE, AWS_REGION="eu-west-1")
    variable = {"SAMLOCAL_ENGINE": "arm64=unix:///nowhere/of-variable.sock Fn=default"}
    assert "SAMLOCAL_ENGINE, where Arm is to run: No Docker" in made.invoke("Arm", environ=variable).stderr
    flag = made.invoke("Arm", "--engine", "unix:///nowhere/of-flag.sock", environ=variable).ended(ExitStatus.DOCKER)
    assert "--engine, where Arm is to run: No Docker engine answers at unix:///nowhere/of-flag.sock" in flag.stderr
    # Docker's own name for what DOCKER_HOST says.
    assert f"No Docker engine answers at {NOWHERE}" in made.invoke("Fn", environ=variable).stderr


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("=tcp://a:1", "names no engine"),
        ("arm64=", "names no engine"),
        ("arm64=/var/run/docker.sock", "names no engine"),
        ("a b", "names no engine"),
    ],
)
def test_what_names_no_engine_is_refused(project: Callable[..., Project], given: str, says: str) -> None:
    made = project(FILES)
    assert says in made.invoke("Fn", "--engine", given).ended(ExitStatus.USAGE).stderr
    of_file = project(FILES | {"samconfig.toml": section(f"engine = '{given}'")})
    refused = of_file.invoke("Fn").ended(ExitStatus.CONFIGURATION).stderr
    assert says in refused
    assert "samconfig.toml [default]: engine:" in refused


def test_a_table_in_the_place_of_an_engine_is_refused(project: Callable[..., Project]) -> None:
    made = project(FILES | {"samconfig.toml": section('engine.Child.Fn = "far"')})
    refused = made.invoke("Fn").ended(ExitStatus.CONFIGURATION).stderr
    assert "engine.Child cannot be" in refused
    assert 'engine."Child/Function"' in refused


def context(project: Project, name: str, endpoint: dict[str, Any]) -> None:
    """Puts a context where Docker's own client does (docker/cli, cli/context/store); there is no config.json."""
    place = project.home / ".docker/contexts/meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    write(place, {"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}})


def test_an_engine_may_be_a_docker_context(project: Callable[..., Project]) -> None:
    made = project(FILES, DOCKER_HOST=NOWHERE, AWS_REGION="eu-west-1")
    context(made, "far", {"Host": "unix:///nowhere/far.sock", "SkipTLSVerify": False})
    found = made.invoke("Arm", "--engine", "arm64=far").ended(ExitStatus.DOCKER)
    assert "No Docker engine answers at unix:///nowhere/far.sock" in found.stderr
    assert "docker --context far version" in found.stderr
    absent = made.invoke("Arm", "--engine", "arm64=nobody").ended(ExitStatus.DOCKER)
    assert "There is no Docker context nobody." in absent.stderr


def test_the_doctor_has_a_block_for_each_engine_and_names_what_no_function_is_called(
    project: Callable[..., Project],
) -> None:
    file = section('engine.arm64 = "unix:///nowhere/a.sock"', 'engine.Othr = "unix:///nowhere/b.sock"')
    made = project(FILES | {"samconfig.toml": file}, DOCKER_HOST=NOWHERE, AWS_EC2_METADATA_DISABLED="true")
    found = json.loads(made.run("doctor", "--output", "json").ended(1).stdout)
    engines = [each for each in found if each["subject"].startswith("engine")]
    assert [(each["subject"], each["level"]) for each in engines] == [
        ("engine", "fail"),
        ("engine arm64", "fail"),
        ("engine Othr", "fail"),
        ("engine Othr", "warn"),
    ]
    assert engines[1]["text"].startswith("samconfig.toml:4: engine.arm64: No Docker engine answers")
    wrong = "samconfig.toml:5: engine.Othr: the template has no function Othr; did you mean Other?"
    assert engines[3]["text"] == wrong
    assert f"samlocal: {wrong}" in made.invoke("Fn").stderr
