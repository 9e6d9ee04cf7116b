"""An image function's own image: built from its Dockerfile, found on this machine, or pulled from its registry."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

from samlocal.artifact.cache import hash_of
from samlocal.artifact.fetch.supply import ArtifactStore
from samlocal.artifact.image.runtime_image import Image, platform_of
from samlocal.aws import AwsCallError
from samlocal.engine import Engine, PullProgress
from samlocal.errors import BuildError, ImageError
from samlocal.function.image_config import ImageBuild
from samlocal.function.package import ImageCode
from samlocal.function.spec import FunctionSpec

_ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr(?:-fips)?\.(?P<region>[\w-]+)\.amazonaws\.com(?:\.cn)?/.+")


def image_of_function(
    engine: Engine,
    spec: FunctionSpec,
    code: ImageCode,
    supply: ArtifactStore,
    *,
    pull: bool,
    skip_pull: bool,
    progress: Callable[[str, PullProgress], None],
) -> Image:
    """The image and how it is started: by what the template's ImageConfig says, else by what the image says.

    With ``pull`` the registry is asked for a newer one, and a build for a newer base. Raises ImageError, BuildError,
    AwsError where the registry is ECR's, EngineError.
    """
    if code.build is not None and (code.build.context.is_dir() or code.uri is None):
        name = _built(engine, spec, code.build, supply, pull=pull)
    elif code.uri is None:
        raise ImageError(
            f"{spec.location}: {spec.logical_id}: there is neither an ImageUri nor a Dockerfile in its Metadata.",
            tip="Name an image with ImageUri, or give Metadata with Dockerfile and DockerContext.",
        )
    else:
        name = code.uri
        if pull or not engine.has_image(name):
            _pull(engine, spec, name, supply, pull=pull, skip_pull=skip_pull, progress=progress)
    described = engine.describe_image(name)
    if described is None:
        raise ImageError(f"{spec.location}: {spec.logical_id}: the image {name} is gone.", tip="Run it again.")
    config = spec.image_config
    start = (
        *(described.entry_point if config.entry_point is None else config.entry_point),
        *(described.command if config.command is None else config.command),
    )
    if not start:
        raise ImageError(
            f"{spec.location}: {spec.logical_id}: the image {name} says neither an entry point nor a command.",
            tip="Give it an ENTRYPOINT or a CMD, or the function an ImageConfig.",
        )
    return Image(name=name, platform=None, start=start, working_dir=config.working_directory)


def registry_login(uri: str, supply: ArtifactStore) -> tuple[str, str] | None:
    """User and password of ECR for the caller, None for another registry, which the engine itself knows or not."""
    matched = _ECR.fullmatch(uri)
    if matched is None:
        return None
    (answer,) = supply.caller.call(
        "ecr", "get_authorization_token", region=matched["region"], registryIds=[matched["account"]]
    )["authorizationData"]
    user, _, password = base64.b64decode(answer["authorizationToken"]).decode().partition(":")
    return user, password


def _pull(
    engine: Engine,
    spec: FunctionSpec,
    name: str,
    supply: ArtifactStore,
    *,
    pull: bool,
    skip_pull: bool,
    progress: Callable[[str, PullProgress], None],
) -> None:
    if skip_pull and not pull:
        raise ImageError(
            f"{spec.location}: {spec.logical_id}: the image {name} is not there, and --skip-pull-image forbids to "
            "pull it.",
            tip=f"Pull it (`docker pull {name}`), or run without --skip-pull-image.",
        )
    try:
        login = registry_login(name, supply)
    except AwsCallError as error:
        raise ImageError(
            f"{spec.location}: {spec.logical_id}: ECR gives no login for {name}: {error.message}", tip=error.tip
        ) from error
    engine.pull(name, platform=platform_of(spec), progress=lambda step: progress(name, step), login=login)


def _built(engine: Engine, spec: FunctionSpec, build: ImageBuild, supply: ArtifactStore, *, pull: bool) -> str:
    """The image of the context's present content, built where it is not there."""
    context = build.context.resolve()
    if not (context / build.dockerfile).is_file():
        raise BuildError(
            f"{spec.location}: {spec.logical_id}: there is no {context / build.dockerfile}.",
            tip="Mend Dockerfile and DockerContext in its Metadata.",
        )
    repository = f"samlocal/built-{spec.logical_id.lower()}-{hash_of(str(context))[:8]}"
    name = f"{repository}:{_context_hash(engine, context, build, platform_of(spec))}"
    if pull or not engine.has_image(name):
        supply.notice(f"building the image of {spec.logical_id} from {context / build.dockerfile} …")
        engine.build(
            context,
            dockerfile=build.dockerfile,
            name=name,
            arguments=build.arguments,
            target=build.target,
            platform=platform_of(spec),
            pull=pull,
            log=lambda line: supply.notice(f"  {line}"),
        )
        engine.drop_other_tags(name)
    if build.tag is not None:
        engine.tag(name, build.tag)
    return name


def _context_hash(engine: Engine, context: Path, build: ImageBuild, platform: str) -> str:
    """Of everything that a build takes in, but for the image that it starts from."""
    digest = hashlib.sha256(
        json.dumps([build.dockerfile, dict(build.arguments), build.target, platform], sort_keys=True).encode()
    )
    digest.update((context / build.dockerfile).read_bytes())
    for name in engine.context_files(context, build.dockerfile):
        path = context / name
        digest.update(f"\0{name}\0".encode(errors="surrogateescape"))
        if path.is_symlink():
            digest.update(os.fsencode(path.readlink()))
        elif path.is_file():
            digest.update(f"{path.stat().st_mode & 0o777:o}\0".encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:24]
