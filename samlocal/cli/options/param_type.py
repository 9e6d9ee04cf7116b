"""click's types of options' values, as samlocal's options have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

# Both are generic since click 8.2 and 8.4 alone, and older ones stand beside samlocal (SAM CLI names one exactly).
if TYPE_CHECKING:
    from click import ParamType as ParamType

    _Choice = click.Choice[str]
else:
    _Choice = click.Choice

    class ParamType(click.ParamType):
        """With what a value becomes as its parameter."""

        def __class_getitem__(cls, _: object) -> type[ParamType]:
            return cls


class Choice(_Choice):
    """One of a few words; of a wrong one it is said which is near."""

    def __init__(self, choices: Sequence[str]) -> None:
        super().__init__(choices)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            from samlocal.config import nearest

            near = nearest(str(value), self.choices)
            self.fail(f"{error.message.rstrip('.')}{near}", param, ctx)
