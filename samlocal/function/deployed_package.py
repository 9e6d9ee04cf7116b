"""A function with what is deployed in place of the working copy, to reproduce what it does in its environment."""

from __future__ import annotations

from msgspec.structs import replace

from samlocal.deployed.environment import Environment
from samlocal.errors import CodeError
from samlocal.function.package import DeployedCode, ImageCode, RemoteLayer
from samlocal.function.spec import FunctionSpec


def with_deployed_package(spec: FunctionSpec, environment: Environment | None) -> FunctionSpec:
    """The function with the code, layers, runtime and handler that Lambda has now.

    Variables and limits stay the template's. Raises CodeError where nothing is deployed, and AwsError.
    """
    if environment is None:
        raise CodeError(
            f"{spec.location}: {spec.logical_id}: without an environment nothing is known to be deployed.",
            tip="Name the environment with -e, or the stack with -n.",
        )
    resource = environment.stack.resources.get(spec.logical_id)
    if resource is None:
        raise CodeError(
            f"{spec.location}: {spec.logical_id}: the stack {environment.stack.name} has no such function.",
            tip="Deploy it (`sam deploy`), or run the working copy.",
        )
    name = resource.physical_id
    match spec.code:
        case ImageCode():
            image = environment.image(name)
            note = f"{spec.logical_id} runs the image that is deployed as {name}: {image}."
            return replace(spec, code=ImageCode(uri=image), notes=(*spec.notes, note))
        case DeployedCode():
            return spec
    deployed = environment.function(name)
    return replace(
        spec,
        code=DeployedCode(function=name, sha256=deployed.code_sha256, working_copy=spec.code),
        layers=tuple(RemoteLayer(arn=arn) for arn in deployed.layers),
        runtime=deployed.runtime or spec.runtime,
        handler=deployed.handler or spec.handler,
    )
