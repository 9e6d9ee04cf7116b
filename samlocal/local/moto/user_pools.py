"""User pools of the local endpoint have their triggers' functions run, which moto's do not.

Source: Amazon Cognito developer guide, "Customizing user pool workflows with Lambda triggers" and the page of each
trigger: what it gets, what of its answer counts, and how an error of it is told. Run are those of signing up,
confirming, signing in by password, and tokens; ``custom_challenges.py`` has those of challenges. Tried with moto 5.2.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, TypeAlias

from moto.cognitoidp.models import CognitoIdpBackend, CognitoIdpUser, CognitoIdpUserPool
from moto.core.exceptions import JsonRESTError

from samlocal.event_template import as_json
from samlocal.local.invocation import Invocation
from samlocal.local.moto.invocations import Invocations, NobodyRunsError
from samlocal.local.moto.targets import LOG

Json: TypeAlias = dict[str, Any]

# AWS's wait for five seconds, most of which a function that is not started yet would need here: these wait longer.
_VERIFIED = {"autoVerifyEmail": "email_verified", "autoVerifyPhone": "phone_number_verified"}

signing_in: ContextVar[Json | None] = ContextVar("signing_in", default=None)
"""One sign-in makes two tokens, of which the trigger hears once: its source, and what it has said."""

_ID, _ACCESS = "id", "access"

_REFRESH = ("REFRESH_TOKEN", "REFRESH_TOKEN_AUTH")
_BY_PASSWORD = ("USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH")


def mend_user_pools(invocations: Invocations) -> None:
    """Called once. ``invocations`` takes what is to run."""
    ask = Triggers(invocations)
    for name, wrapped in (
        ("sign_up", _signing_up),
        ("admin_create_user", _creating),
        ("confirm_sign_up", _confirming),
        ("admin_confirm_sign_up", _confirming),
        ("initiate_auth", _authenticating),
        ("admin_initiate_auth", _authenticating),
    ):
        setattr(CognitoIdpBackend, name, wrapped(getattr(CognitoIdpBackend, name), ask))
    setattr(CognitoIdpUserPool, "create_jwt", _claiming(CognitoIdpUserPool.create_jwt, ask))  # noqa: B010 - mypy forbids it as an assignment


class Triggers:
    """Asks the functions of a pool."""

    def __init__(self, invocations: Invocations) -> None:
        self._invocations = invocations

    def __call__(
        self,
        pool: CognitoIdpUserPool,
        trigger: str,
        source: str,
        *,
        user_name: str,
        client_id: str | None,
        request: Json,
        response: Json | None = None,
        version: str = "1",
    ) -> Json:
        """What it answers with, as ``response``. Raises what Cognito answers where it fails."""
        arn = function_of(pool, trigger)
        if arn is None:
            return response or {}
        event = {
            "version": version,
            "triggerSource": f"{trigger}_{source}"
            if trigger != "PreTokenGeneration"
            else f"TokenGeneration_{source}",
            "region": pool.region,
            "userPoolId": pool.id,
            "userName": user_name,
            "callerContext": {
                "awsSdkVersion": "aws-sdk-unknown-unknown",
                "clientId": client_id or "CLIENT_ID_NOT_APPLICABLE",
            },
            "request": request,
            "response": response or {},
        }
        try:
            answered = self._invocations.answer(
                Invocation(function=arn, payload=as_json(event).encode(), source=pool.arn)
            )
        except NobodyRunsError:
            LOG.warning("the %s trigger of %s is passed over: nobody runs functions now", trigger, pool.id)
            return response or {}
        said = _read(answered.payload)
        if answered.status != 200:
            raise JsonRESTError("UnexpectedLambdaException", f"{trigger} invocation failed: {said}")
        if any(name.lower() == "x-amz-function-error" for name in answered.headers):
            message = said.get("errorMessage") if isinstance(said, dict) else said
            raise JsonRESTError("UserLambdaValidationException", f"{trigger} failed with error {message}.")
        if not isinstance(said, dict) or not isinstance(said.get("response"), dict):
            raise JsonRESTError("InvalidLambdaResponseException", "Unrecognizable lambda output")
        answer: Json = said["response"]
        return answer


def function_of(pool: CognitoIdpUserPool, trigger: str) -> str | None:
    config = pool.extended_config.get("LambdaConfig") or {}
    versioned = config.get(f"{trigger}Config") or {}
    arn = versioned.get("LambdaArn") or config.get(trigger)
    return None if arn is None else str(arn)


def _read(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")


# what a request is about


def pool_of(backend: CognitoIdpBackend, client_id: str) -> CognitoIdpUserPool | None:
    return next((pool for pool in list(backend.user_pools.values()) if client_id in pool.clients), None)


def _given(attributes: list[dict[str, str]] | None) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in attributes or ()}


def attributes_of(user: CognitoIdpUser) -> dict[str, str]:
    return {**_given(user.attributes), "cognito:user_status": str(getattr(user.status, "value", user.status))}


# the operations


def _signing_up(sign_up: Callable[..., Any], ask: Triggers) -> Callable[..., Any]:
    def signed_up(
        backend: CognitoIdpBackend, client_id: str, username: str, password: str, attributes: Any
    ) -> tuple[CognitoIdpUser, Any]:
        pool = pool_of(backend, client_id)
        if pool is None or pool._get_user(username):
            # Refused before anybody is asked.
            made: tuple[CognitoIdpUser, Any] = sign_up(backend, client_id, username, password, attributes)
            return made
        said = ask(
            pool,
            "PreSignUp",
            "SignUp",
            user_name=username,
            client_id=client_id,
            request={"userAttributes": _given(attributes), "validationData": None},
            response={"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
        )
        user, details = sign_up(backend, client_id, username, password, attributes)
        for name, attribute in _VERIFIED.items():
            if said.get(name) is True:
                user.update_attributes([{"Name": attribute, "Value": "true"}])
        if said.get("autoConfirmUser") is True:
            backend.confirm_sign_up(client_id, user.username)
        return user, details

    return signed_up


def _creating(create: Callable[..., Any], ask: Triggers) -> Callable[..., Any]:
    def created(
        backend: CognitoIdpBackend, user_pool_id: str, username: str, message_action: Any, *more: Any
    ) -> CognitoIdpUser:
        pool = backend.describe_user_pool(user_pool_id)
        if message_action != "RESEND" and not pool._get_user(username):
            ask(
                pool,
                "PreSignUp",
                "AdminCreateUser",
                user_name=username,
                client_id=None,
                request={"userAttributes": _given(more[1] if len(more) > 1 else None), "validationData": None},
                response={"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
            )
        user: CognitoIdpUser = create(backend, user_pool_id, username, message_action, *more)
        return user

    return created


def _confirming(confirm: Callable[..., Any], ask: Triggers) -> Callable[..., Any]:
    def confirmed(backend: CognitoIdpBackend, owner: str, username: str) -> Any:
        """``owner`` is a client's id, or a pool's."""
        answer = confirm(backend, owner, username)
        client = owner if (pool := pool_of(backend, owner)) is not None else None
        pool = pool or backend.describe_user_pool(owner)
        user = backend.admin_get_user(pool.id, username)
        ask(
            pool,
            "PostConfirmation",
            "ConfirmSignUp",
            user_name=user.username,
            client_id=client,
            request={"userAttributes": attributes_of(user)},
        )
        return answer

    return confirmed


def _authenticating(authenticate: Callable[..., Any], ask: Triggers) -> Callable[..., Any]:
    def authenticated(backend: CognitoIdpBackend, *given: Any) -> Any:
        """``given`` are the pool's id of an administrator, the client's id, the flow and its parameters."""
        client_id, flow, parameters = given[-3:]
        pool = pool_of(backend, client_id)
        user = None if pool is None else pool._get_user(str((parameters or {}).get("USERNAME")))
        by_password = flow in _BY_PASSWORD and user is not None
        if pool is not None and by_password and user is not None:
            request = {"userAttributes": attributes_of(user), "validationData": None}
            about: Json = {"user_name": user.username, "client_id": client_id}
            ask(pool, "PreAuthentication", "Authentication", **about, request=request)
        source = "RefreshTokens" if flow in _REFRESH else "Authentication"
        before = signing_in.set({"source": source})
        try:
            answer = authenticate(backend, *given)
        finally:
            signing_in.reset(before)
        if pool is not None and by_password and user is not None and answer and "AuthenticationResult" in answer:
            after: Json = {"userAttributes": attributes_of(user), "newDeviceUsed": False}
            ask(pool, "PostAuthentication", "Authentication", **about, request=after)
        return answer

    return authenticated


def _claiming(create: Callable[..., Any], ask: Triggers) -> Callable[..., Any]:
    def claimed(
        pool: CognitoIdpUserPool,
        client_id: str,
        username: str,
        token_use: str,
        expires_in: int = 60 * 60,
        extra_data: Mapping[str, Any] | None = None,
    ) -> Any:
        claims = dict(extra_data or {})
        said = _said_of_tokens(pool, client_id, username, ask)
        changed = _changes(said, token_use)
        claims |= changed.get("claimsToAddOrOverride") or {}
        for name in changed.get("claimsToSuppress") or ():
            claims.pop(name, None)
        groups = (said.get("claimsOverrideDetails") or said.get("claimsAndScopeOverrideDetails") or {}).get(
            "groupOverrideDetails"
        )
        if groups and groups.get("groupsToOverride") is not None:
            claims["cognito:groups"] = groups["groupsToOverride"]
        if token_use == _ACCESS and "scope" in claims:
            scopes = [
                each for each in str(claims["scope"]).split() if each not in changed.get("scopesToSuppress", ())
            ]
            claims["scope"] = " ".join([*scopes, *(changed.get("scopesToAdd") or ())])
        return create(pool, client_id, username, token_use, expires_in, claims)

    return claimed


def _changes(said: Json, token_use: str) -> Json:
    """Version 1 is of the ID token alone."""
    second = said.get("claimsAndScopeOverrideDetails") or {}
    if second:
        return second.get(f"{token_use}TokenGeneration") or {}
    return (said.get("claimsOverrideDetails") or {}) if token_use == _ID else {}


def _said_of_tokens(pool: CognitoIdpUserPool, client_id: str, username: str, ask: Triggers) -> Json:
    own = signing_in.get()
    user = pool._get_user(username)
    if own is None or user is None or function_of(pool, "PreTokenGeneration") is None:
        return {}
    if "said" not in own:
        groups = [group.group_name for group in user.groups]
        config = (pool.extended_config.get("LambdaConfig") or {}).get("PreTokenGenerationConfig") or {}
        version = str(config.get("LambdaVersion", "V1_0")).strip("V").partition("_")[0]
        request: Json = {
            "userAttributes": attributes_of(user),
            "groupConfiguration": {
                "groupsToOverride": groups,
                "iamRolesToOverride": [],
                "preferredRole": None,
            },
        }
        name = "claimsOverrideDetails"
        if version != "1":
            name = "claimsAndScopeOverrideDetails"
            request["scopes"] = ["aws.cognito.signin.user.admin"]
        own["said"] = ask(
            pool,
            "PreTokenGeneration",
            own["source"],
            user_name=user.username,
            client_id=client_id,
            request=request,
            response={name: None},
            version=version,
        )
    said: Json = own["said"]
    return said
