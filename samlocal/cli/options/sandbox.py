"""The options of every command that runs functions in containers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from samlocal.artifact.code.private_folders import PrivateFolders
from samlocal.cli.options.configured import variable
from samlocal.cli.options.engine import engine_choice, engine_flag
from samlocal.cli.world import World
from samlocal.sandbox.folder_mount import folder_mount
from samlocal.sandbox.options import SandboxOptions

F = TypeVar("F", bound=Callable[..., Any])

LAYER_CACHE = click.option(
    "--layer-cache-basedir",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    envvar=variable("layer_cache_basedir"),
    help="Where layers are kept.  [default: the cache's layers/]",
)
LAYER_ROLE = click.option(
    "--layer-role-arn",
    metavar="ARN",
    envvar=variable("layer_role_arn"),
    help="Role that may read another account's layers.",
)


def docker_network_option(*, tells: str) -> Callable[[F], F]:
    """``--docker-network``: Docker's own bridge where nobody says which."""
    return click.option(
        "--docker-network",
        metavar="NETWORK",
        default="bridge",
        show_default=True,
        envvar=variable("docker_network"),
        help=tells,
    )


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
    docker_network_option(tells="Docker network of the container."),
    click.option(
        "--add-host", multiple=True, metavar="NAME:IP", envvar=variable("add_host"), help="Name known inside."
    ),
    click.option(
        "--mount",
        "--mounts",
        "mounts",
        multiple=True,
        metavar="TARGET=FOLDER[:ro]",
        envvar=variable("mounts"),
        help="Folder of this machine in the sandbox; for /mnt/… it stands in for EFS.",
    ),
    LAYER_CACHE,
    click.option(
        "--refresh-layers",
        "--force-image-build",
        "refresh_layers",
        is_flag=True,
        envvar=variable("refresh_layers"),
        help="Fetch layers anew.",
    ),
    LAYER_ROLE,
    click.option(
        "--allow-private-folders",
        is_flag=True,
        envvar=variable("allow_private_folders"),
        help="Let functions see the home folder, /run, / and their like.",
    ),
]


def sandbox_flags(command: F) -> F:
    for flag in reversed([*_FLAGS, engine_flag]):
        command = flag(command)
    return command


def sandbox_options(ctx: click.Context) -> SandboxOptions:
    """The flags' values. Raises click.UsageError."""
    world: World = ctx.obj
    values = ctx.params
    if values["pull"] and values["skip_pull_image"]:
        raise click.UsageError("--pull and --skip-pull-image exclude each other.")
    return SandboxOptions(
        images=_images(values["images"]),
        pull=values["pull"],
        skip_pull=values["skip_pull_image"],
        network=values["docker_network"],
        engines=engine_choice(ctx),
        extra_hosts=_pairs(values["add_host"], "--add-host", ":", "NAME:IP"),
        local_markers=values["local_markers"],
        endpoint_url=world.environ.get("AWS_ENDPOINT_URL"),
        profile=values.get("aws_profile"),
        layer_cache=layer_cache(ctx),
        layer_role_arn=values["layer_role_arn"],
        refresh_layers=values["refresh_layers"],
        mounts=tuple(folder_mount(text, cwd=world.cwd) for text in values["mounts"]),
        refresh=bool(values.get("refresh")),
        private=PrivateFolders(
            home=Path(world.environ["HOME"]) if world.environ.get("HOME") else None,
            allowed=values["allow_private_folders"],
        ),
    )


def layer_cache(ctx: click.Context) -> Path:
    """The folder that --layer-cache-basedir names, else the cache's own."""
    world: World = ctx.obj
    named: Path | None = ctx.params["layer_cache_basedir"]
    return world.cwd / named.expanduser() if named else world.cache_folder / "layers"


def _images(texts: Iterable[str]) -> dict[str, str]:
    images = _pairs(texts, "--image", "=", "RUNTIME=IMAGE")
    if images:
        from samlocal.artifact.image.runtime_image import runtimes
        from samlocal.config import nearest

        known = runtimes()
        for name in images:
            if name not in known:
                raise click.UsageError(f"--image: Lambda has no runtime {name}{nearest(name, known)}")
    return images


def _pairs(texts: Iterable[str], option: str, between: str, form: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        key, found, value = text.partition(between)
        if not (key and found and value):
            raise click.UsageError(f"{option} {json.dumps(text)}: write {form}.")
        pairs[key] = value
    return pairs
