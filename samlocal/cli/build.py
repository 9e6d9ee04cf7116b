"""``samlocal build``: builds functions and layers that have changed."""

from __future__ import annotations

import time

import click

from samlocal.cli.completing import completers
from samlocal.cli.options.build import build_options, build_place_flags
from samlocal.cli.options.command_line import EnvironmentCommand
from samlocal.cli.options.configured import variable
from samlocal.cli.options.engine import engine_flag
from samlocal.cli.options.environment import project_options, settings
from samlocal.cli.options.output_form import output_option
from samlocal.cli.options.sandbox import docker_network_option
from samlocal.cli.options.voice import output_of
from samlocal.cli.tables import Spare
from samlocal.project.builds import build, builds
from samlocal.project.project import Project


@click.command("build", cls=EnvironmentCommand)
@click.argument("ids", nargs=-1, metavar="[IDS]…", shell_complete=completers.functions_and_layers)
@project_options
@build_place_flags
@click.option("--force", is_flag=True, help="Build what has not changed too.")
@click.option("--skip-pull-image", is_flag=True, envvar=variable("skip_pull_image"), help="Never pull an image.")
@engine_flag
@docker_network_option(tells="Docker network of build containers.")
@output_option("table", "json", tells="A table to read, or JSON for other programs.")
@click.pass_context
def command(ctx: click.Context, /, ids: tuple[str, ...], output_form: str, **_: object) -> int:
    """Build functions and layers that have changed.

    IDS are those to build, all where none is named; a function is built with its layers. `samlocal invoke` runs what
    is built. Functions that share code and options are built once, and what has not changed is not built again. A
    build that fails leaves the last good one where it is.

    \b
    Examples:
      samlocal build
      samlocal build getEvent --build-in-container
    """
    from samlocal.function.template_builds import layer_targets, targets

    output = output_of(ctx)
    chosen = settings(ctx)
    with Project(chosen, output) as project:
        application = project.application()
        layers = {target.path: target for target in layer_targets(application)}
        found = (application.find(name) for name in ids if name not in layers) if ids else application.functions()
        named = list(found)
        to_build = [target for owner, resource in named for target in targets(owner, resource)]
        to_build += [target for path, target in layers.items() if not ids or path in ids]
        project.keep(application)
    images = [owner.path(resource) for owner, resource in named if resource.properties.get("PackageType") == "Image"]
    if images:
        output.notice(f"{', '.join(images)}: the images of functions are built when they are invoked.")
    started = time.monotonic()
    with builds(chosen, build_options(ctx), output) as own:
        done = sorted(build(own, to_build, output), key=lambda built: built.target.path)
    if output_form == "json":
        output.document(
            [
                {
                    "path": built.target.path,
                    "type": "layer" if built.target.is_layer else "function",
                    "state": built.origin.value,
                    "seconds": round(built.seconds, 3),
                    "folder": str(built.folder),
                    "source": str(built.source),
                }
                for built in done
            ]
        )
        return 0
    if not done:
        output.notice("there is nothing to build.")
        return 0
    output.table(
        ["Built", "State", "Time", Spare(head="Folder", weight=1)],
        [
            [
                built.target.path,
                built.origin.value,
                f"{built.seconds:.1f} s" if built.seconds else "",
                str(built.folder),
            ]
            for built in done
        ],
    )
    output.notice(f"done in {time.monotonic() - started:.2f} s.")
    return 0
