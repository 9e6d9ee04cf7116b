"""Who gets an answer from the local endpoint."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from kit import Project, function, template
from sample_kit import REGION

from samlocal.local.moto.door import CONTROL_HEADER
from samlocal.local.server import LocalServer
from samlocal.own_host import is_own

LISTED = {"Content-Type": "application/x-www-form-urlencoded"}


def asked(
    server: LocalServer, method: str = "POST", path: str = "/", *, host: str | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """One request with exactly these headers, `Sec_Fetch_Site` for Sec-Fetch-Site."""
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    try:
        connection.putrequest(method, path, skip_host=True)
        if host != "":
            connection.putheader("Host", host or f"127.0.0.1:{address.port}")
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        body = b"Action=ListQueues&Version=2012-11-05"
        connection.putheader("Content-Type", LISTED["Content-Type"])
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


SIGNED = f"AWS4-HMAC-SHA256 Credential=local/20260101/{REGION}/sqs/aws4_request, SignedHeaders=host, Signature=x"
PAGES = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:3000"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Sec_Fetch_Site": "same-origin"},
)


def test_a_program_is_answered_without_cors_headers(server: LocalServer) -> None:
    status, headers, _ = asked(server, Authorization=SIGNED)
    assert status == 200
    assert [name for name in headers if name.startswith("access-control-")] == []


@pytest.mark.parametrize("headers", PAGES, ids=str)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_page_in_a_browser_is_refused(server: LocalServer, method: str, headers: dict[str, str]) -> None:
    status, answered, body = asked(server, method, Authorization=SIGNED, **headers)
    assert status == 403
    assert b"not pages in a browser" in body
    assert [name for name in answered if name.startswith("access-control-")] == []


def test_what_a_user_opens_by_hand_is_answered(server: LocalServer, client: Callable[[str], Any]) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="by-hand", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="by-hand", Key="a", Body=b"seen")
    link = urlsplit(s3.generate_presigned_url("get_object", Params={"Bucket": "by-hand", "Key": "a"}))
    assert asked(server, "GET", f"{link.path}?{link.query}", Sec_Fetch_Site="none")[2] == b"seen"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil", ""])
def test_a_name_that_was_made_to_lead_here_is_refused(server: LocalServer, host: str) -> None:
    status, _, body = asked(server, host=host, Authorization=SIGNED)
    assert status == 403
    assert b"is not called" in body


def test_the_hosts_that_clients_use_are_its_own_and_others_are_not() -> None:
    own = (
        "127.0.0.1:4566",
        "localhost",
        "LOCALHOST.:1",
        "[::1]:80",
        "172.17.0.1:39123",
        "bucket.localhost:8080",
        "bucket.s3.eu-west-1.amazonaws.com",
        "a1b2c3.execute-api.eu-west-1.amazonaws.com",
        "abc.lambda-url.eu-west-1.on.aws",
        "host.docker.internal:39123",
        "bucket.host.docker.internal:39123",
    )
    assert [host for host in own if not is_own(host)] == []
    others = ("example.com", "amazonaws.com.example", "notamazonaws.com", "8.8.8.8", "[2001:4860::8888]:80", "0x7f.1")
    assert [host for host in others if is_own(host)] == []


def test_virtual_hosted_buckets_go_on_working(server: LocalServer) -> None:
    port = urlsplit(server.url).port
    s3 = boto3.client(
        "s3",
        endpoint_url=f"http://localhost:{port}",
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(s3={"addressing_style": "path"}),
    )
    s3.create_bucket(Bucket="virtual", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="virtual", Key="key", Body=b"there")
    for host in (f"virtual.localhost:{port}", f"virtual.s3.{REGION}.amazonaws.com"):
        assert asked(server, "GET", "/key", host=host, Authorization=SIGNED.replace("/sqs/", "/s3/"))[2] == b"there"


# Every way that leads to moto's own controls and samlocal's: by the path, by signing for them, by what HTTP makes
# of a path.
CONTROLS = (
    "/moto-api/reset",
    "/moto-api/data.json",
    "/moto-api/",
    "/moto-api/config",
    "//moto-api/reset",
    "/samlocal/invocations",
    "/samlocal/waiting",
)


@pytest.mark.parametrize("path", CONTROLS)
def test_motos_controls_are_for_samlocal_alone(server: LocalServer, client: Callable[[str], Any], path: str) -> None:
    client("ssm").put_parameter(Name="/kept", Value="v", Type="String", Overwrite=True)
    posing = SIGNED.replace(f"{REGION}/sqs", "amazonaws.com/motoapi")
    for headers in ({}, {"Authorization": posing}, {CONTROL_HEADER: "wrong"}, {CONTROL_HEADER: ""}):
        for method in ("GET", "POST"):
            status, _, body = asked(server, method, path, **headers)
            # A redirect to a path that is refused, or no such page, is as good as a refusal.
            assert status in (403, 404, 308), (headers, method, body)
    assert client("ssm").get_parameter(Name="/kept")["Parameter"]["Value"] == "v"


def test_samlocal_itself_has_the_word_for_the_controls(server: LocalServer) -> None:
    assert asked(server, "GET", "/moto-api/", **{CONTROL_HEADER: server.control})[0] == 200


FETCH = """
import urllib.request, urllib.error, os
def handler(event, context):
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + "/moto-api/reset", b"", event)
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.code
"""


@pytest.mark.docker
def test_a_function_cannot_reset_it_from_its_container(local: Callable[..., Project]) -> None:
    project = local({"template.json": template(Fn=function(Timeout=20)), "code/app.py": FETCH})
    assert project.invoke("Fn", "-e", "local").succeeded().payload == 403


BUCKETS = """
import boto3
def handler(event, context):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="from-inside")
    s3.put_object(Bucket="from-inside", Key="k", Body=b"seen")
    return s3.get_object(Bucket="from-inside", Key="k")["Body"].read().decode()
"""


@pytest.mark.docker
def test_a_function_reaches_its_bucket_through_the_relay(local: Callable[..., Project]) -> None:
    project = local({"template.json": template(Fn=function(Timeout=20)), "code/app.py": BUCKETS})
    assert project.invoke("Fn", "-e", "local").succeeded().payload == "seen"
