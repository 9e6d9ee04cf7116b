"""What a policy of an authorizer speaks of.

Source: API Gateway developer guide, "Resource format of permissions for executing API in API Gateway".
"""

from __future__ import annotations

from samlocal.http_api.exchange import Matched
from samlocal.http_api.model import Api, ApiKind, Route


def method_arn(api: Api, matched: Matched, method: str) -> str:
    """``arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/Prod/GET/items/1``, of the path that was asked for."""
    if api.kind is ApiKind.WEBSOCKET:
        return websocket_arn(api, matched.route)
    return f"{_api_arn(api)}/{method}{matched.path}"


def websocket_arn(api: Api, route: Route) -> str:
    """``…/Prod/$connect``."""
    return f"{_api_arn(api)}/{route.path}"


def _api_arn(api: Api) -> str:
    place = api.place
    return f"arn:{place.partition}:execute-api:{place.region}:{place.account}:{api.api_id}/{api.stage}"
