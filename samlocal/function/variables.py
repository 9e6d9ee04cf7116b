"""A function's environment variables as values, and Lambda's own."""

from __future__ import annotations

import datetime
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from samlocal.errors import TemplateError, UnresolvedError
from samlocal.function.limits import ENVIRONMENT_BYTES
from samlocal.function.logging_config import LoggingConfig
from samlocal.template.values import Origin, Unknown

if TYPE_CHECKING:
    from samlocal.template.model import Resource, Template

# What a user may not set (Lambda developer guide, "Defined runtime environment variables"). The names that runtimes
# document as unreserved (LANG, PATH, TZ and others) are not among them.
RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]+")


class Variable(Struct, frozen=True, kw_only=True):
    """An environment variable with its value and where that came from."""

    name: str
    value: str
    origins: tuple[Origin, ...]
    line: int

    @property
    def secret(self) -> bool:
        return any(origin.secret for origin in self.origins)

    @property
    def placeholders(self) -> tuple[str, ...]:
        return tuple(origin.text for origin in self.origins if origin.placeholder)


class MissingVariable(Struct, frozen=True, kw_only=True):
    """A variable whose value cannot be known."""

    name: str
    unknown: Unknown
    line: int
    refused: bool = False
    """Whether CloudFormation would not take the template with it."""


def size_problem(variables: Iterable[Variable]) -> str | None:
    """Why Lambda would refuse all of the variables together, None where it takes them.

    What it measures is their JSON (the API's own error quotes it: "String measured").
    """
    together = {variable.name: variable.value for variable in variables}
    measured = len(json.dumps(together, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass"))
    if measured <= ENVIRONMENT_BYTES:
        return None
    return f"the variables come to {measured:,} bytes, and Lambda takes {ENVIRONMENT_BYTES:,} for all together."


def require_known(
    template: Template, resource: Resource, variables: Iterable[Variable | MissingVariable]
) -> tuple[Variable, ...]:
    """The variables when each is known. Raises UnresolvedError that names every one that is not."""
    known = [variable for variable in variables if isinstance(variable, Variable)]
    missing = [variable for variable in variables if isinstance(variable, MissingVariable)]
    if not missing:
        return tuple(known)
    lines = [
        f"{template.place(variable.line)}: {resource.logical_id}: {variable.name} = {variable.unknown.expression}: "
        f"{variable.unknown.reason}."
        for variable in missing
    ]
    tips = dict.fromkeys(variable.unknown.tip for variable in missing)
    error = TemplateError if any(variable.refused for variable in missing) else UnresolvedError
    raise error("\n".join(lines), tip="\n".join(tips))


def name_problem(name: str) -> str | None:
    """Why Lambda would refuse a variable of this name, or None."""
    if name in RESERVED:
        return f"{name} is Lambda's own and cannot be set"
    if not _NAME.fullmatch(name):
        return f"{name} is no name for a variable: letters, digits and underscores, a letter first, two at least"
    return None


LOG_STREAM = "AWS_LAMBDA_LOG_STREAM_NAME"


def log_stream() -> str:
    """A name for the log of a new sandbox, each of which has its own."""
    return f"{datetime.datetime.now(datetime.UTC):%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"


def lambda_variables(
    *,
    function_name: str,
    memory: int,
    region: str,
    handler: str | None,
    logging: LoggingConfig,
    log_stream: str,
    credentials: Mapping[str, str],
    image_function: bool,
) -> dict[str, str]:
    """What Lambda itself sets, without the address of the Runtime API.

    Source: Lambda developer guide, "Defined runtime environment variables", and environments recorded on AWS.
    """
    variables = {
        **credentials,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_FUNCTION_NAME": function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": logging.group,
        LOG_STREAM: log_stream,
        **logging.variables,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "TZ": ":UTC",
    }
    if image_function:
        return variables
    return variables | {
        "_HANDLER": handler or "",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LANG": "en_US.UTF-8",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib"
        ":/var/task:/var/task/lib:/opt/lib",
    }
