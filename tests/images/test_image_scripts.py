"""The scripts that bring images to a machine: what they take, pull or make, and how they end."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from samlocal.artifact.image.runtime_image import images_of

ROOT = Path(__file__).parents[2]
AWS, STAND_IN = images_of("python3.11", "x86_64") or ("", "")

# A client of an engine for amd64 that has the images of $HAS, and what the shell says in $PULL for a registry.
DOCKER = """#!/bin/sh
echo "docker $*" >>"$CALLS"
case "$1 $2" in
"image inspect") case " $HAS " in *" $3 "*) exit 0 ;; esac; exit 1 ;;
"version "*) echo amd64 ;;
"pull "*) eval "$PULL" ;;
esac
"""
BUILD = """#!/bin/sh
[ "$1" != --can ] || exit "$CANNOT"
echo "build $*" >>"$CALLS"
exit "$BUILT"
"""
ENGINE = """#!/bin/sh
exit "$ENGINE"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    status: int
    said: str
    calls: list[str]
    seconds: float

    @property
    def made(self) -> list[str]:
        return [call for call in self.calls if call.startswith("build")]

    @property
    def pulled(self) -> list[str]:
        return [call.split()[-1] for call in self.calls if call.startswith("docker pull")]


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Done]:
    """Runs a command on a machine with an engine of one's own words."""
    (tmp_path / "images").mkdir()
    shutil.copy(ROOT / "images" / "obtain.sh", tmp_path / "images")
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name, text in (("images/build.sh", BUILD), ("images/engine.sh", ENGINE), ("bin/docker", DOCKER)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="ascii")
        (tmp_path / name).chmod(0o755)

    def run(
        *command: str, has: str = "", pull: str = "", can_make: bool = True, built: int = 0, engine: int = 0
    ) -> Done:
        calls = tmp_path / "calls"
        calls.write_text("", encoding="ascii")
        own = {"HAS": has, "PULL": pull, "CANNOT": str(int(not can_make)), "BUILT": str(built), "ENGINE": str(engine)}
        began = time.monotonic()
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "CALLS": str(calls), **own},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Done(
            status=done.returncode,
            said=done.stdout + done.stderr,
            calls=calls.read_text(encoding="ascii").splitlines(),
            seconds=time.monotonic() - began,
        )

    return run


OBTAIN = ("images/obtain.sh", "python")
ANSWERS = "echo '3.11-x86_64: Pulling from lambda/python'; "


def test_awss_image_that_is_there_is_neither_pulled_nor_made(machine: Callable[..., Done]) -> None:
    done = machine(*OBTAIN, has=f"{AWS} {STAND_IN}")
    assert (done.status, done.made, done.pulled) == (0, [], [])


def test_a_stand_in_that_is_there_is_brought_up_to_date_and_no_registry_asked(machine: Callable[..., Done]) -> None:
    done = machine(*OBTAIN, has=STAND_IN)
    assert (done.status, done.made, done.pulled) == (0, ["build python"], [])


def test_a_stand_in_that_is_there_will_do_where_none_can_be_made(machine: Callable[..., Done]) -> None:
    done = machine(*OBTAIN, has=STAND_IN, can_make=False)
    assert (done.status, done.made, done.pulled) == (0, [], [])


@pytest.mark.parametrize("can_make", [True, False])
def test_a_registry_that_answers_gives_awss_image(machine: Callable[..., Done], can_make: bool) -> None:
    # Once it has, the download may take longer than it is waited for.
    done = machine(*OBTAIN, pull=f"{ANSWERS} sleep {6 if can_make else 0}", can_make=can_make)
    assert (done.status, done.made, done.pulled) == (0, [], [AWS])


def test_a_registry_that_keeps_silent_is_left_after_a_few_seconds_for_the_one_stand_in(
    machine: Callable[..., Done],
) -> None:
    done = machine(*OBTAIN, pull="exec sleep 30")
    assert (done.status, done.made, done.pulled) == (0, ["build python"], [AWS])
    assert done.seconds < 25


@pytest.mark.parametrize("pull", ["echo 'no such host' >&2; exit 1", f"{ANSWERS} echo 'broken' >&2; exit 1"])
def test_a_pull_that_fails_ends_in_the_stand_in(machine: Callable[..., Done], pull: str) -> None:
    done = machine(*OBTAIN, pull=pull)
    assert (done.status, done.made, done.pulled) == (0, ["build python"], [AWS])


def test_a_machine_that_can_neither_pull_nor_make_an_image_is_told_why(machine: Callable[..., Done]) -> None:
    done = machine(*OBTAIN, pull="echo 'no such host' >&2; exit 1", can_make=False)
    assert done.status == 1
    assert f"{AWS} cannot be pulled: no such host" in done.said


FOR_TESTS = ("make", "images-for-tests")
SKIPPED = "are skipped"


def test_tests_go_on_without_an_engine_where_none_can_be_started(machine: Callable[..., Done]) -> None:
    done = machine(*FOR_TESTS, engine=3)
    assert (done.status, done.made) == (0, [])
    assert SKIPPED in done.said


def test_tests_go_on_without_images_where_none_can_be_made(machine: Callable[..., Done]) -> None:
    done = machine(*FOR_TESTS, built=3)
    assert done.status == 0
    assert SKIPPED in done.said


@pytest.mark.parametrize("failing", [{"engine": 1}, {"built": 1}], ids=["engine", "images"])
def test_a_failure_on_the_way_to_an_engine_or_an_image_is_no_reason_to_skip(
    machine: Callable[..., Done], failing: dict[str, int]
) -> None:
    done = machine(*FOR_TESTS, **failing)
    assert done.status != 0
    assert SKIPPED not in done.said


def test_one_image_can_be_made_by_name(machine: Callable[..., Done]) -> None:
    assert machine("make", "images", "IMAGES=python").made == ["build python"]
