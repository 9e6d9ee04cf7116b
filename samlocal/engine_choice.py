"""Which engine a function runs on: its own, its architecture's, the one for all others."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct
from msgspec.structs import replace

ARCHITECTURES = ("arm64", "x86_64")
"""As Lambda calls them (Lambda developer guide, "Selecting and configuring an instruction set architecture")."""

OTHERS = "default"
"""What the engine of everybody else is named for."""

CURRENT = ""
"""The engine that Docker's own client would take: of DOCKER_HOST, of the current context."""


class NamedEngine(Struct, frozen=True, kw_only=True):
    """An engine that the user names, ``at`` an address as DOCKER_HOST has it or by a Docker context's name.

    ``whose`` is a function's name, an architecture, or OTHERS; ``origin`` is where the user says so.
    """

    whose: str
    at: str
    origin: str = ""


class EngineChoice(Struct, frozen=True, kw_only=True):
    """The engines that are named; a later one for the same counts. What none is named for runs on CURRENT."""

    named: tuple[NamedEngine, ...] = ()

    def of(self, names: Collection[str], architecture: str) -> NamedEngine | None:
        """The engine of a function that goes by these names, or of a layer: None is CURRENT."""
        by_name = {each.whose: each for each in self.named}
        own = (by_name[name] for name in names if name in by_name and name not in (*ARCHITECTURES, OTHERS))
        return next(own, None) or by_name.get(architecture) or by_name.get(OTHERS)

    @property
    def places(self) -> tuple[str, ...]:
        """All engines that may be asked, each once; that of all others first."""
        others = next((each.at for each in reversed(self.named) if each.whose == OTHERS), CURRENT)
        return tuple(dict.fromkeys((others, *(each.at for each in self.named if each.whose != OTHERS))))

    @property
    def bare(self) -> EngineChoice:
        """Without where the user says so: two choices of the same are the same."""
        return EngineChoice(named=tuple(replace(each, origin="") for each in self.named))
