"""Signing in by challenges that functions make and judge, as Amazon Cognito's developer guide has it.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-challenge.html
"""

from __future__ import annotations

from typing import Any

import pytest
from pushed_kit import generated, shape
from user_pools_kit import Pool, claims

from samlocal.local.server import LocalServer

TRIGGERS = ("PreSignUp", "DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
DEFINE, CREATE, VERIFY = (f"{name}_Authentication" for name in TRIGGERS[1:])


def define(event: Any) -> Any:
    """Three times, as the guide's example does."""
    past = event["request"]["session"]
    if past and past[-1]["challengeResult"]:
        return {"issueTokens": True, "failAuthentication": False}
    if len(past) >= 3:
        return {"issueTokens": False, "failAuthentication": True}
    return {"challengeName": "CUSTOM_CHALLENGE", "issueTokens": False, "failAuthentication": False}


def verify(event: Any) -> Any:
    request = event["request"]
    return {"answerCorrect": request["challengeAnswer"] == request["privateChallengeParameters"]["code"]}


@pytest.fixture
def pool(server: LocalServer) -> Pool:
    """With a user who is confirmed, and gets the code 123."""
    own = Pool(server, *TRIGGERS)
    own.responses = {
        "PreSignUp_SignUp": {"autoConfirmUser": True},
        DEFINE: define,
        CREATE: {
            "publicChallengeParameters": {"to": "+1***00"},
            "privateChallengeParameters": {"code": "123"},
            "challengeMetadata": "CODE-123",
        },
        VERIFY: verify,
    }
    return own


def begun(pool: Pool, **more: str) -> Any:
    given = {"USERNAME": "ann", **more}
    return pool.idp.initiate_auth(ClientId=pool.client_id, AuthFlow="CUSTOM_AUTH", AuthParameters=given)


def answered(pool: Pool, session: str, answer: str) -> Any:
    return pool.idp.respond_to_auth_challenge(
        ClientId=pool.client_id,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=session,
        ChallengeResponses={"USERNAME": "ann", "ANSWER": answer},
    )


def test_a_right_answer_signs_in_and_each_function_gets_the_event_that_cognito_documents(pool: Pool) -> None:
    with pool.running():
        pool.sign_up()
        asked = begun(pool)
        assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"
        # What is private stays here.
        assert asked["ChallengeParameters"] == {"to": "+1***00", "USERNAME": "ann"}
        signed_in = answered(pool, asked["Session"], "123")["AuthenticationResult"]
    assert claims(signed_in["IdToken"])["cognito:username"] == "ann"
    assert pool.sources == ["PreSignUp_SignUp", DEFINE, CREATE, VERIFY, DEFINE]
    first, created, verified, last = pool.events[1:]
    assert (first["request"]["session"], created["request"]["session"]) == ([], [])
    assert last["request"]["session"] == [
        {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": True, "challengeMetadata": "CODE-123"}
    ]
    for got, kind in (
        (created, "create-auth-challenge"),
        (verified, "verify-auth-challenge-response"),
        (last, DEFINE),
    ):
        wanted = generated("cognito", "define-auth-challenge" if kind == DEFINE else kind)
        for name in ("response", "callerContext"):
            assert shape(got[name]) == shape(wanted[name])
        assert set(got["request"]) == set(wanted["request"])
    assert verified["request"]["challengeAnswer"] == "123"
    assert verified["request"]["privateChallengeParameters"] == {"code": "123"}


def test_a_wrong_answer_is_asked_again_until_the_function_has_it_fail(pool: Pool) -> None:
    with pool.running():
        pool.sign_up()
        asked = begun(pool)
        for _ in range(2):
            before, asked = asked["Session"], answered(pool, asked["Session"], "wrong")
            assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"
            assert asked["Session"] != before
        with pytest.raises(pool.idp.exceptions.NotAuthorizedException, match="Incorrect username or password"):
            answered(pool, asked["Session"], "wrong")


def test_a_challenge_is_answered_once(pool: Pool) -> None:
    with pool.running():
        pool.sign_up()
        asked = begun(pool)
        answered(pool, asked["Session"], "wrong")
        with pytest.raises(pool.idp.exceptions.NotAuthorizedException, match="Invalid session"):
            answered(pool, asked["Session"], "123")


def test_who_is_not_confirmed_and_what_is_not_run_is_refused(pool: Pool, server: LocalServer) -> None:
    pool.responses["PreSignUp_SignUp"] = {}
    with pool.running():
        pool.sign_up()
        with pytest.raises(pool.idp.exceptions.UserNotConfirmedException):
            begun(pool)
        with pytest.raises(pool.idp.exceptions.InvalidParameterException, match="SRP_A"):
            begun(pool, SRP_A="a1", CHALLENGE_NAME="SRP_A")
    plain = Pool(server)
    with pytest.raises(plain.idp.exceptions.InvalidParameterException, match="not configured"):
        begun(plain)
