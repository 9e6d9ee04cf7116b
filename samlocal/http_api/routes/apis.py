"""The APIs of a template and of its nested ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from samlocal.errors import TemplateError
from samlocal.function.application import Application
from samlocal.http_api.integration import NotRun
from samlocal.http_api.model import Api, Apis
from samlocal.http_api.routes.callees import Callees
from samlocal.http_api.routes.load_balancers import load_balancers
from samlocal.http_api.routes.plain import plain
from samlocal.http_api.routes.rest import rest_apis
from samlocal.http_api.routes.stack import Stack
from samlocal.http_api.routes.urls import function_urls
from samlocal.http_api.routes.v2 import v2_apis


def apis(application: Application, *, stage_variables: Mapping[str, str] | None = None) -> Apis:
    """Every API, in the templates' order, but REST before HTTP, function URLs and load balancers.

    ``stage_variables`` go over the template's. An API of which no route is known is left out with a remark.
    Raises TemplateError where two of them would be one.
    """
    callees = Callees(application)
    found: list[Api] = []
    remarks: list[str] = []
    for owner in _all(application):
        translated, refusals = plain(owner)
        stack = Stack(translated)
        given = stage_variables or {}
        made = [
            *rest_apis(stack, callees, given),
            *v2_apis(stack, callees, given),
            *function_urls(stack, callees, {api.id for api in found}),
            *load_balancers(stack, callees),
        ]
        for api in made:
            remarks += [f"{api.id}: {remark}" for remark in api.remarks]
            if not api.routes:
                remarks.append(f"{api.id} has no routes that samlocal knows.")
                continue
            if any(api.id == other.id for other in found):
                raise TemplateError(
                    f"{owner.template.path}: two APIs, or two stages of one, are called {api.id}.",
                    tip="Give each stage of an API a name of its own.",
                )
            found.append(api)
            remarks += _not_run(api)
        remarks += [*refusals, *stack.remarks]
    # Folders are of code, which makes no routes.
    files = tuple(Path(path) for path, state in application.files.states.items() if not state.startswith("folder "))
    return Apis(apis=tuple(found), remarks=tuple(dict.fromkeys(remarks)), files=files)


def _not_run(api: Api) -> Iterator[str]:
    for route in api.routes:
        if isinstance(route.integration, NotRun):
            yield f"{api.id}: {route.key} is not run: {route.integration.reason}."


def _all(application: Application) -> Iterator[Application]:
    yield application
    for child in application.children():
        yield from _all(child)
