"""Functions of the local endpoint run where `samlocal up` is: here their invocations become ones that wait for it.

moto would fetch an image and run the function in a container of its own, without its layers and rights. Tried with
moto 5.2. Sources: Lambda API reference, Invoke (types, statuses, headers) and InvokeAsync.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from moto.awslambda.models import LambdaBackend, LambdaFunction, LambdaStorage
from moto.awslambda.responses import LambdaResponse

from samlocal.local.invocation import Invocation
from samlocal.local.moto.invocations import FullError, Invocations, NobodyRunsError
from samlocal.local.moto.targets import LOG

_NO_RUN = (
    "samlocal's local environment holds functions but does not run them by itself. "
    "They run under `samlocal up`; run this one with `samlocal invoke -e local`."
)
_FULL = "samlocal's local environment holds no more events: run `samlocal up`, which takes them."

_NOT_RUN = json.dumps({"errorType": "NotRun", "errorMessage": _NO_RUN}).encode()

_ANSWERED = ("content-type", "x-amz-executed-version", "x-amz-function-error", "x-amz-log-result", "x-amzn-errortype")


def mend_invoking(invocations: Invocations) -> None:
    """Called once. ``invocations`` takes what is to run."""

    def invoke(response: LambdaResponse) -> tuple[int, dict[str, str], bytes | str]:
        name = unquote(response.path.rsplit("/", 2)[-2])
        qualifier = response.querystring.get("Qualifier", [None])[0]
        return _invoked(invocations, response.backend, name, qualifier, response.headers, response.body)

    def invoke_async(response: LambdaResponse) -> tuple[int, dict[str, str], bytes | str]:
        name = unquote(response.path.rstrip("/").rsplit("/", 2)[-2])
        headers = {"x-amz-invocation-type": "Event"}
        return _invoked(invocations, response.backend, name, None, headers, response.body)

    def pushed(function: LambdaFunction, body: str, *_: Any) -> bytes:
        """By another service of moto's, which does not wait; those that are known have ways of their own."""
        try:
            invocations.put(Invocation(function=function.function_arn, payload=body.encode()))
        except FullError:
            LOG.warning("an event for %s is lost: %s", function.function_arn, _FULL)
        return b""

    def rotated(backend: LambdaBackend, function_name: str, qualifier: Any, body: str, *_: Any, **__: Any) -> bytes:  # noqa: ARG001 - moto names it
        """A step of a secret's rotation, which goes on when it is over."""
        step = _rotation_step(json.loads(body), backend.account_id, backend.region_name)
        try:
            return invocations.answer(
                Invocation(function=function_name, payload=step, source="secretsmanager")
            ).payload
        except NobodyRunsError:
            LOG.warning("a rotation goes on without %s: %s", function_name, _NO_RUN)
            return _NOT_RUN

    setattr(LambdaBackend, "invoke", rotated)  # noqa: B010 - mypy forbids it as an assignment
    setattr(LambdaResponse, "invoke", invoke)  # noqa: B010
    setattr(LambdaResponse, "invoke_async", invoke_async)  # noqa: B010
    setattr(LambdaFunction, "invoke", pushed)  # noqa: B010
    setattr(LambdaStorage, "put_function", _held)  # noqa: B010


def _held(storage: LambdaStorage, function: LambdaFunction) -> None:
    """Whatever role it has: moto refuses one that its own IAM does not hold, such as another stack's or account's."""
    versions = storage._functions.setdefault(function.function_name, {"latest": function, "versions": []})
    versions["latest"] = function
    storage._arns[function.function_arn] = function


def _rotation_step(step: dict[str, Any], account: str, region: str) -> bytes:
    """With the secret's ARN (Secrets Manager user guide, "Lambda rotation functions"), where moto has its name."""
    from moto.secretsmanager.models import secretsmanager_backends

    secret = secretsmanager_backends[account][region].secrets.get(str(step.get("SecretId")))
    return json.dumps(step if secret is None else {**step, "SecretId": secret.arn}).encode()


def _invoked(
    invocations: Invocations,
    backend: LambdaBackend,
    name: str,
    qualifier: str | None,
    headers: Mapping[str, str],
    body: bytes | str,
) -> tuple[int, dict[str, str], bytes | str]:
    """Raises what moto answers where there is no such function."""
    backend.get_function(name, qualifier)
    payload = body.encode() if isinstance(body, str) else body
    passed = {key.lower(): value for key, value in headers.items() if key.lower().startswith("x-amz")}
    type_ = passed.get("x-amz-invocation-type", "")
    if type_ == "DryRun":
        return 204, {"status": "204"}, b""
    invocation = Invocation(function=name, payload=payload, source="lambda", qualifier=qualifier, headers=passed)
    if type_ == "Event":
        try:
            invocations.put(invocation)
        except FullError:
            return _refused(429, "TooManyRequestsException", _FULL)
        return 202, {"status": "202"}, b""
    try:
        answered = invocations.answer(invocation)
    except NobodyRunsError:
        given = {"status": "200", "content-type": "application/json", "x-amz-function-error": "Unhandled"}
        return 200, given, _NOT_RUN
    kept = {key.lower(): value for key, value in answered.headers.items() if key.lower() in _ANSWERED}
    return answered.status, {"status": str(answered.status), **kept}, answered.payload


def _refused(status: int, type_: str, message: str) -> tuple[int, dict[str, str], bytes]:
    headers = {"status": str(status), "content-type": "application/json", "x-amzn-errortype": type_}
    return status, headers, json.dumps({"Type": "User", "message": message}).encode()
