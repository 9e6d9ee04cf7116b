"""What tells a firewall in a container's way from an answer that takes a moment."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from kit import eventually

from samlocal.sandbox.network.route import Unanswered


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="the kernel tells of its connections in /proc")
def test_a_way_is_blocked_when_nobody_answers_for_a_while_and_not_at_once() -> None:
    with socket.socket() as listening, socket.socket() as accepted, socket.socket() as ignored:
        listening.bind(("127.0.0.1", 0))
        # Linux drops what comes when nobody takes those that wait (listen(2)).
        listening.listen(0)
        port = listening.getsockname()[1]
        accepted.connect(("127.0.0.1", port))
        ignored.setblocking(False)
        ignored.connect_ex(("127.0.0.1", port))
        unanswered = Unanswered()
        assert not unanswered.looks_blocked(os.getpid(), port)
        eventually(lambda: unanswered.looks_blocked(os.getpid(), port))
        listening.accept()[0].close()
        eventually(lambda: not unanswered.looks_blocked(os.getpid(), port))
