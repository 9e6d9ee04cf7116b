"""Functions that keep their tenants apart: ``TenancyConfig`` (Lambda developer guide, "Tenant isolation")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from samlocal.errors import ConfigurationError
from samlocal.template.values import text

if TYPE_CHECKING:
    from samlocal.function.properties import Properties

# Lambda's API reference, Invoke, X-Amz-Tenant-Id.
_TENANT = re.compile(r"[a-zA-Z0-9._:/=+\-@ ]{1,256}")

_TIP = "Name the tenant with --tenant-id."


def isolates_tenants(properties: Properties) -> bool:
    """Raises TemplateError for a mode that Lambda does not have."""
    mode = properties.mapping("TenancyConfig").get("TenantIsolationMode")
    if mode is None:
        return False
    if text(mode) != "PER_TENANT":
        raise properties.wrong("TenancyConfig", f"TenantIsolationMode is PER_TENANT, got {text(mode)!r}")
    return True


def check_tenant(tenant_id: str | None, *, isolated: bool) -> None:
    """Raises ConfigurationError where Lambda refuses the invocation, in its words where they are known."""
    if isolated and tenant_id is None:
        raise ConfigurationError(
            "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in your request and "
            "try again.",
            tip=_TIP,
        )
    if not isolated and tenant_id is not None:
        raise ConfigurationError(
            "The invoked function is not enabled with tenancy configuration, and takes no tenant ID.",
            tip="Leave --tenant-id out, or give the function TenancyConfig: {TenantIsolationMode: PER_TENANT}.",
        )
    if tenant_id is not None and not _TENANT.fullmatch(tenant_id):
        raise ConfigurationError(
            f"A tenant ID is 1 to 256 letters, digits, spaces and . _ : / = + - @, got {tenant_id!r}.", tip=_TIP
        )
