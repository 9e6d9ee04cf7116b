"""What a function without rights hears of every service but Lambda, in the form that its SDK reads.

Source: Smithy, "AWS protocols": awsQuery and restXml have errors in XML, the others in JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from xml.sax.saxutils import escape

from msgspec import Struct

_CODE = "AccessDeniedException"


class NoService(Struct, frozen=True, kw_only=True):
    """What the SDK is answered."""

    headers: Mapping[str, str]
    body: bytes
    status: int = 403


def no_service(service: str, headers: Mapping[str, str]) -> NoService:
    """``headers`` are the request's own."""
    message = (
        f"samlocal: {service} is not there for a function without an environment: "
        "name one with -e or -n, or take -e local."
    )
    if service in ("s3", "route53", "cloudfront"):
        return _xml(f"<Error><Code>{_CODE}</Code><Message>{escape(message)}</Message></Error>")
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        error = f"<Error><Type>Sender</Type><Code>{_CODE}</Code><Message>{escape(message)}</Message></Error>"
        return _xml(f"<ErrorResponse>{error}</ErrorResponse>")
    return NoService(
        headers={"Content-Type": "application/json", "X-Amzn-ErrorType": _CODE},
        body=json.dumps({"__type": _CODE, "message": message}).encode(),
    )


def _xml(text: str) -> NoService:
    return NoService(headers={"Content-Type": "text/xml"}, body=text.encode())
