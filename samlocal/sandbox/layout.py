"""What a sandbox is made of, and its container as Lambda lays it out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from samlocal.artifact.engine_disk.standpoint import Standpoint
from samlocal.artifact.image.runtime_image import Image
from samlocal.artifact.lease import Lease
from samlocal.engine import ContainerSpec, Mount, Tmp
from samlocal.engine_choice import CURRENT, NamedEngine
from samlocal.function.package import source_of
from samlocal.function.spec import FunctionSpec
from samlocal.function.variables import LOG_STREAM
from samlocal.sandbox.debug.wiring import DEBUG_LABEL, INSIDE, Debugging
from samlocal.sandbox.identity import SandboxIdentity
from samlocal.sandbox.mounts import groups_for
from samlocal.sandbox.network.endpoint import Endpoint
from samlocal.sandbox.network.relay_image import RelayImage
from samlocal.sandbox.network.route import HOST_NETWORK, LOOPBACK, Route

USER = "993:990"
"""Lambda's sbx_user1051 and its group."""

OPEN_FILES = 1024

PROCESSES = 1024
"""Processes and threads (Lambda developer guide, "Lambda quotas")."""

LAMBDA_ENDPOINT = "AWS_ENDPOINT_URL_LAMBDA"
"""Where SDKs ask Lambda (AWS SDKs and Tools Reference Guide, "Service-specific endpoints")."""

CONNECTIONS_ENDPOINT = "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"
"""Where SDKs reach the clients of a WebSocket API; the same guide."""

_OWN_FOLDER = "/.samlocal"

# The processes of supervisor.sh, which are none of Lambda's.
_SHELLS = 2

# Variables that an engine sets where nobody else has.
_OF_ENGINE = ("HOME", "HOSTNAME")


class SandboxSpec(Struct, frozen=True, kw_only=True):
    """What a sandbox is made of. ``variables`` is the whole environment but for the addresses of samlocal itself.

    ``expires`` is when the credentials among them end, in epoch seconds. ``code`` is None for an image function.
    ``inside`` holds samlocal's own files. ``endpoint`` stands in for AWS, ``lambda_endpoint`` for Lambda alone,
    ``connections_endpoint`` for the clients of a WebSocket API.
    """

    function: FunctionSpec
    image: Image
    code: Path | None
    opt: Path | None
    variables: Mapping[str, str]
    network: str
    extra_hosts: Mapping[str, str]
    endpoint: Endpoint | None = None
    lambda_endpoint: Endpoint | None = None
    connections_endpoint: Endpoint | None = None
    expires: float | None = None
    debugging: Debugging | None = None
    mounts: tuple[Mount, ...] = ()
    inside: Path = INSIDE
    engine: NamedEngine | None = None
    """Which one its containers are on; None is CURRENT."""
    standpoint: Standpoint | None = None
    """Where samlocal stands to the engine; None is beside it."""
    relay: RelayImage | None = None
    """What carries the way back, where the network's containers do not reach this machine."""
    leases: tuple[Lease, ...] = ()
    """Of what is mounted from the cache: they end with the last sandbox that is made of this."""

    @property
    def engine_at(self) -> str:
        """Where its containers are, whoever says so."""
        return self.engine.at if self.engine is not None else CURRENT

    @property
    def endpoints(self) -> dict[str, Endpoint]:
        """What stands in for AWS, by the variables that name it to SDKs."""
        named = {
            "AWS_ENDPOINT_URL": self.endpoint,
            LAMBDA_ENDPOINT: self.lambda_endpoint,
            CONNECTIONS_ENDPOINT: self.connections_endpoint,
        }
        return {name: endpoint for name, endpoint in named.items() if endpoint is not None}

    @property
    def identity(self) -> SandboxIdentity:
        """Whose its log is."""
        function = self.function
        source = source_of(function.code)
        return SandboxIdentity(
            function_name=function.function_name,
            handler=function.handler or "",
            account=function.place.account,
            instance=self.variables.get(LOG_STREAM, ""),
            memory=function.memory,
            logging=function.logging,
            source=None if source is None else str(source),
        )


def container_spec(
    spec: SandboxSpec,
    *,
    name: str,
    labels: Mapping[str, str],
    route: Route,
    variables: Mapping[str, str],
    mark: str | None,
    of_user: bool = False,
) -> ContainerSpec:
    """A container as Lambda lays it out: user, folders, limits (Lambda developer guide, "Lambda quotas").

    ``mark`` is Supervision's, None where the image has no shell. The engine is an ordinary user's own, if it is
    ``of_user``.
    """
    function = spec.function
    on_host = route.network == HOST_NETWORK
    # A container's own name stands in its /etc/hosts with its own address, so what extensions bind to under the name
    # that Lambda gives it is in reach from outside. On the host's network it has no name of its own.
    own_names = dict.fromkeys(("sandbox.localdomain", "sandbox"), LOOPBACK) if on_host else {}
    mounts = [
        Mount(source=spec.inside / "entry.sh", target=f"{_OWN_FOLDER}/entry.sh"),
        Mount(source=spec.inside / "node_output.cjs", target=f"{_OWN_FOLDER}/node_output.cjs"),
        Mount(source=spec.inside / "passwd", target="/etc/passwd"),
        Mount(source=spec.inside / "group", target="/etc/group"),
    ]
    if spec.code is not None:
        mounts.append(Mount(source=spec.code, target="/var/task"))
    if mark is not None:
        mounts.append(Mount(source=spec.inside / "supervisor.sh", target=f"{_OWN_FOLDER}/supervisor.sh"))
    if spec.opt is not None:
        mounts.append(Mount(source=spec.opt, target="/opt"))
    debugging = spec.debugging
    if debugging is not None:
        mounts += debugging.mounts
    mounts += spec.mounts
    return ContainerSpec(
        name=name,
        image=spec.image.name,
        platform=spec.image.platform,
        entrypoint=("/bin/sh", f"{_OWN_FOLDER}/entry.sh") if spec.image.has_shell else spec.image.start,
        command=_command(spec) if spec.image.has_shell else (),
        working_dir=spec.image.working_dir if function.is_image else "/var/task",
        user=USER,
        groups=groups_for(spec.mounts, of_user=of_user),
        environment={
            **variables,
            **(debugging.variables if debugging else {}),
            **(_for_entry(variables, mark=mark) if spec.image.has_shell else {}),
        },
        mounts=tuple(mounts),
        labels={**labels, DEBUG_LABEL: str(debugging.entrance)} if debugging else labels,
        network=route.network,
        extra_hosts={**own_names, **route.extra_hosts, **spec.extra_hosts},
        # What lies in a /tmp in memory counts as memory, which it does not on Lambda.
        memory=function.memory
        + (function.storage if spec.image.tmp is Tmp.MEMORY else 0)
        + (debugging.memory if debugging else 0),
        tmp_size=function.storage,
        tmp=spec.image.tmp,
        open_files=OPEN_FILES,
        processes=PROCESSES + (_SHELLS if mark is not None else 0),
        published=(debugging.port,) if debugging and not on_host and route.publishes else (),
        capabilities=debugging.capabilities if debugging else (),
        hostname=None if on_host else "sandbox",
        domain_name=None if on_host else "localdomain",
        open_stdin=mark is not None,
    )


def _for_entry(variables: Mapping[str, str], *, mark: str | None) -> dict[str, str]:
    """What entry.sh is told, and takes out of the environment again."""
    return {
        "SAMLOCAL_UNSET": " ".join(name for name in _OF_ENGINE if name not in variables),
        **({"SAMLOCAL_MARK": mark} if mark is not None else {}),
    }


def _command(spec: SandboxSpec) -> tuple[str, ...]:
    """entry.sh's arguments."""
    if spec.function.is_image:
        return ("image", *spec.image.start)
    return (_kind(spec.function.runtime or ""), spec.function.handler or "")


def _kind(runtime: str) -> str:
    """entry.sh's word for how the runtime is started."""
    if runtime.startswith("provided") or runtime == "go1.x":
        return "provided"
    return "nodejs" if runtime.startswith("nodejs") else "managed"
