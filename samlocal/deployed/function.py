"""The deployed function's own configuration."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from samlocal.aws import Aws


class DeployedFunction(Struct, frozen=True, kw_only=True):
    """What Lambda runs now under this name. ``code_sha256`` is base64, as Lambda tells it."""

    name: str
    arn: str
    role_arn: str
    layers: tuple[str, ...]
    runtime: str | None = None
    handler: str | None = None
    code_sha256: str = ""


def read_function(aws: Aws, name: str) -> DeployedFunction:
    """Asks Lambda for a function's configuration. Raises AwsError."""
    configuration = aws.call("lambda", "get_function_configuration", FunctionName=name)
    return DeployedFunction(
        name=configuration["FunctionName"],
        arn=configuration["FunctionArn"],
        role_arn=configuration["Role"],
        layers=tuple(layer["Arn"] for layer in configuration.get("Layers", ())),
        runtime=configuration.get("Runtime"),
        handler=configuration.get("Handler"),
        code_sha256=configuration.get("CodeSha256", ""),
    )


def read_image(aws: Aws, name: str) -> str:
    """The image that a deployed function runs, by its digest where AWS tells it. Raises AwsError."""
    code = aws.call("lambda", "get_function", FunctionName=name)["Code"]
    return str(code.get("ResolvedImageUri") or code["ImageUri"])


def read_variables(aws: Aws, name: str) -> Mapping[str, str]:
    """The deployed function's environment variables. They may hold secrets. Raises AwsError."""
    configuration = aws.call("lambda", "get_function_configuration", FunctionName=name)
    return {str(key): str(value) for key, value in configuration.get("Environment", {}).get("Variables", {}).items()}
