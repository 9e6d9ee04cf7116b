"""The garbage collector is held off where there is no garbage, and nowhere else."""

from __future__ import annotations

import subprocess
import sys

import pytest


def python(program: str) -> str:
    """What a program tells, in an interpreter of its own: the collector is the process's."""
    program = f"import gc, os, sys\ntell = lambda *told: print(*told, file=sys.stderr)\n{program}"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return ran.stderr.strip()


def test_what_a_block_makes_is_never_looked_through() -> None:
    told = python(
        "from samlocal.collector import held_off\n"
        "with held_off():\n"
        "    made = [[] for _ in range(5000)]\n"
        "    during = gc.isenabled()\n"
        "tell(during, gc.isenabled(), any(each is made for each in gc.get_objects()))"
    )
    assert told == "False True False"


def test_a_failure_in_the_block_leaves_the_collector_on() -> None:
    told = python(
        "from samlocal.collector import held_off\n"
        "try:\n"
        "    with held_off():\n"
        "        raise ValueError\n"
        "except ValueError:\n"
        "    tell(gc.isenabled())"
    )
    assert told == "True"


@pytest.mark.parametrize("args", [["--help"], ["invoke", "--help"]])
def test_a_command_is_loaded_without_a_collection_and_runs_with_the_collector_on(args: list[str]) -> None:
    told = python(
        "def loading(frame):\n"
        "    names = []\n"
        "    while frame is not None:\n"
        "        if frame.f_code.co_name == '<module>':\n"
        "            names.append(frame.f_globals['__name__'])\n"
        "        frame = frame.f_back\n"
        "    return any(name.startswith('samlocal.cli') for name in names)\n"
        "collected = []\n"
        "gc.callbacks.append(lambda phase, about: collected.append(loading(sys._getframe())))\n"
        "os._exit = lambda status: tell(any(collected), gc.isenabled())\n"
        f"sys.argv[1:] = {args}\n"
        "from samlocal.__main__ import main\n"
        "main()"
    )
    assert told == "False True"
