"""A firewall of this machine that is in the way of containers."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest


@contextlib.contextmanager
def dropping(bridge: str) -> Iterator[None]:
    """A firewall on this machine that drops what comes from the bridge, as ufw's default does."""
    if os.geteuid() != 0 or not shutil.which("iptables"):
        pytest.skip("a firewall rule needs root and iptables")
    rule = ["INPUT", "-i", bridge, "-j", "DROP"]
    made = subprocess.run(["iptables", "-w", "10", "-I", *rule], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"iptables does not work here: {made.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["iptables", "-w", "10", "-D", *rule], check=True)
