"""A function as ListFunctions, GetFunction and GetFunctionConfiguration show it: what the template says of it.

Members and their names: botocore's model of Lambda, ``FunctionConfiguration``. What only a deployment has (its size,
its hash, when it was made) is left out: nothing is made up.
"""

from __future__ import annotations

from samlocal.endpoint.directory import Callee, Directory
from samlocal.errors import SamlocalError
from samlocal.function.async_invocation import LATEST
from samlocal.function.logging_config import LogFormat
from samlocal.function.package import ImageCode, LocalLayer, RemoteLayer, StoredLayer
from samlocal.function.spec import FunctionSpec

Document = dict[str, object]


def configuration(directory: Directory, callee: Callee) -> Document:
    """A function that cannot run is one in the state ``Failed``, with samlocal's reason."""
    owner, resource = directory.resource(callee)
    named: Document = {"FunctionName": callee.name, "FunctionArn": callee.arn, "Version": LATEST}
    try:
        function = owner.specify(resource)
    except SamlocalError as error:
        return named | {"State": "Failed", "StateReason": error.message, "StateReasonCode": "InternalError"}
    return named | _known(function, callee)


def function_document(directory: Directory, callee: Callee) -> Document:
    """GetFunction's answer. The code lies on this machine, where no signed URL leads."""
    document: Document = {"Configuration": configuration(directory, callee)}
    owner, resource = directory.resource(callee)
    try:
        function = owner.specify(resource)
    except SamlocalError:
        return document
    if isinstance(function.code, ImageCode) and function.code.uri is not None:
        document["Code"] = {"RepositoryType": "ECR", "ImageUri": function.code.uri}
    if function.reserved_concurrency is not None:
        document["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved_concurrency}
    return document


def _known(function: FunctionSpec, callee: Callee) -> Document:
    document: Document = {
        "Timeout": function.timeout,
        "MemorySize": function.memory,
        "PackageType": "Image" if function.is_image else "Zip",
        "Architectures": [function.architecture],
        "EphemeralStorage": {"Size": function.storage},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "LoggingConfig": _logging(function),
        "Environment": _environment(function),
    }
    for name, value in (("Runtime", function.runtime), ("Handler", function.handler)):
        if value is not None:
            document[name] = value
    if isinstance(function.role, str):
        document["Role"] = function.role
    layers = [{"Arn": layer.arn} for layer in function.layers if isinstance(layer, RemoteLayer)]
    if layers and not any(isinstance(layer, LocalLayer | StoredLayer) for layer in function.layers):
        document["Layers"] = layers
    if isinstance(callee.asynchronous.dead_letters, str):
        document["DeadLetterConfig"] = {"TargetArn": callee.asynchronous.dead_letters}
    if function.isolates_tenants:
        document["TenancyConfig"] = {"TenantIsolationMode": "PER_TENANT"}
    return document


def _logging(function: FunctionSpec) -> Document:
    logging = function.logging
    document: Document = {"LogFormat": logging.format.value, "LogGroup": logging.group}
    if logging.format is LogFormat.JSON:
        document |= {
            "ApplicationLogLevel": logging.application_level.value,
            "SystemLogLevel": logging.system_level.value,
        }
    return document


def _environment(function: FunctionSpec) -> Document:
    """Nobody here is asked who they are, so secret values are not shown; AWS says the like of what it cannot show."""
    shown = {variable.name: variable.value for variable in function.variables if not variable.secret}
    hidden = [variable.name for variable in function.variables if variable.secret]
    document: Document = {"Variables": shown}
    if hidden:
        document["Error"] = {
            "ErrorCode": "AccessDeniedException",
            "Message": f"samlocal shows no secret values here: {', '.join(hidden)}.",
        }
    return document
