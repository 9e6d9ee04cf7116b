"""``samlocal start-lambda`` with many callers at once, and faults among their events: a short ``make soak``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.docker

SOAK = Path(__file__).parents[2] / "bench" / "soak.py"


def test_every_caller_gets_its_own_answer_while_other_events_crash_hang_and_raise() -> None:
    ran = subprocess.run(
        [sys.executable, str(SOAK), "--events", "80", "--callers", "8", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.stdout, ran.stderr
    figures = json.loads(ran.stdout)
    assert figures["wrong"] == []
    assert {kind: each["events"] for kind, each in figures["times"].items()} == {
        "crash": 4,
        "hang": 4,
        "raise": 4,
        "none": 68,
    }
    assert figures["containers_left"] == 0
    assert ran.returncode == 0
