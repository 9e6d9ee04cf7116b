"""From a function to the sandbox that runs it: its image, its folders, its whole environment."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from samlocal.artifact.cache import Cache
from samlocal.artifact.code.folder import code_folder
from samlocal.artifact.engine_disk.standpoint import Standpoint, standpoint
from samlocal.artifact.fetch.supply import ArtifactStore
from samlocal.artifact.image.function_image import image_of_function
from samlocal.artifact.image.runtime_image import Image, choose_image, fitted
from samlocal.artifact.layers.opt import opt_folder
from samlocal.artifact.size import warn_of_size
from samlocal.aws import SESSIONS_FOLDER, Aws, Credentials
from samlocal.engine import Engine, PullProgress
from samlocal.engine_choice import NamedEngine
from samlocal.errors import ConfigurationError, ImageError
from samlocal.function.package import ImageCode
from samlocal.function.spec import FunctionSpec
from samlocal.function.variables import lambda_variables, log_stream
from samlocal.sandbox.debug.language import debugging, language_of, language_of_image
from samlocal.sandbox.debug.wiring import DEBUGGER, INSIDE, Debugging
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.mounts import mounts_of
from samlocal.sandbox.network.endpoint import Endpoint, endpoint
from samlocal.sandbox.network.relay_image import SMALL, RelayImage, relay_image
from samlocal.sandbox.network.route import HOST_NETWORK, takes_relay
from samlocal.sandbox.options import SandboxOptions
from samlocal.sandbox.own_files import readable, readable_mounts

# Not on Lambda, but what code looks for to learn that it runs on a developer's machine.
_MARKERS = {"AWS_SAM_LOCAL": "true", "IS_LOCAL": "true"}


def sandbox_spec(
    function: FunctionSpec,
    *,
    engine: Engine,
    named_engine: NamedEngine | None = None,
    cache: Cache,
    credentials: Credentials | None,
    options: SandboxOptions,
    progress: Callable[[str, PullProgress], None],
    notice: Callable[[str], None] = lambda _: None,
) -> SandboxSpec:
    """Everything a sandbox is made of; an absent image is pulled, code and layers that are elsewhere are fetched.

    ``named_engine`` is the engine as the user names it. ``notice`` gets what the user should know of the sandbox,
    sentence by sentence. Raises CodeError, LayerError, ImageError, BuildError, TemplateError for an unknown
    runtime, AwsError, EngineError.
    """
    # The profile may name an endpoint too; the credentials are that endpoint's then.
    endpoint_url = (credentials.endpoint_url if credentials else None) or options.endpoint_url
    for note in function.notes:
        notice(note)
    cache = cache.leasing()
    supply = ArtifactStore(
        cache=cache,
        layers=Cache(options.layer_cache or cache.root / "layers", named_by="--layer-cache-basedir", notice=notice),
        caller=Aws(profile=options.profile, region=function.place.region, sessions=cache.root / SESSIONS_FOLDER),
        endpoint_url=endpoint_url,
        layer_role_arn=options.layer_role_arn,
        refresh_layers=options.refresh_layers,
        refresh=options.refresh,
        private=options.private,
        notice=notice,
        progress=progress,
    )
    code, opt = code_folder(function, supply), opt_folder(function, supply)
    if code is not None:
        warn_of_size(function.logical_id, code, opt, supply)
    image = fitted(engine, function, _image(function, engine, supply, options, progress), cache)
    stands = standpoint(engine, image.name, cache)
    for folder in (code, opt):
        if folder is not None:
            cache.hold(folder.folder)
    return SandboxSpec(
        function=function,
        code=code.folder if code else None,
        opt=opt.folder if opt else None,
        image=image,
        engine=named_engine,
        variables=_variables(function, credentials, local_markers=options.local_markers),
        network=options.network,
        extra_hosts=options.extra_hosts,
        endpoint=_endpoint(function, endpoint_url if credentials else None, options.network, notice),
        expires=credentials.expires if credentials else None,
        debugging=_debugging(function, image, engine, cache, options),
        mounts=mounts_of(
            function,
            options.mounts,
            cache=cache,
            standpoint=stands,
            of_user=engine.product.is_users,
            notice=notice,
        ),
        inside=readable(INSIDE, cache),
        standpoint=stands,
        relay=_relay(function, image, engine, stands, options, progress, notice),
        leases=(*cache.leases.values(), *supply.layers.leases.values()),
    )


def _endpoint(
    function: FunctionSpec, url: str | None, network: str, notice: Callable[[str], None]
) -> Endpoint | None:
    """The function's own AWS_ENDPOINT_URL where it has one, else the environment's.

    The environment's goes with its credentials: a function without them has no use for it.
    """
    own = next((variable for variable in function.variables if variable.name == "AWS_ENDPOINT_URL"), None)
    if own is None:
        return endpoint(url) if url else None
    if not own.value:
        return None
    try:
        chosen = endpoint(own.value)
    except ValueError as error:
        where = ", ".join(origin.text for origin in own.origins)
        raise ConfigurationError(
            f"{where}: AWS_ENDPOINT_URL is no URL: {own.value!r}: {error}.", tip="Write http://HOST:PORT."
        ) from error
    if chosen.on_loopback and network != HOST_NETWORK:
        notice(
            f"AWS_ENDPOINT_URL={own.value} is this machine's: "
            "the function gets the address at which its container reaches it."
        )
    return chosen


def _debugging(
    function: FunctionSpec, image: Image, engine: Engine, cache: Cache, options: SandboxOptions
) -> Debugging | None:
    if options.debug is None:
        return None
    if not function.is_image:
        language = language_of(function.runtime or "")
    elif image.has_shell:
        language = language_of_image(image.start, lambda path: engine.has_file(image.name, path))
    else:
        raise ConfigurationError(
            f"{function.location}: {function.logical_id}: its image has no /bin/sh, which starts a debugger.",
            tip="Debug it from an image that has a shell.",
        )
    wired = debugging(function, options.debug, language=language, network=options.network)
    # The user's own debugger is mounted as it lies there.
    own = tuple(mount for mount in wired.mounts if mount.target != DEBUGGER)
    others = tuple(mount for mount in wired.mounts if mount.target == DEBUGGER)
    return replace(wired, mounts=(*readable_mounts(own, cache), *others))


def _relay(
    function: FunctionSpec,
    image: Image,
    engine: Engine,
    stands: Standpoint,
    options: SandboxOptions,
    progress: Callable[[str, PullProgress], None],
    notice: Callable[[str], None],
) -> RelayImage | None:
    if not takes_relay(engine, options.network, stands):
        return None
    found = relay_image(engine, image.name, stands)
    if found is None:
        lacking = (
            f"{function.logical_id}: functions on this engine reach samlocal by a container that runs Python or "
            "Node, and no image there is known to have either"
        )
        if options.skip_pull:
            raise ImageError(
                f"{lacking}; --skip-pull-image forbids to pull one.", tip=f"Pull it there: `docker pull {SMALL}`."
            )
        notice(f"{lacking}: {SMALL} is pulled.")
        engine.pull(SMALL, platform=None, progress=lambda step: progress(SMALL, step))
        found = relay_image(engine, SMALL, stands)
    if found is None:
        raise ImageError(f"{function.logical_id}: the image {SMALL} has no Python.", tip=f"docker rmi {SMALL}")
    return found


def _image(
    function: FunctionSpec,
    engine: Engine,
    supply: ArtifactStore,
    options: SandboxOptions,
    progress: Callable[[str, PullProgress], None],
) -> Image:
    if isinstance(function.code, ImageCode):
        return image_of_function(
            engine,
            function,
            function.code,
            supply,
            pull=options.pull,
            skip_pull=options.skip_pull,
            progress=progress,
        )
    return choose_image(
        engine, function, named=options.images, pull=options.pull, skip_pull=options.skip_pull, progress=progress
    )


def _variables(function: FunctionSpec, credentials: Credentials | None, *, local_markers: bool) -> dict[str, str]:
    own = lambda_variables(
        function_name=function.function_name,
        memory=function.memory,
        region=function.place.region,
        handler=function.handler,
        logging=function.logging,
        log_stream=log_stream(),
        credentials=_keys(credentials),
        image_function=function.is_image,
    )
    declared = {variable.name: variable.value for variable in function.variables}
    return own | (_MARKERS if local_markers else {}) | declared


def _keys(credentials: Credentials | None) -> dict[str, str]:
    if credentials is None:
        # Without it an SDK would ask the machine's metadata service, and on EC2 get the machine's own rights.
        return {"AWS_EC2_METADATA_DISABLED": "true"}
    keys = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
    }
    return keys | ({"AWS_SESSION_TOKEN": credentials.session_token} if credentials.session_token else {})
