"""``samlocal layers``: the layers that are kept on this machine."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from samlocal.cli.command_group import CommandGroup
from samlocal.cli.completing import completers
from samlocal.cli.options.command_line import EnvironmentCommand
from samlocal.cli.options.environment import account_options, name_options, settings
from samlocal.cli.options.output_form import output_option
from samlocal.cli.options.sandbox import LAYER_CACHE, LAYER_ROLE, layer_cache
from samlocal.cli.options.voice import output_of
from samlocal.cli.output import Output
from samlocal.cli.tables import Spare
from samlocal.errors import LayerError

if TYPE_CHECKING:
    from samlocal.artifact.cache import Cache


@click.group("layers", cls=CommandGroup)
def command() -> None:
    """Layers kept on this machine: list, refresh, clean.

    Each layer version is fetched once, and merged once for each list of layers.

    \b
    Examples:
      samlocal layers list
      samlocal layers refresh
    """


@command.command("list", cls=EnvironmentCommand)
@name_options
@LAYER_CACHE
@output_option("table", "json", tells="A table to read, or JSON for other programs.")
@click.pass_context
def list_command(ctx: click.Context, /, output_form: str, **_: object) -> int:
    """List the layers that are kept, with their size unpacked and when they were last used."""
    from samlocal.artifact.layers.kept import kept_layers

    output = output_of(ctx)
    layers = kept_layers(_cache(ctx, output))
    if output_form == "json":
        output.document(
            [
                {
                    "layer": layer.name,
                    "size": layer.size,
                    "sha256": layer.sha256,
                    "last_used": round(layer.last_used),
                    "folder": str(layer.folder),
                }
                for layer in layers
            ]
        )
        return 0
    output.table(
        ["Layer", "Size", Spare(head="Last used", weight=2), Spare(head="Folder", weight=1)],
        [
            [
                layer.name,
                f"{layer.size / 1_000_000:,.1f} MB",
                time.strftime("%Y-%m-%d %H:%M", time.localtime(layer.last_used)),
                str(layer.folder),
            ]
            for layer in layers
        ],
    )
    return 0


@command.command("refresh", cls=EnvironmentCommand)
@click.argument("arns", metavar="[ARN]...", nargs=-1, shell_complete=completers.layer_versions)
@account_options
@LAYER_CACHE
@LAYER_ROLE
@click.pass_context
def refresh_command(ctx: click.Context, /, arns: tuple[str, ...], **_: object) -> int:
    """Fetch layer versions anew: those named, or all that are kept."""
    from samlocal.artifact.cache import Cache
    from samlocal.artifact.fetch.archive_error import ArchiveError
    from samlocal.artifact.fetch.download import DownloadError
    from samlocal.artifact.fetch.supply import ArtifactStore
    from samlocal.artifact.layers.kept import kept_versions
    from samlocal.artifact.layers.versions import layer_version
    from samlocal.project.account import Account

    output = output_of(ctx)
    layers = _cache(ctx, output)
    with closing(Account(settings(ctx), output)) as account, output.progress() as progress:
        supply = ArtifactStore(
            cache=Cache(ctx.obj.cache_folder, notice=output.notice),
            layers=layers,
            caller=account.caller(),
            endpoint_url=ctx.obj.environ.get("AWS_ENDPOINT_URL"),
            layer_role_arn=ctx.params["layer_role_arn"],
            notice=output.notice,
            progress=progress.pulled,
        )
        for arn in arns or kept_versions(layers):
            try:
                layer_version(arn, supply, renew=True)
            except ArchiveError as error:
                raise LayerError(f"The layer {arn} {error}.") from error
            except DownloadError as error:
                raise LayerError(f"The layer {arn}: {error}") from error
    # They hold links to what was kept before.
    layers.clear("merged")
    return 0


@command.command("clean", cls=EnvironmentCommand)
@name_options
@LAYER_CACHE
@click.pass_context
def clean_command(ctx: click.Context, /, **_: object) -> int:
    """Remove every layer that is kept. The next invocation fetches what it needs."""
    from samlocal.artifact.layers.kept import clean, kept_layers

    output = output_of(ctx)
    cache = _cache(ctx, output)
    count, size = clean(cache)
    output.notice(f"removed {count} layers, {size / 1_000_000:,.1f} MB.")
    left = len(kept_layers(cache))
    if left:
        output.notice(f"left {left} that functions run with now.")
    return 0


def _cache(ctx: click.Context, output: Output) -> Cache:
    from samlocal.artifact.cache import Cache

    folder: Path = layer_cache(ctx)
    return Cache(folder, named_by="--layer-cache-basedir", notice=output.notice)
