"""What `make setup` installs: exact versions, held by their hashes, of all that the project asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def asked_for() -> list[Requirement]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project, groups = pyproject["project"], pyproject["dependency-groups"]
    written = [*project["dependencies"], *project["optional-dependencies"]["local"], *groups["dev"]]
    return [Requirement(each) for each in [*written, *pyproject["build-system"]["requires"]]]


def locked() -> list[tuple[Requirement, str]]:
    """Each requirement of the lock, and its hashes."""
    entries = re.split(r"\n(?=[a-z0-9])", re.sub(r"^#.*\n", "", LOCK, flags=re.MULTILINE).strip())
    return [(Requirement(entry.partition("\\\n")[0]), entry.partition("\\\n")[2]) for entry in entries]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", ["linux", "darwin"])
@pytest.mark.parametrize("requirement", asked_for(), ids=str)
def test_every_package_that_the_project_asks_for_is_locked_within_its_range(
    requirement: Requirement, python: str, system: str
) -> None:
    place = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": system}
    (found,) = [
        one
        for one, _ in locked()
        if canonicalize_name(one.name) == canonicalize_name(requirement.name)
        and (one.marker is None or one.marker.evaluate(place))
    ]
    ((operator, version),) = [(each.operator, each.version) for each in found.specifier]
    assert operator == "=="
    assert requirement.specifier.contains(version)


def test_every_locked_package_has_hashes_and_no_address() -> None:
    assert len(locked()) > len(asked_for())
    for requirement, hashes in locked():
        assert re.fullmatch(r"(?:\s*--hash=sha256:[0-9a-f]{64}(?: \\)?)+\s*", hashes), requirement
    assert "://" not in LOCK
