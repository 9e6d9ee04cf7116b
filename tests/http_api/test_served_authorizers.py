"""``samlocal start-api`` with authorizers, as clients meet it: a process, sockets, real containers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import kit
import pytest
from aws_client import aws_client
from kit import Docker
from served_apis_kit import MakeProject, ServedApis, served_apis

SOURCE = """\
import json
def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event["requestContext"].get("authorizer"))}
"""

# API Gateway developer guide, "Example TOKEN authorizer Lambda function".
DOORMAN = """\
def handler(event, context):
    token = event["authorizationToken"]
    if token == "unauthorized":
        raise Exception("Unauthorized")
    effect = "Allow" if token == "allow" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": "user", "context": {"number": 1},
            "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
"""


def api(**authorizers: Any) -> dict[str, Any]:
    auth = {"DefaultAuthorizer": next(iter(authorizers)), "Authorizers": authorizers}
    return {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "test", "Auth": auth}}


def behind(api: dict[str, str]) -> dict[str, Any]:
    return {"Ask": {"Type": "Api", "Properties": {"RestApiId": api, "Path": "/ask", "Method": "get"}}}


def asked(own: ServedApis, token: str | None) -> tuple[int, Any]:
    answer = own.ask("GET", "/ask", headers={} if token is None else {"Authorization": token})
    return answer.status, answer.json


@pytest.mark.docker
def test_an_authorizers_function_decides_who_reaches_a_route(project: MakeProject, docker: Docker) -> None:
    web = api(Door={"FunctionArn": {"Fn::GetAtt": ["Doorman", "Arn"]}})
    resources = {
        "Web": web,
        "Doorman": kit.function(CodeUri="door"),
        "Fn": kit.function(Events=behind({"Ref": "Web"})),
    }
    files = {"template.json": kit.template(**resources), "code/app.py": SOURCE, "door/app.py": DOORMAN}
    made = project(files)
    with served_apis(made) as own:
        status, context = asked(own, "allow")
        assert status == 200
        # API Gateway developer guide, "Output from an API Gateway Lambda authorizer": numbers become strings.
        assert (context["principalId"], context["number"]) == ("user", "1")
        assert asked(own, "deny")[0] == 403
        assert asked(own, "unauthorized") == (401, {"message": "Unauthorized"})
        assert asked(own, None) == (401, {"message": "Unauthorized"})
        own.running.has_logged("Web: Door: the request has no method.request.header.Authorization")
    with served_apis(made, "--disable-authorizer") as own:
        assert asked(own, None) == (200, None)
    assert docker.nothing_left(made)


@pytest.fixture
def local(project: MakeProject) -> Iterator[kit.Project]:
    """A function behind a user pool; the endpoint that is started is stopped."""
    resources = {
        "Pool": {"Type": "AWS::Cognito::UserPool"},
        "Client": {
            "Type": "AWS::Cognito::UserPoolClient",
            "Properties": {"UserPoolId": {"Ref": "Pool"}, "ExplicitAuthFlows": ["ADMIN_NO_SRP_AUTH"]},
        },
        "Web": api(Users={"UserPoolArn": {"Fn::GetAtt": ["Pool", "Arn"]}}),
        "Fn": kit.function(Events=behind({"Ref": "Web"})),
    }
    made = project({"template.json": kit.template(**resources), "code/app.py": SOURCE})
    yield made
    made.run("local", "stop")


@pytest.mark.docker
def test_a_token_of_the_local_environments_user_pool_is_verified_by_its_keys(local: kit.Project) -> None:
    with served_apis(local, "-e", "local") as own:
        token = _signed_in(local)

        status, context = asked(own, f"Bearer {token}")
        assert status == 200
        assert context["claims"]["cognito:username"] == "me"
        header, claims, signature = token.split(".")
        assert asked(own, f"{header}.{claims}.{signature[::-1]}") == (401, {"message": "Unauthorized"})
        assert asked(own, None) == (401, {"message": "Unauthorized"})


def _signed_in(local: kit.Project) -> str:
    """The identity token of a user of the pool."""
    (home,) = (local.cache / "local").iterdir()
    pools = aws_client("cognito-idp", json.loads((home / "server.json").read_text())["url"])
    (pool,) = pools.list_user_pools(MaxResults=9)["UserPools"]
    (client,) = pools.list_user_pool_clients(UserPoolId=pool["Id"])["UserPoolClients"]
    password = "Correct-horse-1"
    pools.admin_create_user(UserPoolId=pool["Id"], Username="me")
    pools.admin_set_user_password(UserPoolId=pool["Id"], Username="me", Password=password, Permanent=True)
    signed = pools.admin_initiate_auth(
        UserPoolId=pool["Id"],
        ClientId=client["ClientId"],
        AuthFlow="ADMIN_NO_SRP_AUTH",
        AuthParameters={"USERNAME": "me", "PASSWORD": password},
    )
    token: str = signed["AuthenticationResult"]["IdToken"]
    return token
