"""What functions are told of the endpoint, and how it knows them again."""

from __future__ import annotations

import time
from typing import Any

import pytest
from msgspec.structs import replace
from pool_kit import plan_of

from samlocal.endpoint.callers import Caller, Callers, aws_of
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.network.endpoint import endpoint

OWN = endpoint("http://127.0.0.1:3001")
OTHER = endpoint("http://127.0.0.1:4566")


def spec_of(name: str = "Fn", *, key: str | None = None, **variables: str) -> SandboxSpec:
    keys = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": f"secret of {key}"} if key else {}
    return plan_of(name, variables=variables | keys).spec


def callers() -> tuple[Callers, list[str]]:
    told: list[str] = []
    return Callers(OWN, told=told.append), told


def asked_with(key: str, *, service: str = "lambda") -> dict[str, str]:
    scope = f"{key}/20261126/eu-west-1/{service}/aws4_request"
    return {"authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"}


def found(own: Callers, key: str) -> Caller:
    caller = own.of(asked_with(key))
    assert caller is not None
    return caller


def test_a_function_with_rights_finds_lambda_here_and_everything_else_where_it_was() -> None:
    own, told = callers()
    spec = own.shaped(spec_of(key="ASIA1"))
    assert spec.endpoints == {"AWS_ENDPOINT_URL_LAMBDA": OWN}
    assert spec.variables == spec_of(key="ASIA1").variables
    assert own.shaped(replace(spec_of(key="ASIA1"), endpoint=OTHER)).endpoints == {
        "AWS_ENDPOINT_URL": OTHER,
        "AWS_ENDPOINT_URL_LAMBDA": OWN,
    }
    assert told == []


def test_a_function_without_rights_has_keys_and_services_of_this_endpoint_and_that_is_told_once() -> None:
    own, told = callers()
    spec = own.shaped(spec_of("Orders-2"))
    assert spec.variables["AWS_ACCESS_KEY_ID"] == "SAMLOCALONLYOrders2"
    assert set(spec.endpoints.values()) == {OWN}
    own.shaped(spec_of("Other"))
    assert len(told) == 1
    assert found(own, "SAMLOCALONLYOrders2").aws is None
    assert aws_of(spec) is None


@pytest.mark.parametrize("url", ["http://elsewhere:1", ""])
def test_an_endpoint_of_the_functions_own_stays(url: str) -> None:
    own, _ = callers()
    spec = own.shaped(spec_of(AWS_ENDPOINT_URL=url))
    assert spec.variables["AWS_ENDPOINT_URL"] == url
    assert spec.endpoints == {"AWS_ENDPOINT_URL_LAMBDA": OWN}
    assert own.shaped(replace(spec_of(), endpoint=OTHER)).endpoints["AWS_ENDPOINT_URL"] == OTHER


def test_a_function_that_names_another_lambda_is_left_alone() -> None:
    own, told = callers()
    spec = spec_of(AWS_ENDPOINT_URL_LAMBDA="http://elsewhere:1")
    assert own.shaped(spec) is spec
    assert told == []


def test_functions_of_one_role_are_known_together_and_others_not_at_all() -> None:
    own, _ = callers()
    for name in ("First", "Second", "First"):
        own.shaped(spec_of(name, key="ASIA1"))
    caller = found(own, "ASIA1")
    assert (caller.name, caller.secret, caller.region) == ("First or Second", "secret of ASIA1", "eu-west-1")
    assert own.of(asked_with("ASIA2")) is None
    assert own.of({}) is None


def test_keys_that_have_ended_are_nobodys() -> None:
    own, _ = callers()

    def shaped(key: str, **more: Any) -> None:
        own.shaped(replace(spec_of(key=key), **more))

    shaped("ASIA1", expires=time.time() - 1)
    assert own.aws("Fn") is None
    shaped("ASIA2", expires=time.time() + 60)
    assert own.of(asked_with("ASIA1")) is None
    # A sandbox of before still has those that last.
    shaped("ASIA3", expires=time.time() + 3600)
    assert found(own, "ASIA2").secret == "secret of ASIA2"
    aws = own.aws("Fn")
    assert aws is not None
    assert aws.credentials().access_key_id == "ASIA3"
    assert own.aws("Another") is None
