"""User pools of the environment on this machine have the functions of their triggers run.

https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html and the
pages of its triggers.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from pushed_kit import function_arn, generated, shape
from user_pools_kit import Pool, claims

from samlocal.local.server import LocalServer

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
