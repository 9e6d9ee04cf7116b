"""``invoke 'POST /orders'``: the request's function and event, and its answer as the API's client gets it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from samlocal.cli.choice import choose
from samlocal.cli.options.route import body_of, headers_of, refuse_event
from samlocal.cli.output import Output
from samlocal.cli.runs.event import event
from samlocal.cli.runs.events import Events
from samlocal.config import nearest
from samlocal.errors import ConfigurationError

if TYPE_CHECKING:
    from samlocal.function.application import Application
    from samlocal.http_api.exchange import HttpAnswer
    from samlocal.http_api.model import Api, Apis
    from samlocal.http_api.route_request import RoutedEvent
    from samlocal.project.project import Project
    from samlocal.sandbox.result import Result


def routed(ctx: click.Context, project: Project, text: str, output: Output) -> tuple[str, Events]:
    """The function behind a route, and the event; what comes of it is shown as an answer of the API.

    Raises FunctionNotFoundError, EventError, click.UsageError, and what reading the template raises.
    """
    refuse_event(ctx)
    body = body_of(ctx)
    headers = headers_of(ctx, body)

    from samlocal.cli.shown.routes import named, served_api
    from samlocal.http_api.model import Apis
    from samlocal.http_api.route_request import apis_of, route_request, routed_event

    request = route_request(text, headers=headers, body=body)
    found = project.known_value(_apis, kind=Apis, room="http_api")
    chosen = _chosen(ctx, apis_of(_wanted(ctx, found.apis), request), str(request), output)
    made = routed_event(chosen, request)
    if len(found.apis) > 1:
        output.notice(f"{request} goes to {named(served_api(chosen, None))}, which leads to {made.function}.")
    for remark in made.remarks:
        output.warning(remark)
    if made.not_asked:
        output.notice(
            f"{chosen.id}: {' and '.join(made.not_asked)} of {request}: not asked, so the event says nothing of a "
            "caller. `samlocal start-api` asks."
        )
    output.is_of_api(lambda result: _response(made, result, output))
    read = event(str(request), made.payload)
    repeat: int = ctx.params["repeat"]
    return made.function, Events(events=(read,), repeat=repeat, is_series=repeat > 1)


def _apis(application: Application) -> Apis:
    from samlocal.http_api.routes.apis import apis

    return apis(application)


def _wanted(ctx: click.Context, apis: tuple[Api, ...]) -> tuple[Api, ...]:
    """Those that --api names, all if it names none. Raises ConfigurationError."""
    wanted: tuple[str, ...] = ctx.params["api_ids"]
    names = [name for api in apis for name in (api.id, api.name)]
    for each in wanted:
        if each not in names:
            raise ConfigurationError(
                f"--api {each}: there is no such API{nearest(each, names)}",
                tip=f"The template has {', '.join(api.id for api in apis) or 'none'}.",
            )
    return tuple(api for api in apis if not wanted or api.id in wanted or api.name in wanted)


def _chosen(ctx: click.Context, apis: tuple[Api, ...], request: str, output: Output) -> Api:
    if len(apis) == 1:
        return apis[0]
    about = {api.id: api.kind.value for api in apis}
    chosen = choose(output, f"Several APIs take {request}. Which?", {api.id: api for api in apis}, about=about)
    if chosen is None:
        ids = ", ".join(f"--api {api.id}" for api in apis)
        raise click.UsageError(f"Several APIs take {request}: name one with {ids}.", ctx=ctx)
    return chosen


def _response(made: RoutedEvent, result: Result, output: Output) -> Mapping[str, Any]:
    answer, remarks = made.answer(result)
    for remark in remarks:
        output.warning(remark)
    return as_response(answer)


def as_response(answer: HttpAnswer) -> Mapping[str, Any]:
    """An answer in the form of a function's response to an API."""
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers:
        headers.setdefault(name, []).append(value)
    try:
        body, is_encoded = answer.body.decode(), False
    except UnicodeDecodeError:
        body, is_encoded = base64.b64encode(answer.body).decode(), True
    return {
        "statusCode": answer.status,
        "multiValueHeaders": headers,
        "body": body,
        "isBase64Encoded": is_encoded,
    }
