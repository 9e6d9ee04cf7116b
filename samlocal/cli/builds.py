"""Builds on behalf of a command: with this machine's tools or in a container, shown as they go on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from samlocal.cli.build_flags import build_images
from samlocal.cli.options import Settings
from samlocal.cli.output import Output

if TYPE_CHECKING:
    from samlocal.artifact.build.builds import Builds
    from samlocal.artifact.build.built import Built
    from samlocal.function.application import Application
    from samlocal.function.build_target import BuildTarget
    from samlocal.function.spec import FunctionSpec


_AS_IT_IS = "--no-build runs it as it is."


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

    What was built before is built again when its sources have changed, and what cannot run as it lies there is built
    the first time. With ``--build`` or ``--build-in-container`` everything is that can be; with ``--no-build``
    nothing is, and the last build runs. ``debug`` builds without optimizations. Raises BuildError.
    """
    from samlocal.function.build_target import function_target, layer_target
    from samlocal.function.package import LocalLayer

    if ctx.params["build"] is False and not _kept(chosen):
        return spec
    owner, resource = application.find(wanted)
    # The function's layers are the spec's: where the template cannot say, they are the deployed function's.
    layers = (layer_target(owner, layer) for layer in spec.layers if isinstance(layer, LocalLayer))
    of_function = [target for target in (function_target(owner, resource), *layers) if target is not None]
    if not of_function:
        return spec

    from samlocal.artifact.build.built import Origin, from_builds

    done = _done(ctx, chosen, of_function, output, debug=debug)
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


def _done(
    ctx: click.Context, chosen: Settings, of_function: Sequence[BuildTarget], output: Output, *, debug: bool
) -> list[Built]:
    from samlocal.artifact.build.built import Origin
    from samlocal.artifact.build.unbuilt import is_typescript, is_unbuilt
    from samlocal.errors import BuildError

    asked, in_container = ctx.params["build"], bool(ctx.params["build_in_container"])
    if asked is None and not in_container:
        kept = _kept(chosen)
        untold = next(
            (target for target in of_function if is_typescript(target) and not target.metadata.method), None
        )
        if untold is not None and not kept:
            raise BuildError(
                f"{untold.metadata.location}: {untold.path}: its handler {untold.handler} is TypeScript, and nothing "
                "says how it is built.",
                tip="Give it Metadata with BuildMethod: esbuild, or point CodeUri at the JavaScript that is compiled "
                f"from it; {_AS_IT_IS}",
            )
        if not kept and not any(map(is_unbuilt, of_function)):
            return []
    if asked is False:
        with builds(ctx, chosen, output, in_container=False) as own:
            return list(own.last(of_function))
    if asked or in_container:
        with builds(ctx, chosen, output, in_container=in_container, debug=debug) as own:
            return build(own, of_function, output)
    with builds(ctx, chosen, output, in_container=False, debug=debug) as own:
        done = [built for built in own.last(of_function, to_run=True) if built.origin is not Origin.OUTDATED]
        there = {built.target.path for built in done}
        waiting = [target for target in own.needed(of_function) if target.path not in there]
        # What was built in a container holds what was compiled there.
        contained = [target for target in waiting if own.was_in_container(target)]
        done += build(own, [target for target in waiting if target not in contained], output, never_built=_AS_IT_IS)
    if contained:
        with builds(ctx, chosen, output, in_container=True, debug=debug) as own:
            done += build(own, contained, output)
    return done


def build(
    own: Builds, wanted: Iterable[BuildTarget], output: Output, *, never_built: str | None = None
) -> list[Built]:
    """Builds what has changed. Raises the BuildError of a failed one, when the others are done.

    ``never_built`` is the way on for one that fails the first time.
    """
    from samlocal.artifact.build.built import BuildFailed, Built
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
                    tips = (error.tip, f"{kept}: `samlocal invoke --no-build` runs it." if kept else never_built)
                    tip = "\n".join(part for part in tips if part) or None
                    errors.append(BuildError(error.message, tip=tip))
    for error in errors[:-1]:
        output.error(error)
    if errors:
        raise errors[-1]
    return done


@contextmanager
def builds(
    ctx: click.Context,
    chosen: Settings,
    output: Output,
    *,
    in_container: bool,
    debug: bool = False,
    force: bool = False,
) -> Iterator[Builds]:
    """What builds for a command."""
    from samlocal.artifact.build.builder import HostBuilder
    from samlocal.artifact.build.builds import Builds
    from samlocal.artifact.cache import Cache

    world = chosen.world
    folder = world.cache_folder
    last = _last_builds(chosen)
    cache = Cache(folder)
    if not in_container:
        host = HostBuilder(world.environ)
        yield Builds(cache=cache, last=last, builder=host, sam_builds=_sam_builds(chosen), debug=debug, force=force)
        return

    from samlocal.artifact.build.container_builder import ContainerBuilder
    from samlocal.engine import Engine
    from samlocal.sandbox.session import session

    engine = Engine.connect(world.environ, notice=output.notice)
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


def _kept(chosen: Settings) -> bool:
    """Whether anything may have been built before."""
    return any(path.is_dir() for path in (_last_builds(chosen), *_sam_builds(chosen)))


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
