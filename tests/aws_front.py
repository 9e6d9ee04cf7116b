"""A front before the AWS endpoint of the tests: it records every call, and refuses what moto does not.

Where moto gives any role to anybody, it looks into the role's trust policy, as STS does. It can be told to answer a
call itself, or to break off before or after passing it on.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aws_client import aws_client
from kit import AwsEndpoint

ACCOUNT = "123456789012"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call; ``parameters`` are those of the query protocol (IAM, STS, CloudFormation)."""

    service: str
    action: str
    key: str
    parameters: dict[str, str]

    @property
    def name(self) -> str:
        return f"{self.service}:{self.action}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    body: bytes


Decide = Callable[[Call], "Answer | None"]


def error(code: str, message: str, *, status: int = 403) -> Answer:
    """An error of the query protocol."""
    said = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(status=status, body=f"<ErrorResponse>{said}</ErrorResponse>".encode())


@dataclass(kw_only=True)
class Front:
    """``rules`` answer calls by their name, ``broken_after`` are those whose answer never arrives."""

    endpoint: AwsEndpoint
    url: str = ""
    calls: list[Call] = field(default_factory=list)
    rules: dict[str, Decide] = field(default_factory=dict)
    broken_after: set[str] = field(default_factory=set)
    refusals: int = 0
    """How many times more a role is refused although its trust policy names the caller: IAM takes its time."""

    @property
    def environ(self) -> dict[str, str]:
        return self.endpoint.environ | {"AWS_ENDPOINT_URL": self.url}

    def names(self) -> list[str]:
        """What has been called since the last time that this was asked."""
        names = [call.name for call in self.calls]
        self.calls.clear()
        return names

    def parameters(self, name: str) -> dict[str, str]:
        """Those of the one call of this name."""
        (call,) = (call for call in self.calls if call.name == name)
        return call.parameters

    def refuse(self, name: str) -> None:
        self.rules[name] = lambda call: error("AccessDenied", f"not authorized to perform: {call.name}")

    def answer(self, call: Call) -> Answer | None:
        rule = self.rules.get(call.name)
        if rule is not None and (answer := rule(call)) is not None:
            return answer
        return self._trust(call) if call.name == "sts:AssumeRole" else None

    def _trust(self, call: Call) -> Answer | None:
        """STS API reference, AssumeRole: the trust policy has to name the caller, its role, or the account."""
        role_arn = call.parameters["RoleArn"]
        with client_of(self.endpoint, "sts", key=call.key) as sts, self.endpoint.client("iam") as iam:
            caller = sts.get_caller_identity()["Arn"]
            document = iam.get_role(RoleName=role_arn.rpartition("/")[2])["Role"]["AssumeRolePolicyDocument"]
        allowed = {caller, f"arn:aws:iam::{ACCOUNT}:root"}
        if ":assumed-role/" in caller:
            allowed.add(f"arn:aws:iam::{ACCOUNT}:role/{caller.split('/')[1]}")
        for statement in document["Statement"]:
            named = statement["Principal"].get("AWS", [])
            if allowed & {named, *named} if isinstance(named, str) else allowed & set(named):
                break
        else:
            return error("AccessDenied", f"User: {caller} is not authorized to perform: sts:AssumeRole")
        if self.refusals > 0:
            self.refusals -= 1
            return error("AccessDenied", f"User: {caller} is not authorized to perform: sts:AssumeRole (yet)")
        return None


class _Handler(BaseHTTPRequestHandler):
    front: Front

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = _call(self.headers, self.path, self.command, body)
        self.front.calls.append(call)
        answer = self.front.answer(call)
        if answer is None:
            status, headers, content = self._passed_on(body)
        else:
            status, headers, content = answer.status, [("Content-Type", "text/xml")], answer.body
        if call.name in self.front.broken_after:
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _any  # noqa: N815 - http.server's names

    def _passed_on(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        netloc = urllib.parse.urlsplit(self.front.endpoint.url).netloc
        connection = http.client.HTTPConnection(netloc, timeout=60)
        try:
            connection.request(self.command, self.path, body, dict(self.headers))
            response = connection.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Tests have nothing to say on standard error."""


def _call(headers: Any, path: str, method: str, body: bytes) -> Call:
    scope = str(headers.get("Authorization", "")).partition("Credential=")[2].partition(",")[0].split("/")
    key, service = (scope[0], scope[3]) if len(scope) == 5 else ("", "")
    target = str(headers.get("X-Amz-Target", "")).rpartition(".")[2]
    form: dict[str, str] = {}
    if not target and str(headers.get("Content-Type", "")).startswith("application/x-www-form-urlencoded"):
        form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
    action = target or form.get("Action") or f"{method} {urllib.parse.urlsplit(path).path}"
    return Call(service=service, action=action, key=key, parameters=form)


@contextlib.contextmanager
def front_of(endpoint: AwsEndpoint) -> Iterator[Front]:
    """Starts a front of the endpoint and stops it at the end of the block."""
    front = Front(endpoint=endpoint)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"front": front}))
    front.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield front
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def client_of(endpoint: AwsEndpoint, service: str, *, key: str) -> Iterator[Any]:
    """boto3 as somebody else: moto tells callers apart by their key alone."""
    client = aws_client(service, endpoint.url, region=endpoint.region, key=key)
    try:
        yield client
    finally:
        client.close()


def session_policy(call: Call) -> tuple[Any, list[str]]:
    """The policy of a session in a recorded call to STS: the inline document and the managed ARNs."""
    arns = [value for name, value in sorted(call.parameters.items()) if name.startswith("PolicyArns.")]
    text = call.parameters.get("Policy")
    return (json.loads(text) if text else None), arns
