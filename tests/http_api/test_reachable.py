"""What functions are told of WebSocket clients: which of them, and whom their SDKs trust then."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.httpsession import get_cert_path
from msgspec.structs import replace
from pool_kit import plan_of
from routes_kit import api

from samlocal.http_api.web.certificate import certificate
from samlocal.http_api.web.inside import Inside, trust
from samlocal.http_api.websocket.reachable import Reachable
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.network.route import Route, bound_socket
from samlocal.service.server import listening

API = api(
    """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.11, Handler: a.b}}
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: WEBSOCKET, RouteSelectionExpression: KEY}}
  Stage: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: !Ref Api, StageName: live}}
  Int: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY,
    IntegrationUri: !GetAtt Fn.Arn}}
  Say: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: say,
    Target: !Sub "integrations/${Int}"}}
""",
    head="",
)
KEYS = {"AWS_ACCESS_KEY_ID": "ASIA1", "AWS_SECRET_ACCESS_KEY": "secret"}
HOST = f"{API.api_id}.execute-api.samlocal.internal"


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    made = certificate(tmp_path / "tls")
    with Inside(
        listening("127.0.0.1", 0),
        bound_socket("127.0.0.1"),
        route=Route(network="bridge", host="172.17.0.1", seen_as="172.17.0.1"),
        certificate=made,
        trust=trust(made, tmp_path / "tls" / "trust"),
    ) as opened:
        yield opened


def spec_of(name: str = "Fn", *, runtime: str = "python3.11", **variables: str) -> SandboxSpec:
    spec = plan_of(name, variables=variables | KEYS).spec
    return replace(spec, function=replace(spec.function, runtime=runtime))


def shaped(inside: Inside, spec: SandboxSpec) -> tuple[SandboxSpec, list[str]]:
    told: list[str] = []
    return Reachable(inside, [API], told=told.append).shaped(spec), told


# What each SDK reads is its own documentation's: AWS_CA_BUNDLE (AWS SDKs and Tools Reference Guide),
# NODE_EXTRA_CA_CERTS (Node.js), SSL_CERT_FILE (OpenSSL).
@pytest.mark.parametrize(
    ("runtime", "files"),
    [
        ("python3.11", {"AWS_CA_BUNDLE": "certificates.pem"}),
        ("ruby3.3", {"AWS_CA_BUNDLE": "certificates.pem"}),
        ("nodejs20.x", {"NODE_EXTRA_CA_CERTS": "certificate.pem"}),
        ("dotnet8", {"SSL_CERT_FILE": "certificates.pem"}),
        ("provided.al2023", {"AWS_CA_BUNDLE": "certificates.pem", "SSL_CERT_FILE": "certificates.pem"}),
    ],
)
def test_a_function_of_a_websocket_api_trusts_the_host_of_its_events(
    inside: Inside, runtime: str, files: dict[str, str]
) -> None:
    before = spec_of(runtime=runtime)
    spec, told = shaped(inside, before)

    assert spec.extra_hosts == {HOST: "172.17.0.1"}
    assert dict(spec.variables) == {
        **before.variables,
        **{name: f"/.samlocal/trust/{file}" for name, file in files.items()},
    }
    assert [mount.target for mount in spec.mounts] == ["/.samlocal/trust"]
    assert all((spec.mounts[0].source / file).is_file() for file in files.values())
    assert told == []


def test_other_functions_trust_and_find_whom_they_did_before(inside: Inside) -> None:
    before = spec_of("Other")
    spec, told = shaped(inside, before)

    assert (spec.variables, spec.extra_hosts, spec.mounts) == (before.variables, before.extra_hosts, before.mounts)
    assert set(spec.endpoints) == {"AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"}
    assert told == []


def test_a_function_that_a_save_gives_to_an_api_is_told_from_then_on(inside: Inside) -> None:
    reachable = Reachable(inside, [replace(API, routes=())], told=lambda _: None)
    assert reachable.shaped(spec_of()).mounts == ()

    assert reachable.use([API]) == {"Fn"}
    assert reachable.shaped(spec_of()).mounts != ()
    assert reachable.use([API]) == frozenset()


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (spec_of(runtime="java17"), "Fn: java17 takes no certificate from a variable"),
        (spec_of(AWS_CA_BUNDLE="/var/task/own.pem"), "Fn: its AWS_CA_BUNDLE is its own"),
    ],
)
def test_where_the_certificate_is_not_trusted_is_said_once(inside: Inside, spec: SandboxSpec, why: str) -> None:
    told: list[str] = []
    reachable = Reachable(inside, [API], told=told.append)

    assert reachable.shaped(spec).variables == spec.variables
    reachable.shaped(spec)
    (said,) = told
    assert said.startswith(f"{why}, so https://{{domainName}}/{{stage}} of its events is not trusted here.")


def test_sdks_trust_all_whom_botocore_trusts_and_samlocal(tmp_path: Path) -> None:
    made = certificate(tmp_path / "tls")
    given = trust(made, tmp_path / "trust")
    aws, own = (ssl.create_default_context(cafile=file) for file in (get_cert_path(True), made.public))
    both = ssl.create_default_context(cafile=given.folder / given.all)

    # A certificate that is no authority's is not listed, but it is counted.
    assert serials(both) == serials(aws)
    assert both.cert_store_stats()["x509"] == aws.cert_store_stats()["x509"] + own.cert_store_stats()["x509"]


def serials(trusting: ssl.SSLContext) -> set[object]:
    return {(each["issuer"], each["serialNumber"]) for each in trusting.get_ca_certs()}


def test_the_functions_user_can_read_whom_to_trust_whatever_was_there(tmp_path: Path) -> None:
    made = certificate(tmp_path / "tls")
    folder = tmp_path / "tls" / "trust"
    folder.mkdir(mode=0o700)
    (folder / "certificate.pem").write_text("an older one")
    given = trust(made, folder)

    assert folder.stat().st_mode & 0o777 == 0o755
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o644}
    assert (folder / given.own).read_bytes() == made.public.read_bytes()
