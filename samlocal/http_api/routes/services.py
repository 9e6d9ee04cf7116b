"""Integrations with AWS services, as a template names them.

Sources: API Gateway API reference, "Integration" (``uri``, ``credentials``); developer guide, "Integration subtype
reference" of HTTP APIs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from samlocal.http_api.integration import ANY, NotRun, ServiceIntegration
from samlocal.http_api.routes.callees import with_stage_variables
from samlocal.http_api.routes.described import Described
from samlocal.http_api.routes.stack import Stack
from samlocal.http_api.subtypes import SUBTYPES
from samlocal.http_api.targets import ServiceTarget

_URI = re.compile(
    r"arn:[\w-]+:apigateway:(?P<region>[\w-]+):(?:(?P<subdomain>[\w.-]+)\.)?(?P<service>[\w-]+):"
    r"(?P<kind>path|action)/(?P<rest>.*)",
    re.DOTALL,
)
# Whoever calls the API calls the service.
_OF_CALLER = re.compile(r"arn:[\w-]+:iam::\*:user/\*")


def service_target(stack: Stack, described: Described, variables: Mapping[str, str]) -> ServiceTarget | NotRun:
    """A REST API's."""
    uri = stack.text(described.uri)
    if uri is None:
        return NotRun(reason="the AWS service that it leads to cannot be known")
    named = _URI.fullmatch(with_stage_variables(uri, variables))
    if named is None:
        return NotRun(reason=f"{uri} is no AWS service")
    role = _role(stack, described, named["service"])
    if isinstance(role, NotRun):
        return role
    by_action = named["kind"] == "action"
    return ServiceTarget(
        service=named["service"],
        subdomain=named["subdomain"] or "",
        region=named["region"],
        action=named["rest"] if by_action else None,
        path="" if by_action else named["rest"],
        method=(described.method or ANY).upper(),
        role=role,
    )


def subtype_integration(stack: Stack, described: Described, timeout: int) -> ServiceIntegration | NotRun:
    """An HTTP API's."""
    subtype = described.subtype or ""
    if subtype not in SUBTYPES:
        return NotRun(reason=f"the AWS service integration {subtype} is not known")
    role = _role(stack, described, subtype)
    if isinstance(role, NotRun):
        return role
    return ServiceIntegration(
        subtype=subtype,
        parameters={name: value for name, value in described.parameters.items() if name != "Region"},
        region=described.parameters.get("Region") or stack.application.place.region,
        role=role,
        timeout=timeout,
        response_parameters=described.response_parameters,
    )


def _role(stack: Stack, described: Described, service: str) -> str | NotRun:
    """Under which the service is asked."""
    if stack.application.environment is None:
        return NotRun(reason=f"{service} is asked in an environment alone: name one with -e or -n, or take -e local")
    if described.credentials is None:
        return NotRun(reason=f"without credentials {service} is asked as API Gateway itself, which only AWS can")
    role = stack.text(described.credentials)
    if role is None:
        return NotRun(reason=f"the role under which it asks {service} cannot be known")
    if _OF_CALLER.fullmatch(role):
        return NotRun(reason=f"{service} is asked under the rights of whoever calls, whom samlocal does not know")
    return role
