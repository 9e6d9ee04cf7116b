"""A project that stays, while somebody edits its template."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import kit
import pytest
from project_kit import Collected, settings_of

from samlocal.errors import TemplateError
from samlocal.function.spec import FunctionSpec
from samlocal.project.project import Project
from samlocal.template.files import Files

MakeProject = Callable[..., kit.Project]

APP = "def handler(event, context): return None\n"


def with_timeout(seconds: object) -> dict[str, object]:
    return kit.template(Fn=kit.function(Timeout=seconds))


def evaluated(own: Project, function_id: str = "Fn") -> FunctionSpec:
    _, spec = own.with_current_values(lambda application: application.function(function_id))
    return spec


@pytest.mark.parametrize("broken", ['{"Resources": {', "a: [", "[]"])
def test_a_template_that_is_broken_for_now_leaves_the_one_of_before(project: MakeProject, broken: str) -> None:
    made, teller = project({"template.json": with_timeout(7)}), Collected()
    with Project(settings_of(made), teller) as own:
        assert evaluated(own).timeout == 7
        kit.write(made.folder / "template.json", broken)
        assert evaluated(own).timeout == 7
        (told,) = teller.warnings
        assert told.startswith(str(made.folder / "template.json"))
        assert told.endswith("The template is used as it was before.")
        kit.write(made.folder / "template.json", with_timeout(9))
        assert evaluated(own).timeout == 9
    assert len(teller.warnings) == 1


def test_a_value_that_lambda_refuses_leaves_the_template_of_before(project: MakeProject) -> None:
    made, teller = project({"template.json": with_timeout(7)}), Collected()
    with Project(settings_of(made), teller) as own:
        evaluated(own)
        kit.write(made.folder / "template.json", with_timeout(901))
        assert evaluated(own).timeout == 7
    assert "Timeout is 1 to 900 seconds, got 901" in teller.warnings[0]


def test_a_nested_template_that_is_broken_leaves_both_as_they_were(project: MakeProject) -> None:
    parent = kit.template(Child={"Type": "AWS::Serverless::Application", "Properties": {"Location": "child.json"}})
    made, teller = project({"template.json": parent, "child.json": with_timeout(7)}), Collected()
    with Project(settings_of(made), teller) as own:
        assert evaluated(own, "Child/Fn").timeout == 7
        kit.write(made.folder / "child.json", "{")
        assert evaluated(own, "Child/Fn").timeout == 7
    assert "child.json" in teller.warnings[0]


def test_a_template_that_was_broken_from_the_beginning_is_refused(project: MakeProject) -> None:
    with (
        Project(settings_of(project({"template.json": "{"})), Collected()) as own,
        pytest.raises(TemplateError, match="not valid"),
    ):
        evaluated(own)


def test_a_function_that_cannot_run_is_refused_where_nothing_has_changed(project: MakeProject) -> None:
    files = {"template.json": kit.template(Fn=kit.function(), Bad=kit.function(Timeout=901, CodeUri="bad/"))}
    teller = Collected()
    with Project(settings_of(project(files)), teller) as own:
        evaluated(own)
        with pytest.raises(TemplateError, match="got 901"):
            evaluated(own, "Bad")
    assert teller.warnings == []


def test_files_stay_as_they_were_seen_first(tmp_path: Path) -> None:
    files, path = Files(), tmp_path / "a"
    assert not files.is_file(path)
    path.write_text("1")
    assert not files.is_file(path)
    later = Files()
    assert later.read(path) == b"1"
    path.write_text("2")
    assert later.read(path) == b"1"


@pytest.mark.parametrize("change", ["written", "removed", "moved behind a link", "turned into a folder"])
def test_what_was_seen_holds_until_it_changes(tmp_path: Path, change: str) -> None:
    read, seen, absent = tmp_path / "read", tmp_path / "seen", tmp_path / "absent"
    for path in (read, seen):
        path.write_text("same")
    files = Files()
    files.read(read)
    assert files.is_file(seen)
    assert not files.is_folder(absent)
    assert Files().hold(files.states)
    match change:
        case "written":
            read.write_text("other")
        case "removed":
            seen.unlink()
        case "moved behind a link":
            read.rename(tmp_path / "elsewhere")
            read.symlink_to(tmp_path / "elsewhere")
        case _:
            absent.mkdir()
    assert not Files().hold(files.states)
