"""Builds in a container: for what has to be compiled where it will run."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Protocol

from samlocal.artifact.build.builder import BUILD_SECONDS, IN_CONTAINER, PACKAGES, HostBuilder, request
from samlocal.artifact.build.builder import variables as builder_variables
from samlocal.artifact.build.cache_folders import cache_folders
from samlocal.artifact.build.exchange import Exchange
from samlocal.artifact.build.job import BuilderFolders, Job
from samlocal.artifact.build.log import check_answer, failed, plain, step_of
from samlocal.artifact.build.sources import roots
from samlocal.artifact.build.workflow import manifest_path, source_folder
from samlocal.artifact.cache import Cache
from samlocal.artifact.engine_disk.standpoint import standpoint
from samlocal.artifact.image.runtime_image import STAND_INS
from samlocal.engine import ContainerSpec, Engine, Mount, PullProgress
from samlocal.function.build_target import BuildTarget

REGISTRY = "public.ecr.aws/sam"

_ROOT = PurePosixPath("/samlocal")

_CACHES = _ROOT / "caches"
_MADE = (str(_ROOT / "artifacts"), str(_ROOT / "work"))

_NO_BUILDER = 127

# AWS's build images bring the builder; for any other with a Python, and pip for it, samlocal's own is mounted.
_ENTRY = f"""
command -v lambda-builders >/dev/null 2>&1 && exec lambda-builders "$1"
for python in python3 python; do
  command -v $python >/dev/null 2>&1 && PYTHONPATH={_ROOT}/python exec $python -m aws_lambda_builders "$1"
done
echo "The image has neither lambda-builders nor Python to run it with." >&2
exit {_NO_BUILDER}
"""

# How the user's machine reaches registries is how the container does.
_PASSED_ON = re.compile(
    r"(https?|no|all)_proxy|pip_(index_url|extra_index_url|trusted_host|default_timeout)|npm_config_registry|"
    r"uv_(index_url|default_index|index)|go(proxy|private|nosumdb|sumdb|flags)",
    re.IGNORECASE,
)
_CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


class Owner(Protocol):
    """Who the containers belong to: a session."""

    def next_name(self) -> str: ...

    @property
    def labels(self) -> Mapping[str, str]: ...


class ContainerBuilder:
    """Builds in a container for each job, on its own engine. ``named`` are the user's images by runtime or id, "" for
    all.
    """

    def __init__(
        self,
        engine_of: Callable[[BuildTarget], Engine],
        owner: Owner,
        *,
        environ: Mapping[str, str],
        named: Mapping[str, str],
        skip_pull: bool,
        network: str,
        progress: Callable[[str, PullProgress], None],
        cache: Cache,
    ) -> None:
        self._engine_of = engine_of
        self._owner = owner
        self._environ = environ
        self._named = named
        self._skip_pull = skip_pull
        self._network = network
        self._progress = progress
        self._cache = cache
        self._packer = HostBuilder(environ)
        self._running: dict[str, Engine] = {}
        self._lock = threading.Lock()

    @property
    def key(self) -> str:
        return f"{IN_CONTAINER} " + " ".join(f"{name}={image}" for name, image in sorted(self._named.items()))

    def build(self, job: Job, step: Callable[[str], None]) -> BuilderFolders:
        engine = self._engine_of(job.target)
        image = self._image(engine, job.target, step)
        base, source = _base(job), source_folder(job.target, job.workflow)
        inside = _ROOT / "project" / source.relative_to(base)
        seen = BuilderFolders(
            artifacts=str(_ROOT / "artifacts"),
            folders={str(_ROOT / "work" / job.scratch.name): source, str(_ROOT / "project"): base},
        )
        job = self._packer.packed(job, step, seen_as=str(_ROOT / "work" / PACKAGES))
        packed = job.packed and _ROOT / "work" / job.packed.relative_to(job.scratch.parent)
        sent = request(
            job,
            source=str(packed or inside),
            artifacts=seen.artifacts,
            scratch=str(_ROOT / "work" / job.scratch.name),
            manifest=None if job.manifest is None else str(_inside(job.manifest, job, base)),
            dependencies=None if job.dependencies is None else str(_dependencies(job)),
            search=(str(inside), str(inside / "node_modules" / ".bin")),
        )
        step(f"in {image}")
        answer, log, status = self._run(engine, job, image, sent, base, step)
        if status == _NO_BUILDER:
            raise failed(job, "\n".join([*log, "Name an image that has one with --build-image."]))
        check_answer(job, answer, log, seen=seen)
        return seen

    def stop(self) -> None:
        self._packer.stop()
        with self._lock:
            for name, engine in self._running.items():
                engine.remove(name, wait=False)

    def _image(self, engine: Engine, target: BuildTarget, step: Callable[[str], None]) -> str:
        """The user's, else AWS's build image, else where that is not there the stand-in of the runtime's own."""
        runtime = target.runtime or target.metadata.method or ""
        for name in (target.path, target.logical_id, runtime, ""):
            if name in self._named:
                image = self._named[name]
                break
        else:
            image = f"{REGISTRY}/build-{runtime}:latest-{target.architecture}"
            stand_in = _stand_in(runtime)
            if not engine.has_image(image) and stand_in and engine.has_image(stand_in):
                return stand_in
        if not self._skip_pull and not engine.has_image(image):
            step(f"pulling {image}")
            platform = f"linux/{'arm64' if target.architecture == 'arm64' else 'amd64'}"
            engine.pull(image, platform=platform, progress=lambda taken: self._progress(image, taken))
        return image

    def _run(
        self, engine: Engine, job: Job, image: str, sent: str, base: Path, step: Callable[[str], None]
    ) -> tuple[str, list[str], int]:
        name = self._owner.next_name()
        with self._lock:
            self._running[name] = engine
        late = threading.Event()

        def end() -> None:
            late.set()
            engine.remove(name, wait=False)

        timer = threading.Timer(BUILD_SECONDS, end)
        try:
            exchange = Exchange(
                self._container(job, name, image, sent, base, user=engine.own_user()),
                standpoint(engine, image, self._cache),
                made=_MADE,
                empty=_CACHES,
            )
            engine.create(exchange.spec)
            exchange.send(engine, name)
            pieces = engine.attach(name)
            engine.start(name)
            timer.start()
            answer, log = bytearray(), _Log(step)
            for stdout, stderr in pieces:
                answer += stdout or b""
                log.feed(stderr or b"")
            state = engine.state(name)
            exchange.bring_back(engine, name)
        finally:
            timer.cancel()
            with self._lock:
                self._running.pop(name, None)
            engine.remove(name)
        if late.is_set():
            raise failed(job, "\n".join([*log.lines[-20:], f"It took more than {BUILD_SECONDS / 60:.0f} minutes."]))
        return answer.decode(errors="replace"), log.lines, state.exit_status if state else 1

    def _container(self, job: Job, name: str, image: str, sent: str, base: Path, *, user: str) -> ContainerSpec:
        # The folder above what the builder makes anew: it could not remove a mounted one.
        work = job.scratch.parent
        (work / "home").mkdir(exist_ok=True)
        mounts = [
            Mount(source=base, target=str(_ROOT / "project"), writable=job.workflow.writes_source),
            Mount(source=job.folder, target=str(_ROOT / "artifacts"), writable=True),
            Mount(source=work, target=str(_ROOT / "work"), writable=True),
        ]
        mounts += [Mount(source=root, target=str(root)) for root in _elsewhere(job)]
        if job.dependencies is not None and not job.fetch:
            mounts.append(Mount(source=job.dependencies, target=str(_dependencies(job))))
        for package in ("aws_lambda_builders", "pip"):
            found = find_spec(package)
            places = (found.submodule_search_locations or ()) if found else ()
            mounts += [Mount(source=Path(place), target=str(_ROOT / "python" / package)) for place in places]
        variables = {"HOME": str(_ROOT / "work" / "home"), **builder_variables(job)}
        variables |= {name: value for name, value in self._environ.items() if _PASSED_ON.fullmatch(name)}
        for cache in cache_folders(job.workflow, self._environ):
            target = str(_CACHES / cache.variable.lower())
            mounts.append(Mount(source=cache.folder, target=target, writable=True))
            variables[cache.variable] = cache.form.format(target)
        certificates = next((self._environ[name] for name in _CERTIFICATES if self._environ.get(name)), None)
        if certificates and Path(certificates).is_file():
            mounts.append(Mount(source=Path(certificates).resolve(), target=str(_ROOT / "certificates.pem")))
            variables |= dict.fromkeys(_CERTIFICATES, str(_ROOT / "certificates.pem"))
        return ContainerSpec(
            name=name,
            image=image,
            platform=None,
            entrypoint=("/bin/sh", "-c", _ENTRY, "build"),
            command=(sent,),
            working_dir="/",
            # What it makes is the user's.
            user=user,
            environment=variables,
            mounts=tuple(mounts),
            labels=self._owner.labels,
            network=self._network,
            memory=0,
            tmp_size=2048,
            open_files=0,
            read_only=False,
        )


class _Log:
    """Lines from pieces, telling the steps among them."""

    def __init__(self, step: Callable[[str], None]) -> None:
        self.lines: list[str] = []
        self._step = step
        self._rest = b""

    def feed(self, piece: bytes) -> None:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for raw in lines:
            line = plain(raw)
            self.lines.append(line)
            taken = step_of(line)
            if taken:
                self._step(taken)


def _inside(manifest: Path, job: Job, base: Path) -> PurePosixPath:
    """The manifest, among the sources or written for this build, as the container sees it."""
    work = job.scratch.parent
    if manifest.is_relative_to(work):
        return _ROOT / "work" / manifest.relative_to(work)
    return _ROOT / "project" / manifest.relative_to(base)


def _base(job: Job) -> Path:
    """The folder that holds everything that the build reads, so that ``../shared`` is there in the container too."""
    source = source_folder(job.target, job.workflow)
    manifest = manifest_path(job.target, job.workflow)
    places = [source, *roots(job.target, job.workflow), *([manifest.parent.resolve()] if manifest else [])]
    base = Path(os.path.commonpath(places))
    if base != Path("/"):
        return base
    elsewhere = _elsewhere(job)
    return Path(os.path.commonpath([place for place in places if place not in elsewhere]))


def _elsewhere(job: Job) -> tuple[Path, ...]:
    """What lies outside of the project: a manifest may name it by its whole path, which leads there inside too."""
    project = job.target.metadata.folder.resolve()
    source = source_folder(job.target, job.workflow)
    return tuple(
        root
        for root in roots(job.target, job.workflow)
        if not root.is_relative_to(project) and not source.is_relative_to(root)
    )


def _dependencies(job: Job) -> PurePosixPath:
    """Those kept from another build are mounted; new ones are made beside the copy of the sources."""
    return _ROOT / "work" / "dependencies" if job.fetch else _ROOT / "dependencies"


def _stand_in(runtime: str) -> str | None:
    """``samlocal/lambda-python:3.11`` for python3.11."""
    found = re.fullmatch(r"([a-z]+?)\.?((?:al)?[\d.]+?)(?:\.x)?", runtime)
    return f"{STAND_INS}-{found[1]}:{found[2]}" if found else None
