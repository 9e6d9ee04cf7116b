"""The deployed function's own configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from samlocal.aws import Aws


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedFunction:
    """What Lambda runs now under this name."""

    name: str
    arn: str
    role_arn: str
    variables: Mapping[str, str]
    layers: tuple[str, ...]


def read_function(aws: Aws, name: str) -> DeployedFunction:
    """Asks Lambda for a function's configuration. Raises AwsError."""
    configuration = aws.call("lambda", "get_function_configuration", FunctionName=name)
    return DeployedFunction(
        name=configuration["FunctionName"],
        arn=configuration["FunctionArn"],
        role_arn=configuration["Role"],
        variables=configuration.get("Environment", {}).get("Variables", {}),
        layers=tuple(layer["Arn"] for layer in configuration.get("Layers", ())),
    )
