"""A role's trust policy: whom it names, and the one statement that samlocal adds to it."""

from __future__ import annotations

import hashlib
import json
import urllib.parse

from msgspec import Struct

from samlocal.deployed.rights import document_text

SID = "Samlocal"
"""What the Sids of samlocal's statements begin with. A Sid holds letters and digits only (IAM, "Sid")."""


class TrustStatement(Struct, frozen=True, kw_only=True):
    """Lets one principal assume the role. The Sid follows from the principal: a second one would be the first."""

    principal: str

    @property
    def sid(self) -> str:
        return SID + hashlib.sha256(self.principal.encode()).hexdigest()[:16]

    def text(self) -> str:
        statement = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Principal": {"AWS": self.principal},
            "Action": "sts:AssumeRole",
        }
        return json.dumps(statement)

    def is_in(self, document: str) -> bool:
        return self.sid in document_text.sids(document)

    def added_to(self, document: str) -> str:
        """The document with this statement, once. Raises ValueError when it is no policy document."""
        return document if self.is_in(document) else document_text.with_statement(document, self.text())

    def removed_from(self, document: str) -> str:
        return document_text.without_statement(document, self.sid)


def written_document(sent: object) -> str:
    """The document's own text, from the URL-encoded one that IAM sends (IAM API reference, GetRole)."""
    return urllib.parse.unquote(sent) if isinstance(sent, str) else json.dumps(sent)


def same(one: str, other: str) -> bool:
    """Whether two documents say the same in the same order, however they are set."""
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def principals(document: str) -> list[str]:
    """Everyone whom a statement names, each once. A document that cannot be read names nobody."""
    try:
        found = document_text.statements(document)
    except ValueError:
        return []
    names = [
        name
        for piece in found.each
        if isinstance(piece.value, dict)
        for name in _names(piece.value.get("Principal", piece.value.get("NotPrincipal")))
    ]
    return list(dict.fromkeys(names))


def _names(principal: object) -> list[str]:
    match principal:
        case dict():
            return [name for value in principal.values() for name in _names(value)]
        case list():
            return [str(name) for name in principal]
        case None:
            return []
    return [str(principal)]
