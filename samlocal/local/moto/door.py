"""Who may ask the local endpoint what: the WSGI application in front of moto's."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from samlocal.local.moto.tracing import tracing
from samlocal.own_host import foreign

CONTROL_HEADER = "X-Samlocal-Control"
"""Carries the secret that moto's controls and samlocal's own ask for."""

Environ: TypeAlias = dict[str, Any]
Application: TypeAlias = Callable[[Environ, Any], Iterable[bytes]]


class Door:
    """Lets requests through to moto, and counts them.

    ``control`` is the secret of ``CONTROL_HEADER``, ``own`` answers samlocal's own commands.
    """

    def __init__(self, application: Application, *, control: str, own: Application) -> None:
        self._application = application
        self._control = control
        self._own = self.guarded(own)
        self.count = 0

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        refused = _foreign(environ)
        if refused:
            return _refused(start_response, refused)
        self.count += 1
        path = environ.get("PATH_INFO", "")
        if path == "/samlocal/types":
            from moto.cloudformation.parsing import get_model_map

            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(sorted(get_model_map())).encode()]
        if path.startswith("/samlocal/"):
            return self._own(environ, start_response)
        with tracing(environ.get("HTTP_X_AMZN_TRACE_ID")):
            return self._application(environ, _without_cors(start_response))

    def guarded(self, application: Application) -> Application:
        """What resets everything, shows everything or runs functions: for who knows the secret."""

        def guard(environ: Environ, start_response: Any) -> Iterable[bytes]:
            given = environ.get(f"HTTP_{CONTROL_HEADER.upper().replace('-', '_')}", "")
            if hmac.compare_digest(given.encode(), self._control.encode()):
                return application(environ, start_response)
            return _refused(start_response, "This is samlocal's own here: use `samlocal local`.")

        return guard


def _foreign(environ: Environ) -> str | None:
    """Why a request is not answered, None for a program's own."""
    return foreign(
        host=environ.get("HTTP_HOST", ""),
        origin=environ.get("HTTP_ORIGIN"),
        fetch_site=environ.get("HTTP_SEC_FETCH_SITE"),
        who="samlocal's local environment",
    )


def _without_cors(start_response: Any) -> Any:
    """No page may read an answer, whatever moto or a bucket's own CORS rules say."""

    def started(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
        kept = [(name, value) for name, value in headers if not name.lower().startswith("access-control-")]
        return start_response(status, kept, *more)

    return started


def _refused(start_response: Any, message: str) -> Iterable[bytes]:
    body = json.dumps({"__type": "AccessDeniedException", "message": message}).encode()
    start_response("403 Forbidden", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
