"""``--output``: a page for people, or JSON for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from samlocal.cli.options.configured import variable
from samlocal.cli.options.param_type import Choice

F = TypeVar("F", bound=Callable[..., Any])


def output_option(*forms: str, tells: str) -> Callable[[F], F]:
    """The first of ``forms`` is what is meant where nobody says which; the command gets it as ``output_form``."""
    return click.option(
        "--output",
        "output_form",
        type=Choice(forms),
        default=forms[0],
        show_default=True,
        envvar=variable("output"),
        help=tells,
    )
