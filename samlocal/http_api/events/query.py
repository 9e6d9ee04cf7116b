"""The query of a request, as each kind of API hands it on."""

from __future__ import annotations

from urllib.parse import parse_qsl

Pairs = list[tuple[str, str]]


def decoded(query: str, *, semicolons: bool = False) -> Pairs:
    """Names and values without percent-encoding, ``+`` as a space.

    ``semicolons`` separate too, as a REST API has it (API Gateway developer guide, "Important notes": "The semicolon
    character is not supported … and results in the data being split").
    """
    text = query.replace(";", "&") if semicolons else query
    return parse_qsl(text, keep_blank_values=True)


def encoded(query: str) -> Pairs:
    """Names and values as the client wrote them: a load balancer does not decode (ELB user guide, "Lambda functions
    as targets")."""
    pieces = (piece.partition("=") for piece in query.split("&") if piece)
    return [(name, value) for name, _, value in pieces]


def last_values(pairs: Pairs) -> dict[str, str]:
    return dict(pairs)


def all_values(pairs: Pairs) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def joined_values(pairs: Pairs) -> dict[str, str]:
    """Format 2.0: several of one name with commas between them."""
    return {name: ",".join(values) for name, values in all_values(pairs).items()}
