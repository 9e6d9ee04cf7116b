"""Which template is meant where none is named, from whichever folder of a project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kit import write

from samlocal.errors import TemplateError
from samlocal.project.surroundings import Surroundings
from samlocal.project.template_file import SeveralTemplatesError, find_template, project_folder

MANIFEST = {
    "artifacts": {
        "ShopStack": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "ShopStack.template.json"}},
        "MailStack": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "MailStack.template.json"}},
        "Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}},
    }
}


def put(root: Path, *names: str) -> None:
    for name in names:
        write(root / name, MANIFEST if name.endswith("manifest.json") else "")


def found(root: Path, folder: str = "", template: str | None = None) -> str:
    """Where the template is, from the root of it all."""
    (root / folder).mkdir(parents=True, exist_ok=True)
    world = Surroundings(environ={"HOME": str(root / "home")}, cwd=root / folder)
    there = find_template(world, None if template is None else Path(template))
    return str((world.cwd / there).resolve().relative_to(root.resolve()))


@pytest.mark.parametrize(
    ("names", "folder", "expected"),
    [
        (["app/template.yaml"], "app", "app/template.yaml"),
        (["app/template.yaml"], "app/src/deep", "app/template.yaml"),
        (["app/template.yml", "app/src/template.json"], "app/src/deep", "app/src/template.json"),
        (["app/template.yaml", "app/cdk.out/Shop.template.json"], "app", "app/template.yaml"),
        (["app/cdk.out/Shop.template.json"], "app/lib", "app/cdk.out/Shop.template.json"),
        (
            ["app/cdk.out/Shop.template.json", "app/cdk.out/ShopMail1A.nested.template.json"],
            "app",
            "app/cdk.out/Shop.template.json",
        ),
        (
            ["app/cdk.out/manifest.json", "app/cdk.out/ShopStack.template.json", "app/cdk.out/Old.template.json"],
            "app",
            "app/cdk.out/ShopStack.template.json",
        ),
        (
            ["app/.serverless/cloudformation-template-update-stack.json"],
            "app/handlers",
            "app/.serverless/cloudformation-template-update-stack.json",
        ),
        (["home/template.yaml"], "home/app/src", "home/template.yaml"),
    ],
)
def test_the_nearest_template_is_found_from_any_folder_of_a_project(
    tmp_path: Path, names: list[str], folder: str, expected: str
) -> None:
    put(tmp_path, *names)
    assert found(tmp_path, folder) == expected


def test_a_template_beyond_the_repository_or_the_home_folder_is_none_of_the_projects(tmp_path: Path) -> None:
    put(tmp_path, "template.yaml", "home/app/.git/HEAD", "home/template.yaml", "elsewhere/.git")
    for folder in ("home/app/src", "elsewhere/src"):
        with pytest.raises(TemplateError, match="no template here"):
            found(tmp_path, folder)
    (tmp_path / "home" / "template.yaml").unlink()
    with pytest.raises(TemplateError, match="no template here"):
        found(tmp_path, "home/other")


def test_a_service_of_the_serverless_framework_is_told_how_it_gets_a_template(tmp_path: Path) -> None:
    put(tmp_path, "serverless.yml")
    with pytest.raises(TemplateError) as raised:
        found(tmp_path, ".")
    assert raised.value.tip == "`serverless package` makes one of serverless.yml, which is found then."


def test_a_folder_into_which_anybody_may_write_is_not_looked_into(tmp_path: Path) -> None:
    put(tmp_path, "shared/template.yaml")
    (tmp_path / "shared").chmod(0o1777)
    with pytest.raises(TemplateError, match="no template here"):
        found(tmp_path, "shared/mine")


def test_of_several_stacks_each_is_named_and_one_is_known_by_a_functions_path(tmp_path: Path) -> None:
    put(
        tmp_path,
        *(f"cdk.out/{name}" for name in ("manifest.json", "ShopStack.template.json", "MailStack.template.json")),
    )
    with pytest.raises(SeveralTemplatesError) as caught:
        found(tmp_path)
    assert caught.value.tip is not None
    assert "-t cdk.out/ShopStack.template.json" in caught.value.tip
    assert caught.value.of_function("ShopStack/Fn") == Path("cdk.out/ShopStack.template.json")
    assert caught.value.of_function("Fn") is None


def test_a_configuration_file_makes_a_folder_the_projects(tmp_path: Path) -> None:
    put(tmp_path, "app/samconfig.toml", "app/src/app.py")
    world = Surroundings(environ={}, cwd=tmp_path / "app" / "src")
    assert project_folder(world) == tmp_path / "app"


def test_a_template_that_is_named_is_looked_for_from_the_current_folder(tmp_path: Path) -> None:
    put(tmp_path, "app/template.yaml", "app/src/other.yaml")
    assert found(tmp_path, "app/src", "other.yaml") == "app/src/other.yaml"
    assert found(tmp_path, "app/src", "..") == "app/template.yaml"
    with pytest.raises(TemplateError, match="no such template file"):
        found(tmp_path, "app/src", "template.yaml")


def test_a_broken_manifest_hides_no_template(tmp_path: Path) -> None:
    put(tmp_path, "cdk.out/Shop.template.json")
    for broken in ("{", "[]", json.dumps({"artifacts": []}), json.dumps({"artifacts": {"A": 7}})):
        write(tmp_path / "cdk.out" / "manifest.json", broken)
        assert found(tmp_path) == "cdk.out/Shop.template.json"
