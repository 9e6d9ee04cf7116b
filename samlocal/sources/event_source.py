"""What is read here."""

from __future__ import annotations

from typing import TypeAlias

from samlocal.sources.mapping import Mapping
from samlocal.sources.pipe import Pipe

EventSource: TypeAlias = Mapping | Pipe
"""Whose poller asks it for its events, and whom it is read for."""
