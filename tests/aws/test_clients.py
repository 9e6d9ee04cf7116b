"""Clients of botocore's, of which a caller has one for each service and region."""

from __future__ import annotations

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
