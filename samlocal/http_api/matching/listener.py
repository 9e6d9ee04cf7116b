"""Conditions of a load balancer's rules.

Sources: Elastic Load Balancing user guide, "Condition types for listener rules"; its API reference,
"QueryStringConditionConfig". Patterns know ``*`` and ``?``, and take both literally behind a backslash. Paths and
methods are compared with their case, hosts, headers and query strings without.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import unquote

from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.model import RuleCondition
from samlocal.wildcard import wildcard


def applies(condition: RuleCondition, request: HttpRequest) -> bool:
    """Whether one of a condition's values is the request's; one of a kind that is not known holds for none."""
    match condition.field:
        case "path-pattern":
            return any(_like(request.path or "/", value) for value in condition.values)
        case "host-header":
            host = (request.header("host") or "").rpartition(":")[0] or (request.header("host") or "")
            return any(_like(host.lower(), value.lower()) for value in condition.values)
        case "http-request-method":
            return request.method in condition.values
        case "http-header":
            given = request.header_values(condition.name)
            return any(_like(each.lower(), value.lower()) for each in given for value in condition.values)
        case "query-string":
            return any(_in_query(value, request.query) for value in condition.values)
        case "source-ip":
            return any(_within(request.source_ip, value) for value in condition.values)
    return False


def _like(text: str, pattern: str) -> bool:
    return wildcard(pattern, one=True, escaped="*?").fullmatch(text) is not None


def _in_query(value: str, query: str) -> bool:
    key, found, wanted = value.partition("=")
    for part in query.split("&") if query else ():
        name, _, given = part.partition("=")
        if (not found or _like(unquote(name).lower(), key.lower())) and _like(
            unquote(given).lower(), (wanted if found else key).lower()
        ):
            return True
    return False


def _within(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
