"""A project planned without a command line: nothing is printed, and what would be told is collected."""

from __future__ import annotations

import threading
from collections.abc import Callable

import kit
import pytest
from project_kit import Collected, settings_of

from samlocal.engine import Engine
from samlocal.errors import BuildError, UnresolvedError
from samlocal.function.spec import FunctionSpec
from samlocal.project.age import age
from samlocal.project.project import Project
from samlocal.project.run_options import RunOptions

MakeProject = Callable[..., kit.Project]

APP = "def handler(event, context): return None\n"


@pytest.mark.docker
def test_a_plan_holds_what_the_template_says_and_nothing_is_printed(
    project: MakeProject, capfd: pytest.CaptureFixture[str]
) -> None:
    variables = {"GREETING": "hello", "TABLE": {"Ref": "Nowhere"}}
    template = kit.template(Fn=kit.function(MemorySize=512, Environment={"Variables": variables}))
    made = project({"template.json": {**template, "Parameters": {"Nowhere": {"Type": "String"}}}, "code/app.py": APP})
    teller = Collected()
    with Project(settings_of(made), teller) as own:
        spec = own.plan("Fn")
    assert spec.function.memory == 512
    assert spec.variables["GREETING"] == "hello"
    assert spec.variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "512"
    assert spec.code == (made.folder / "code").resolve()
    assert any("placeholders" in warning for warning in teller.warnings)
    assert capfd.readouterr() == ("", "")


@pytest.mark.docker
def test_a_project_that_stays_plans_by_the_files_of_now(project: MakeProject) -> None:
    made = project(kit.python(APP, Timeout=7))
    with Project(settings_of(made), Collected()) as own:
        assert own.plan("Fn").function.timeout == 7
        kit.write(made.folder / "template.json", kit.template(Fn=kit.function(Timeout=9)))
        kit.write(made.folder / ".env", "LEVEL=debug\n")
        spec = own.plan("Fn")
    assert (spec.function.timeout, spec.variables["LEVEL"]) == (9, "debug")


@pytest.mark.docker
def test_plans_made_at_once_share_one_connection_to_the_engine(project: MakeProject) -> None:
    together = threading.Barrier(8)
    engines: list[Engine] = []

    def plan() -> None:
        together.wait()
        engines.append(own.engine)

    with Project(settings_of(project(kit.python(APP))), Collected()) as own:
        threads = [threading.Thread(target=plan) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(engines) == 8
    assert len({id(engine) for engine in engines}) == 1


def test_who_refuses_a_function_does_so_before_anything_is_built(project: MakeProject) -> None:
    made = project(kit.python(APP) | {"code/requirements.txt": "a-package-that-is-nowhere==9\n"})

    def refuse(function: FunctionSpec) -> None:
        raise UnresolvedError(f"{function.logical_id} is not wanted.")

    with Project(settings_of(made), Collected()) as own, pytest.raises(UnresolvedError, match="Fn is not wanted"):
        own.plan("Fn", RunOptions(), accept=refuse)
    assert not list(made.cache.glob("builds*"))


def test_of_builds_that_fail_together_the_error_holds_each(project: MakeProject) -> None:
    files = {
        "template.json": kit.template(One=kit.function(CodeUri="one/"), Two=kit.function(CodeUri="two/")),
        **{f"{name}/app.py": APP for name in ("one", "two")},
        **{f"{name}/requirements.txt": f"./{name}-that-is-nowhere\n" for name in ("one", "two")},
    }
    outcome = project(files).run("build").ended(int(BuildError.exit_status))
    for name in ("One", "Two"):
        assert sum(line.startswith("Error: ") and f"{name}:" in line for line in outcome.lines) == 1, outcome


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(61, "1 minute ago"), (7200, "2 hours ago"), (90_000, "1 day ago"), (30, "under a minute ago")],
)
def test_an_age_is_told_in_the_largest_unit_that_fits(seconds: float, words: str) -> None:
    assert age(seconds) == words


def test_the_age_of_a_build_is_told_to_the_second() -> None:
    assert age(30.9, to_the_second=True) == "30 seconds ago"
