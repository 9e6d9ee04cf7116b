"""The Docker SDK's exceptions as samlocal's errors."""

from __future__ import annotations

import errno

from samlocal.errors import EngineError


class MountMissingError(EngineError):
    """The engine does not find what is to be mounted."""


class translated:  # noqa: N801 - reads as the statement it is
    """Turns the Docker SDK's exceptions into EngineError."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is None:
            return
        import requests
        from docker.errors import APIError, DockerException

        if isinstance(error, APIError):
            told = str(error.explanation or error)
            raise EngineError(f"Docker: {self._what}: {told}.", tip=_remedy(told)) from error
        if isinstance(error, (DockerException, requests.exceptions.RequestException)):
            # The client notes its address (PEP 678).
            where = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
            raise EngineError(
                f"Docker: {self._what}: {cause(error)}{where}.",
                tip=own_limit(error) or "Is the Docker engine still running?",
            ) from error


# What an engine says of a program that its machine lacks, and what to do about it.
_REMEDIES = (
    (
        "container-init binary not found",
        "Podman begins each container with catatonit: install it (`apt-get install catatonit`, `dnf install "
        "catatonit`).",
    ),
    (
        "could not find slirp4netns",
        "Install slirp4netns (`apt-get install slirp4netns`): it gives an ordinary user's containers their network.",
    ),
    (
        "cgroups in hybrid mode not supported",
        'crun does not run on this machine\'s cgroups; runc does: `runtime = "runc"` under [engine] in '
        "~/.config/containers/containers.conf.",
    ),
)


def _remedy(told: str) -> str | None:
    return next((remedy for complaint, remedy in _REMEDIES if complaint in told), None)


def cause(error: BaseException) -> str:
    """The innermost reason: the SDK wraps a missing socket four times."""
    text = str(_innermost(error))
    return text if len(text) < 200 else f"{text[:200]}…"


def own_limit(error: BaseException) -> str | None:
    """What to do where it is this process, and not the engine, that may not go on; None for anything else."""
    match getattr(_innermost(error), "errno", None):
        case errno.EMFILE:
            return "This process may open no more files: raise the limit (`ulimit -n 1024`)."
        case errno.EACCES:
            return (
                "The engine's socket is not yours to use: join its group (`sudo usermod -aG docker $USER`, then log "
                "in anew), or name an engine of your own with DOCKER_HOST."
            )
    return None


def _innermost(error: BaseException) -> BaseException:
    while error.__context__ is not None:
        error = error.__context__
    return error


def image_tip(name: str) -> str:
    """What to do about an image that cannot be had."""
    return (
        f"Check the network, pull it by hand (`docker pull {name}`), or name another image with "
        "--image RUNTIME=IMAGE. In samlocal's own checkout `make images` builds stand-ins."
    )
