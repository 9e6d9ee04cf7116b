"""The options that say how functions are built, on every command that runs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from samlocal.cli.options import variable

F = TypeVar("F", bound=Callable[..., Any])


def build_flag(command: F) -> F:
    """``--build``, ``--no-build`` and how; on a command that runs functions."""
    option = click.option(
        "--build/--no-build",
        default=None,
        envvar=variable("build"),
        help="Build it, or run it as it is.  [default: build what was built before and has changed, or cannot run]",
    )
    return option(build_place_flags(command))


def build_place_flags(command: F) -> F:
    """Where builds are made."""
    for option in (
        click.option(
            "--build-image",
            "build_images",
            multiple=True,
            metavar="[RUNTIME|ID=]IMAGE",
            envvar=variable("build_image"),
            help="Image to build in, instead of AWS's.",
        ),
        click.option(
            "--build-in-container",
            is_flag=True,
            envvar=variable("build_in_container"),
            help="Build in the runtime's build image.",
        ),
    ):
        command = option(command)
    return command


def build_images(ctx: click.Context) -> dict[str, str]:
    """Images by runtime or id, under "" the one for all others."""
    images: dict[str, str] = {}
    for text in ctx.params["build_images"]:
        name, found, image = text.partition("=")
        images[name if found else ""] = image if found else name
    return images
