"""A user pool of the environment on this machine, whose triggers a test runs in place of ``samlocal up``."""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pushed_kit import client, function_arn

from samlocal.local.invocation import Answered
from samlocal.local.runner import Runner
from samlocal.local.server import LocalServer

PASSWORD = "Correct-horse-1"


class Pool:
    """With one function for its triggers: ``responses`` are what it says to each, or make it of the event; ``events``
    are what it got.
    """

    def __init__(self, server: LocalServer, *triggers: str, **config: Any) -> None:
        self.server = server
        self.idp = client(server, "cognito-idp")
        self.function = f"trigger-{uuid.uuid4().hex[:8]}"
        self.events: list[Any] = []
        self.responses: dict[str, Any] = {}
        self.fails: set[str] = set()
        given = {name: function_arn(self.function) for name in triggers} | config
        self.id = self.idp.create_user_pool(PoolName=self.function, LambdaConfig=given)["UserPool"]["Id"]
        made = self.idp.create_user_pool_client(
            UserPoolId=self.id, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
        )
        self.client_id = made["UserPoolClient"]["ClientId"]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Runs the function, in place of ``samlocal up``."""
        runner, ends = Runner(self.server), threading.Event()
        runner.fetch(wait=0)

        def run() -> None:
            while not ends.is_set():
                for each in runner.fetch(wait=0.2).invocations:
                    runner.over(each.id, self._answer(json.loads(each.payload)))

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            ends.set()
            thread.join()
            runner.leave()

    def _answer(self, event: Any) -> Answered:
        self.events.append(json.loads(json.dumps(event)))
        source = event["triggerSource"]
        if source in self.fails:
            payload = {"errorType": "Error", "errorMessage": "not today"}
            return Answered(
                status=200, headers={"X-Amz-Function-Error": "Unhandled"}, payload=json.dumps(payload).encode()
            )
        said = self.responses.get(source, {})
        event["response"] |= said(event) if callable(said) else said
        return Answered(status=200, payload=json.dumps(event).encode())

    def sign_up(self, name: str = "ann") -> Any:
        return self.idp.sign_up(
            ClientId=self.client_id,
            Username=name,
            Password=PASSWORD,
            UserAttributes=[{"Name": "email", "Value": "ann@example.com"}],
        )

    def sign_in(self, name: str = "ann") -> Any:
        said = self.idp.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
        return said["AuthenticationResult"]

    @property
    def sources(self) -> list[str]:
        return [each["triggerSource"] for each in self.events]


def claims(token: str) -> Any:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
