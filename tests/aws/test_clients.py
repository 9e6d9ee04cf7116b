"""Clients of botocore's, of which a caller has one for each service and region."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from samlocal.aws import Aws, Credentials


def test_threads_that_share_a_caller_share_its_clients() -> None:
    keys = Credentials(access_key_id="testing", secret_access_key="testing")
    aws = Aws(region="eu-west-1", credentials=keys, endpoint_url="http://127.0.0.1:9")
    together = threading.Barrier(4)

    def client() -> Any:
        together.wait(60)
        return aws._client("sqs", "eu-west-1")

    with ThreadPoolExecutor(4) as threads:
        clients = [each.result() for each in [threads.submit(client) for _ in range(4)]]
    assert len({id(each) for each in clients}) == 1


def test_what_a_service_is_like_is_read_once_however_many_callers_there_are() -> None:
    keys = Credentials(access_key_id="testing", secret_access_key="testing")
    opened: list[str] = []
    listening = threading.get_ident()

    def hear(event: str, arguments: tuple[object, ...]) -> None:
        # A hook stays for good (PEP 578).
        if listening == threading.get_ident() and event == "open" and "botocore" in str(arguments[0]):
            opened.append(str(arguments[0]))

    sys.addaudithook(hear)
    read = []
    for region in ("eu-west-1", "us-east-1"):
        opened.clear()
        Aws(region=region, credentials=keys, endpoint_url="http://127.0.0.1:9").client("scheduler")
        read.append([path for path in opened if ".json" in path])
    listening = 0
    assert any("scheduler" in path for path in read[0])
    assert read[1] == []
