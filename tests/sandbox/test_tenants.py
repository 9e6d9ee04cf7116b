"""Functions that keep their tenants apart (Lambda developer guide, "Tenant isolation")."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from kit import Project, node, python

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

ISOLATED = {"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}}
PYTHON = "def handler(event, context):\n    return context.tenant_id\n"
NODE = "exports.handler = async (event, context) => context.tenantId ?? null;"


def test_a_python_function_is_told_its_tenant(project: Callable[..., Project]) -> None:
    assert project(python(PYTHON, **ISOLATED)).invoke("Fn", "--tenant-id", "blue").succeeded().payload == "blue"


def test_a_node_function_is_told_its_tenant(project: Callable[..., Project]) -> None:
    assert project(node(NODE, **ISOLATED)).invoke("Fn", "--tenant-id", "blue").succeeded().payload == "blue"


def test_without_isolation_there_is_no_tenant(project: Callable[..., Project]) -> None:
    assert project(python(PYTHON)).invoke("Fn").succeeded().payload is None


def test_a_json_log_names_the_tenant(project: Callable[..., Project]) -> None:
    logging = {"LoggingConfig": {"LogFormat": "JSON"}}
    outcome = project(python(PYTHON, **ISOLATED, **logging)).invoke("Fn", "--tenant-id", "blue").succeeded()
    found = [json.loads(line) for line in outcome.lines if line.startswith('{"time"')]
    assert [(each["type"], each["record"]["tenantId"]) for each in found] == [
        ("platform.start", "blue"),
        ("platform.report", "blue"),
    ]


def test_an_isolated_function_without_a_tenant_is_refused_in_lambdas_words(project: Callable[..., Project]) -> None:
    outcome = project(python(PYTHON, **ISOLATED)).invoke("Fn").ended(ExitStatus.CONFIGURATION)
    assert (
        "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and try "
        "again." in outcome.stderr
    )
    assert "--tenant-id" in outcome.stderr


@pytest.mark.parametrize("tenant", ["", "blue!", "x" * 257])
def test_an_id_that_lambda_does_not_take_is_refused(tenant: str, project: Callable[..., Project]) -> None:
    outcome = project(python(PYTHON, **ISOLATED)).invoke("Fn", "--tenant-id", tenant).ended(ExitStatus.CONFIGURATION)
    assert "A tenant ID is 1 to 256" in outcome.stderr


def test_a_tenant_for_a_function_without_isolation_is_refused(project: Callable[..., Project]) -> None:
    outcome = project(python(PYTHON)).invoke("Fn", "--tenant-id", "blue").ended(ExitStatus.CONFIGURATION)
    assert "not enabled with tenancy configuration" in outcome.stderr


def test_another_mode_is_refused_with_its_line(project: Callable[..., Project]) -> None:
    config = {"TenancyConfig": {"TenantIsolationMode": "PER_USER"}}
    outcome = project(python(PYTHON, **config)).invoke("Fn", "--tenant-id", "blue").ended(ExitStatus.TEMPLATE)
    assert "TenantIsolationMode is PER_TENANT, got 'PER_USER'" in outcome.stderr
