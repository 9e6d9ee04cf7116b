"""User pools of the environment on this machine have the functions of their triggers run.

https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html and the
pages of its triggers.
"""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pushed_kit import client, function_arn, generated, shape

from samlocal.local.invocation import Answered
from samlocal.local.runner import Runner
from samlocal.local.server import LocalServer

PASSWORD = "Correct-horse-1"


class Pool:
    """With one function for its triggers, whose answers ``says`` gives; ``events`` are what it got."""

    def __init__(self, server: LocalServer, *triggers: str, **config: Any) -> None:
        self.server = server
        self.idp = client(server, "cognito-idp")
        self.function = f"trigger-{uuid.uuid4().hex[:8]}"
        self.events: list[Any] = []
        self.responses: dict[str, Any] = {}
        self.fails: set[str] = set()
        given = {name: function_arn(self.function) for name in triggers} | config
        self.id = self.idp.create_user_pool(PoolName=self.function, LambdaConfig=given)["UserPool"]["Id"]
        made = self.idp.create_user_pool_client(
            UserPoolId=self.id, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
        )
        self.client_id = made["UserPoolClient"]["ClientId"]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Runs the function, in place of ``samlocal up``."""
        runner, ends = Runner(self.server), threading.Event()
        runner.fetch(wait=0)

        def run() -> None:
            while not ends.is_set():
                for each in runner.fetch(wait=0.2).invocations:
                    runner.over(each.id, self._answer(json.loads(each.payload)))

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            ends.set()
            thread.join()
            runner.leave()

    def _answer(self, event: Any) -> Answered:
        self.events.append(json.loads(json.dumps(event)))
        source = event["triggerSource"]
        if source in self.fails:
            payload = {"errorType": "Error", "errorMessage": "not today"}
            return Answered(
                status=200, headers={"X-Amz-Function-Error": "Unhandled"}, payload=json.dumps(payload).encode()
            )
        event["response"] |= self.responses.get(source, {})
        return Answered(status=200, payload=json.dumps(event).encode())

    def sign_up(self, name: str = "ann") -> Any:
        return self.idp.sign_up(
            ClientId=self.client_id,
            Username=name,
            Password=PASSWORD,
            UserAttributes=[{"Name": "email", "Value": "ann@example.com"}],
        )

    def sign_in(self, name: str = "ann") -> Any:
        said = self.idp.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
        return said["AuthenticationResult"]

    @property
    def sources(self) -> list[str]:
        return [each["triggerSource"] for each in self.events]


def claims(token: str) -> Any:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


MakePool = Callable[..., Pool]


@pytest.fixture
def pool(server: LocalServer) -> MakePool:
    return lambda *triggers, **config: Pool(server, *triggers, **config)


def test_signing_up_asks_the_trigger_with_the_event_that_cognito_documents(pool: MakePool) -> None:
    own = pool("PreSignUp")
    with own.running():
        assert own.sign_up()["UserConfirmed"] is False
    (event,) = own.events
    judge = generated("cognito", "pre-sign-up")
    for each in (event, judge):
        # Whatever attributes and data there are.
        each["request"].pop("userAttributes")
        each["request"].pop("validationData")
    assert shape(event) == shape(judge)
    assert (event["userName"], event["callerContext"]["clientId"]) == ("ann", own.client_id)


def test_a_trigger_may_confirm_and_verify_a_user_who_signs_up(pool: MakePool) -> None:
    own = pool("PreSignUp", "PostConfirmation")
    own.responses["PreSignUp_SignUp"] = {"autoConfirmUser": True, "autoVerifyEmail": True}
    with own.running():
        own.sign_up()
    user = own.idp.admin_get_user(UserPoolId=own.id, Username="ann")
    assert user["UserStatus"] == "CONFIRMED"
    assert {"Name": "email_verified", "Value": "true"} in user["UserAttributes"]
    assert own.sources == ["PreSignUp_SignUp", "PostConfirmation_ConfirmSignUp"]


def test_a_trigger_that_fails_keeps_the_user_out_in_cognitos_words(pool: MakePool) -> None:
    own = pool("PreSignUp")
    own.fails.add("PreSignUp_SignUp")
    with own.running(), pytest.raises(own.idp.exceptions.UserLambdaValidationException) as caught:
        own.sign_up()
    assert caught.value.response["Error"]["Message"] == "PreSignUp failed with error not today."
    with pytest.raises(own.idp.exceptions.UserNotFoundException):
        own.idp.admin_get_user(UserPoolId=own.id, Username="ann")


def test_an_administrator_creates_and_confirms_with_the_triggers_too(pool: MakePool) -> None:
    own = pool("PreSignUp", "PostConfirmation")
    with own.running():
        own.idp.admin_create_user(UserPoolId=own.id, Username="bob")
        own.sign_up("carl")
        own.idp.admin_confirm_sign_up(UserPoolId=own.id, Username="carl")
    assert own.sources == ["PreSignUp_AdminCreateUser", "PreSignUp_SignUp", "PostConfirmation_ConfirmSignUp"]


def test_signing_in_asks_before_and_after_and_for_the_claims_of_the_id_token(pool: MakePool) -> None:
    own = pool("PreAuthentication", "PostAuthentication", "PreTokenGeneration")
    own.responses["TokenGeneration_Authentication"] = {
        "claimsOverrideDetails": {
            "claimsToAddOrOverride": {"tier": "gold"},
            "groupOverrideDetails": {"groupsToOverride": ["staff"]},
        }
    }
    own.sign_up()
    own.idp.admin_confirm_sign_up(UserPoolId=own.id, Username="ann")
    with own.running():
        tokens = own.sign_in()
        own.idp.initiate_auth(
            ClientId=own.client_id,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
        )
    assert own.sources == [
        "PreAuthentication_Authentication",
        "TokenGeneration_Authentication",
        "PostAuthentication_Authentication",
        "TokenGeneration_RefreshTokens",
    ]
    id_token, access_token = claims(tokens["IdToken"]), claims(tokens["AccessToken"])
    assert (id_token["tier"], id_token["cognito:groups"]) == ("gold", ["staff"])
    # Version 1 is of the ID token alone.
    assert "tier" not in access_token


def test_the_second_version_of_the_token_trigger_is_of_the_access_token_too(
    pool: MakePool, server: LocalServer
) -> None:
    function = f"tokens-{uuid.uuid4().hex[:8]}"
    config = {"LambdaVersion": "V2_0", "LambdaArn": function_arn(function)}
    own = pool(PreTokenGenerationConfig=config)
    own.responses["TokenGeneration_Authentication"] = {
        "claimsAndScopeOverrideDetails": {
            "idTokenGeneration": {"claimsToAddOrOverride": {"a": "id"}},
            "accessTokenGeneration": {"claimsToAddOrOverride": {"a": "access"}, "scopesToAdd": ["orders.read"]},
        }
    }
    own.sign_up()
    own.idp.admin_confirm_sign_up(UserPoolId=own.id, Username="ann")
    with own.running():
        tokens = own.sign_in()
    (event,) = own.events
    assert event["version"] == "2"
    id_token, access_token = claims(tokens["IdToken"]), claims(tokens["AccessToken"])
    assert (id_token["a"], access_token["a"]) == ("id", "access")
    assert access_token["scope"].split() == ["aws.cognito.signin.user.admin", "orders.read"]


def test_a_sign_in_that_a_trigger_refuses_gives_no_tokens(pool: MakePool) -> None:
    own = pool("PreAuthentication")
    own.fails.add("PreAuthentication_Authentication")
    own.sign_up()
    own.idp.admin_confirm_sign_up(UserPoolId=own.id, Username="ann")
    with own.running(), pytest.raises(own.idp.exceptions.UserLambdaValidationException):
        own.sign_in()


def test_where_nobody_runs_functions_a_pool_goes_on_without_its_triggers(pool: MakePool) -> None:
    own = pool("PreSignUp")
    own.sign_up()
    assert own.idp.admin_get_user(UserPoolId=own.id, Username="ann")["Username"] == "ann"
