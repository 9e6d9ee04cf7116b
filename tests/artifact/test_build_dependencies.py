"""Builds that fetch dependencies: for the function's own Python and platform, bundled, compiled."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from build_kit import build, files, map_of, needs, only, run, states, tools_environment
from kit import Project, function, template

Make = Callable[..., Project]

COMPILED = "markupsafe==3.0.2\n"
"""A small package with a part in C, and wheels for every Python that Lambda has."""

TYPESCRIPT = """\
interface Event { name?: string }

export const handler = async (event: Event): Promise<object> => {
  if (!event.name) throw new Error("nobody to greet");
  return { hello: event.name };
};
"""

ESBUILD = {
    "BuildMethod": "esbuild",
    "BuildProperties": {"Target": "es2022", "Sourcemap": True, "EntryPoints": ["app.ts"]},
}

UNREACHABLE = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_NO_INDEX": "1", "PIP_CACHE_DIR": "/nonexistent"}


def typescript(project: Make, **files: str) -> Project:
    resource = {**function("nodejs20.x"), "Metadata": ESBUILD}
    return project({"template.json": template(Fn=resource), "code/app.ts": TYPESCRIPT, **files})


def test_compiled_dependencies_are_the_functions_and_not_the_machines(project: Make, tmp_path: Path) -> None:
    """Neither a Python 3.13 nor a machine with ARM is needed."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert version != "3.13", "the test needs a machine with another Python"
    requirements = COMPILED + 'tomli==2.2.1; python_version < "3.11"\nsix==1.17.0; python_version >= "3.13"\n'
    resources = {
        "Arm": function("python3.13", Architectures=["arm64"]),
        "Intel": function("python3.13"),
        "Own": function(f"python{version}"),
    }
    made = project({"template.json": template(**resources), "code/app.py": "", "code/requirements.txt": requirements})
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "python3").symlink_to(sys.executable)
    built = build(made, PATH=str(tools))
    assert "markupsafe/_speedups.cpython-313-aarch64-linux-gnu.so" in files(built["Arm"])
    assert "markupsafe/_speedups.cpython-313-x86_64-linux-gnu.so" in files(built["Intel"])
    own = f"markupsafe/_speedups.cpython-{version.replace('.', '')}-x86_64-linux-gnu.so"
    assert own in files(built["Own"])
    # Markers are decided by the function's Python too.
    assert "six.py" in files(built["Arm"])
    assert not any(name.startswith("tomli") for name in files(built["Arm"]))
    assert "six.py" not in files(built["Own"])


def test_a_changed_line_fetches_no_dependencies(project: Make) -> None:
    made = project(
        {
            "template.json": template(Fn=function()),
            "code/app.py": "one = 1\n",
            "code/requirements.txt": "six==1.17.0\n",
        }
    )
    first = build(made)["Fn"]
    (made.folder / "code/app.py").write_text("two = 2\n")
    second = build(made, **UNREACHABLE)["Fn"]
    assert second["state"] == "built"
    assert files(second) == files(first)
    (made.folder / "code/requirements.txt").write_text("six==1.16.0\n")
    failed = run(made, **UNREACHABLE).ended(9)
    assert "Could not satisfy the requirement: six==1.16.0" in failed.stderr
    assert files(second) == files(first)


def test_npm_installs_what_production_needs(project: Make) -> None:
    needs("node", "npm")
    manifest = {
        "name": "fn",
        "version": "1.0.0",
        "dependencies": {"ms": "2.1.3"},
        "devDependencies": {"nanoid": "5.0.0"},
    }
    made = project(
        {"template.json": template(Fn=function("nodejs20.x")), "code/app.js": "", "code/package.json": manifest}
    )
    built = files(build(made)["Fn"])
    assert {"app.js", "package.json", "node_modules/ms/index.js"} <= built
    assert not any(name.startswith("node_modules/nanoid/") for name in built)


def test_typescript_is_bundled_with_a_map_to_the_sources_here(project: Make, esbuild: str) -> None:
    made = typescript(project)
    built = build(made, PATH=esbuild)["Fn"]
    assert files(built) == {"app.js", "app.js.map"}
    assert map_of(built, "app.js.map")["sources"] == [str(made.folder / "code/app.ts")]


def test_typescript_with_a_manifest_is_mapped_alike(project: Make, esbuild: str) -> None:
    made = typescript(
        project, **{"code/package.json": '{"name": "fn", "version": "1.0.0", "dependencies": {"ms": "2.1.3"}}'}
    )
    (made.folder / "code/app.ts").write_text(f'import ms from "ms";\nconsole.log(ms("1d"));\n{TYPESCRIPT}')
    built = build(made, PATH=esbuild)["Fn"]
    assert files(built) == {"app.js", "app.js.map"}
    # ms is bundled too, from a folder that was only there for the build.
    assert str(made.folder / "code/app.ts") in map_of(built, "app.js.map")["sources"]


def test_an_import_from_outside_the_folder_counts(project: Make, esbuild: str) -> None:
    made = typescript(project, **{"shared/greeting.ts": 'export const greeting = "hello";\n'})
    (made.folder / "code/app.ts").write_text(
        'import { greeting } from "../shared/greeting";\nexport const handler = () => greeting;\n'
    )
    assert states(build(made, PATH=esbuild)) == {"Fn": "built"}
    (made.folder / "shared/greeting.ts").write_text('export const greeting = "good day";\n')
    assert states(build(made, PATH=esbuild)) == {"Fn": "built"}
    assert states(build(made, PATH=esbuild)) == {"Fn": "unchanged"}


def test_a_syntax_error_in_typescript_is_shown_with_its_line(project: Make, esbuild: str) -> None:
    made = typescript(project)
    good = build(made, PATH=esbuild)["Fn"]
    (made.folder / "code/app.ts").write_text(TYPESCRIPT + "const wrong: = 3;\n")
    failed = run(made, PATH=esbuild).ended(9)
    assert 'Unexpected "="' in failed.stderr
    assert "app.ts:7:13" in failed.stderr
    assert files(good) == {"app.js", "app.js.map"}


def test_a_missing_esbuild_is_told_with_the_ways_to_get_it(project: Make, tmp_path: Path) -> None:
    needs("node", "npm")
    failed = run(typescript(project), PATH=only(tmp_path / "tools", "node", "npm")).ended(9)
    assert "building it needs esbuild, which is not on the PATH" in failed.stderr
    assert "npm install --save-dev esbuild" in failed.lines[-1]


def test_the_projects_own_esbuild_is_found(project: Make, esbuild: str) -> None:
    """A devDependency that the developer has installed, which an install for production would leave out."""
    folder, *_ = esbuild.split(":")
    made = typescript(project)
    (made.folder / "node_modules").mkdir()
    (made.folder / "node_modules/.bin").symlink_to(folder)
    assert states(build(made)) == {"Fn": "built"}


def test_maven_compiles_a_java_function(project: Make) -> None:
    needs("java", "mvn")
    pom = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>samlocal.test</groupId>
  <artifactId>fn</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source>
    <maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
</project>
"""
    source = 'package demo;\n\npublic class App {\n  public String handle(Object event) { return "hello"; }\n}\n'
    made = project(
        {
            "template.json": template(Fn=function("java17", Handler="demo.App::handle")),
            "code/pom.xml": pom,
            "code/src/main/java/demo/App.java": source,
        }
    )
    assert "demo/App.class" in files(build(made)["Fn"])
    (made.folder / "code/src/main/java/demo/App.java").write_text(source.replace('"hello"', "nothing"))
    failed = run(made).ended(9)
    assert f"{made.folder}/code/src/main/java/demo/App.java:[4," in failed.stderr
    assert "cannot find symbol" in failed.stderr


@pytest.mark.docker
def test_a_built_function_runs_with_its_compiled_dependency(project: Make) -> None:
    source = (
        "from markupsafe import _speedups, escape\n\n"
        "def handler(event, context):\n    return [str(escape('<')), _speedups.__file__]\n"
    )
    made = project(
        {"template.json": template(Fn=function()), "code/app.py": source, "code/requirements.txt": COMPILED}
    )
    outcome = made.run("invoke", "--build", "Fn", environ=tools_environment()).succeeded()
    assert outcome.payload == ["&lt;", "/var/task/markupsafe/_speedups.cpython-311-x86_64-linux-gnu.so"]
    # Built once, it runs so without being asked to.
    assert made.run("invoke", "Fn").succeeded().payload == outcome.payload


@pytest.mark.docker
def test_a_typescript_function_runs_and_names_its_own_lines(project: Make, esbuild: str) -> None:
    made = typescript(project)
    environ = tools_environment() | {"PATH": esbuild}
    greeted = made.run("invoke", "--build", "Fn", "--event", '{"name": "you"}', environ=environ)
    assert greeted.succeeded().payload == {"hello": "you"}
    failed = made.run("invoke", "Fn").ended(1)
    assert failed.payload["errorMessage"] == "nobody to greet"
    assert f"{made.folder}/code/app.ts:4:" in failed.payload["trace"][1]


@pytest.mark.docker
def test_a_function_that_cannot_run_unbuilt_is_built_when_it_is_invoked(project: Make, esbuild: str) -> None:
    """Node itself would tell only that it finds no module."""
    made = typescript(project)
    environ = tools_environment() | {"PATH": esbuild}
    greeted = made.run("invoke", "Fn", "--event", '{"name": "you"}', environ=environ).succeeded()
    assert greeted.payload == {"hello": "you"}
    assert "samlocal: building Fn (esbuild)" in greeted.stderr


@pytest.mark.docker
def test_the_last_good_build_runs_after_one_that_failed(project: Make, esbuild: str) -> None:
    made = typescript(project)
    environ = tools_environment() | {"PATH": esbuild}
    build(made, PATH=esbuild)
    (made.folder / "code/app.ts").write_text("const wrong: = 3;\n")
    made.run("invoke", "--build", "Fn", environ=environ).ended(9)
    refused = made.run("invoke", "Fn", environ=environ).ended(9)
    assert "`samlocal invoke --no-build` runs it" in refused.lines[-1]
    last = made.run("invoke", "Fn", "--no-build", "--event", '{"name": "you"}', environ=environ).succeeded()
    assert last.payload == {"hello": "you"}
    assert "its sources have changed since. --build builds it." in last.stderr


@pytest.mark.docker
def test_a_build_in_a_container_uses_its_python_and_leaves_nothing(project: Make, docker: object) -> None:
    """In the stand-in, which has Python and neither pip nor aws-lambda-builders of its own."""
    made = project({"template.json": template(Fn=function()), "code/app.py": "", "code/requirements.txt": COMPILED})
    built = build(made, "--build-in-container", "--skip-pull-image")["Fn"]
    assert "markupsafe/_speedups.cpython-311-x86_64-linux-gnu.so" in files(built)
    assert Path(built["folder"], "app.py").stat().st_uid == Path(made.folder).stat().st_uid
    assert build(made, "--build-in-container", "--skip-pull-image")["Fn"]["state"] == "unchanged"
    assert docker.nothing_left(made)  # type: ignore[attr-defined]


@pytest.mark.docker
def test_an_image_without_a_builder_is_refused_with_the_way_on(project: Make) -> None:
    made = project({"template.json": template(Fn=function()), "code/app.py": ""})
    image = "samlocal/lambda-provided:al2023"
    failed = run(made, "--build-in-container", "--build-image", f"python3.11={image}").ended(9)
    assert "neither lambda-builders nor Python" in failed.stderr
    assert "--build-image" in failed.stderr
