"""Who has signed a request that comes here: Signature Version 4, read and checked.

Source: IAM user guide, "Create a signed AWS API request". What is signed, botocore computes.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)/aws4_request,"
    r"\s*SignedHeaders=(?P<signed>[^,\s]+),\s*Signature=(?P<value>[0-9a-f]{64})"
)


class Signature(Struct, frozen=True, kw_only=True):
    """What an ``Authorization`` header says. ``signed`` are the headers that are part of it, in small letters."""

    access_key_id: str
    region: str
    service: str
    signed: tuple[str, ...]
    value: str


def signature_of(headers: Mapping[str, str]) -> Signature | None:
    """None for a request that nobody has signed; the names of ``headers`` are in small letters."""
    found = _HEADER.fullmatch(headers.get("authorization", ""))
    if found is None:
        return None
    return Signature(
        access_key_id=found["key"],
        region=found["region"],
        service=found["service"],
        signed=tuple(found["signed"].split(";")),
        value=found["value"],
    )


def is_signed_with(
    secret: str, signature: Signature, *, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> bool:
    """Whether it is this secret's. ``target`` is the path with the query, as it was asked for."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.compat import HTTPHeaders
    from botocore.credentials import Credentials

    class AsSigned(SigV4Auth):  # type: ignore[misc, unused-ignore]
        def headers_to_sign(self, _: Any) -> Any:
            return HTTPHeaders.from_dict({name: headers.get(name, "") for name in signature.signed})

    request = AWSRequest(method=method, url=f"http://{headers.get('host', '')}{target}", headers=headers, data=body)
    request.context["timestamp"] = headers.get("x-amz-date", "")
    auth = AsSigned(Credentials(signature.access_key_id, secret), signature.service, signature.region)
    computed = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    return hmac.compare_digest(computed, signature.value)
