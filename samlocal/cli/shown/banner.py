"""What is served, and a line to paste, when a command that stays begins."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

from samlocal.cli.output import Output
from samlocal.cli.paragraph import fits, folded
from samlocal.cli.shown.function_tags import FunctionTags
from samlocal.cli.shown.routes import named, rows
from samlocal.cli.shown.said import Serving
from samlocal.cli.shown.served import ServedApi, ServedRoute

_COLUMNS = 80
_UNBOUND = 10_000
_LABEL = 13

# So many lines of functions are shown.
_LINES = 6


# So many routes of an API are, their paths in so many columns.
_ROUTES = 20
_PATH = 40

# What a route leaves open: variables, and a load balancer's wildcards.
_FILLED_IN = re.compile(r"\{[^}]*\}|[*?]")
_ANY_METHOD = ("ANY", "*", "$default", "HEAD")
_ANY_PATH = ("$default", "*", "/*", "/{proxy+}")
_WITH_BODY = ("POST", "PUT", "PATCH")


def banner(serving: Serving, tags: FunctionTags, output: Output) -> list[str]:
    """Lines of 80 columns at most, or of the terminal's, but for names that are longer by themselves."""
    return [
        *_head(serving, output),
        *_apis(serving, output),
        *_row("Functions", _functions(serving, tags, output), output),
        *_row("Sources", _sources(serving, tags, output), output),
        *_row("Environment", map(output.styled, folded(_environment(serving), _width(output) - _LABEL)), output),
        *_row("Reload", ["on save"] if serving.reloads else [], output),
        *_row("Debugging", _debugged(serving, output), output),
        *_command(serving, output),
        "",
    ]


def _head(serving: Serving, output: Output) -> Iterator[str]:
    if serving.url is not None:
        yield output.message(f"Lambda is served at {serving.url},", head="samlocal: ", fg="cyan")
        yield output.message("to whoever reaches it: signatures are not checked. Ctrl-C ends it.")


def _apis(serving: Serving, output: Output) -> Iterator[str]:
    """Where each API is, and its routes, as far as they fit."""
    for api in serving.apis:
        yield output.message(f"{named(api)} is served at {api.url or '?'}", head="samlocal: ", fg="cyan")
        shown = list(rows(api))
        width = min(max((len(path) for _, path, _, _ in shown), default=0), _PATH)
        for method, path, leads_to, asked in shown[:_ROUTES]:
            more = f"  ({asked})" if asked else ""
            line = f"  {method:<7} {path:<{width}}  {leads_to}{more}"
            if fits(line, output.columns or _UNBOUND):
                yield output.styled(line)
            else:
                yield output.styled(f"  {method:<7} {path}")
                yield output.styled(f"  {'':<7} → {leads_to}{more}")
        if len(shown) > _ROUTES:
            yield output.message(
                f"  and {len(shown) - _ROUTES} more: `samlocal start-api --print-routes` has them all."
            )
    if serving.apis and serving.url is None:
        yield "Ctrl-C ends it."


def _row(label: str, lines: Iterable[str], output: Output) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield output.styled(("" if number else label).ljust(_LABEL), dim=True) + line


def _functions(serving: Serving, tags: FunctionTags, output: Output) -> Iterator[str]:
    """Each in its colour, folded, and where there are very many the first of them."""
    names = [function.id for function in serving.functions]
    if not names:
        yield "none in this template"
        return
    rows = list(_folded(names, _width(output) - _LABEL))
    shown = rows if len(rows) <= _LINES else rows[: _LINES - 1]
    for row in shown:
        last = row is rows[-1]
        yield ", ".join(output.styled(name, fg=tags.colour(name)) for name in row) + ("" if last else ",")
    if shown is not rows:
        yield f"and {sum(map(len, rows[len(shown) :]))} more: `samlocal list` has them all."


def _sources(serving: Serving, tags: FunctionTags, output: Output) -> Iterator[str]:
    """Which queue or stream is read for whom, what is pushed to whom, and why another one is not."""
    if serving.sources is None:
        return
    for source in serving.sources:
        function = output.styled(source.function, fg=tags.colour(source.function))
        why = [] if source.not_read is None else [f"is not read: {source.not_read}"]
        room = (output.columns or _UNBOUND) - _LABEL
        if why and fits(f"{source.name} → {source.function} {why[0]}", room):
            function = f"{function} {output.styled(why.pop(), fg='yellow')}"
        yield f"{output.styled(source.name)} → {function}"
        for part in folded("".join(why), room - 2):
            yield f"  {output.styled(part, fg='yellow')}"
    if not serving.sources:
        yield "none in this template"


def _folded(names: Sequence[str], columns: int) -> Iterator[list[str]]:
    row: list[str] = []
    for name in names:
        # With a comma behind each.
        if row and sum(len(each) + 2 for each in row) + len(name) + 1 > columns:
            yield row
            row = []
        row.append(name)
    yield row


def _width(output: Output) -> int:
    return min(output.columns or _COLUMNS, _COLUMNS)


def _environment(serving: Serving) -> str:
    if serving.environment is None:
        return "none: placeholders stand in for what is deployed (-e ENV, -n STACK)"
    stack = "" if serving.stack in (None, serving.environment) else f", stack {serving.stack}"
    return f"{serving.environment}{stack}, {serving.region}"


def _debugged(serving: Serving, output: Output) -> Iterator[str]:
    if serving.debugged is not None:
        yield output.styled(f"{serving.debugged} at 127.0.0.1:{serving.debug_port}")


def _command(serving: Serving, output: Output) -> Iterator[str]:
    """A call as a shell takes it: of an API where one is served, else of the first function."""
    requests = (
        (_simplicity(route), api, route) for api in serving.apis for route in api.routes if _is_asked(api, route)
    )
    simplest = min(requests, key=lambda each: each[0], default=None)
    if simplest is not None:
        _, api, route = simplest
        yield from _folded_command(_curl(api, route), output)
    elif serving.url is not None and serving.functions:
        yield from _folded_command(
            (
                ("aws", "lambda", "invoke"),
                ("--endpoint-url", serving.url),
                ("--region", serving.region),
                ("--no-sign-request",),
                ("--function-name", serving.functions[0].id),
                ("/dev/stdout",),
            ),
            output,
        )


def _is_asked(api: ServedApi, route: ServedRoute) -> bool:
    """Whether curl can: a WebSocket API's routes have no methods."""
    return bool(api.url and route.method) and route.not_run is None


def _simplicity(route: ServedRoute) -> tuple[bool, int, bool]:
    """The lower, the less is asked of whoever calls it."""
    asks = route.authorizer is not None or route.api_key
    method = {"GET": 0, "OPTIONS": 2}.get(_method(route), 1)
    return asks, method, _FILLED_IN.search(route.path) is not None


def _method(route: ServedRoute) -> str:
    return "GET" if route.method in _ANY_METHOD else route.method


def _curl(api: ServedApi, route: ServedRoute) -> Iterator[tuple[str, ...]]:
    path = "/" if route.path in _ANY_PATH else _FILLED_IN.sub("1", route.path)
    yield ("curl",)
    if (method := _method(route)) != "GET":
        yield "-X", method
    if method in _WITH_BODY:
        yield "-d", "{}"
    if (api.url or "").startswith("https:"):
        # Its certificate is samlocal's own.
        yield ("--insecure",)
    yield ((api.url or "").rstrip("/") + path,)


def _folded_command(parts: Iterable[Sequence[str]], output: Output) -> Iterator[str]:
    line = "  "
    for part in parts:
        words = shlex.join(part)
        if len(line) + len(words) + 3 > _width(output) and line.strip():
            yield output.styled(line) + "\\"
            line = "    "
        line += f"{words} "
    yield output.styled(line.rstrip())
