"""The deployed function's own configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from samlocal.aws import Aws
from samlocal.deployed import shape


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


def encode_function(function: DeployedFunction) -> object:
    return msgspec.to_builtins(function)


def decode_function(value: Mapping[str, Any]) -> DeployedFunction:
    """Raises one of shape.MALFORMED."""
    return DeployedFunction(
        name=shape.text(value["name"]),
        arn=shape.text(value["arn"]),
        role_arn=shape.text(value["role_arn"]),
        layers=tuple(shape.texts(value["layers"])),
        runtime=shape.text_or_none(value["runtime"]),
        handler=shape.text_or_none(value["handler"]),
        code_sha256=shape.text(value["code_sha256"]),
    )
