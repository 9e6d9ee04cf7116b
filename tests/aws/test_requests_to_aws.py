"""What is asked of AWS without a client of botocore's."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from samlocal.aws import Aws, AwsUnreachableError, Credentials

KEYS = Credentials(access_key_id="testing", secret_access_key="testing")


@contextlib.contextmanager
def answering(*, length: int = 6) -> Iterator[str]:
    """A server whose every answer is ``onetwo``, of which it says that it has so many bytes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(b"onetwo")

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def of_this_machine(url: str) -> Aws:
    return Aws(region="eu-west-1", credentials=KEYS, endpoint_url=url)


def test_no_proxy_stands_before_what_stands_in_for_aws_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with answering() as url:
        aws = of_this_machine(url)
        assert (
            aws.query(url, "sts", region="eu-west-1", Action="GetCallerIdentity", Version="2011-06-15") == b"onetwo"
        )
        with aws.open_url(f"{url}/package.zip", start=0) as body:
            assert (body.total, b"".join(body.pieces)) == (6, b"onetwo")
        sent = aws.send("lambda", region="eu-west-1", method="GET", target="/", headers={}, body=b"")
        assert b"".join(sent.pieces) == b"onetwo"


def test_a_connection_that_breaks_while_an_answer_is_read_is_awss() -> None:
    with answering(length=7) as url:
        aws = of_this_machine(url)
        sent = aws.send("lambda", region="eu-west-1", method="GET", target="/", headers={}, body=b"")
        with pytest.raises(AwsUnreachableError, match="The connection broke"):
            list(sent.pieces)
        with aws.open_url(url, start=0) as body, pytest.raises(AwsUnreachableError, match="The connection broke"):
            list(body.pieces)
