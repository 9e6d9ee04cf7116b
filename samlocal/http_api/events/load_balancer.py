"""What a function in a target group of an Application Load Balancer gets.

Sources: ELB user guide, "Lambda functions as targets"; hotsock/voker, ``alb-request.json``, and aws/aws-lambda-go,
``alb-lambda-target-request-*.json``, recorded on AWS.
"""

from __future__ import annotations

from samlocal.http_api.events import headers, query
from samlocal.http_api.events.body import event_body
from samlocal.http_api.exchange import HttpRequest, Matched
from samlocal.http_api.integration import LambdaIntegration
from samlocal.http_api.model import Api

Json = dict[str, object]


def load_balancer_event(api: Api, matched: Matched, request: HttpRequest) -> Json:
    """Path and query as they came. One value of each header and parameter, or all, as the target group says."""
    values = headers.load_balancer(request)
    pairs = query.encoded(request.query)
    body = event_body(api, request)
    event: Json = {
        "requestContext": {"elb": {"targetGroupArn": target_group_arn(api, matched)}},
        "httpMethod": request.method,
        "path": matched.path,
    }
    if api.multi_value_headers:
        event |= {"multiValueQueryStringParameters": query.all_values(pairs), "multiValueHeaders": values}
    else:
        event |= {"queryStringParameters": query.last_values(pairs), "headers": headers.last_values(values)}
    return event | {"body": body.text or "", "isBase64Encoded": body.base64}


def target_group_arn(api: Api, matched: Matched) -> str:
    """AWS adds sixteen characters of its own to the group's name; where they are not known they are the API's id."""
    integration = matched.route.integration
    if isinstance(integration, LambdaIntegration) and integration.target_group:
        return integration.target_group
    place = api.place
    service = f"arn:{place.partition}:elasticloadbalancing:{place.region}:{place.account}"
    return f"{service}:targetgroup/{api.name.rpartition('/')[2]}/{api.api_id:0<16}"
