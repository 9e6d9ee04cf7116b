"""Answers for which nothing runs: a load balancer's own, where its template says so, and samlocal's.

Source: Elastic Load Balancing user guide, "Redirect actions", "Fixed-response actions".
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from samlocal.http_api.answers.load_balancer import SERVER
from samlocal.http_api.exchange import HttpAnswer, HttpRequest
from samlocal.http_api.integration import FixedResponse, RedirectIntegration

_PLACE = re.compile(r"#\{(protocol|host|port|path|query)\}")
_PORTS = {"http": "80", "https": "443"}


def fixed_answer(response: FixedResponse) -> HttpAnswer:
    headers = (("Content-Type", response.content_type), SERVER)
    return HttpAnswer(status=response.status, headers=headers, body=response.body.encode())


def redirect_answer(request: HttpRequest, redirect: RedirectIntegration) -> HttpAnswer:
    """To a place that is made of the request's own."""
    asked = urlsplit(f"//{request.header('host') or 'localhost'}")
    own = {
        "protocol": request.scheme.upper(),
        "host": asked.hostname or "",
        "port": str(asked.port or _PORTS.get(request.scheme, "80")),
        "path": request.path.removeprefix("/"),
        "query": request.query,
    }

    def made(template: str) -> str:
        return _PLACE.sub(lambda place: own[place[1]], template)

    protocol = made(redirect.protocol).lower()
    query = made(redirect.query)
    location = f"{protocol}://{made(redirect.host)}:{made(redirect.port)}{made(redirect.path)}"
    return HttpAnswer(
        status=redirect.status, headers=(("Location", location + (f"?{query}" if query else "")), SERVER)
    )


def not_run(reason: str) -> HttpAnswer:
    """No answer of AWS's: it would have run."""
    body = json.dumps({"message": f"samlocal does not run this: {reason}."}).encode()
    return HttpAnswer(status=501, headers=(("Content-Type", "application/json"),), body=body)
