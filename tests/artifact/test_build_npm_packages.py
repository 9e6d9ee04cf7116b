"""Packages of this machine in a Node project's build: by ``file:``, and as members of a workspace.

Nothing here is fetched from a registry, unless a test says so.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from build_kit import build, files, needs, run, states, tools_environment
from kit import Project, function, template, write

from samlocal.artifact.build.npm_packing import pack

Make = Callable[..., Project]

HANDLER = "exports.handler = async () => require('@me/shared').name;\n"

NO_REGISTRY = {"npm_config_registry": "http://127.0.0.1:9/", "npm_config_fetch_retries": "0"}


@pytest.fixture(autouse=True)
def _npm() -> None:
    needs("node", "npm")


def package(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "version": "1.0.0", "main": "index.js", **more}


def nodejs(folder: str = "code/", **metadata: Any) -> dict[str, Any]:
    return template(Fn={**function("nodejs20.x", CodeUri=folder), **({"Metadata": metadata} if metadata else {})})


def by_file(project: Make) -> Project:
    """A function whose package needs another one, which needs a third."""
    return project(
        {
            "template.json": nodejs(),
            "code/app.js": HANDLER,
            "code/package.json": package("fn", dependencies={"@me/shared": "file:../shared"}),
            "shared/index.js": "exports.name = 'shared ' + require('deeper');\n",
            "shared/package.json": package("@me/shared", dependencies={"deeper": "file:../deeper"}),
            "shared/node_modules/junk/index.js": "",
            "deeper/index.js": "module.exports = 'deeper';\n",
            "deeper/package.json": package("deeper"),
        }
    )


def workspace(project: Make, template_json: Mapping[str, Any], **root: Any) -> Project:
    return project(
        {
            "template.json": template_json,
            "package.json": {"name": "root", "private": True, "workspaces": ["functions/*", "packages/*"], **root},
            "functions/fn/app.js": HANDLER,
            "functions/fn/package.json": package("fn", dependencies={"@me/shared": "^1.0.0"}),
            "packages/shared/index.js": "exports.name = 'member ' + require('@me/deeper');\n",
            "packages/shared/package.json": package("@me/shared", dependencies={"@me/deeper": "*"}),
            "packages/deeper/index.js": "module.exports = 'deeper';\n",
            "packages/deeper/package.json": package("@me/deeper"),
        }
    )


@pytest.mark.docker
def test_a_dependency_by_file_is_in_the_build_and_runs(project: Make) -> None:
    made = by_file(project)
    built = build(made, **NO_REGISTRY)["Fn"]
    assert {"app.js", "node_modules/@me/shared/index.js"} <= files(built)
    assert not [path for path in Path(built["folder"]).rglob("*") if path.is_symlink()]
    assert not any("junk" in name for name in files(built))
    assert made.invoke("Fn").succeeded().payload == "shared deeper"
    # The project's own folder is as it was.
    assert not (made.folder / "code/node_modules").exists()


def test_a_change_of_a_package_of_this_machine_is_seen(project: Make) -> None:
    made = by_file(project)
    assert states(build(made, **NO_REGISTRY)) == {"Fn": "built"}
    assert states(build(made, **NO_REGISTRY)) == {"Fn": "unchanged"}
    (made.folder / "deeper/index.js").write_text("module.exports = 'changed';\n")
    built = build(made, **NO_REGISTRY)["Fn"]
    assert built["state"] == "built"
    (found,) = Path(built["folder"]).rglob("deeper/index.js")
    assert "changed" in found.read_text()


@pytest.mark.docker
def test_the_members_of_a_workspace_are_packed_into_a_functions_build(project: Make) -> None:
    made = workspace(project, nodejs("functions/fn/"))
    assert {"app.js", "node_modules/@me/shared/index.js"} <= files(build(made, **NO_REGISTRY)["Fn"])
    assert made.invoke("Fn").succeeded().payload == "member deeper"
    (made.folder / "packages/deeper/index.js").write_text("module.exports = 'changed';\n")
    assert made.invoke("Fn", environ=tools_environment() | NO_REGISTRY).succeeded().payload == "member changed"


def test_what_a_workspaces_lock_pins_is_installed(project: Make) -> None:
    """From the registry: ms 2.1.2, where the manifest would take 2.1.3."""
    made = workspace(project, nodejs("functions/fn/"))
    manifest = package("fn", dependencies={"@me/shared": "^1.0.0", "ms": "^2.1.0"})
    (made.folder / "functions/fn/package.json").write_text(json.dumps(manifest))
    lock = {
        "name": "root",
        "lockfileVersion": 3,
        "requires": True,
        "packages": {
            "": {"name": "root", "workspaces": ["functions/*", "packages/*"]},
            "functions/fn": manifest,
            "node_modules/fn": {"resolved": "functions/fn", "link": True},
            "node_modules/@me/shared": {"resolved": "packages/shared", "link": True},
            "packages/shared": package("@me/shared", dependencies={"@me/deeper": "*"}),
            "node_modules/@me/deeper": {"resolved": "packages/deeper", "link": True},
            "packages/deeper": package("@me/deeper"),
            "node_modules/ms": {"version": "2.1.2"},
        },
    }
    (made.folder / "package-lock.json").write_text(json.dumps(lock))
    folder = Path(build(made)["Fn"]["folder"])
    assert json.loads((folder / "node_modules/ms/package.json").read_text())["version"] == "2.1.2"
    assert (folder / "node_modules/@me/shared/index.js").is_file()


def test_a_package_that_is_prepared_where_it_lies_is_packed_as_npm_would_publish_it(project: Make) -> None:
    made = by_file(project)
    manifest = package("@me/shared", files=["index.js"], scripts={"prepack": "node make.js"})
    (made.folder / "shared/package.json").write_text(json.dumps(manifest))
    (made.folder / "shared/make.js").write_text("require('fs').writeFileSync('index.js', 'exports.name = \"made\"');")
    names = files(build(made, **NO_REGISTRY)["Fn"])
    assert "node_modules/@me/shared/index.js" in names
    assert "node_modules/@me/shared/make.js" not in names


def test_esbuild_bundles_a_member_of_the_workspace(project: Make, esbuild: str) -> None:
    made = workspace(
        project, nodejs("functions/fn/", BuildMethod="esbuild", BuildProperties={"EntryPoints": ["app.js"]})
    )
    built = build(made, PATH=esbuild, **NO_REGISTRY)["Fn"]
    assert "member " in (Path(built["folder"]) / "app.js").read_text()


def test_a_builder_in_a_container_is_given_its_own_names_of_the_packages(tmp_path: Path) -> None:
    """No stand-in image has both npm and a Python for the builder."""
    for name, dependencies in (("code", {"@me/shared": "file:../shared"}), ("shared", {})):
        write(tmp_path / name / "package.json", package("@me/" + name, dependencies=dependencies))
    into = tmp_path / "into"
    into.mkdir()

    def npm_pack(folder: Path, place: Path) -> Path:
        command = ["npm", "pack", "--quiet", f"--pack-destination={place}", f"file:{folder}"]
        return place / subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]

    place = pack(tmp_path / "code", into, seen_as="/samlocal/packages", bundled=False, npm_pack=npm_pack)
    (dependency,) = json.loads((place / "package.json").read_text())["dependencies"].values()
    protocol, _, named = dependency.partition(":/samlocal/packages/")
    assert protocol == "file"
    assert json.loads((into / named / "package.json").read_text())["name"] == "@me/shared"


def test_a_build_that_leaves_a_link_to_nowhere_has_failed(project: Make) -> None:
    needs("make")
    made = project(
        {
            "template.json": template(Fn=function("provided.al2023")),
            "code/Makefile": 'build-Fn:\n\tln -s /nowhere/at/all "$(ARTIFACTS_DIR)/bootstrap"\n',
        }
    )
    failed = run(made).ended(9)
    assert "the link bootstrap leads to /nowhere/at/all, which is not there" in failed.stderr


def test_a_build_that_links_to_its_sources_holds_what_they_are(project: Make) -> None:
    needs("make")
    made = project(
        {
            "template.json": template(Fn=function("provided.al2023")),
            "code/Makefile": 'build-Fn:\n\tln -s "$(HERE)/data" "$(ARTIFACTS_DIR)/bootstrap"\n',
            "code/data": "#!/bin/sh\n",
        }
    )
    built = Path(build(made, HERE=str(made.folder / "code"))["Fn"]["folder"])
    assert not (built / "bootstrap").is_symlink()
    assert (built / "bootstrap").read_text() == "#!/bin/sh\n"
