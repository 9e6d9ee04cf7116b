"""What `samlocal doctor` finds of the engines: of the one for all, and of each that is named for somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from samlocal.cli.findings import Finding, doubtful, failed, good
from samlocal.engine_choice import ARCHITECTURES, CURRENT, OTHERS, EngineChoice, NamedEngine
from samlocal.errors import EngineError, SamlocalError

if TYPE_CHECKING:
    from samlocal.cli.world import World
    from samlocal.engine import Engine
    from samlocal.function.application import Application


class Block(Struct, frozen=True, kw_only=True):
    """What is said of one engine: each subject is followed by whom it is ``named`` for, but for the one for all."""

    named: tuple[NamedEngine, ...] = ()

    def subject(self, what: str) -> str:
        """``disk arm64, getEvent``."""
        whose = [each.whose for each in self.named]
        return what if not whose or OTHERS in whose else f"{what} {', '.join(whose)}"

    @property
    def _origins(self) -> str:
        return ", ".join(each.origin for each in self.named)

    def silent(self, error: EngineError) -> Finding:
        """Of an engine that does not answer."""
        message = f"{self._origins}: {error.message}" if self.named else error.message
        return failed(self.subject("engine"), EngineError(message, tip=error.tip))

    def of_engine(self, engine: Engine) -> Iterator[Finding]:
        from samlocal.artifact.image.traits import lambdas_name

        about = self.subject("engine")
        try:
            yield good(about, engine.version() + (f" ({self._origins})" if self.named else ""))
            for lack in engine.lacks():
                yield doubtful(self.subject(lack.subject), lack.text, lack.remedy)
            architectures = [each for each in self.named if each.whose in ARCHITECTURES]
            machine = lambdas_name(engine.architecture()) if architectures else ""
            for each in architectures:
                if each.whose != machine:
                    yield doubtful(
                        about,
                        f"{each.origin}: its machine is {machine}, which runs {each.whose} functions by emulation "
                        "or not at all.",
                        f"Name an engine of a machine that is {each.whose}.",
                    )
        except EngineError as error:
            yield failed(about, error)

    def of_disk(self, engine: Engine, world: World) -> Finding:
        """How what functions mount comes to the engine."""
        from samlocal.artifact.cache import Cache
        from samlocal.artifact.engine_disk.standpoint import standpoint

        about = self.subject("disk")
        try:
            stands = standpoint(engine, None, Cache(world.cache_folder))
        except SamlocalError as error:
            return failed(about, error)
        if stands.sees:
            return good(about, "the engine sees this disk; folders are mounted as they lie here")
        if stands.own is None:
            return good(about, "the engine has another one; what functions mount is put there, once for its content")
        places = ", ".join(sorted(stands.own.mounts)) or "none"
        return good(
            about,
            f"samlocal runs in a container of the engine's; what lies in its mounts ({places}) is mounted from "
            "there, everything else is put on the engine's disk, once for its content",
        )

    def of_reachability(self, engine: Engine, world: World, *, network: str) -> Finding:
        from samlocal.artifact.cache import Cache
        from samlocal.artifact.engine_disk.standpoint import standpoint
        from samlocal.artifact.image.runtime_image import REGISTRY, STAND_INS
        from samlocal.sandbox.network.reachability import try_reachability, try_relay
        from samlocal.sandbox.network.relay_image import SMALL, relay_image
        from samlocal.sandbox.network.route import takes_relay
        from samlocal.sandbox.session import session

        about = self.subject("way back")
        try:
            image = next((name for name in engine.images() if name.startswith((STAND_INS, REGISTRY))), None)
            if image is None:
                return doubtful(
                    about,
                    "not tried: there is no image to try it with.",
                    "Pull one: `docker pull public.ecr.aws/lambda/python:3.13` (in samlocal's checkout: "
                    "`make images`).",
                )
            with session(world.cache_folder / "sessions") as own:
                stands = standpoint(engine, image, Cache(world.cache_folder))
                if takes_relay(engine, network, stands):
                    relays = relay_image(engine, image, stands)
                    if relays is None:
                        return doubtful(
                            about,
                            "by a relay, which runs in Python or Node; no image there is known to have either.",
                            f"The first run pulls one, or do it now: `docker pull {SMALL}`.",
                        )
                    took = try_relay(engine, relays, session=own, network=network)
                    return good(
                        about,
                        f"by a relay, a container on {network}, over the engine's own connection, which adds "
                        f"{took * 1000:.1f} ms to each request",
                    )
                route, seconds = try_reachability(engine, image, session=own, network=network, standpoint=stands)
        except SamlocalError as error:
            return failed(about, error)
        return good(
            about, f"a container on {route.network} reaches {route.seen_as} ({seconds * 1000:.0f} ms from its start)"
        )


def of_names(choice: EngineChoice, application: Application) -> Iterator[Finding]:
    """Engines that are named for functions which are not there."""
    from samlocal.project.unknown_engines import unknown_engines

    for each, what in unknown_engines(choice, application):
        yield doubtful(Block(named=(each,)).subject("engine"), what, "Mend the name there.")


def of_images(choice: EngineChoice, engines: Mapping[str, Engine], application: Application) -> Iterator[Finding]:
    """Of each runtime of the template, once for each of the ``engines`` by their places that its functions run on."""
    from samlocal.artifact.image.runtime_image import images_of
    from samlocal.function.summary import summarize
    from samlocal.project.unknown_engines import names_of

    wanted: dict[tuple[str, str, str], list[str]] = {}
    for owner, resource in application.functions():
        summary = summarize(owner, resource)
        if summary.runtime and summary.package_type == "Zip":
            architecture = next(iter(summary.architectures), "x86_64")
            named = choice.of(names_of(owner, resource), architecture)
            place = named.at if named is not None else CURRENT
            wanted.setdefault((summary.runtime, architecture, place), []).append(summary.path)
    for (runtime, architecture, place), functions in sorted(wanted.items()):
        what = f"image {runtime}" if architecture == "x86_64" else f"image {runtime} {architecture}"
        about = what if place == CURRENT else f"{what} on {place}"
        images = images_of(runtime, architecture)
        if images is None:
            yield doubtful(about, f"Lambda has no such runtime ({', '.join(functions)}).", "Mend Runtime.")
            continue
        engine = engines.get(place)
        if engine is None:
            continue
        own, stand_in = images
        if engine.has_image(own):
            yield good(about, own)
        elif engine.has_image(stand_in):
            yield good(about, f"{stand_in} (stand-in for {own})")
        else:
            yield doubtful(
                about, f"{own} is not here.", f"The first run pulls it, or do it now: `docker pull {own}`."
            )
