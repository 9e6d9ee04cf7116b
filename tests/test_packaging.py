"""What an installation is: the wheel, its entry points, its manual, and what samlocal says of itself."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from email.parser import BytesParser
from importlib import metadata
from pathlib import Path

import pytest
from kit import Project

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("samlocal-*.whl")
    with zipfile.ZipFile(built) as archive:
        yield archive


def test_the_wheel_has_what_is_read_and_no_test(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    table = "samlocal/deployed/attributes/resource_types.json"
    assert wheel.read(table) == (ROOT / table).read_bytes()
    assert {"samlocal/py.typed", "samlocal/pytest_plugin.py", "samlocal/cli/errors.md"} <= set(names)
    (about,) = {name.split("/")[0] for name in names if ".dist-info/" in name}
    data = about.replace(".dist-info", ".data")
    assert {name.split("/")[0] for name in names} == {"samlocal", about, data}


def test_the_wheel_installs_a_page_of_the_manual_for_each_command(wheel: zipfile.ZipFile) -> None:
    pages = {name.rpartition("/")[2] for name in wheel.namelist() if ".data/data/share/man/man1/" in name}
    assert {"samlocal.1", "samlocal-invoke.1", "samlocal-start-api.1"} <= pages
    assert pages == {file.name for file in (ROOT / "man").iterdir()}


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    about = BytesParser().parsebytes(wheel.read(name))
    assert (about["Name"], about["License-Expression"], about["Requires-Python"]) == (
        "samlocal",
        "Apache-2.0",
        ">=3.11",
    )
    assert "Typing :: Typed" in about.get_all("Classifier", [])
    assert about.get_all("License-File") == ["LICENSE"]
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt"))
    entries = configparser.ConfigParser()
    entries.read_string(wheel.read(name).decode())
    assert dict(entries["console_scripts"]) == {"samlocal": "samlocal.__main__:main"}
    assert dict(entries["pytest11"]) == {"samlocal": "samlocal.pytest_plugin"}


def test_the_manual_and_the_page_on_sam_clis_options_are_what_the_command_line_says() -> None:
    subprocess.run([sys.executable, ROOT / "tools" / "pages.py", "--check"], check=True)


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not on this machine")
def test_groff_has_nothing_to_say_against_the_manual() -> None:
    pages = sorted((ROOT / "man").iterdir())
    ran = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", *pages], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_version_says_what_a_report_of_a_fault_needs(project: Callable[..., Project]) -> None:
    first, python, place, libraries, local = project({}).run("--version").succeeded().stdout.decode().splitlines()
    assert first == f"samlocal {metadata.version('samlocal')}"
    assert f" {sys.version.split()[0]}, " in python
    assert (Path(place.removeprefix("in ")) / "py.typed").is_file()
    assert f"boto3 {metadata.version('boto3')}" in libraries
    assert local == f"-e local: moto {metadata.version('moto')}"
