"""``$input`` and ``$util`` of a mapping template, whose methods are found as those of values are.

Sources: API Gateway developer guide, "Variables for data transformations for API Gateway"; for forms, what is used on
AWS: Serverless Framework, ``method/integration.js``, and the answers to Stack Overflow's question 32057053.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cached_property
from urllib.parse import quote_plus, unquote_plus

from msgspec import Struct

from samlocal.http_api.vtl.jsonpath import ABSENT, found
from samlocal.http_api.vtl.values import Members, Nothing, Text, json_text, wrapped

_ESCAPES = {"\b": "\\b", "\n": "\\n", "\t": "\\t", "\f": "\\f", "\r": "\\r"}
_ESCAPED = "'\"\\/"
_CLAIMS = "authorizer.claims."


class Parameters(Struct, frozen=True, kw_only=True):
    """Of the method request, by part, in the order in which a name is looked for."""

    path: Mapping[str, str]
    querystring: Mapping[str, str]
    header: Mapping[str, str]


class Input:
    """``$input``: the payload that a template transforms, and the request's parameters."""

    def __init__(self, payload: bytes, parameters: Parameters) -> None:
        self._body = Text(payload.decode(errors="replace"))
        self._parameters = parameters

    def getBody(self) -> Text:  # noqa: N802 - Java's
        return self._body

    def json(self, path: str) -> Text:
        """A part as JSON; an empty JSON text for what is not there."""
        value = found(self._document, str(path))
        return Text('""' if value is ABSENT else json_text(value))

    def path(self, path: str) -> object:
        """A part as a value."""
        value = found(self._document, str(path))
        return Nothing() if value is ABSENT else wrapped(value)

    def params(self, name: str | None = None) -> object:
        """All of them, or one: of the path, else of the query, else of the headers."""
        own = self._parameters
        if name is None:
            return Members({"path": own.path, "querystring": own.querystring, "header": own.header})
        for values in (own.path, own.querystring):
            if name in values:
                return Text(values[name])
        lower = str(name).lower()
        return Text(next((value for each, value in own.header.items() if each.lower() == lower), ""))

    @cached_property
    def _document(self) -> object:
        """Without a payload, an object without members; of what does not begin as JSON, the text itself, as templates
        for forms have it (``$input.path('$').split('&')``). Raises ValueError for JSON that is none."""
        if not self._body:
            return {}
        try:
            return json.loads(str(self._body))
        except ValueError:
            if self._body.lstrip()[:1] in ("{", "["):
                raise
            return self._body


class Util:
    """``$util``."""

    def escapeJavaScript(self, text: object) -> Text:  # noqa: N802 - AWS's
        """As Apache Commons Lang's StringEscapeUtils does."""
        return Text("".join(map(_escaped, str(text))))

    def parseJson(self, text: str) -> object:  # noqa: N802 - AWS's
        return wrapped(json.loads(str(text)))

    def urlEncode(self, text: object) -> Text:  # noqa: N802 - AWS's
        """As Java's URLEncoder does: ``*`` stays."""
        return Text(quote_plus(str(text), safe="*").replace("~", "%7E"))

    def urlDecode(self, text: object) -> Text:  # noqa: N802 - AWS's
        return Text(unquote_plus(str(text)))

    def base64Encode(self, text: object) -> Text:  # noqa: N802 - AWS's
        return Text(base64.b64encode(str(text).encode()).decode())

    def base64Decode(self, text: object) -> Text:  # noqa: N802 - AWS's
        return Text(base64.b64decode(str(text)).decode(errors="replace"))


def context_members(variables: Mapping[str, str]) -> Members:
    """``$context`` of its variables' names: ``identity.sourceIp`` is a member of a member. What a template may
    override is there to be set."""
    context = Members({"requestOverride": _overrides(), "responseOverride": _overrides()})
    for name, value in variables.items():
        # A claim's own name may be a URL.
        *ways, last = name.split(".", 2 if name.startswith(_CLAIMS) else -1)
        place = context
        for way in ways:
            if not isinstance(place.get(way), Members):
                place.put(way, Members())
            place = place.get(way)
        place.put(last, value)
    return context


def _overrides() -> dict[str, object]:
    return {"header": {}, "path": {}, "querystring": {}}


def _escaped(letter: str) -> str:
    if letter in _ESCAPED:
        return f"\\{letter}"
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if " " <= letter <= "~":
        return letter
    encoded = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{encoded[at : at + 2].hex().upper()}" for at in range(0, len(encoded), 2))
