"""Functions that ask Lambda themselves: which of them a request comes from, and whose rights it has."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Lock

from msgspec import Struct
from msgspec.structs import replace

from samlocal.aws import Aws, Credentials
from samlocal.aws.signature import Signature, signature_of
from samlocal.sandbox.layout import LAMBDA_ENDPOINT, SandboxSpec
from samlocal.sandbox.network.endpoint import Endpoint
from samlocal.service.own_keys import has_keys, is_own, with_own_keys

_KEY, _SECRET, _TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"


class Caller(Struct, frozen=True, kw_only=True):
    """A function whose key is in a request's signature. ``aws`` is AWS as it calls it, None where it has no rights.

    ``name`` is all that have the key, where it is of a role that they share. ``secret`` is what the signature has to
    be made with.
    """

    name: str
    region: str
    secret: str
    signature: Signature
    aws: Aws | None


class _Known(Struct, frozen=True, kw_only=True):
    """Functions of one role have its keys together."""

    names: tuple[str, ...]
    region: str
    secret: str
    aws: Aws | None
    expires: float | None


class Callers:
    """Tells functions of this endpoint, ``own``, and knows them by their keys again; ``told`` gets what is new in it.

    Threads may share it.
    """

    def __init__(self, own: Endpoint, *, told: Callable[[str], None]) -> None:
        self._own = own
        self._told = told
        self._lock = Lock()
        self._known: dict[str, _Known] = {}
        self._latest: dict[str, _Known] = {}
        self._says_keys = True

    def shaped(self, spec: SandboxSpec) -> SandboxSpec:
        """The spec of a function that finds Lambda here; one whose own variables name another place is left alone.

        SDKs send nothing that they cannot sign. A function that has no rights gets keys of this endpoint's own, and
        no other service to send them to: it would be asked for with keys that it does not know.
        """
        if LAMBDA_ENDPOINT in spec.variables:
            return spec
        spec = replace(spec, lambda_endpoint=self._own)
        if not has_keys(spec):
            self._tell_keys()
            spec = with_own_keys(spec, self._own)
        key, name = spec.variables[_KEY], spec.function.logical_id
        known = _Known(
            names=(name,),
            region=spec.function.place.region,
            secret=spec.variables[_SECRET],
            aws=aws_of(spec),
            expires=spec.expires,
        )
        with self._lock:
            now = time.time()
            over = [old for old, each in self._known.items() if each.expires is not None and each.expires < now]
            for each in over:
                del self._known[each]
            before = self._known[key].names if key in self._known else ()
            self._known[key] = replace(known, names=tuple(dict.fromkeys((*before, name))))
            self._latest[spec.function.function_name] = known
        return spec

    def aws(self, function_name: str) -> Aws | None:
        """AWS as the function called it last; None where it has no rights, or they have ended."""
        known = self._latest.get(function_name)
        if known is None or (known.expires is not None and known.expires < time.time()):
            return None
        return known.aws

    def of(self, headers: Mapping[str, str]) -> Caller | None:
        """Who a request says that it is from; its signature is not checked. None for whoever is no function here."""
        signature = signature_of(headers)
        known = self._known.get(signature.access_key_id) if signature is not None else None
        if signature is None or known is None:
            return None
        return Caller(
            name=" or ".join(known.names),
            region=known.region,
            secret=known.secret,
            signature=signature,
            aws=known.aws,
        )

    def _tell_keys(self) -> None:
        with self._lock:
            says, self._says_keys = self._says_keys, False
        if says:
            self._told(
                "functions have no rights on AWS here: they can call each other, with keys that are good for that "
                "alone, and no other service. Name an environment with -e or -n for those, or take -e local."
            )


def aws_of(spec: SandboxSpec) -> Aws | None:
    """AWS as a sandbox of the function calls it; None where its keys are none of AWS's."""
    variables = spec.variables
    if _SECRET not in variables or is_own(variables[_SECRET]):
        return None
    return Aws(
        region=spec.function.place.region,
        credentials=Credentials(
            access_key_id=variables[_KEY],
            secret_access_key=variables[_SECRET],
            session_token=variables.get(_TOKEN),
        ),
        endpoint_url=spec.endpoint.url if spec.endpoint is not None else None,
    )
