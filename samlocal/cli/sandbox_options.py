"""The options of every command that runs functions in containers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from samlocal.cli.options import variable
from samlocal.cli.world import World
from samlocal.sandbox.options import SandboxOptions

F = TypeVar("F", bound=Callable[..., Any])

_FLAGS = [
    click.option(
        "--local-markers/--no-local-markers",
        default=True,
        envvar=variable("local_markers"),
        help="Set IS_LOCAL and AWS_SAM_LOCAL.  [default: set]",
    ),
    click.option(
        "--image",
        "images",
        multiple=True,
        metavar="RUNTIME=IMAGE",
        envvar=variable("image"),
        help="Image for a runtime, instead of AWS's.",
    ),
    click.option("--pull", is_flag=True, envvar=variable("pull"), help="Ask the registry for a newer image."),
    click.option("--skip-pull-image", is_flag=True, envvar=variable("skip_pull_image"), help="Never pull an image."),
    click.option(
        "--docker-network",
        metavar="NETWORK",
        default="bridge",
        show_default=True,
        envvar=variable("docker_network"),
        help="Docker network of the container.",
    ),
    click.option(
        "--add-host", multiple=True, metavar="NAME:IP", envvar=variable("add_host"), help="Name known inside."
    ),
]


def sandbox_flags(command: F) -> F:
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command


def sandbox_options(ctx: click.Context) -> SandboxOptions:
    """The flags' values. Raises click.UsageError."""
    world: World = ctx.obj
    values = ctx.params
    if values["pull"] and values["skip_pull_image"]:
        raise click.UsageError("--pull and --skip-pull-image exclude each other.")
    return SandboxOptions(
        images=_pairs(values["images"], "--image", "=", "RUNTIME=IMAGE"),
        pull=values["pull"],
        skip_pull=values["skip_pull_image"],
        network=values["docker_network"],
        extra_hosts=_pairs(values["add_host"], "--add-host", ":", "NAME:IP"),
        local_markers=values["local_markers"],
        endpoint_url=world.environ.get("AWS_ENDPOINT_URL"),
    )


def _pairs(texts: Iterable[str], option: str, between: str, form: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        key, found, value = text.partition(between)
        if not (key and found and value):
            raise click.UsageError(f"{option} {json.dumps(text)}: write {form}.")
        pairs[key] = value
    return pairs
