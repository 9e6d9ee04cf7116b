"""What a process that keeps sandboxes must have in common with the command that asks it.

AWS's SDK, Docker's, and whatever goes through a proxy read the process's own variables, so another command's calls
are another process's; the same is true of the working folder, to which paths are relative.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from msgspec import Struct

from samlocal.project.surroundings import Surroundings

# By what a run is decided that no option says. A shell's own variables differ from terminal to terminal.
_PREFIXES = ("AWS_", "DOCKER_", "BOTO_", "SAMLOCAL_LOCAL_")
_NAMES = frozenset(
    {
        "HOME",
        "TMPDIR",
        "SAMLOCAL_CACHE_DIR",
        "XDG_CACHE_HOME",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    }
)
_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})

# Those that end by themselves, and are then replaced by others of the same caller's.
_KEYS = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_CREDENTIAL_EXPIRATION",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    }
)


class Place(Struct, frozen=True, kw_only=True):
    """A process's variables that decide, and its working folder: a new one by the same name is another one."""

    variables: dict[bytes, bytes]
    folder: tuple[int, int]

    def differing(self, other: Place) -> tuple[str, ...]:
        """The names of the variables that differ, in order."""
        names = self.variables.keys() | other.variables.keys()
        return tuple(
            sorted(os.fsdecode(name) for name in names if self.variables.get(name) != other.variables.get(name))
        )


def place_of(world: Surroundings) -> Place:
    """Raises OSError where the working folder has gone."""
    about = world.cwd.stat()
    variables = {name: value for name, value in world.environ.items() if _decides(name)}
    return Place(variables=as_bytes(variables), folder=(about.st_dev, about.st_ino))


def are_keys(names: tuple[str, ...]) -> bool:
    """Whether nothing but a caller's keys is another one: those of before are of no more use."""
    return bool(names) and _KEYS.issuperset(names)


def as_bytes(environ: Mapping[str, str]) -> dict[bytes, bytes]:
    """Variables as the system has them: they need not be UTF-8."""
    return {os.fsencode(name): os.fsencode(value) for name, value in environ.items()}


def as_text(environ: Mapping[bytes, bytes]) -> dict[str, str]:
    return {os.fsdecode(name): os.fsdecode(value) for name, value in environ.items()}


def _decides(name: str) -> bool:
    return name in _NAMES or name.lower() in _PROXIES or name.startswith(_PREFIXES)
