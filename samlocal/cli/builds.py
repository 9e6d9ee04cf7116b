"""Builds on behalf of a command: with this machine's tools or in a container, shown as they go on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from samlocal.cli.build_flags import build_images
from samlocal.cli.options import Settings
from samlocal.cli.output import Output

if TYPE_CHECKING:
    from samlocal.artifact.build import Builds
    from samlocal.artifact.built import Built
    from samlocal.function.application import Application
    from samlocal.function.build_target import BuildTarget
    from samlocal.function.spec import FunctionSpec


def with_builds(
    ctx: click.Context,
    chosen: Settings,
    application: Application,
    wanted: str,
    spec: FunctionSpec,
    output: Output,
    *,
    debug: bool = False,
) -> FunctionSpec:
    """A function from what is built of it and of its layers.

    With ``--build`` or ``--build-in-container`` what has changed is built first; without, the last build is taken
    where there is one, with a warning when the sources have changed since. ``debug`` builds without optimizations.
    Raises BuildError.
    """
    spec = _from_builds(ctx, chosen, application, wanted, spec, output, debug=debug)
    from samlocal.artifact.unbuilt import is_unbuilt

    if is_unbuilt(spec):
        output.warning(f"{spec.location}: {spec.logical_id} has not been built. --build builds it.")
    return spec


def _from_builds(
    ctx: click.Context,
    chosen: Settings,
    application: Application,
    wanted: str,
    spec: FunctionSpec,
    output: Output,
    *,
    debug: bool,
) -> FunctionSpec:
    asked = bool(ctx.params["build"] or ctx.params["build_in_container"])
    if not asked and not any(path.is_dir() for path in (_last_builds(chosen), *_sam_builds(chosen))):
        return spec

    from samlocal.artifact.built import Origin, from_builds
    from samlocal.function.build_target import targets

    owner, resource = application.find(wanted)
    of_function = targets(owner, resource)
    if not of_function:
        return spec
    with builds(ctx, chosen, output, debug=debug) as own:
        done = build(own, of_function, output) if asked else list(own.last(of_function))
    for built in done:
        match built.origin:
            case Origin.SAM_BUILD:
                output.notice(f"{built.target.path} runs from {built.folder}, which is newer than its sources.")
            case Origin.OUTDATED:
                output.warning(
                    f"{built.target.path} runs as it was built {age(built.age)}; its sources have changed since. "
                    "--build builds it."
                )
    return from_builds(spec, done)


def build(own: Builds, wanted: Iterable[BuildTarget], output: Output) -> list[Built]:
    """Builds what has changed. Raises the BuildError of a failed one, when the others are done."""
    from samlocal.artifact.built import BuildFailed, Built
    from samlocal.errors import BuildError

    done: list[Built] = []
    errors: list[BuildError] = []
    with output.building() as view:
        for outcome in own.build(wanted, view):
            match outcome:
                case Built():
                    done.append(outcome)
                case BuildFailed(error=error, last=last):
                    kept = last and f"Its last good build, made {age(last.age)}, is still there"
                    tips = (error.tip, kept and f"{kept}: `samlocal invoke` without --build runs it.")
                    tip = "\n".join(part for part in tips if part) or None
                    errors.append(BuildError(error.message, tip=tip))
    for error in errors[:-1]:
        output.error(error)
    if errors:
        raise errors[-1]
    return done


@contextmanager
def builds(
    ctx: click.Context, chosen: Settings, output: Output, *, debug: bool = False, force: bool = False
) -> Iterator[Builds]:
    """What builds for a command."""
    from samlocal.artifact.build import Builds
    from samlocal.artifact.builder import HostBuilder
    from samlocal.artifact.cache import Cache

    world = chosen.world
    folder = world.cache_folder
    last = _last_builds(chosen)
    cache = Cache(folder)
    if not ctx.params["build_in_container"]:
        host = HostBuilder(world.environ)
        yield Builds(cache=cache, last=last, builder=host, sam_builds=_sam_builds(chosen), debug=debug, force=force)
        return

    from samlocal.artifact.build_container import ContainerBuilder
    from samlocal.engine import Engine
    from samlocal.sandbox.session import session

    engine = Engine.connect(world.environ)
    with session(folder / "sessions") as own, output.pulling() as progress:
        container = ContainerBuilder(
            engine,
            own,
            environ=world.environ,
            named=build_images(ctx),
            skip_pull=bool(ctx.params.get("skip_pull_image")),
            network=str(ctx.params.get("docker_network") or "bridge"),
            progress=progress,
        )
        # What `sam build` made on this machine is not what the user asks for.
        yield Builds(cache=cache, last=last, builder=container, debug=debug, force=force)
    engine.close()


def _last_builds(chosen: Settings) -> Path:
    return chosen.world.cache_folder / "last-builds"


def _sam_builds(chosen: Settings) -> tuple[Path, ...]:
    """Where `sam build` writes: where it is called, which is beside its samconfig.toml or the template."""
    folders = dict.fromkeys((chosen.world.cwd.resolve(), chosen.template.resolve().parent))
    return tuple(folder / ".aws-sam" / "build" for folder in folders)


def age(seconds: float) -> str:
    minutes = int(seconds // 60)
    for size, name in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now" if seconds < 5 else f"{int(seconds)} seconds ago"
