"""What a command is told of the plan that its events run by."""

from __future__ import annotations

from samlocal.kept.messages import Planned
from samlocal.sandbox.layout import SandboxSpec


def planned(spec: SandboxSpec, *, changed: tuple[str, ...] = ()) -> Planned:
    """``changed`` is what the sandbox that is there was started without."""
    return Planned(
        image=spec.image,
        timeout_at=spec.function.timeout_at,
        memory_at=spec.function.memory_at,
        changed=changed,
    )
