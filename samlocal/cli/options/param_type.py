"""``ParamType``, click's type of an option's values, with what they become as its parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click import ParamType as ParamType
else:

    class ParamType(click.ParamType):
        """It is generic since click 8.4 alone, and older ones stand beside samlocal (SAM CLI names one exactly)."""

        def __class_getitem__(cls, _: object) -> type[ParamType]:
            return cls
