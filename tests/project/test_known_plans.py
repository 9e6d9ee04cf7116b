"""A plan that is known is not made again, and never believed where anything that went into it has changed."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kit
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from project_kit import Collected

from samlocal.config import FileSettings
from samlocal.errors import SamlocalError
from samlocal.function.spec import FunctionSpec
from samlocal.project.known_plan import PlanRecord
from samlocal.project.project import Project
from samlocal.project.settings import project_settings
from samlocal.project.surroundings import Surroundings
from samlocal.records import read_record

MakeProject = Callable[..., kit.Project]


class _Seen(Exception):  # noqa: N818 - ends a plan before anything is built
    def __init__(self, function: FunctionSpec) -> None:
        self.function = function


def planned(folder: Path, cache: Path, *, function_id: str = "Fn", home: Path | None = None, **given: Any) -> object:
    """What a front end gets of a plan before it is built, or the refusal; and all that it tells."""
    environ = {"HOME": str(home or folder), "SAMLOCAL_CACHE_DIR": str(cache), **given.pop("environ", {})}
    teller = Collected()
    try:
        chosen = project_settings(
            Surroundings(environ=environ, cwd=folder), template=folder / "template.json", **given
        )
        with Project(chosen, teller) as own:
            own.plan(function_id, accept=_see)
    except _Seen as seen:
        return seen.function, teller.notices, teller.warnings
    except SamlocalError as error:
        return str(error), teller.notices, teller.warnings
    raise AssertionError("nobody was asked to accept the function")


def _see(function: FunctionSpec) -> None:
    raise _Seen(function)


def records(cache: Path) -> list[Path]:
    return sorted((cache / "plans").glob("*.json"))


def recorded_plans(cache: Path) -> list[str]:
    """As texts, in which the order of mappings counts."""
    return [json.dumps(json.loads(path.read_bytes())["plan"]) for path in records(cache)]


PARENT = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Parameters": {
        "Stage": {"Type": "String", "Default": "dev"},
        "Size": {"Type": "Number", "Default": 256},
        "Password": {"Type": "String", "NoEcho": True, "Default": "none"},
    },
    "Conditions": {"IsProduction": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
    "Resources": {
        "Fn": kit.function(
            MemorySize={"Ref": "Size"},
            Layers=[{"Ref": "Layer"}],
            Environment={
                "Variables": {
                    "STAGE": {"Ref": "Stage"},
                    "REGION": {"Ref": "AWS::Region"},
                    "NESTED": {"Fn::GetAtt": ["Child", "Outputs.Said"]},
                    "ONLY_THERE": {"Fn::If": ["IsProduction", "yes", {"Ref": "AWS::NoValue"}]},
                }
            },
        ),
        "Secretive": kit.function(Environment={"Variables": {"PASSWORD": {"Ref": "Password"}}}),
        "Image": {
            "Type": "AWS::Serverless::Function",
            "Properties": {"PackageType": "Image", "ImageUri": "example:1"},
            "Metadata": {
                "DockerContext": "image",
                "Dockerfile": "Dockerfile",
                "DockerBuildArgs": {"Z": "1", "A": "2"},
            },
        },
        "Layer": {
            "Type": "AWS::Serverless::LayerVersion",
            "Properties": {"ContentUri": "layer/"},
            "Metadata": {"BuildMethod": "python3.11"},
        },
        "Child": {
            "Type": "AWS::Serverless::Application",
            "Properties": {"Location": "child.json", "Parameters": {"Word": {"Ref": "Stage"}}},
        },
    },
}
CHILD = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Parameters": {"Word": {"Type": "String"}},
    "Resources": {
        "Inner": kit.function(Environment={"Variables": {"WORD": {"Ref": "Word"}}}),
        "Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "more.json"}},
    },
    "Outputs": {"Said": {"Value": {"Fn::Sub": "nested ${Word}"}}},
}


def changed(document: dict[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    """A copy with another value at one place."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    *way, last = path
    at = copy
    for step in way:
        at = at[step]
    at[last] = value
    return copy


# What may lie in each place, one of them at a time; None is nothing.
FILES: dict[str, list[object]] = {
    "template.json": [
        PARENT,
        changed(PARENT, ("Resources", "Fn", "Properties", "Timeout"), 9),
        changed(PARENT, ("Parameters", "Stage", "Default"), "prod"),
        changed(PARENT, ("Resources", "Layer", "Metadata"), {}),
        changed(PARENT, ("Resources", "Fn", "Properties", "Layers"), []),
        changed(PARENT, ("Resources", "Fn", "Properties", "MemorySize"), 1),
        changed(PARENT, ("Resources", "Fn", "Metadata"), {"BuildMethod": "makefile"}),
        "{",
        None,
    ],
    "child.json": [
        CHILD,
        changed(CHILD, ("Outputs", "Said", "Value"), "other"),
        changed(CHILD, ("Resources", "Inner", "Properties", "Timeout"), 8),
        "[",
        None,
    ],
    "more.json": [{"Extra": kit.function(Timeout=5)}, {"Extra": kit.function(Timeout=6)}, {}, None],
    ".env": ["LEVEL=debug\n", "LEVEL=info\n", "STAGE=mine\nAWS_REGION=x\n", "no assignment", None],
    "vars.json": [{"Fn": {"STAGE": "file"}}, {"Parameters": {"LEVEL": "file"}}, {"Nobody": {"A1": "b"}}, None],
    "code": [Path(), "an archive", None],
    "layer": [Path(), "an archive", None],
    "image": [Path(), None],
    ".aws/config": ["[default]\nregion = eu-west-1\n", "[profile p]\nregion = eu-west-2\n", None],
}

GIVEN: dict[str, list[Any]] = {
    "function_id": ["Fn", "Secretive", "Image", "Child/Inner", "Child/Extra", "Inner", "Nobody"],
    "parameter_overrides": [(), ("Stage=prod",), ("Size=512",), ("Password=s3cret",), ("Size=512", "Stage=prod")],
    "file": [None, FileSettings(environment=None, values={"parameter_overrides": "Stage=filed"})],
    "env_vars": [None, Path("vars.json")],
    "set_variables": [(), ("STAGE=set",), ("STAGE=again", "OTHER=1")],
    "dotenv": [True, False],
    "profile": [None, "p"],
    "environ": [{}, {"AWS_REGION": "eu-central-1"}, {"AWS_DEFAULT_REGION": "eu-north-1"}],
}


def put(path: Path, content: object) -> None:
    """A folder, a file or nothing in its place."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    match content:
        case None:
            pass
        case Path():
            path.mkdir()
        case str() | dict():
            kit.write(path, content)


@st.composite
def steps(draw: st.DrawFn) -> tuple[str, object]:
    name = draw(st.sampled_from([*FILES, *GIVEN]))
    return name, draw(st.sampled_from((FILES | GIVEN)[name]))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps(), min_size=1, max_size=6))
def test_whatever_changes_the_plan_is_the_one_that_is_made_without_records(changes: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder, cache = Path(root) / "project", Path(root) / "cache"
        folder.mkdir()
        for name, contents in FILES.items():
            put(folder / name, contents[0])
        chosen: dict[str, Any] = {name: values[0] for name, values in GIVEN.items()}
        planned(folder, cache, **chosen)
        for number, (name, value) in enumerate(changes):
            if name in FILES:
                put(folder / name, value)
            else:
                chosen[name] = value
            anew = Path(root) / f"anew-{number}"
            for _ in range(2):
                assert repr(planned(folder, cache, **chosen)) == repr(planned(folder, anew, **chosen))
            for made in recorded_plans(anew):
                assert made in recorded_plans(cache)


@pytest.mark.parametrize("name", FILES)
def test_each_change_of_a_file_is_seen(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    for each, contents in FILES.items():
        put(folder / each, contents[0])
    for before in FILES[name]:
        cache = Path(tempfile.mkdtemp(dir=tmp_path))
        for after in FILES[name]:
            for function_id in ("Fn", "Image", "Child/Inner"):
                put(folder / name, before)
                planned(folder, cache, function_id=function_id, env_vars=Path("vars.json"))
                put(folder / name, after)
                anew = Path(tempfile.mkdtemp(dir=tmp_path))
                expected = planned(folder, anew, function_id=function_id, env_vars=Path("vars.json"))
                assert planned(folder, cache, function_id=function_id, env_vars=Path("vars.json")) == expected
                assert all(made in recorded_plans(cache) for made in recorded_plans(anew))


def base(project: MakeProject, **files: object) -> tuple[Path, Path]:
    made = project({})
    for name, contents in FILES.items():
        put(made.folder / name, files.get(name, contents[0]))
    return made.folder, made.cache


def test_a_plan_of_an_unchanged_project_is_read_from_its_record(project: MakeProject) -> None:
    folder, cache = base(project)
    first, notices, warnings = planned(folder, cache)  # type: ignore[misc]
    (record,) = records(cache)
    record.write_text(record.read_text().replace('"timeout":60', '"timeout":4'))
    second, notices_again, warnings_again = planned(folder, cache)  # type: ignore[misc]
    assert (first.timeout, second.timeout) == (60, 4)
    assert notices_again == notices
    assert warnings_again == warnings


def test_what_there_is_to_build_comes_back_in_the_order_of_the_template(project: MakeProject) -> None:
    made = kit.function("nodejs20.x")
    made["Metadata"] = {
        "BuildMethod": "esbuild",
        "BuildProperties": {"Target": "es2022", "Minify": True, "Format": "esm"},
    }
    folder, cache = base(project, **{"template.json": kit.template(Fn=made)})
    planned(folder, cache)
    (path,) = records(cache)
    record = read_record(path, PlanRecord)
    assert record is not None
    (target,) = record.plan.targets
    assert list(target.metadata.properties) == ["Target", "Minify", "Format"]


def test_what_json_cannot_hold_is_not_recorded(project: MakeProject) -> None:
    folder, cache = base(project)
    kit.write(
        folder / "template.json",
        """
        Resources:
          Fn:
            Type: AWS::Serverless::Function
            Properties: {Runtime: python3.11, Handler: app.handler, CodeUri: code/}
            Metadata: {BuildMethod: esbuild, BuildProperties: {Limit: .inf}}
        """,
    )
    for _ in range(2):
        function, _, _ = planned(folder, cache)  # type: ignore[misc]
        assert function.runtime == "python3.11"
    assert records(cache) == []


def test_the_problems_of_a_template_are_told_each_time(project: MakeProject) -> None:
    folder, cache = base(project)
    kit.write(folder / "template.json", '{"Resources": {"Fn": 1, "Fn": ' + json.dumps(kit.function()) + "}}")
    _, _, first = planned(folder, cache)  # type: ignore[misc]
    assert len(records(cache)) == 1
    _, _, second = planned(folder, cache)  # type: ignore[misc]
    assert any("stands here again" in told for told in first)
    assert second == first


def test_every_file_of_the_project_that_is_opened_for_a_plan_is_in_its_record(project: MakeProject) -> None:
    folder, cache = base(project)
    opened: set[str] = set()
    listening = True

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        # A hook stays for good (PEP 578).
        if listening and event == "open" and str(arguments[0]).startswith(str(folder)):
            opened.add(str(Path(str(arguments[0])).relative_to(folder)))

    sys.addaudithook(hear)
    planned(folder, cache)
    listening = False
    (record,) = records(cache)
    named = {str(Path(path).relative_to(folder)) for path in json.loads(record.read_bytes())["files"]}
    assert {"template.json", "child.json", "more.json"} <= opened
    # These two decide what stands beside the record.
    assert opened - {".env", ".aws/config"} <= named


@pytest.mark.parametrize(
    "given_by",
    [{"set_variables": ("STAGE=s3cret",)}, {"env_vars": Path("secret.json")}, {"environ": {}}],
    ids=["--set", "--env-vars", ".env"],
)
def test_what_a_user_gives_for_a_variable_is_in_no_record(project: MakeProject, given_by: dict[str, Any]) -> None:
    folder, cache = base(project)
    kit.write(folder / "secret.json", {"Fn": {"STAGE": "s3cret"}})
    if "environ" in given_by:
        kit.write(folder / ".env", "STAGE=s3cret\n")
    for _ in range(2):
        function, _, _ = planned(folder, cache, **given_by)  # type: ignore[misc]
        assert {variable.name: variable.value for variable in function.variables}["STAGE"] == "s3cret"
    (record,) = records(cache)
    assert "s3cret" not in record.read_text()
    assert record.stat().st_mode & 0o077 == 0


def test_a_function_that_a_secret_has_a_part_in_is_not_recorded(project: MakeProject) -> None:
    folder, cache = base(project)
    overrides = ("Password=s3cret",)
    function, _, _ = planned(folder, cache, function_id="Secretive", parameter_overrides=overrides)  # type: ignore[misc]
    assert function.variables[0].value == "s3cret"
    assert records(cache) == []


def test_parameters_that_stand_in_a_file_are_read_each_time(project: MakeProject) -> None:
    folder, cache = base(project)
    for size in (512, 1024):
        kit.write(folder / "sizes.json", {"Size": size})
        function, _, _ = planned(folder, cache, parameter_overrides=(f"file://{folder}/sizes.json",))  # type: ignore[misc]
        assert function.memory == size


def test_a_record_that_is_damaged_counts_as_absent(project: MakeProject) -> None:
    folder, cache = base(project)
    expected = planned(folder, cache)
    (record,) = records(cache)
    for damage in (b"", b"{}", b"[1]", record.read_bytes()[:-20], b"\xff"):
        record.write_bytes(damage)
        assert planned(folder, cache) == expected


@pytest.mark.docker
def test_a_run_whose_plan_is_known_loads_nothing_that_reads_templates_or_asks_aws(project: MakeProject) -> None:
    made = project(kit.python("def handler(event, context): return event"))
    made.invoke("Fn", event=1).succeeded()
    again = made.run("invoke", "Fn", "--event", "2", environ={"PYTHONPROFILEIMPORTTIME": "1"}).succeeded()
    assert again.payload == 2
    imported = {line.rpartition("|")[2].strip() for line in again.lines}
    assert "samlocal.sandbox.plan" in imported
    assert not imported & {"yaml", "cfn_tools", "samlocal.function.application", "samlocal.function.evaluation"}
    rooms = ("samlocal.template.", "samlocal.deployed.")
    assert {name for name in imported if name.startswith(rooms)} == {
        "samlocal.template.values",
        "samlocal.template.files",
        "samlocal.deployed.place",
    }
