"""The local AWS endpoint: moto's server, a process of its own on loopback."""

from __future__ import annotations

import errno
import http.client
import importlib.util
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from samlocal.aws import Aws, Credentials
from samlocal.errors import AwsError, ConfigurationError
from samlocal.local.moto.door import CONTROL_HEADER

ACCOUNT = "123456789012"  # moto's, unless told otherwise

PROGRAM = Path(__file__).with_name("moto") / "process.py"
_TAIL = 15

# The endpoint takes any key. These cannot be mistaken for real ones, and the child must find no real ones.
_KEYS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_EC2_METADATA_DISABLED": "true",
}
KEYS = Credentials(access_key_id=_KEYS["AWS_ACCESS_KEY_ID"], secret_access_key=_KEYS["AWS_SECRET_ACCESS_KEY"])
_NO_FILES = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
# What a Python program needs to start and find its packages. Nothing of the user's AWS or proxy settings.
_INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalServer:
    """A running endpoint that stands in for every AWS service.

    ``token`` tells one start from another, ``control`` is the secret for moto's own controls.
    """

    url: str
    pid: int
    token: str = ""
    control: str = field(default="", repr=False)

    def aws(self, region: str) -> Aws:
        """Its caller."""
        return Aws(region=region, credentials=KEYS, endpoint_url=self.url)

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """``environ`` for programs that are to use this endpoint: no profile, no other keys, no proxy in between."""
        kept = {name: value for name, value in environ.items() if not name.startswith("AWS_")}
        direct = ",".join(filter(None, [environ.get("NO_PROXY", environ.get("no_proxy")), "127.0.0.1"]))
        return kept | _KEYS | _NO_FILES | {"AWS_ENDPOINT_URL": self.url, "NO_PROXY": direct, "no_proxy": direct}


@contextmanager
def serve(environ: Mapping[str, str], *, deadline: float = 30) -> Iterator[LocalServer]:
    """Starts the endpoint, empty, and stops it at the end of the block.

    ``deadline`` is in seconds, for the start. Raises ConfigurationError where moto is not installed, AwsError with
    the process's last log lines where it does not come up.
    """
    check_installed()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(
            # -P: moto/process.py's own folder is no place to import from.
            [sys.executable, "-P", str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=process_environment(environ),
            # Out of the terminal's reach: Ctrl-C is this process's to answer, which may still need the endpoint.
            start_new_session=True,
        )
        try:
            answered = awaited(process, log, time.monotonic() + deadline)
            yield LocalServer(url=f"http://127.0.0.1:{answered.port}", pid=process.pid, control=answered.control)
        finally:
            _stop(process)


def check_installed() -> None:
    """Raises ConfigurationError where moto is not installed."""
    if importlib.util.find_spec("moto") is None:
        raise ConfigurationError(
            "The local environment is moto's server, which is not installed.",
            tip="Install it beside samlocal: `pip install 'samlocal[local]'`.",
        )


def process_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What the endpoint's process sees: none of the user's keys."""
    kept = {name: environ[name] for name in _INHERITED if name in environ}
    # samlocal itself, which need not be installed where it runs from a checkout.
    path = os.pathsep.join(filter(None, [str(PROGRAM.parents[2]), environ.get("PYTHONPATH")]))
    return kept | _KEYS | _NO_FILES | {"PYTHONPATH": path}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Where a process serves, its id (it may not be the one that was started) and the secret for its controls."""

    port: int
    pid: int
    control: str = field(repr=False)


def awaited(process: subprocess.Popen[bytes], log: IO[str], until: float) -> Answered:
    """Waits until the endpoint answers.

    Raises AwsError with the last lines of its log, ConfigurationError where the disk has no room for any.
    """
    assert process.stdout is not None  # noqa: S101 - Popen was asked for a pipe
    readable, _, _ = select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))
    line = process.stdout.readline() if readable else b""
    if not line:
        raise _failed(process, log)
    told = json.loads(line)
    connection = http.client.HTTPConnection("127.0.0.1", told["port"], timeout=max(0.1, until - time.monotonic()))
    try:
        connection.request("HEAD", "/moto-api/", headers={CONTROL_HEADER: told["control"]})
        connection.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, OSError) and error.errno == errno.ENETUNREACH:
            raise AwsError(
                "The local endpoint (moto's server) is reached by 127.0.0.1, to which nothing leads.",
                tip="Is this machine's loopback up (`ip link set lo up`)?",
            ) from error
        raise _failed(process, log) from error
    finally:
        connection.close()
    return Answered(port=told["port"], pid=told["pid"], control=told["control"])


def _failed(process: subprocess.Popen[bytes], log: IO[str]) -> AwsError | ConfigurationError:
    try:
        status = process.wait(timeout=0.5)
        how = f"ended with exit status {status}" if status else "did not come up"
    except subprocess.TimeoutExpired:
        how = "did not answer in time"
    log.seek(0)
    last = log.read().splitlines()[-_TAIL:]
    if not last and os.fstatvfs(log.fileno()).f_bavail == 0:
        # What it could not write for want of room, it could not complain of there either.
        return ConfigurationError(
            f"The local endpoint (moto's server) {how}: the disk that its log is on is full.",
            tip="Make room there, or name another place: SAMLOCAL_CACHE_DIR for the cache, TMPDIR for other files.",
        )
    quoted = "".join(f"\n  {line}" for line in last) or " It logged nothing."
    return AwsError(
        f"The local endpoint (moto's server) {how}.{quoted}",
        tip="Check the installation: `pip install 'samlocal[local]'`.",
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None  # noqa: S101 - Popen was asked for pipes
    assert process.stdout is not None  # noqa: S101
    process.stdin.close()
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        process.stdout.close()
