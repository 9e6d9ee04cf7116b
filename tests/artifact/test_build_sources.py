"""What counts as a build's sources, and what their hash costs."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from kit import write
from msgspec.structs import replace

from samlocal.artifact.build.dependencies import dependencies_key
from samlocal.artifact.build.source_maps import point_at_sources
from samlocal.artifact.build.sources import SourceHashes, roots
from samlocal.artifact.build.unbuilt import is_typescript, is_unbuilt
from samlocal.artifact.build.workflow import CARGO, ESBUILD, GO, NPM, PIP, Workflow, workflow_of
from samlocal.function.build_metadata import BuildMetadata
from samlocal.function.build_target import BuildTarget


def target(folder: Path, *, runtime: str | None = "python3.11", method: str | None = None) -> BuildTarget:
    metadata = BuildMetadata(template=folder / "template.yaml", location="template.yaml:1", method=method)
    return BuildTarget(
        path="Fn",
        logical_id="Fn",
        source=folder / "code",
        runtime=runtime,
        handler="app.handler",
        architecture="x86_64",
        metadata=metadata,
    )


def lay(folder: Path, files: dict[str, str]) -> Path:
    (folder / "code").mkdir()
    for name, content in files.items():
        write(folder / name, content)
    return folder


@pytest.mark.parametrize(
    ("workflow", "files", "expected"),
    [
        (PIP, {"code/requirements.txt": "-r ../common.txt\n", "common.txt": "six"}, {"code", "common.txt"}),
        (PIP, {"code/requirements.txt": "../lib\n", "lib/setup.py": ""}, {"code", "lib"}),
        (
            NPM,
            {
                "code/package.json": '{"dependencies": {"x": "file:../x"}}',
                "x/package.json": '{"y": "file:../y"}',
                "y/i.js": "",
            },
            {"code", "x", "y"},
        ),
        (GO, {"go.mod": "module m\n", "code/main.go": "", "pkg/p.go": ""}, {"."}),
        (GO, {"code/go.mod": "replace example.com/x => ../x\n", "x/go.mod": ""}, {"code", "x"}),
        (CARGO, {"Cargo.toml": "[workspace]\n", "code/Cargo.toml": ""}, {"."}),
        (ESBUILD, {"tsconfig.json": "{}", "code/app.ts": ""}, {"."}),
        (ESBUILD, {"tsconfig.json": "{}", "code/app.ts": "", "code/package.json": "{}"}, {"code"}),
        (PIP, {"code/requirements.txt": "../../../../../..\n"}, {"code"}),
    ],
)
def test_what_a_manifest_points_at_takes_part(
    tmp_path: Path, workflow: Workflow, files: dict[str, str], expected: set[str]
) -> None:
    folder = lay(tmp_path, files)
    found = {str(path.relative_to(folder)) for path in roots(target(folder), workflow)}
    assert found == expected


@pytest.mark.parametrize(
    "line", ["-r {}/common.txt", "--constraint={}/common.txt", "{}/common.txt", "x @ file://{}/common.txt"]
)
def test_what_requirements_name_by_its_whole_path_takes_part(tmp_path: Path, line: str) -> None:
    folder = lay(tmp_path, {"code/requirements.txt": line.format(tmp_path), "common.txt": "-r more.txt\n"})
    assert roots(target(folder), PIP) == (folder / "code", folder / "common.txt")


def test_requirements_are_followed_into_the_files_that_they_include(tmp_path: Path) -> None:
    files = {"code/requirements.txt": "-r all/base.txt\n", "code/all/base.txt": "../../lib\n", "lib/setup.py": ""}
    folder = lay(tmp_path, files)
    assert roots(target(folder), PIP) == (folder / "code", folder / "lib")


@pytest.mark.parametrize(
    ("files", "method", "expected"),
    [
        ({"code/Makefile": ""}, None, "make"),
        ({"code/go.mod": "", "code/main.go": ""}, None, "go"),
        ({"go.mod": "", "code/main.go": ""}, None, "go"),
        ({"code/Cargo.toml": ""}, None, "cargo"),
        ({"code/bootstrap": ""}, None, None),
        ({"code/Makefile": ""}, "go1.x", "go"),
        ({"code/Makefile": ""}, "rust-cargolambda", "cargo"),
    ],
)
def test_a_provided_function_is_built_by_its_manifest(
    tmp_path: Path, files: dict[str, str], method: str | None, expected: str | None
) -> None:
    workflow = workflow_of(target(lay(tmp_path, files), runtime="provided.al2023", method=method))
    assert (workflow and workflow.name) == expected


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    folder = lay(tmp_path, {"code/app.py": ""})
    (folder / "code/self").symlink_to(folder / "code")
    assert SourceHashes(tmp_path / "memo").of(folder / "code", ignored=frozenset())


def test_what_no_build_takes_in_does_not_count(tmp_path: Path) -> None:
    folder = lay(tmp_path, {"code/app.py": ""})
    hashes = SourceHashes(tmp_path / "memo")
    before = hashes.of(folder / "code", ignored=frozenset())
    for name in (
        "node_modules/x/index.js",
        "__pycache__/app.pyc",
        ".git/HEAD",
        ".aws-sam/build.toml",
        ".venv/bin/python",
    ):
        write(folder / "code" / name, "x")
    assert hashes.of(folder / "code", ignored=frozenset()) == before
    (folder / "code/app.py").chmod(0o755)
    assert hashes.of(folder / "code", ignored=frozenset()) != before


def test_the_hash_of_two_thousand_files_reads_none_of_them_again(tmp_path: Path) -> None:
    folder = lay(tmp_path, {f"code/{index % 40}/{index}.py": "x" * 2000 for index in range(2000)})
    old = time.time() - 60
    import os

    for path in (folder / "code").rglob("*.py"):
        os.utime(path, (old, old))
    hashes = SourceHashes(tmp_path / "memo")
    first = hashes.of(folder / "code", ignored=frozenset())
    began = time.process_time()
    assert hashes.of(folder / "code", ignored=frozenset()) == first
    # 20 ms where it was written, and of this process's own time, however busy the machine is.
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    "manifest",
    ["-r base.txt\n", "-e .\n", "./wheels/x.whl\n", "x @ file:///tmp/x.whl\n"],
)
def test_dependencies_that_hang_on_other_files_are_not_kept_apart(tmp_path: Path, manifest: str) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(manifest)
    assert dependencies_key(PIP, path) is None
    path.write_text("six==1.17.0\n")
    assert dependencies_key(PIP, path) is not None


def test_the_lock_file_is_part_of_the_dependencies(tmp_path: Path) -> None:
    manifest = tmp_path / "package.json"
    manifest.write_text('{"dependencies": {"ms": "^2"}}')
    before = dependencies_key(NPM, manifest)
    (tmp_path / "package-lock.json").write_text('{"lockfileVersion": 3}')
    assert dependencies_key(NPM, manifest) != before


def test_a_map_from_a_container_names_the_sources_here(tmp_path: Path) -> None:
    written = {
        "version": 3,
        "sources": ["../work/sources/src/app.ts", "../project/shared/x.ts", "https://elsewhere/y.ts"],
    }
    (tmp_path / "app.js.map").write_text(json.dumps(written))
    folders = {"/samlocal/work/sources": Path("/home/me/code"), "/samlocal/project": Path("/home/me")}
    point_at_sources(tmp_path, seen_as="/samlocal/artifacts", folders=folders)
    assert json.loads((tmp_path / "app.js.map").read_text())["sources"] == [
        "/home/me/code/src/app.ts",
        "/home/me/shared/x.ts",
        "https://elsewhere/y.ts",
    ]


def test_a_handler_whose_file_cannot_be_looked_at_is_no_reason_to_build(tmp_path: Path) -> None:
    lay(tmp_path, {"code/app.js": ""})
    # For root every folder is open; that a name is too long is refused to everybody.
    hidden = replace(target(tmp_path, runtime="nodejs20.x"), handler=f"{'x' * 300}.handler")
    assert not is_typescript(hidden)
    assert not is_unbuilt(hidden)
