"""How functions are told where they reach the clients of WebSocket APIs, and whom they trust there."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from samlocal.engine import Mount
from samlocal.http_api.model import Api
from samlocal.http_api.web.inside import Inside
from samlocal.sandbox.layout import CONNECTIONS_ENDPOINT, SandboxSpec
from samlocal.sandbox.network.endpoint import endpoint
from samlocal.service.own_keys import has_keys, with_own_keys

_FOLDER = "/.samlocal/trust"

# What adds to a runtime's own certificates is given samlocal's alone, what stands in for them all of them. Sources:
# AWS SDKs and Tools Reference Guide, "AWS_CA_BUNDLE"; Node.js, "Command-line API"; OpenSSL,
# SSL_CTX_load_verify_locations, which .NET and Rust's rustls-native-certs follow.
_ADDING = "NODE_EXTRA_CA_CERTS"
_OF_SDKS = "AWS_CA_BUNDLE"
_OF_ALL = "SSL_CERT_FILE"
_BY_LANGUAGE = {
    "python": (_OF_SDKS,),
    "ruby": (_OF_SDKS,),
    "nodejs": (_ADDING,),
    "dotnet": (_OF_ALL,),
    "provided": (_OF_SDKS, _OF_ALL),
    "go": (_OF_SDKS,),
}
# An image's own store may hold more than the certificates that it comes with.
_OF_IMAGE = (_OF_SDKS, _ADDING)


class Reachable:
    """Tells the functions of WebSocket APIs, ``apis``, of the doors ``inside``; ``told`` gets what is new in that.

    Threads may share it.
    """

    def __init__(self, inside: Inside, apis: Iterable[Api], *, told: Callable[[str], None]) -> None:
        self.inside = inside
        self._told = told
        self._said: set[str] = set()
        self._apis: dict[str, Api] = {}
        self._hosts: dict[str, str] = {}
        self._stage = ""
        self.use(apis)

    def use(self, apis: Iterable[Api]) -> frozenset[str]:
        """These are served from now on. Returns the functions that they call and those of before did not."""
        given = tuple(apis)
        before = self._apis
        called = {
            route.function: api for api in reversed(given) for route in api.routes if route.function is not None
        }
        self._hosts = {self.inside.host(api): self.inside.address for api in given}
        self._stage = given[0].stage if given else ""
        self._apis = called
        return frozenset(called.keys() - before.keys())

    def shaped(self, spec: SandboxSpec) -> SandboxSpec:
        """Every function finds clients by a variable, but where it names another place itself; those that an API
        calls by the domain name of their events, too."""
        api = self._api(spec)
        if CONNECTIONS_ENDPOINT not in spec.variables:
            stage = self._stage if api is None else api.stage
            spec = replace(spec, connections_endpoint=endpoint(self.inside.url(stage)))
        if api is None:
            return spec
        if not has_keys(spec):
            self._say(
                "keys",
                "functions have no rights on AWS here: those of WebSocket APIs get keys that are good for their "
                "clients alone. Name an environment with -e or -n for other services, or take -e local.",
            )
            spec = with_own_keys(spec, endpoint(self.inside.url()))
        return self._trusting(replace(spec, extra_hosts={**self._hosts, **spec.extra_hosts}))

    def _api(self, spec: SandboxSpec) -> Api | None:
        """The first that calls the function; nested ones of the same logical id are alike here."""
        own = spec.function.logical_id
        return next((api for name, api in self._apis.items() if name.rpartition("/")[2] == own), None)

    def _trusting(self, spec: SandboxSpec) -> SandboxSpec:
        function, trust = spec.function, self.inside.trust
        names = _OF_IMAGE if function.is_image else _of_runtime(function.runtime or "")
        taken = next((name for name in names if name in spec.variables), None)
        if not names or taken is not None:
            why = f"its {taken} is its own" if taken else f"{function.runtime} takes no certificate from a variable"
            self._say(
                function.logical_id,
                f"{function.logical_id}: {why}, so https://{{domainName}}/{{stage}} of its events is not trusted "
                f"here. Clients are reached by an SDK that is given no endpoint: {CONNECTIONS_ENDPOINT} names it.",
            )
            return spec
        files = {name: f"{_FOLDER}/{trust.own if name == _ADDING else trust.all}" for name in names}
        mount = Mount(source=trust.folder, target=_FOLDER)
        return replace(spec, variables={**files, **spec.variables}, mounts=(*spec.mounts, mount))

    def _say(self, about: str, text: str) -> None:
        if about not in self._said:
            self._said.add(about)
            self._told(text)


def _of_runtime(runtime: str) -> tuple[str, ...]:
    return next((names for language, names in _BY_LANGUAGE.items() if runtime.startswith(language)), ())
