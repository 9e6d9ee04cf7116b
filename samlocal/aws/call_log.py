"""Each call to AWS in the log of this process: what, where, as whom, how it ended, and how long it took.

Nothing of what is sent or answered is in it, and of whoever asks the profile or two ends of a key's id.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import logging

_CALL = "samlocal.call"
_SHOWN = 4

_DEBUG = 10
"""logging's level of that name."""


def is_heard() -> bool:
    return bool(_log().isEnabledFor(_DEBUG))


def shortened(key_id: str) -> str:
    """``AKIA…7Q2X``."""
    return f"{key_id[:_SHOWN]}…{key_id[-_SHOWN:]}"


def log_calls(core: Any, *, whom: str) -> None:
    """Has all clients that botocore's session makes from now on log their calls, where somebody hears it."""
    if not is_heard():
        return

    # The events of a call share its ``context`` (botocore/client.py, _make_api_call).
    def began(model: Any, context: dict[str, Any], **_: object) -> None:
        context[_CALL] = model, time.monotonic()

    def ended(http_response: Any, context: dict[str, Any], **_: object) -> None:
        tell(str(http_response.status_code), context)

    def failed(exception: BaseException, context: dict[str, Any], **_: object) -> None:
        tell(type(exception).__name__, context)

    def tell(how: str, context: dict[str, Any]) -> None:
        model, began = context[_CALL]
        _tell(model.service_model.service_name, model.name, str(context.get("client_region")), whom, how, began)

    core.register("before-call", began)
    core.register("after-call", ended)
    core.register("after-call-error", failed)


@contextmanager
def logged(service: str, operation: str, region: str, *, whom: str) -> Iterator[None]:
    """A call that no client of botocore's makes."""
    began, how = time.monotonic(), "200"
    try:
        yield
    except BaseException as error:
        how = str(getattr(error, "code", type(error).__name__))
        raise
    finally:
        _tell(service, operation, region, whom, how, began)


def log_url(what: str, status: int, began: float) -> None:
    """A request that its URL signs; ``what`` is without that."""
    _log().debug("AWS %s: %s in %.0f ms", what, status, (time.monotonic() - began) * 1000)


def _tell(service: str, operation: str, region: str, whom: str, how: str, began: float) -> None:
    took = (time.monotonic() - began) * 1000
    _log().debug("AWS %s %s in %s as %s: %s in %.0f ms", service, operation, region, whom, how, took)


def _log() -> logging.Logger:
    # Milliseconds of each command, which one that calls AWS has paid for already: botocore imports it.
    import logging

    return logging.getLogger(__name__)
