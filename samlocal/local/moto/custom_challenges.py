"""Signing in by challenges that functions make and judge: by a code that is sent, without a password.

Source: Amazon Cognito developer guide, "Custom authentication challenge Lambda triggers" and the pages of its three
triggers; Amazon Cognito user pools API reference, InitiateAuth and RespondToAuthChallenge. A flow that begins with
the password's own challenge (SRP_A) is not run. Tried with moto 5.2.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from moto.cognitoidp.exceptions import InvalidParameterException, NotAuthorizedError, UserNotConfirmedException
from moto.cognitoidp.models import CognitoIdpBackend, CognitoIdpUser, CognitoIdpUserPool, UserStatus
from moto.core.exceptions import JsonRESTError
from msgspec import Struct

from samlocal.local.moto.invocations import Invocations
from samlocal.local.moto.user_pools import Triggers, attributes_of, function_of, pool_of, signing_in

Json: TypeAlias = dict[str, Any]

_FLOW, _CHALLENGE = "CUSTOM_AUTH", "CUSTOM_CHALLENGE"
_DEFINE, _CREATE, _VERIFY = "DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"


class _SigningIn(Struct, frozen=True, kw_only=True):
    """How far somebody has come: ``past`` are the challenges before, ``private`` and ``metadata`` are this one's."""

    pool: CognitoIdpUserPool
    client_id: str
    user: CognitoIdpUser
    past: tuple[Json, ...] = ()
    private: Mapping[str, Any] | None = None
    metadata: str | None = None


def mend_custom_challenges(invocations: Invocations) -> None:
    """Called once. ``invocations`` takes what is to run."""
    challenges = _Challenges(Triggers(invocations))
    for name in ("initiate_auth", "admin_initiate_auth"):
        setattr(CognitoIdpBackend, name, challenges.beginning(getattr(CognitoIdpBackend, name)))
    answering = challenges.answering(CognitoIdpBackend.respond_to_auth_challenge)
    setattr(CognitoIdpBackend, "respond_to_auth_challenge", answering)  # noqa: B010 - mypy forbids it as an assignment


class _Challenges:
    """Those that wait for an answer, by their session."""

    def __init__(self, ask: Triggers) -> None:
        self._ask = ask
        self._waiting: dict[str, _SigningIn] = {}

    def beginning(self, initiate: Callable[..., Any]) -> Callable[..., Any]:
        def initiated(backend: CognitoIdpBackend, *given: Any) -> Any:
            """``given`` are the pool's id of an administrator, the client's id, the flow and its parameters."""
            client_id, flow, parameters = given[-3:]
            pool = pool_of(backend, client_id)
            if flow != _FLOW or pool is None:
                return initiate(backend, *given)
            return self._begin(backend, pool, client_id, parameters or {})

        return initiated

    def answering(self, respond: Callable[..., Any]) -> Callable[..., Any]:
        def responded(
            backend: CognitoIdpBackend, session: str, client_id: str, challenge_name: str, responses: Json
        ) -> Any:
            if challenge_name != _CHALLENGE:
                return respond(backend, session, client_id, challenge_name, responses)
            # One answer for each.
            waiting = self._waiting.pop(session, None)
            if waiting is None or waiting.client_id != client_id:
                raise NotAuthorizedError("Invalid session for the user.")
            return self._judge(backend, waiting, responses or {})

        return responded

    def _begin(self, backend: CognitoIdpBackend, pool: CognitoIdpUserPool, client_id: str, given: Json) -> Json:
        if function_of(pool, _DEFINE) is None:
            raise InvalidParameterException("Custom auth lambda trigger is not configured for the user pool.")
        if "SRP_A" in given:
            raise InvalidParameterException("samlocal's user pools run no custom flow that begins with SRP_A.")
        user = backend.admin_get_user(pool.id, str(given.get("USERNAME")))
        if not user.enabled:
            raise NotAuthorizedError("User is disabled.")
        if user.status is UserStatus.UNCONFIRMED:
            raise UserNotConfirmedException("User is not confirmed.")
        begun = _SigningIn(pool=pool, client_id=client_id, user=user)
        self._trigger(begun, "PreAuthentication", {"validationData": None}, {})
        return self._next(backend, begun)

    def _next(self, backend: CognitoIdpBackend, now: _SigningIn) -> Json:
        past = list(now.past)
        unsaid = {"challengeName": None, "issueTokens": None, "failAuthentication": None}
        said = self._trigger(now, _DEFINE, {"session": past}, unsaid)
        if said.get("failAuthentication") is True:
            raise NotAuthorizedError("Incorrect username or password.")
        if said.get("issueTokens") is True:
            return self._signed_in(backend, now)
        if said.get("challengeName") != _CHALLENGE:
            raise JsonRESTError(
                "InvalidLambdaResponseException", f"{_DEFINE} asks for the challenge {said.get('challengeName')}."
            )
        unmade = {"publicChallengeParameters": None, "privateChallengeParameters": None, "challengeMetadata": None}
        made = self._trigger(now, _CREATE, {"challengeName": _CHALLENGE, "session": past}, unmade)
        session = str(uuid.uuid4())
        self._waiting[session] = _SigningIn(
            pool=now.pool,
            client_id=now.client_id,
            user=now.user,
            past=now.past,
            private=made.get("privateChallengeParameters"),
            metadata=made.get("challengeMetadata"),
        )
        shown = {name: str(value) for name, value in (made.get("publicChallengeParameters") or {}).items()}
        return {
            "ChallengeName": _CHALLENGE,
            "Session": session,
            "ChallengeParameters": {**shown, "USERNAME": now.user.username},
        }

    def _judge(self, backend: CognitoIdpBackend, now: _SigningIn, responses: Json) -> Json:
        request = {"privateChallengeParameters": now.private, "challengeAnswer": responses.get("ANSWER")}
        said = self._trigger(now, _VERIFY, request, {"answerCorrect": False})
        result = {
            "challengeName": _CHALLENGE,
            "challengeResult": said.get("answerCorrect") is True,
            "challengeMetadata": now.metadata,
        }
        further = _SigningIn(pool=now.pool, client_id=now.client_id, user=now.user, past=(*now.past, result))
        return self._next(backend, further)

    def _signed_in(self, backend: CognitoIdpBackend, now: _SigningIn) -> Json:
        before = signing_in.set({"source": "Authentication"})
        try:
            client = now.pool.clients[now.client_id]
            answer: Json = backend._log_user_in(now.pool, client, now.user.username)
        finally:
            signing_in.reset(before)
        self._trigger(now, "PostAuthentication", {"newDeviceUsed": False}, {})
        return answer

    def _trigger(self, now: _SigningIn, trigger: str, request: Json, response: Json) -> Json:
        return self._ask(
            now.pool,
            trigger,
            "Authentication",
            user_name=now.user.username,
            client_id=now.client_id,
            request={"userAttributes": attributes_of(now.user), **request},
            response=response,
        )
