"""Where an engine is looked for when nothing names one, and what to do where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

DEFAULT = "unix:///var/run/docker.sock"
"""Where Docker's own client looks (docker(1))."""

_START = "Start Docker (Docker Desktop, Colima, `systemctl start docker`), or set DOCKER_HOST."

# Under a user's home, each as its own documentation names it. All but Podman's are named by a Docker context too,
# where Docker's client is installed.
_IN_HOME = (
    ".docker/run/docker.sock",  # Docker Desktop
    ".docker/desktop/docker.sock",  # Docker Desktop on Linux
    ".orbstack/run/docker.sock",
    ".colima/default/docker.sock",
    ".config/colima/default/docker.sock",
    ".rd/docker.sock",  # Rancher Desktop with dockerd (moby)
    ".lima/docker/sock/docker.sock",
    ".lima/podman/sock/podman.sock",
    ".local/share/containers/podman/machine/podman.sock",
)


def found_places(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The addresses of the sockets there are at known places, in the order in which they are to be asked.

    Docker's default is first and is there in any case. An ordinary user's own engine comes before the machine's.
    """
    runtime = environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    home = Path(environ.get("HOME") or os.sep)
    candidates = (
        Path(runtime, "docker.sock"),
        *(home / name for name in _IN_HOME),
        Path(runtime, "podman", "podman.sock"),
        Path("/run/podman/podman.sock"),
    )
    return (DEFAULT, *(f"unix://{path}" for path in candidates if _is_socket(path)))


def start_tip(environ: Mapping[str, str]) -> str:
    """What to do where no engine answers at any place, by what is installed."""
    path = environ.get("PATH")
    if shutil.which("docker", path=path) is None:
        if shutil.which("podman", path=path):
            return (
                "Start Podman's API (`systemctl --user start podman.socket`; on macOS `podman machine start`), or "
                "set DOCKER_HOST."
            )
        for client in ("nerdctl", "finch"):
            if shutil.which(client, path=path):
                return (
                    f"{client} drives containerd, which has no Docker API. Start Docker or Podman beside it (Rancher "
                    "Desktop: choose dockerd; Colima: `colima start --runtime docker`)."
                )
    return _START


def _is_socket(path: Path) -> bool:
    try:
        return path.is_socket()
    except OSError:
        # Somebody else's.
        return False
