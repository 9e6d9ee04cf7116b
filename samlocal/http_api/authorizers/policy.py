"""An authorizer's policy, evaluated on the method that was asked for.

Sources: IAM user guide, "Policy evaluation logic" (an explicit deny goes before every allow, what is not allowed is
denied), "IAM JSON policy elements"; API Gateway developer guide, "Statement reference of IAM policies for executing
API".
"""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from samlocal.wildcard import wildcard

_ACTION = "execute-api:Invoke"


class Verdict(enum.Enum):
    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"
    UNKNOWN_CONDITION = "unknown condition"
    """It depends on what samlocal does not know; nobody passes."""


class Evaluation(Struct, frozen=True, kw_only=True):
    """``unknown`` are the conditions that the verdict depends on, as ``StringEquals of aws:x``."""

    verdict: Verdict
    unknown: tuple[str, ...] = ()


class PolicyError(Exception):
    """It is no policy; the message says why."""


def evaluated(document: object, arn: str, *, source_ip: str) -> Evaluation:
    """Raises PolicyError."""
    if not isinstance(document, dict):
        raise PolicyError("policyDocument is no object")
    is_allowed = False
    unknown: dict[str, list[str]] = {"Allow": [], "Deny": []}
    for statement in _statements(document):
        effect = statement.get("Effect")
        if effect not in ("Allow", "Deny"):
            raise PolicyError(f"Effect is {effect!r}, not Allow or Deny")
        if not _covers(statement, arn):
            continue
        met = dict(_conditions(statement.get("Condition"), source_ip))
        if False in met.values():
            continue
        if None in met.values():
            unknown[effect] += [name for name, verdict in met.items() if verdict is None]
        elif effect == "Deny":
            return Evaluation(verdict=Verdict.EXPLICIT_DENY)
        else:
            is_allowed = True
    # What cannot be evaluated here must not let anybody pass.
    if asked := unknown["Deny"] if is_allowed else [*unknown["Allow"], *unknown["Deny"]]:
        return Evaluation(verdict=Verdict.UNKNOWN_CONDITION, unknown=tuple(dict.fromkeys(asked)))
    return Evaluation(verdict=Verdict.ALLOWED if is_allowed else Verdict.IMPLICIT_DENY)


def _statements(document: Mapping[str, object]) -> list[dict[str, object]]:
    found = document.get("Statement")
    statements = []
    for each in found if isinstance(found, list) else [found]:
        if not isinstance(each, dict):
            raise PolicyError("Statement is no list of objects")
        statements.append(each)
    return statements


def _covers(statement: Mapping[str, object], arn: str) -> bool:
    action = _names(statement, "Action", "NotAction", _ACTION, lower=True)
    resource = _names(statement, "Resource", "NotResource", arn, lower=False)
    return action and resource


def _names(statement: Mapping[str, object], name: str, negated: str, wanted: str, *, lower: bool) -> bool:
    """Whether the statement speaks of what is asked: one of ``name``'s, or none of ``negated``'s."""
    if name in statement:
        return _any_matches(statement[name], wanted, lower=lower)
    if negated in statement:
        return not _any_matches(statement[negated], wanted, lower=lower)
    raise PolicyError(f"a statement has no {name}")


def _any_matches(patterns: object, wanted: str, *, lower: bool) -> bool:
    several = patterns if isinstance(patterns, list) else [patterns]
    for pattern in several:
        if not isinstance(pattern, str):
            raise PolicyError(f"{pattern!r} is no string")
        if wildcard(pattern, one=True, ignore_case=lower).fullmatch(wanted):
            return True
    return False


def _conditions(conditions: object, source_ip: str) -> Iterator[tuple[str, bool | None]]:
    """Each by its name, and whether it is met: None of one that samlocal does not know."""
    if not conditions:
        return
    if not isinstance(conditions, dict):
        raise PolicyError("Condition is no object")
    for operator, keys in conditions.items():
        if not isinstance(keys, dict) or not keys:
            raise PolicyError(f"{operator} of Condition is no object with keys")
        for key, value in keys.items():
            is_known = operator in _OPERATORS and key.lower() == "aws:sourceip"
            yield f"{operator} of {key}", _OPERATORS[operator](value, source_ip) if is_known else None


def _within(ranges: object, source_ip: str) -> bool | None:
    several = ranges if isinstance(ranges, list) else [ranges]
    try:
        address = ipaddress.ip_address(source_ip)
        return any(address in ipaddress.ip_network(str(each), strict=False) for each in several)
    except ValueError:
        return None


def _outside(ranges: object, source_ip: str) -> bool | None:
    within = _within(ranges, source_ip)
    return None if within is None else not within


_OPERATORS: Mapping[str, Callable[[object, str], bool | None]] = {"IpAddress": _within, "NotIpAddress": _outside}
