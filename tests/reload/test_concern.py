"""Whom a change concerns, and what is no change to anybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from samlocal.project.sources import Sources
from samlocal.reload.concern import concerned

ROOT = Path("/home/someone/.venv/node_modules/project")
"""A project may lie in folders of any name."""


@pytest.fixture
def sources() -> Sources:
    own = Sources()
    own.add_files([ROOT / "template.yaml", ROOT / ".env"])
    own.add_tree(ROOT / "src")
    own.add_tree(ROOT / "web", ignored=frozenset({"node_modules", ".git"}))
    return own


@pytest.mark.parametrize(
    "path",
    [
        "template.yaml",
        ".env",
        "src/app.py",
        "src/deep/er/data.bin",
        # The code of a function that is not built is what lies there.
        "src/node_modules/left-pad/index.js",
        "src",
        "web/index.ts",
        # A folder above came or went.
        ".",
        "..",
    ],
)
def test_what_a_plan_is_made_from_concerns_it(path: str, sources: Sources) -> None:
    assert concerned(sources, [Path("/elsewhere"), (ROOT / path).resolve()])


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "tests/test_app.py",
        "template.yaml.bak",
        "srcs/app.py",
        "src/.git/index.lock",
        "src/__pycache__/app.cpython-311.pyc",
        "src/.app.py.swp",
        "src/app.py~",
        "src/up.log",
        "src/.#app.py",
        "src/.pytest_cache/README.md",
        "web/node_modules/left-pad/index.js",
    ],
)
def test_what_others_and_tools_write_does_not(path: str, sources: Sources) -> None:
    assert not concerned(sources, [ROOT / path])


def test_a_folder_that_is_built_from_and_run_from_counts_whole() -> None:
    own = Sources()
    own.add_tree(ROOT / "src", ignored=frozenset({"node_modules"}))
    own.add_tree(ROOT / "src")
    assert concerned(own, [ROOT / "src/node_modules/left-pad/index.js"])


def test_a_path_is_known_by_its_links_and_by_what_they_lead_to(tmp_path: Path) -> None:
    (tmp_path / "release-1").mkdir()
    (tmp_path / "current").symlink_to("release-1")
    own = Sources()
    own.add_tree(tmp_path / "else" / ".." / "current")
    assert concerned(own, [tmp_path / "current"])
    assert concerned(own, [tmp_path / "release-1" / "app.py"])
