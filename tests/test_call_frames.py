"""Calls ask nothing of the kernel, however deep they are made."""

from __future__ import annotations

import subprocess
import sys

import pytest

CALLS = 300

# What calls at each depth cost in pages: at the edge of a chunk each call touches a new one.
PROGRAM = f"""\
import resource, sys
from samlocal.call_frames import roomy

def leaf(a, b, c, d, e, f, g):
    return a

def faults(depth):
    if depth:
        return faults(depth - 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range({CALLS}):
        leaf(1, 2, 3, 4, 5, 6, 7)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def most():
    return max(faults(depth) for depth in range(600))

print(most(), roomy(most)())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="pages are counted as Linux does")
def test_no_depth_of_calls_costs_a_page_each_time() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    without, roomy = map(int, ran.stdout.split())
    assert roomy < CALLS / 10
    if sys.version_info < (3, 12):
        # Else the test does not see what it is for.
        assert without >= CALLS
