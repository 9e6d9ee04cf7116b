"""What narrows a session to the rights of a role: a session policy, within STS's limits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from samlocal.deployed.rights.policy_statement import Statement, document_text, shortened
from samlocal.errors import RoleDeniedError

# STS API reference, AssumeRole and GetFederationToken: Policy and PolicyArns.
MOST_CHARACTERS = 2048
MOST_ARNS = 10

_NOTHING = Statement(
    effect="Deny", action="Action", actions=frozenset("*"), resource="Resource", resources=frozenset("*")
)


class Policy(Struct, frozen=True, kw_only=True):
    """One policy by the name that its owner knows it by."""

    name: str
    statements: tuple[Statement, ...]


class Rights(Struct, frozen=True, kw_only=True):
    """The permissions that ``source`` has. ``boundary`` is the ARN of its permissions boundary."""

    source: str
    inline: tuple[Policy, ...]
    managed: tuple[str, ...]
    boundary: str | None = None


class SessionPolicy(Struct, frozen=True, kw_only=True):
    """A policy for one session; ``text`` is None where the managed policies say it all."""

    source: str
    text: str | None
    arns: tuple[str, ...]

    def arguments(self) -> dict[str, Any]:
        """As AssumeRole and GetFederationToken take it."""
        inline: dict[str, Any] = {"Policy": self.text} if self.text else {}
        return inline | ({"PolicyArns": [{"arn": arn} for arn in self.arns]} if self.arns else {})

    @property
    def key(self) -> str:
        """Tells one policy from another."""
        return hashlib.sha256("\0".join([self.text or "", *self.arns]).encode()).hexdigest()[:32]


def session_policy(rights: Rights, *, read_managed: Callable[[str], Policy]) -> SessionPolicy:
    """A session policy that means exactly these rights.

    ``read_managed`` brings a managed policy by its ARN: those beyond ten have to be written out. Raises
    RoleDeniedError, which names what does not fit.
    """
    inline, arns = list(rights.inline), rights.managed
    if len(arns) > MOST_ARNS:
        by_size = sorted((read_managed(arn) for arn in arns), key=_size)
        written = by_size[: len(arns) - MOST_ARNS]
        inline += written
        names = {policy.name for policy in written}
        arns = tuple(arn for arn in arns if arn not in names)
    found = _together(inline) or (() if arns else (_NOTHING,))
    text = document_text(found) if found else None
    if text is not None and len(text) > MOST_CHARACTERS:
        raise _too_large(rights.source, inline, len(text))
    return SessionPolicy(source=rights.source, text=text, arns=arns)


def _together(policies: Iterable[Policy]) -> tuple[Statement, ...]:
    return shortened(statement for policy in policies for statement in policy.statements)


def _size(*policies: Policy) -> int:
    return len(document_text(_together(policies)))


def _too_large(source: str, policies: list[Policy], size: int) -> RoleDeniedError:
    fitting: list[Policy] = []
    left_over: list[Policy] = []
    for policy in sorted(policies, key=_size):
        (fitting if _size(*fitting, policy) <= MOST_CHARACTERS else left_over).append(policy)
    names = ", ".join(f"{policy.name} ({_size(policy):,} characters)" for policy in left_over)
    return RoleDeniedError(
        f"The policies of {source} do not fit into a session policy: it holds {MOST_CHARACTERS:,} characters, "
        f"and without Sids and spaces they have {size:,}. What does not fit: {names}.",
        tip="A managed policy counts by its ARN, not by its length (ten at most): turn the long one into one. "
        "Or let the role trust you: `samlocal trust add`.",
    )
