"""The endpoint of the environment on this machine, and programs that send it anything."""

from __future__ import annotations

import os
import urllib.parse
from pathlib import Path

import wild
from kit import eventually, open_files

from samlocal.local.server import serve

HEAD = b" HTTP/1.1\r\nHost: localhost\r\n"
SIGNED = (
    b"Authorization: AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/%s/aws4_request, SignedHeaders=host, "
    b"Signature=none\r\n"
)
JSON = b"Content-Type: application/x-amz-json-1.0\r\n"
QUEUES = (
    b"POST /" + HEAD + SIGNED % b"sqs" + JSON + b"X-Amz-Target: AmazonSQS.ListQueues\r\nContent-Length: 2\r\n\r\n{}"
)
KNOWN = (
    QUEUES,
    b"POST /"
    + HEAD
    + SIGNED % b"sts"
    + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 43\r\n\r\n"
    b"Action=GetCallerIdentity&Version=2011-06-15",
    b"GET /samlocal/types" + HEAD + b"\r\n",
    b"POST /samlocal/schedules" + HEAD + b"Content-Length: 2\r\n\r\n{}",
    b"POST /moto-api/reset" + HEAD + b"Content-Length: 0\r\n\r\n",
)


def test_no_program_stops_the_endpoint_or_leaves_anything(tmp_path: Path) -> None:
    with serve({"PATH": os.environ["PATH"], "HOME": str(tmp_path)}) as server, open_files(4096):
        parts = urllib.parse.urlsplit(server.url)
        address = str(parts.hostname), int(parts.port or 0)

        def lives() -> None:
            wild.check_answer(address, QUEUES, b"HTTP/1.1 200 ")

        def threads() -> int:
            return len(list(Path(f"/proc/{server.pid}/task").iterdir()))

        lives()
        # What a service of moto's makes of a request is moto's own.
        wild.meet(address, KNOWN, lives=lives, words=("500",))
        before = threads()
        with wild.crowd(address, 300, begins=QUEUES[:30]):
            lives()
        eventually(lambda: threads() <= before, told=lambda: (before, threads()))
