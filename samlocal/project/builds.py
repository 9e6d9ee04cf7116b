"""A function from what is built of it: with this machine's tools or in a container, where and when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from samlocal.engine_choice import EngineChoice
from samlocal.project.age import age
from samlocal.project.settings import Settings
from samlocal.project.teller import Teller
from samlocal.project.under_way import UnderWay

if TYPE_CHECKING:
    from samlocal.artifact.build.builds import Builds
    from samlocal.artifact.build.built import Built
    from samlocal.engine import Engine
    from samlocal.function.build_target import BuildTarget
    from samlocal.function.spec import FunctionSpec


_AS_IT_IS = "--no-build runs it as it is."


class BuildOptions(Struct, frozen=True, kw_only=True):
    """``build`` is None where what was built before is built again, and what cannot run as it lies there.

    ``images`` are the images to build in by runtime or id, under "" the one for all others. ``debug`` builds without
    optimizations, ``force`` what has not changed too.
    """

    build: bool | None = None
    in_container: bool = False
    images: Mapping[str, str] = field(default_factory=dict)
    skip_pull: bool = False
    network: str = "bridge"
    engines: EngineChoice = field(default_factory=EngineChoice)
    debug: bool = False
    force: bool = False


def with_builds(
    settings: Settings,
    spec: FunctionSpec,
    targets: Callable[[], Sequence[BuildTarget]],
    options: BuildOptions,
    teller: Teller,
    *,
    under_way: UnderWay | None = None,
) -> FunctionSpec:
    """A function from what is built of it and of its layers, its ``targets``. ``under_way`` can stop that.

    What was built before is built again when its sources have changed, and what cannot run as it lies there is built
    the first time. With ``build`` or ``in_container`` everything is that can be; with ``build=False`` nothing is, and
    the last build runs. Raises BuildError.
    """
    if options.build is False and not _kept(settings):
        return spec
    of_function = targets()
    if not of_function:
        return spec

    from samlocal.artifact.build.built import Origin, from_builds

    builds_by = partial(builds, settings, teller=teller, under_way=under_way)
    done = _done(settings, of_function, options, teller, builds_by)
    for built in done:
        match built.origin:
            case Origin.SAM_BUILD:
                teller.notice(f"{built.target.path} runs from {built.folder}, which is newer than its sources.")
            case Origin.OUTDATED:
                teller.warning(
                    f"{built.target.path} runs as it was built {age(built.age, to_the_second=True)}; its sources "
                    "have changed since. --build builds it."
                )
    return from_builds(spec, done)


def _done(
    settings: Settings,
    of_function: Sequence[BuildTarget],
    options: BuildOptions,
    teller: Teller,
    builds_by: Callable[[BuildOptions], AbstractContextManager[Builds]],
) -> list[Built]:
    from samlocal.artifact.build.built import Origin
    from samlocal.artifact.build.unbuilt import is_typescript, is_unbuilt
    from samlocal.errors import BuildError

    if options.build is None and not options.in_container:
        kept = _kept(settings)
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
    if options.build is False:
        with builds_by(replace(options, in_container=False, debug=False)) as own:
            return list(own.last(of_function))
    if options.build or options.in_container:
        with builds_by(options) as own:
            return build(own, of_function, teller)
    with builds_by(options) as own:
        done = [built for built in own.last(of_function, to_run=True) if built.origin is not Origin.OUTDATED]
        there = {built.target.path for built in done}
        waiting = [target for target in own.needed(of_function) if target.path not in there]
        # What was built in a container holds what was compiled there.
        contained = [target for target in waiting if own.was_in_container(target)]
        here = [target for target in waiting if target not in contained]
        done += build(own, here, teller, never_built=_AS_IT_IS)
    if contained:
        with builds_by(replace(options, in_container=True)) as own:
            done += build(own, contained, teller)
    return done


def build(
    own: Builds, wanted: Iterable[BuildTarget], teller: Teller, *, never_built: str | None = None
) -> list[Built]:
    """Builds what has changed. Raises the BuildError of a failed one, with the others', when all are done.

    ``never_built`` is the way on for one that fails the first time.
    """
    from samlocal.artifact.build.built import BuildFailed, Built
    from samlocal.errors import BuildError

    done: list[Built] = []
    errors: list[BuildError] = []
    with teller.progress() as progress:
        for outcome in own.build(wanted, progress):
            match outcome:
                case Built():
                    done.append(outcome)
                case BuildFailed(error=error, last=last):
                    kept = last and f"Its last good build, made {age(last.age, to_the_second=True)}, is still there"
                    tips = (error.tip, f"{kept}: `samlocal invoke --no-build` runs it." if kept else never_built)
                    tip = "\n".join(part for part in tips if part) or None
                    errors.append(BuildError(error.message, tip=tip))
    if errors:
        *others, one = errors
        raise BuildError(one.message, tip=one.tip, others=tuple(others))
    return done


@contextmanager
def builds(
    settings: Settings, options: BuildOptions, teller: Teller, under_way: UnderWay | None = None
) -> Iterator[Builds]:
    """What builds a project's functions and layers; ``under_way`` can stop it."""
    from samlocal.artifact.build.builder import HostBuilder
    from samlocal.artifact.build.builds import Builds
    from samlocal.artifact.cache import Cache

    world = settings.world
    folder = world.cache_folder
    last, cache = _last_builds(settings), Cache(folder)
    under_way = under_way or UnderWay()
    if not options.in_container:
        host = HostBuilder(world.environ)
        with under_way.by(host):
            yield Builds(
                cache=cache,
                last=last,
                builder=host,
                sam_builds=_sam_builds(settings),
                debug=options.debug,
                force=options.force,
            )
        return

    from samlocal.artifact.build.container_builder import ContainerBuilder
    from samlocal.engine.engines import Engines, wanted
    from samlocal.sandbox.session import session

    with (
        closing(Engines(world.environ, notice=teller.notice)) as engines,
        session(folder / "sessions") as own,
        teller.progress() as progress,
    ):

        def engine_of(target: BuildTarget) -> Engine:
            named = options.engines.of((target.path, target.logical_id), target.architecture)
            with wanted(named, by=target.path):
                return engines.of(named)

        container = ContainerBuilder(
            engine_of,
            own,
            environ=world.environ,
            named=options.images,
            skip_pull=options.skip_pull,
            network=options.network,
            progress=progress.pulled,
            cache=cache,
        )
        # What `sam build` made on this machine is not what the user asks for.
        with under_way.by(container):
            yield Builds(cache=cache, last=last, builder=container, debug=options.debug, force=options.force)


def _kept(settings: Settings) -> bool:
    """Whether anything may have been built before."""
    return any(path.is_dir() for path in (_last_builds(settings), *_sam_builds(settings)))


def _last_builds(settings: Settings) -> Path:
    return settings.world.cache_folder / "last-builds"


def _sam_builds(settings: Settings) -> tuple[Path, ...]:
    """Where `sam build` writes: where it is called, which is beside its samconfig.toml or the template."""
    folders = dict.fromkeys((settings.world.cwd.resolve(), settings.template.resolve().parent))
    return tuple(folder / ".aws-sam" / "build" for folder in folders)
