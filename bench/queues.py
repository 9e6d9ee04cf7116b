"""Sends `samlocal up` many messages of which some fail, and kills it half-way. Run by `make soak-queues`.

Each message has to be handled or in the dead-letter queue, and none lost: the rest is handled after the next start.
How many were handled more than once is said; SQS itself promises no less than once. The table goes to standard
output; the exit status is 1 when a message is lost, or in the wrong place.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import boto3
from serving import ServerFailedError, free_port, started

FOLDER = Path(__file__).resolve().parent / "queues"
SAMLOCAL = str(Path(sys.executable).with_name("samlocal"))
SHARE = 20
"""One message of so many fails."""

_SECONDS = 600.0
_LOOK_SECONDS = 0.2


@dataclass(slots=True, kw_only=True)
class Figures:
    """What came of it. ``twice`` were handled more than once; ``seconds`` is until all were done with."""

    messages: int
    killed_behind: int = 0
    seconds: float = 0.0
    handled: int = 0
    twice: int = 0
    dead: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.lost and not self.wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1000, metavar="N", help="[default: %(default)s]")
    parser.add_argument("--no-kill", action="store_true", help="let it run")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="samlocal-queues-") as folder:
        figures = soak(Path(folder).resolve(), messages=options.messages, kills=not options.no_kill)
    print(json.dumps(asdict(figures)) if options.json else "\n".join(lines(figures)))
    return 0 if figures.clean else 1


def soak(scratch: Path, *, messages: int, kills: bool) -> Figures:
    """Raises ServerFailedError."""
    figures = Figures(messages=messages)
    bodies = [f"{'bad' if number % SHARE == 0 else 'good'} {number}" for number in range(1, messages + 1)]
    bad = {body for body in bodies if body.startswith("bad")}
    environ = {**os.environ, "SAMLOCAL_CACHE_DIR": str(scratch / "cache")}
    try:
        with up(environ) as server:
            sqs = client(environ)
            orders, done, dead = (Queue(sqs, name) for name in ("Orders", "Done", "Dead"))
            began = time.monotonic()
            orders.send(bodies)
            if kills:
                wait(lambda: done.waiting >= messages // 2)
                figures.killed_behind = done.waiting
                server.kill()
            else:
                wait(lambda: orders.is_empty and dead.waiting >= len(bad))
        if kills:
            with up(environ):
                wait(lambda: orders.is_empty and dead.waiting >= len(bad))
        figures.seconds = time.monotonic() - began
        handled, given_up = Counter(done.bodies()), Counter(dead.bodies())
    finally:
        subprocess.run([SAMLOCAL, "local", "stop"], cwd=FOLDER, env=environ, check=False, capture_output=True)
    figures.handled, figures.dead = len(handled), len(given_up)
    figures.twice = sum(count > 1 for count in handled.values())
    figures.lost = sorted(set(bodies) - set(handled) - set(given_up))
    figures.wrong = sorted(set(handled) & bad | set(given_up) - bad)
    return figures


@contextmanager
def up(environ: Mapping[str, str]) -> Any:
    port = free_port()
    command = [SAMLOCAL, "up", "--docker-network", "host", "--port", "0", "--lambda-port", str(port)]
    with started(command, port, environ=environ, folder=FOLDER) as server:
        yield server


def client(environ: Mapping[str, str], folder: Path = FOLDER) -> Any:
    """Of a project's local environment, once its queues are there. Raises ServerFailedError."""
    told: dict[str, Any] = {}

    def deployed() -> bool:
        ran = subprocess.run(
            [SAMLOCAL, "local", "status", "--output", "json"],
            cwd=folder,
            env=environ,
            check=False,
            capture_output=True,
        )
        told.update(json.loads(ran.stdout))
        return bool(told["stacks"])

    wait(deployed)
    return boto3.client(
        "sqs",
        endpoint_url=told["url"],
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


class Queue:
    """One of the stack's."""

    def __init__(self, sqs: Any, logical_id: str) -> None:
        self._sqs = sqs
        (self._url,) = (url for url in sqs.list_queues()["QueueUrls"] if f"/local-{logical_id}-" in url)

    def send(self, bodies: list[str]) -> None:
        for first in range(0, len(bodies), 10):
            entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[first : first + 10])]
            self._sqs.send_message_batch(QueueUrl=self._url, Entries=entries)

    @property
    def waiting(self) -> int:
        return self._count("ApproximateNumberOfMessages")

    @property
    def is_empty(self) -> bool:
        return self.waiting == 0 and self._count("ApproximateNumberOfMessagesNotVisible") == 0

    def bodies(self) -> list[str]:
        found: list[str] = []
        while some := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages"):
            found += [each["Body"] for each in some]
            entries = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(some)]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)
        return found

    def _count(self, name: str) -> int:
        return int(self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=[name])["Attributes"][name])


def wait(until: Any) -> None:
    """Raises ServerFailedError."""
    deadline = time.monotonic() + _SECONDS
    while not until():
        if time.monotonic() > deadline:
            raise ServerFailedError(f"Not all messages are done with within {_SECONDS:g} s.")
        time.sleep(_LOOK_SECONDS)


def lines(figures: Figures) -> list[str]:
    killed = f", killed behind {figures.killed_behind}" if figures.killed_behind else ""
    return [
        f"{figures.messages} messages in {figures.seconds:.1f} s{killed}",
        "",
        "| Handled | More than once | In the dead-letter queue | In the wrong place | Lost |",
        "|---|---|---|---|---|",
        f"| {figures.handled} | {figures.twice} | {figures.dead} | {len(figures.wrong)} | {len(figures.lost)} |",
        *(f"lost: {each}" for each in figures.lost[:20]),
        *(f"in the wrong place: {each}" for each in figures.wrong[:20]),
    ]


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except ServerFailedError as error:
        raise SystemExit(f"The soak ends here: {error}") from error
