"""Tokens against an issuer that the test runs: its discovery document, its keys, and what it has signed."""

from __future__ import annotations

import asyncio
import base64
import functools
import hmac
import http.server
import json
import socketserver
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from api_kit import RECEIVED, api_of, matched_of, request_of, route_of
from joserfc import jwk, jwt
from joserfc.jws import JWSRegistry

from samlocal.http_api.answers.answer import refused
from samlocal.http_api.authorizers.authorizers import Authorizers
from samlocal.http_api.authorizers.decision import Allowed, Decision, Denied
from samlocal.http_api.authorizers.tokens import Tokens
from samlocal.http_api.authorizers.user_pools import keys_behind, user_pool_issuer
from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.model import ApiKind, Authorizer, CognitoAuthorizer, JwtAuthorizer
from samlocal.sandbox.result import Result


@functools.cache
def rsa_key(kid: str, number: int = 1) -> jwk.RSAKey:
    """Making one takes a quarter of a second."""
    return jwk.RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


class Issuer:
    """An OpenID provider on loopback that counts how often it is asked for its keys."""

    def __init__(self) -> None:
        self.keys = {"first": rsa_key("first")}
        self.asked: list[str] = []
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                body = issuer.document(self.path)
                self.send_response(404 if body is None else 200)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/tenant"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def document(self, path: str) -> object:
        match path:
            case "/tenant/.well-known/openid-configuration":
                return {"issuer": self.url, "jwks_uri": self.url.replace("/tenant", "/keys")}
            case "/keys":
                return {
                    "keys": [{"kty": "oct", "k": "AA", "kid": "odd"}, *(_public(key) for key in self.keys.values())]
                }
            case _:
                return None

    def token(self, kid: str = "first", *, key: Any = None, algorithm: str = "RS256", **claims: Any) -> str:
        given = {"iss": self.url, "aud": "app", "exp": RECEIVED + 60, "iat": RECEIVED - 1, "sub": "me"} | claims
        kept = {name: value for name, value in given.items() if value is not None}
        return self.token_of({"alg": algorithm, "kid": kid}, kept, key or self.keys[kid])

    def token_of(self, header: Mapping[str, Any], claims: Mapping[str, Any], key: Any) -> str:
        registry = JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
        registry.max_header_length = 10_000
        return jwt.encode(dict(header), dict(claims), key, registry=registry)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def _public(key: Any) -> Mapping[str, Any]:
    described: Mapping[str, Any] = key.as_dict(private=False)
    return described


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    started = Issuer()
    yield started
    started.close()


class Clock:
    def __init__(self) -> None:
        self.now = RECEIVED

    def __call__(self) -> float:
        return self.now


async def nobody(function: str, request: HttpRequest, event: bytes) -> Result:
    raise AssertionError("no function is asked about a token")


class Gate:
    """The authorizers of one API with one authorizer."""

    def __init__(self, kind: ApiKind, authorizer: Authorizer, *, elsewhere: str | None = None) -> None:
        self.clock = Clock()
        self.api = api_of(kind, authorizers={"A": authorizer})
        tokens = Tokens(clock=self.clock, elsewhere=lambda _: elsewhere)
        self.authorizers = Authorizers(self.api, nobody, lambda: tokens, clock=self.clock)

    def decide(self, token: str | None, *scopes: str) -> Decision:
        request = request_of(headers={} if token is None else {"Authorization": token})
        route = route_of("GET", "/", authorizer="A", scopes=scopes)
        return asyncio.run(self.authorizers.decide(matched_of(request, route), request))

    def answer(self, token: str | None, *scopes: str) -> tuple[int, str, str | None]:
        decision = self.decide(token, *scopes)
        assert isinstance(decision, Denied)
        answer = refused(self.api, request_of(), decision.refusal)
        challenges = [value for name, value in answer.headers if name == "www-authenticate"]
        return answer.status, answer.body.decode(), challenges[0] if challenges else None


def jwt_gate(issuer: Issuer) -> Gate:
    return Gate(ApiKind.HTTP, JwtAuthorizer(name="A", issuer=issuer.url, audiences=("app", "other")))


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer "])
def test_a_right_token_passes_with_its_claims(issuer: Issuer, prefix: str) -> None:
    decision = jwt_gate(issuer).decide(prefix + issuer.token())
    assert isinstance(decision, Allowed)
    assert decision.caller.claims is not None
    assert decision.caller.claims["sub"] == "me"
    assert decision.caller.scopes is None


# What is checked: API Gateway developer guide, "Control access to HTTP APIs with JWT authorizers".
@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["x", "other"]},
        {"aud": None, "client_id": "app"},
        {"nbf": RECEIVED - 1},
        {"iat": None},
    ],
)
def test_other_right_tokens_pass(issuer: Issuer, claims: dict[str, Any]) -> None:
    assert isinstance(jwt_gate(issuer).decide(issuer.token(**claims)), Allowed)


# RFC 7515: 4.1.6 (x5c, the chain of certificates), 4 (header parameters that are not understood are ignored).
@pytest.mark.parametrize("more", [{"nonce": "q1"}, {"x5c": ["MIID" * 500]}])
def test_what_else_a_tokens_header_has_keeps_nobody_out(issuer: Issuer, more: dict[str, Any]) -> None:
    claims = {"iss": issuer.url, "aud": "app", "exp": RECEIVED + 60}
    token = issuer.token_of({"alg": "RS256", "kid": "first", **more}, claims, issuer.keys["first"])
    assert isinstance(jwt_gate(issuer).decide(token), Allowed)


AUDIENCE = "the token does not have a valid audience"


@pytest.mark.parametrize(
    ("claims", "described"),
    [
        # The words of the audience are AWS's own: "Troubleshooting issues with HTTP API JWT authorizers".
        ({"aud": "foreign"}, AUDIENCE),
        ({"aud": None}, AUDIENCE),
        # client_id counts only where there is no aud.
        ({"aud": "foreign", "client_id": "app"}, AUDIENCE),
        ({"exp": RECEIVED - 10}, "the token has expired 10 s ago"),
        ({"exp": RECEIVED}, "the token has expired 0 s ago"),
        ({"exp": RECEIVED - 3599}, "the token has expired 3599 s ago"),
        ({"exp": RECEIVED - 25 * 3600 - 61}, "the token has expired 25 h 1 min ago"),
        ({"exp": None}, "the token does not say when it expires"),
        ({"exp": "soon"}, "the token has a wrong exp"),
        ({"exp": float("nan")}, "the token has a wrong exp"),
        ({"exp": float("-inf")}, "the token has a wrong exp"),
        ({"nbf": float("inf")}, "the token has a wrong nbf"),
        ({"nbf": 10**400}, "the token has a wrong nbf"),
        ({"nbf": RECEIVED + 30}, "the token is not valid yet"),
        ({"iat": RECEIVED + 30}, "the token is not valid yet"),
        ({"iss": "http://127.0.0.1/foreign"}, "the token does not have a valid issuer"),
    ],
)
def test_a_wrong_token_is_refused_with_its_fault(issuer: Issuer, claims: dict[str, Any], described: str) -> None:
    challenge = f'Bearer scope="" error="invalid_token" error_description="{described}"'
    assert jwt_gate(issuer).answer(issuer.token(**claims)) == (401, '{"message":"Unauthorized"}', challenge)


def test_a_request_without_a_token_is_refused(issuer: Issuer) -> None:
    assert jwt_gate(issuer).answer(None) == (401, '{"message":"Unauthorized"}', "Bearer")
    assert issuer.asked == []


def unsigned(issuer: Issuer) -> str:
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "first"}).encode()).rstrip(b"=").decode()
    return f"{head}.{issuer.token().split('.')[1]}."


def with_other_key(issuer: Issuer) -> str:
    return issuer.token(key=rsa_key("first", 2))


def changed(issuer: Issuer) -> str:
    head, claims, signature = issuer.token().split(".")
    value = json.loads(base64.urlsafe_b64decode(claims + "==")) | {"sub": "admin"}
    return f"{head}.{base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b'=').decode()}.{signature}"


def symmetric(issuer: Issuer) -> str:
    """The public key taken for the secret of an HMAC, by hand: the library does not let one do it."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"first"}').rstrip(b"=").decode()
    signed = f"{head}.{issuer.token().split('.')[1]}"
    secret = issuer.keys["first"].as_pem(private=False)
    digest = hmac.new(secret, signed.encode(), "sha256").digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def elliptic(issuer: Issuer) -> str:
    # API Gateway developer guide: "Currently, only RSA-based algorithms are supported."
    return issuer.token(key=jwk.ECKey.generate_key("P-256", {"kid": "first"}), algorithm="ES256")


@pytest.mark.parametrize("forge", [unsigned, with_other_key, changed, symmetric, elliptic])
def test_a_forged_token_is_refused(issuer: Issuer, forge: Any) -> None:
    status, body, _ = jwt_gate(issuer).answer(forge(issuer))
    assert (status, body) == (401, '{"message":"Unauthorized"}')


@pytest.mark.parametrize("token", ["x", "a.b", "a.b.c", "..", "e30.e30.", "W10.W10.W10", "\u00ff.\u00ff.\u00ff"])
def test_what_is_no_token_is_refused_without_asking_anybody(issuer: Issuer, token: str) -> None:
    assert jwt_gate(issuer).answer(token)[0] == 401
    assert issuer.asked == []


def test_the_keys_are_fetched_once_and_kept_for_two_hours(issuer: Issuer) -> None:
    # API Gateway developer guide: "API Gateway can cache the public key for two hours."
    gate = jwt_gate(issuer)
    for _ in range(3):
        assert isinstance(gate.decide(issuer.token()), Allowed)
    assert issuer.asked == ["/tenant/.well-known/openid-configuration", "/keys"]
    gate.clock.now += 2 * 60 * 60 + 1
    assert isinstance(gate.decide(issuer.token(exp=gate.clock.now + 60)), Allowed)
    assert len(issuer.asked) == 4


def test_a_new_key_is_fetched_when_a_token_names_it(issuer: Issuer) -> None:
    # API Gateway developer guide, "Key rotation and caching".
    gate = jwt_gate(issuer)
    assert isinstance(gate.decide(issuer.token()), Allowed)
    issuer.keys["second"] = rsa_key("second")
    gate.clock.now += 10
    assert isinstance(gate.decide(issuer.token("second")), Allowed)
    assert isinstance(gate.decide(issuer.token("first")), Allowed)
    assert issuer.asked.count("/keys") == 2


def test_made_up_key_ids_do_not_make_it_ask_again_and_again(issuer: Issuer) -> None:
    gate = jwt_gate(issuer)
    stranger = rsa_key("stranger")
    for number in range(5):
        assert gate.answer(issuer.token(f"made-up-{number}", key=stranger))[0] == 401
    assert issuer.asked.count("/keys") == 1


def test_an_issuer_that_does_not_answer_refuses_everybody() -> None:
    started = Issuer()
    token = started.token()
    gate = jwt_gate(started)
    started.close()
    decision = gate.decide(token)
    assert isinstance(decision, Denied)
    assert "cannot be fetched" in (decision.remark or "")
    assert gate.answer(token)[0] == 401


def test_an_issuer_that_speaks_no_http_refuses_everybody() -> None:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(b"220 mail.example ESMTP\r\n")

    issuer = Issuer()
    issuer.close()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        issuer.url = f"http://127.0.0.1:{server.server_address[1]}/tenant"
        gate, token = jwt_gate(issuer), issuer.token()
        decision = gate.decide(token)
        server.shutdown()

    assert isinstance(decision, Denied)
    assert "cannot be fetched: 220 mail.example" in (decision.remark or "")


def test_a_route_with_scopes_wants_one_of_them(issuer: Issuer) -> None:
    gate = jwt_gate(issuer)
    for claims in ({"scope": "email write"}, {"scp": ["write"]}, {"scp": "write"}):
        decision = gate.decide(issuer.token(**claims), "read", "write")
        assert isinstance(decision, Allowed)
        assert decision.caller.scopes == ("write",)
    # RFC 6750, section 3.1.
    challenge = 'Bearer scope="read write" error="insufficient_scope"'
    for claims in ({"scope": "email"}, {}):
        assert gate.answer(issuer.token(**claims), "read", "write") == (403, '{"message":"Forbidden"}', challenge)


POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbCdEf"
POOL_ISSUER = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf"


def test_a_user_pool_is_an_issuer() -> None:
    # Cognito developer guide, "Verifying JSON web tokens".
    assert user_pool_issuer(POOL) == POOL_ISSUER
    for wrong in ("UserPool", "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/"):
        with pytest.raises(ValueError, match="ARN"):
            user_pool_issuer(wrong)


def cognito_gate(issuer: Issuer, **members: Any) -> Gate:
    """Its keys are the issuer's, as those of a pool of the local environment are elsewhere."""
    authorizer = CognitoAuthorizer(name="A", user_pools=(POOL,), **members)
    return Gate(ApiKind.REST, authorizer, elsewhere=issuer.url.replace("/tenant", "/keys"))


def test_a_user_pools_id_token_passes_a_method_without_scopes(issuer: Issuer) -> None:
    # AWS knowledge center: an ID token where there are no scopes, an access token where there are.
    gate = cognito_gate(issuer)
    decision = gate.decide(issuer.token(iss=POOL_ISSUER, token_use="id"))
    assert isinstance(decision, Allowed)
    assert issuer.asked == ["/keys"]
    access = issuer.token(iss=POOL_ISSUER, token_use="access", scope="read")
    assert gate.answer(access)[:2] == (401, '{"message":"Unauthorized"}')
    assert isinstance(gate.decide(access, "read"), Allowed)
    assert gate.answer(issuer.token(iss=POOL_ISSUER, token_use="id"), "read")[0] == 401
    assert gate.answer(access, "write")[0] == 403


def test_an_expired_token_of_a_user_pool_is_told_so(issuer: Issuer) -> None:
    token = issuer.token(iss=POOL_ISSUER, token_use="id", exp=RECEIVED - 1)
    assert cognito_gate(issuer).answer(token)[:2] == (401, '{"message":"The incoming token has expired"}')


def test_the_validation_expression_is_for_the_audience(issuer: Issuer) -> None:
    # awsdocs/amazon-api-gateway-developer-guide pull request 54.
    token = issuer.token(iss=POOL_ISSUER, token_use="id")
    assert isinstance(cognito_gate(issuer, validation="a.p").decide(token), Allowed)
    assert cognito_gate(issuer, validation="b.*").answer(token)[0] == 401


def test_a_pool_that_cannot_be_known_is_the_apis_fault(issuer: Issuer) -> None:
    gate = Gate(ApiKind.REST, CognitoAuthorizer(name="A", user_pools=("UserPool",)))
    assert gate.answer(issuer.token())[:2] == (500, '{"message":null}')


# moto, ``cognitoidp/urls.py``, which leaves the service's host out where it is the endpoint of all services.
@pytest.mark.parametrize(
    ("endpoint", "issuer", "address"),
    [
        (
            "http://127.0.0.1:5000/",
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC",
            "http://127.0.0.1:5000/eu-west-1_AbC/.well-known/jwks.json",
        ),
        (
            "http://127.0.0.1:5000",
            "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_AbC",
            "http://127.0.0.1:5000/cn-north-1_AbC/.well-known/jwks.json",
        ),
        (None, "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC", None),
        ("http://127.0.0.1:5000", "https://i.example/eu-west-1_AbC", None),
    ],
)
def test_a_user_pools_keys_are_where_its_environment_is(
    endpoint: str | None, issuer: str, address: str | None
) -> None:
    assert keys_behind(endpoint, issuer) == address
