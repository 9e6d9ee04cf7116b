"""The image that a runtime runs in: AWS's, its stand-in, or the one the user names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from samlocal.artifact.cache import Cache
from samlocal.artifact.image.traits import image_traits
from samlocal.config import nearest
from samlocal.engine import Engine, PullProgress, Tmp
from samlocal.errors import ImageError, TemplateError
from samlocal.function.spec import FunctionSpec

REGISTRY = "public.ecr.aws/lambda"

STAND_INS = "samlocal/lambda"
"""Images laid out like AWS's, built by ``make images`` where no registry is in reach."""


_NO_CLIENT = re.compile(rb"Cannot find (?:module|package) '(@aws-sdk/[\w.-]+)")


class Runtime(Struct, frozen=True, kw_only=True):
    """A Lambda runtime: the repository and tag of AWS's base image, and whether Lambda has deprecated it."""

    name: str
    repository: str
    tag: str
    deprecated: bool = False


def runtimes() -> dict[str, Runtime]:
    """Every runtime with a base image, by its name.

    Source: Lambda developer guide, "Lambda runtimes", and the tags of public.ecr.aws/lambda. Deprecated ones run
    with a warning, since their images are still there.
    """
    current = {
        "nodejs": ("20", "22", "24"),
        "python": ("3.10", "3.11", "3.12", "3.13", "3.14"),
        "java": ("11", "17", "21", "25"),
        "dotnet": ("8", "9", "10"),
        "ruby": ("3.2", "3.3", "3.4"),
        "provided": ("al2", "al2023"),
    }
    deprecated = {
        "nodejs": ("10", "12", "14", "16", "18"),
        "python": ("2.7", "3.6", "3.7", "3.8", "3.9"),
        "java": ("8",),
        "dotnet": ("6", "7"),
        "ruby": ("2.5", "2.7"),
        "go": ("1",),
        "provided": ("alami",),
    }
    spelled = {
        "nodejs": "nodejs{}.x",
        "dotnet": "dotnet{}",
        "go": "go{}.x",
        "provided": "provided.{}",
    }
    table: dict[str, Runtime] = {}
    for versions, is_deprecated in ((current, False), (deprecated, True)):
        for repository, tags in versions.items():
            for tag in tags:
                name = spelled.get(repository, repository + "{}").format(tag)
                table[name] = Runtime(name=name, repository=repository, tag=tag, deprecated=is_deprecated)
    table["java8.al2"] = Runtime(name="java8.al2", repository="java", tag="8.al2")
    table["provided"] = Runtime(name="provided", repository="provided", tag="alami", deprecated=True)
    table["dotnetcore3.1"] = Runtime(name="dotnetcore3.1", repository="dotnet", tag="core3.1", deprecated=True)
    table.pop("provided.alami")
    return table


def runtime(spec: FunctionSpec) -> Runtime:
    """The function's runtime. Raises TemplateError for one that Lambda does not have, naming the nearest."""
    table = runtimes()
    name = spec.runtime or ""
    if name not in table:
        raise TemplateError(
            f"{spec.location}: {spec.logical_id}: Lambda has no runtime {name}{nearest(name, table)}",
            tip="Runtimes of today: "
            + ", ".join(known.name for known in table.values() if not known.deprecated)
            + ".",
        )
    return table[name]


class Image(Struct, frozen=True, kw_only=True):
    """The image to start from; ``platform`` is Docker's name of the architecture, None where it may differ.

    ``remarks`` is what the user should know of it, ``announced`` what is enough to be said once. ``start`` is how an
    image function's own image is started, in ``working_dir`` or where the image says; one without a shell is started
    without samlocal's entry point. ``tmp`` is where its containers have their /tmp. ``id`` is the engine's, which
    tells it from another one of the same name.
    """

    name: str
    platform: str | None
    remarks: tuple[str, ...] = ()
    announced: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    working_dir: str | None = None
    has_shell: bool = True
    tmp: Tmp = Tmp.MEMORY
    id: str = ""


def lacking(image: Image, payload: bytes) -> str | None:
    """What a function failed for because AWS's image was not there: an SDK's client that its stand-in has not.

    AWS's Node images have every client of the SDK (Lambda developer guide, "Building Lambda functions with Node.js").
    ``payload`` is the function's error.
    """
    found = _NO_CLIENT.search(payload)
    if found is None or not image.name.startswith(f"{STAND_INS}-"):
        return None
    return (
        f"{found[1].decode()} is in AWS's image, and not in its stand-in {image.name}. "
        "Pull AWS's where a registry is in reach (--pull), or pack this client with the function."
    )


def platform_of(spec: FunctionSpec) -> str:
    return f"linux/{'arm64' if spec.architecture == 'arm64' else 'amd64'}"


def aws_image(known: Runtime, architecture: str) -> str:
    return f"{REGISTRY}/{known.repository}:{known.tag}-{architecture}"


def images_of(runtime_name: str, architecture: str) -> tuple[str, str] | None:
    """AWS's image for a runtime and its stand-in, None for a runtime that Lambda does not have."""
    known = runtimes().get(runtime_name)
    return None if known is None else (aws_image(known, architecture), _stand_in(known))


def _stand_in(known: Runtime) -> str:
    return f"{STAND_INS}-{known.repository}:{known.tag}"


def choose_image(
    engine: Engine,
    spec: FunctionSpec,
    *,
    named: Mapping[str, str],
    pull: bool,
    skip_pull: bool,
    progress: Callable[[str, PullProgress], None],
) -> Image:
    """The image for a function, pulled when it is absent.

    ``named`` holds ``--image``'s images by runtime. One that is there is never checked against its registry, unless
    ``pull``. Where AWS's is absent and its stand-in there, the stand-in is taken and no registry is asked.
    Raises ImageError, and TemplateError for an unknown runtime.
    """
    known = runtime(spec)
    platform = platform_of(spec)
    own = named.get(known.name)
    remarks = (f"Lambda has deprecated the runtime {known.name}.",) if known.deprecated else ()
    wanted = own or aws_image(known, spec.architecture)
    stand_in = _stand_in(known)
    if not pull:
        if engine.has_image(wanted):
            return Image(name=wanted, platform=platform if own is None else None, remarks=remarks)
        if own is None and engine.has_image(stand_in):
            said = f"AWS's image for {known.name} is not here; its stand-in {stand_in} is used."
            return Image(name=stand_in, platform=None, remarks=remarks, announced=(said,))
        if skip_pull:
            raise ImageError(
                f"{spec.logical_id}: the image {wanted} is not there, and --skip-pull-image forbids to pull it.",
                tip=f"Pull it (`docker pull {wanted}`), or run without --skip-pull-image.",
            )
    engine.pull(wanted, platform=platform, progress=lambda step: progress(wanted, step))
    return Image(name=wanted, platform=platform if own is None else None, remarks=remarks)


def architecture_remarks(spec: FunctionSpec, *, image: str, of_image: str, of_machine: str) -> tuple[str, ...]:
    """What there is to say where a function, its image and the engine's machine are not of one architecture.

    The latter two are as images name them, empty where they do not.
    """
    own = spec.architecture
    if of_image not in ("", platform_of(spec).removeprefix("linux/")):
        what = f"runs here on {of_image}: the image {image} is of that kind"
    elif of_machine not in ("", of_image or of_machine):
        what = f"the engine's machine is {of_machine}: it runs by emulation there, or not at all (exec format error)"
    else:
        return ()
    return (
        f"{spec.logical_id} is for {own}, and {what}. The Docker engine of a machine that is {own} runs it as it is: "
        f'engine.{own} = "ssh://USER@MACHINE" in samconfig.toml, or --engine {own}=ssh://USER@MACHINE.',
    )


def fitted(engine: Engine, spec: FunctionSpec, image: Image, cache: Cache) -> Image:
    """The image with what has to be known of it. Raises ImageError where it has been removed meanwhile."""
    described = engine.describe_image(image.name)
    if described is None:
        raise ImageError(f"{spec.location}: {spec.logical_id}: the image {image.name} is gone.", tip="Run it again.")
    traits = image_traits(engine, described.id, cache)
    remarks = image.remarks + architecture_remarks(
        spec, image=image.name, of_image=described.architecture, of_machine=traits.machine
    )
    if traits.tmp is Tmp.MEMORY:
        remarks += (
            f"the image {image.name} has no /tmp that everybody may write to, so it is kept in memory here: "
            f"{spec.storage} MB on top of the function's {spec.memory} MB.",
        )
    return replace(image, remarks=remarks, has_shell=traits.has_shell, tmp=traits.tmp, id=described.id)
