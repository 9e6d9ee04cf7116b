"""The options that say how functions are built, on every command that runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from samlocal.cli.options.configured import variable
from samlocal.cli.options.engine import engine_choice
from samlocal.project.builds import BuildOptions

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


def build_options(ctx: click.Context, *, debug: bool = False) -> BuildOptions:
    """The flags' values; a command without one of them has its default."""
    values = ctx.params
    return BuildOptions(
        build=values.get("build"),
        in_container=values["build_in_container"],
        images=_images(values["build_images"]),
        skip_pull=values["skip_pull_image"],
        network=values["docker_network"],
        engines=engine_choice(ctx),
        debug=debug,
        force=values.get("force", False),
    )


def _images(texts: Iterable[str]) -> dict[str, str]:
    """Images by runtime or id, under "" the one for all others."""
    images: dict[str, str] = {}
    for text in texts:
        name, found, image = text.partition("=")
        images[name if found else ""] = image if found else name
    return images
