"""A role's trust policy: whom it names, and the one statement that samlocal adds to it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Raw, Struct

from samlocal.deployed.rights.policy_document import declared_statements, parsed

SID = "Samlocal"
"""What the Sids of samlocal's statements begin with. A Sid holds letters and digits only (IAM, "Sid")."""


class TrustStatement(Struct, frozen=True, kw_only=True):
    """Lets one principal assume the role. The Sid follows from the principal: a second one would be the first."""

    principal: str

    @property
    def sid(self) -> str:
        return SID + hashlib.sha256(self.principal.encode()).hexdigest()[:16]

    def is_in(self, document: str) -> bool:
        """Whether a statement of this Sid names the principal.

        Of one that was deleted and made again under its name, IAM shows an id instead of the ARN, and no longer lets
        it in (IAM user guide, "AWS JSON policy elements: Principal").
        """
        return any(
            self._is_own(value) and self.principal in _names(value.get("Principal"))
            for _, value in read_statements(document)
        )

    def added_to(self, document: str) -> str:
        """The document with this statement, once, after all others."""
        if self.is_in(document):
            return document
        body = {"Sid": self.sid, "Effect": "Allow", "Principal": {"AWS": self.principal}, "Action": "sts:AssumeRole"}
        return _with_statements(document, [*self._others(document), Raw(msgspec.json.encode(body))])

    def removed_from(self, document: str) -> str:
        """The document without this statement, the same text where there is none."""
        others = self._others(document)
        return document if len(others) == len(read_statements(document)) else _with_statements(document, others)

    def _others(self, document: str) -> list[Raw]:
        return [written for written, value in read_statements(document) if not self._is_own(value)]

    def _is_own(self, statement: object) -> bool:
        return isinstance(statement, dict) and statement.get("Sid") == self.sid


def read_statements(document: str) -> list[tuple[Raw, Any]]:
    """Each statement as it is written, and its value. Raises ValueError where it is no policy document."""
    values = declared_statements(parsed(document))
    whole = msgspec.json.decode(document, type=dict[str, Raw])["Statement"]
    written = msgspec.json.decode(whole, type=list[Raw]) if bytes(whole).startswith(b"[") else [whole]
    return list(zip(written, values, strict=True))


def principals(document: str) -> list[str]:
    """Everyone whom a statement names, each once. A document that cannot be read names nobody."""
    try:
        found = [value for _, value in read_statements(document) if isinstance(value, dict)]
    except ValueError:
        return []
    named = (value.get("Principal", value.get("NotPrincipal")) for value in found)
    return list(dict.fromkeys(name for principal in named for name in _names(principal)))


def _with_statements(document: str, statements: list[Raw]) -> str:
    members = msgspec.json.decode(document, type=dict[str, Raw])
    return msgspec.json.encode({**members, "Statement": statements}).decode()


def _names(principal: object) -> Iterator[str]:
    """``"*"``, or texts and lists of them by their kind (IAM, "Principal")."""
    match principal:
        case dict():
            for value in principal.values():
                yield from _names(value)
        case list():
            yield from map(str, principal)
        case str():
            yield principal
