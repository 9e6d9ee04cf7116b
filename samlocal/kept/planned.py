"""What a command is told of the plan that its events run by."""

from __future__ import annotations

from samlocal.function.package import source_of
from samlocal.kept.messages import Planned
from samlocal.sandbox.layout import SandboxSpec


def planned(spec: SandboxSpec, *, changed: tuple[str, ...] = ()) -> Planned:
    """``changed`` is what the sandbox that is there was started without."""
    source = source_of(spec.function.code)
    return Planned(
        image=spec.image,
        timeout_at=spec.function.timeout_at,
        memory_at=spec.function.memory_at,
        source=None if source is None else str(source),
        changed=changed,
    )
