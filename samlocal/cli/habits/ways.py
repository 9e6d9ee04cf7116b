"""What becomes of another tool's option here."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct


class Same(Struct, frozen=True):
    """samlocal has it by the same name; ``but`` says what is different, in a sentence."""

    but: str = ""


class Means(Struct, frozen=True):
    """samlocal calls it otherwise, and takes it all the same."""

    option: str


class Always(Struct, frozen=True):
    """It changes nothing, since it is always so here: taken, and passed over. ``why`` is a sentence."""

    why: str


class Other(Struct, frozen=True):
    """It stands for something else here. ``meant`` is what samlocal calls what that is there, if it has it."""

    meant: str
    here: str


class Instead(Struct, frozen=True):
    """samlocal refuses it, and says what to do or why not."""

    text: str


Way: TypeAlias = Same | Means | Always | Other | Instead
