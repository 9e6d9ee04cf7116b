"""The path of a request, as each kind of API hands it on.

Source: what one path became behind each of them on AWS, hotsock/voker, ``vokerhttp/testdata/ingress-paths.json``.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from samlocal.http_api.exchange import Matched
from samlocal.http_api.model import DEFAULT_ROUTE, Api

_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


def with_stage(api: Api, path: str) -> str:
    """``/Prod/items`` of ``/items``; the stage ``$default`` has no place in the path."""
    return path if api.stage == DEFAULT_ROUTE else f"/{api.stage}{path}"


def http_api_path(api: Api, matched: Matched) -> str:
    """What an HTTP API makes of an encoded path: it decodes, drops all behind a ``?``, and decodes again.

    The path stays as it came where the second time finds no escape it knows: AWS answers such a request by itself.
    """
    once = unquote(matched.path).partition("?")[0]
    return with_stage(api, matched.path if _ESCAPE.search(once) else unquote(once))
