"""From a function to the sandbox that runs it: its image, its folders, its whole environment."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable

from samlocal.artifact.cache import Cache
from samlocal.artifact.code import code_folder
from samlocal.artifact.image import choose_image
from samlocal.artifact.layers import opt_folder
from samlocal.aws import Credentials
from samlocal.engine import Engine, PullProgress
from samlocal.function.environment import lambda_variables
from samlocal.function.spec import FunctionSpec
from samlocal.sandbox.container import SandboxSpec
from samlocal.sandbox.endpoint import endpoint
from samlocal.sandbox.options import SandboxOptions

# Not on Lambda, but what code looks for to learn that it runs on a developer's machine.
_MARKERS = {"AWS_SAM_LOCAL": "true", "IS_LOCAL": "true"}


def sandbox_spec(
    function: FunctionSpec,
    *,
    engine: Engine,
    cache: Cache,
    credentials: Credentials | None,
    options: SandboxOptions,
    progress: Callable[[str, PullProgress], None],
) -> SandboxSpec:
    """Everything a sandbox is made of; an absent image is pulled.

    Raises CodeError, LayerError, ImageError, TemplateError for an unknown runtime, EngineError.
    """
    # The profile may name an endpoint too; the credentials are that endpoint's then.
    endpoint_url = (credentials.endpoint_url if credentials else None) or options.endpoint_url
    return SandboxSpec(
        function=function,
        code=code_folder(function, cache),
        opt=opt_folder(function, cache),
        image=choose_image(
            engine, function, named=options.images, pull=options.pull, skip_pull=options.skip_pull, progress=progress
        ),
        variables=_variables(function, credentials, local_markers=options.local_markers),
        network=options.network,
        extra_hosts=options.extra_hosts,
        # An endpoint is the environment's: a function without the environment's credentials has no use for it.
        endpoint=endpoint(endpoint_url) if endpoint_url and credentials else None,
        expires=credentials.expires if credentials else None,
    )


def _variables(function: FunctionSpec, credentials: Credentials | None, *, local_markers: bool) -> dict[str, str]:
    own = lambda_variables(
        function_name=function.function_name,
        memory=function.memory,
        region=function.place.region,
        handler=function.handler,
        log_group=function.log_group,
        log_stream=f"{datetime.datetime.now(datetime.UTC):%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}",
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
