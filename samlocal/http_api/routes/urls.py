"""Function URLs: AWS::Lambda::Url, which SAM makes of FunctionUrlConfig, too.

Source: Lambda developer guide, "Lambda function URLs".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from samlocal.function.limits import TIMEOUT
from samlocal.http_api.integration import ANY, LambdaIntegration, NotRun, PayloadFormat
from samlocal.http_api.model import DEFAULT_ROUTE, Api, ApiKind, Authorizer, IamAuthorizer, Route
from samlocal.http_api.routes.callees import Callees
from samlocal.http_api.routes.identity import deployed_attribute, url_id
from samlocal.http_api.routes.openapi import openapi_cors
from samlocal.http_api.routes.stack import Stack


def function_urls(stack: Stack, callees: Callees, taken: Collection[str] = ()) -> Iterator[Api]:
    """One for each; its only limit of time is the function's own.

    It is called as its function. A second one of a function, which has one for each alias, is called as its resource;
    ``taken`` are the names of those that came before.
    """
    names = set(taken)
    for resource in stack.resources("AWS::Lambda::Url"):
        own = resource.properties
        found = callees.find(stack, own.get("TargetFunctionArn"), {})
        signed = stack.text(own.get("AuthType")) == "AWS_IAM"
        authorizers: dict[str, Authorizer] = {"AWS_IAM": IamAuthorizer()} if signed else {}
        name = stack.path(resource) if isinstance(found, NotRun) or found in names else found
        names.add(name)
        yield Api(
            id=name,
            api_id=url_id(stack, resource),
            url=deployed_attribute(stack, resource, "FunctionUrl"),
            kind=ApiKind.FUNCTION_URL,
            name=resource.logical_id,
            place=stack.application.place,
            routes=(
                Route(
                    method=ANY,
                    path=DEFAULT_ROUTE,
                    integration=found
                    if isinstance(found, NotRun)
                    else LambdaIntegration(
                        function=found,
                        payload_format=PayloadFormat.V2,
                        timeout=(TIMEOUT.stop - 1) * 1000,
                        streams=stack.text(own.get("InvokeMode")) == "RESPONSE_STREAM",
                    ),
                    authorizer="AWS_IAM" if signed else None,
                ),
            ),
            cors=openapi_cors(stack, own.get("Cors")),
            authorizers=authorizers,
        )
