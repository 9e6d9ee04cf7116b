"""Keys for functions that have no rights on AWS: SDKs send nothing that they cannot sign."""

from __future__ import annotations

import re

from msgspec.structs import replace

from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.network.endpoint import Endpoint

# Keys that are no AWS's: whoever meets them sees where they are from, and nobody but samlocal takes them.
_KEY = "SAMLOCALONLY"
_SECRET = "only-samlocal-takes-this"  # noqa: S105


def has_keys(spec: SandboxSpec) -> bool:
    """Of whomever."""
    return "AWS_ACCESS_KEY_ID" in spec.variables


def is_own(secret: str) -> bool:
    """Whether keys are samlocal's, and none of AWS's."""
    return secret == _SECRET


def with_own_keys(spec: SandboxSpec, own: Endpoint) -> SandboxSpec:
    """The spec with keys that ``own`` takes, and no other service to send them to but that: it would be asked for
    with keys that it does not know."""
    name = re.sub(r"[^A-Za-z0-9]", "", spec.function.logical_id)
    keys = {"AWS_ACCESS_KEY_ID": f"{_KEY}{name}", "AWS_SECRET_ACCESS_KEY": _SECRET}
    elsewhere = spec.endpoint is not None or "AWS_ENDPOINT_URL" in spec.variables
    return replace(spec, variables={**spec.variables, **keys}, endpoint=spec.endpoint if elsewhere else own)
