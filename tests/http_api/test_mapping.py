"""Request parameters of integrations, by the guide's own examples."""

from __future__ import annotations

import pytest
from routes_kit import request

from samlocal.deployed.place import Place
from samlocal.http_api.caller import Caller
from samlocal.http_api.exchange import HttpRequest, Matched
from samlocal.http_api.integration import HttpIntegration
from samlocal.http_api.mapping import mapped, path_values
from samlocal.http_api.model import Api, ApiKind, Route

PLACE = Place(region="eu-west-1", account="123456789012")


def given(kind: ApiKind, asked: HttpRequest, **values: str) -> tuple[Api, Matched]:
    route = Route(method="ANY", path="/pets/{id}", integration=HttpIntegration(uri="http://x"))
    api = Api(
        id="A",
        api_id="abc",
        kind=kind,
        name="a",
        place=PLACE,
        routes=(route,),
        stage="live",
        stage_variables={"version": "v2"},
    )
    return api, Matched(route=route, path=asked.path, path_parameters=values)


# "Transform API requests and responses for HTTP APIs": destinations, values, and its examples.
@pytest.mark.parametrize(
    ("parameters", "headers", "query", "path"),
    [
        ({"append:header.header1": "$context.routeKey"}, {"header1": "ANY /pets/{id}"}, "q=1", "/p"),
        ({"overwrite:header.User-Agent": "fixed"}, {"User-Agent": "fixed"}, "q=1", "/p"),
        ({"remove:header.x-secret": "''"}, {"x-secret": None}, "q=1", "/p"),
        ({"append:querystring.q": "$request.header.x-secret"}, {}, "q=1&q=s", "/p"),
        ({"overwrite:querystring.q": "a b"}, {}, "q=a%20b", "/p"),
        ({"remove:querystring.q": "''"}, {}, "", "/p"),
        ({"overwrite:path": "/static/${request.path.id}/${stageVariables.version}"}, {}, "q=1", "/static/7/v2"),
        ({"overwrite:path": "$request.path.id"}, {}, "q=1", "7"),
        ({"append:header.name": "$request.body.pet.name"}, {"name": "Rex"}, "q=1", "/p"),
        ({"append:header.kind": "a ${request.body.pets[0]['k.d']}!"}, {"kind": "a dog!"}, "q=1", "/p"),
        ({"append:header.none": "$request.body.none"}, {"none": None}, "q=1", "/p"),
    ],
)  # fmt: skip
def test_an_http_api_changes_the_request_as_its_parameters_say(
    parameters: dict[str, str], headers: dict[str, str | None], query: str, path: str
) -> None:
    asked = request(
        "POST",
        "/p",
        query="q=1",
        headers={"x-secret": "s", "User-Agent": "curl"},
        body=b'{"pet": {"name": "Rex"}, "pets": [{"k.d": "dog"}]}',
    )

    made = mapped(*given(ApiKind.HTTP, asked, id="7"), asked, parameters)

    assert {name: made.header(name) for name in headers} == headers
    assert (made.query, made.path) == (query, path)


# "Mapping template and parameter mapping for REST APIs".
def test_a_rest_api_maps_what_its_integration_names() -> None:
    asked = request("GET", "/pets/7", query="kind=dog&page=2", headers={"X-User": "me"})
    api, matched = given(ApiKind.REST, asked, id="7")
    parameters = {
        "integration.request.path.petId": "method.request.path.id",
        "integration.request.querystring.type": "method.request.querystring.kind",
        "integration.request.header.caller": "method.request.header.X-User",
        "integration.request.header.fixed": "'static'",
        "integration.request.header.stage": "context.stage",
        "integration.request.header.version": "stageVariables.version",
        "integration.request.header.none": "method.request.header.none",
    }

    made = mapped(api, matched, asked, parameters)

    assert path_values(api, matched, asked, parameters) == {"id": "7", "petId": "7"}
    assert made.query == "kind=dog&page=2&type=dog"
    names = ("caller", "fixed", "stage", "version", "none")
    assert [made.header(name) for name in names] == ["me", "static", "live", "v2", None]


# "Customizing HTTP API access logs": $context.authorizer.property, $context.authorizer.claims.property.
def test_what_an_authorizer_knows_can_be_mapped() -> None:
    asked = request("GET", "/p")
    caller = Caller(principal_id="me", context={"tier": "gold", "level": 2}, claims={"sub": "who"})
    parameters = {
        "append:header.tier": "${context.authorizer.tier}-${context.authorizer.level}",
        "append:header.sub": "$context.authorizer.claims.sub",
    }

    made = mapped(*given(ApiKind.HTTP, asked), asked, parameters, caller)

    assert (made.header("tier"), made.header("sub")) == ("gold-2", "who")
