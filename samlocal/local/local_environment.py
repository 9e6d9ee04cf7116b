"""The environment on this machine, brought up to the template: its endpoint up, its stack deployed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from msgspec import Struct, field

from samlocal import __version__
from samlocal.local.project import LocalProject
from samlocal.local.server import LocalServer
from samlocal.local.stack_parameters import MadeUp
from samlocal.records import read_record, write_record
from samlocal.template.reader import read

if TYPE_CHECKING:
    from samlocal.local.deploy import Deployment


# What `uuid` writes.
_ID = re.compile(r"[0-9a-f]{32}")


class LocalStack(Struct, frozen=True, kw_only=True):
    """A stack as the user wants it."""

    stack_name: str
    region: str
    parameters: Mapping[str, str]


class _Record(Struct, frozen=True, kw_only=True):
    """What was deployed; ``id`` names the folder for what is learnt of it."""

    stack: str
    region: str
    id: str
    files: tuple[Path, ...]
    fingerprint: str
    made_up: tuple[MadeUp, ...]
    idle: Mapping[str, str]


class LocalEnvironment(Struct, frozen=True, kw_only=True):
    """An endpoint with the stack of today's template. ``memory`` is for what is learnt of this very deployment.

    ``made_up`` are the stack's parameters that nobody has given a value, ``idle`` says of which resources of the
    translated template nothing comes, and why; ``Child/Queue`` is a nested stack's.
    """

    server: LocalServer
    wanted: LocalStack
    memory: Path
    made_up: tuple[MadeUp, ...] = ()
    idle: Mapping[str, str] = field(default_factory=dict)

    @property
    def lasting(self) -> Path:
        """For what holds as long as the endpoint does, whatever is deployed there."""
        return self.memory.parent


class Listener(Protocol):
    """Hears what takes time."""

    def starting(self) -> None: ...

    def deploying(self, *, again: bool) -> None: ...

    def deployed(self, deployment: Deployment, seconds: float) -> None: ...


def local_environment(
    project: LocalProject, wanted: LocalStack, listener: Listener, *, anew: bool = False
) -> LocalEnvironment:
    """The environment, started and deployed where it is not up to the template, or ``anew`` in any case.

    Whoever holds ``project.residence.use()`` can rely on it until then. When nothing has changed, nothing is asked
    and next to nothing is imported. Raises what LocalProject.start and deploy raise.
    """
    ready = None if anew else _as_it_is(project, wanted)
    if ready is not None:
        project.residence.touch()
        return ready
    with project.locked():
        # Somebody else may have done it while this one waited.
        return (None if anew else _as_it_is(project, wanted)) or _made(project, wanted, listener)


def deployed_stacks(project: LocalProject, server: LocalServer) -> list[tuple[str, str]]:
    """What is deployed there: stacks, each with its region."""
    records = (read_record(file, _Record) for file in sorted(project.memory(server).glob("stack-*.json")))
    return [(record.stack, record.region) for record in records if record is not None]


def forget_answers(project: LocalProject) -> None:
    """What AWS said is not true any more; the next run asks again."""
    server = project.running()
    if server is None:
        return
    for file in project.memory(server).glob("*/snapshot.json"):
        file.unlink(missing_ok=True)


def _as_it_is(project: LocalProject, wanted: LocalStack) -> LocalEnvironment | None:
    server = project.running()
    if server is None:
        return None
    record = read_record(_record(project, server, wanted), _Record)
    if record is None or not record.files or record.fingerprint != _fingerprint(record.files, wanted):
        return None
    return LocalEnvironment(
        server=server,
        wanted=wanted,
        memory=project.memory(server) / record.id,
        made_up=record.made_up,
        idle=record.idle,
    )


def _made(project: LocalProject, wanted: LocalStack, listener: Listener) -> LocalEnvironment:
    import time

    began = time.monotonic()
    # One that cannot be read is deployed nowhere, and nothing is started for it.
    document = read(project.template)
    server = project.running()
    again = server is not None and _record(project, server, wanted).exists()
    if server is None:
        listener.starting()
        server = project.start(meanwhile=_import_what_deploys)
    else:
        listener.deploying(again=again)
    from samlocal.local.deploy import deploy

    deployment = deploy(
        document,
        stack_name=wanted.stack_name,
        aws=server.aws(wanted.region),
        parameters=wanted.parameters,
        # The functions' code is on this machine, and nobody runs it there.
        with_code=False,
    )
    files = tuple(path.resolve() for path in deployment.files)
    record = _Record(
        stack=wanted.stack_name,
        region=wanted.region,
        id=uuid.uuid4().hex,
        files=files,
        fingerprint=_fingerprint(files, wanted),
        made_up=tuple(deployment.made_up),
        idle=deployment.idle,
    )
    write_record(_record(project, server, wanted), record)
    _forget_before(project.memory(server))
    listener.deployed(deployment, time.monotonic() - began)
    project.residence.touch()
    memory = project.memory(server) / record.id
    return LocalEnvironment(server=server, wanted=wanted, memory=memory, made_up=record.made_up, idle=record.idle)


def _forget_before(memory: Path) -> None:
    """What was learnt of deployments that others have taken the place of."""
    records = (read_record(file, _Record) for file in memory.glob("stack-*.json"))
    last = {record.id for record in records if record is not None}
    for each in memory.iterdir():
        if _ID.fullmatch(each.name) and each.name not in last:
            shutil.rmtree(each, ignore_errors=True)


def _import_what_deploys() -> None:
    """Half a second that the endpoint needs too, to come up."""
    import samtranslator.translator.translator  # noqa: F401


def _record(project: LocalProject, server: LocalServer, wanted: LocalStack) -> Path:
    return project.memory(server) / f"stack-{quote(wanted.stack_name, safe='')}-{wanted.region}.json"


def _fingerprint(files: Iterable[Path], wanted: LocalStack) -> str:
    """Tells whether what was deployed is what would be deployed now."""
    digest = hashlib.sha256()
    parts = [__version__, wanted.stack_name, wanted.region, json.dumps(dict(sorted(wanted.parameters.items())))]
    for part in parts:
        digest.update(part.encode() + b"\0")
    for file in files:
        try:
            content = file.read_bytes()
        except OSError:
            content = b"\0gone"
        digest.update(os.fspath(file).encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()
