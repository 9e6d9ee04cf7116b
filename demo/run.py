"""Shows samlocal at work without an AWS account, and checks what it shows. Run by `make demo`.

Two functions of the sample application run in the environment `local`, which samlocal starts on this machine (moto),
as a developer would run them after a fresh clone. Then all of it runs by one command, and one request goes from the
API to the last function. What samlocal claims is then compared with what the environment itself says; the exit status
is 1 when a claim does not hold.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from samlocal.aws import Aws  # noqa: E402 - the demonstration runs from a checkout, installed or not
from samlocal.errors import SamlocalError  # noqa: E402
from samlocal.local.server import ACCOUNT, LocalServer  # noqa: E402

PUT = "samlocal invoke -e local -f putEvent --event events/put-event.json"
GET = "samlocal invoke -e local -f getEvent --event events/get-stored-event.json"
UP = "samlocal up --port 0 --lambda-port 0"
TALK = {"name": "A talk"}
# What the functions say of the event: the last one has it by table, stream, queue, bucket and topic.
STEPS = ("writing talk to", "relaying talk", "archiving events/talk.json", "archived: events/talk.json")
STACK, REGION = "local", "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Something that samlocal promises: what the function saw, and what the endpoint says."""

    text: str
    seen: object
    true: object

    @property
    def holds(self) -> bool:
        return self.seen == self.true


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="samlocal-demo-") as cache:
        # As after a fresh clone: no AWS variable, and nothing kept from an earlier run.
        environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environ["SAMLOCAL_CACHE_DIR"] = cache
        try:
            invoke(PUT, environ)
            got = json.loads(invoke(GET, environ)["body"])
            # How long it takes once everything is warm, and without a call to the environment's own APIs.
            invoke(GET, environ)
            said = follow(environ)
            _, status = run(samlocal("local", "status", "--output", "json"), environ)
            told = json.loads(status)
            server = LocalServer(url=told["url"], pid=told["pid"])
            return verdict([*claims(got, server.aws(REGION)), *archived(said, server.aws(REGION))])
        finally:
            run(samlocal("local", "stop"), environ)


def samlocal(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "samlocal", *arguments]


def invoke(command: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """Runs a command of the user's. Its standard error goes to the terminal, its standard output is the payload."""
    say(f"\n$ {command}")
    arguments = shlex.split(command)[1:]
    started = time.monotonic()
    status, output = run(samlocal(*arguments), environ)
    say(f"{output.rstrip()}\n  (exit status {status}, {time.monotonic() - started:.1f} s)")
    try:
        payload: dict[str, Any] = json.loads(output)
    except json.JSONDecodeError:
        payload = {}
    if status != 0 or payload.get("statusCode") != 200:
        raise SystemExit("The demonstration ends here: the function did not answer with statusCode 200.")
    return payload


def follow(environ: Mapping[str, str]) -> list[str]:
    """Has the whole application up, and sends it one request. Gives what its functions have said of it."""
    say(f"\n$ {UP}")
    said: list[str] = []
    with subprocess.Popen(
        samlocal(*shlex.split(UP)[1:]),
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stderr is not None
        late = threading.Timer(300, program.kill)
        late.start()
        try:
            url, began = "", 0.0
            for line in program.stderr:
                say(line.rstrip())
                if "REST API" in line:
                    url = line.rsplit(" ", 1)[-1].strip()
                if url and line.startswith("Reload"):
                    # The last line of what it says of itself.
                    say(f"\n$ curl -X PUT {url}/events/talk -d '{json.dumps(TALK)}'\n")
                    began = time.monotonic()
                    threading.Thread(target=put, args=(url,)).start()
                said += [step for step in STEPS if step in line]
                if STEPS[-1] in line:
                    say(f"  (from the request to the last function: {time.monotonic() - began:.1f} s)")
                    program.send_signal(signal.SIGINT)
        finally:
            late.cancel()
            program.terminate()
    return said


def put(url: str) -> None:
    request = urllib.request.Request(f"{url}/events/talk", json.dumps(TALK).encode(), method="PUT")
    with urllib.request.urlopen(request, timeout=120) as answer:
        answer.read()


def archived(said: list[str], aws: Aws) -> list[Claim]:
    """What came of the request, at its end."""
    resource = aws.call(
        "cloudformation", "describe_stack_resource", StackName=STACK, LogicalResourceId="ArchiveBucket"
    )
    bucket = resource["StackResourceDetail"]["PhysicalResourceId"]
    stored = aws.call("s3", "get_object", Bucket=bucket, Key="events/talk.json")["Body"].read()
    return [
        Claim(
            text="one request has gone by table, stream, queue, bucket and topic, from function to function",
            # Each function's lines stand together, whoever was first.
            seen=sorted(set(said), key=STEPS.index),
            true=list(STEPS),
        ),
        Claim(
            text="what is in the bucket is what the request has put",
            seen={name: typed["S"] for name, typed in json.loads(stored).items()},
            true={"id": "talk", **TALK},
        ),
    ]


def run(arguments: list[str], environ: Mapping[str, str]) -> tuple[int, str]:
    """The exit status and the standard output of a program, which has time to clean up when it is interrupted."""
    with subprocess.Popen(
        arguments, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as program:
        try:
            output, _ = program.communicate(timeout=300)
        except (KeyboardInterrupt, subprocess.TimeoutExpired):
            # Ctrl-C reaches it too. subprocess.run would kill it a quarter of a second later, and its container stay.
            program.terminate()
            program.communicate(timeout=30)
            raise
    return program.returncode, output


def claims(got: Mapping[str, Any], aws: Aws) -> list[Claim]:
    """Asks the environment, past samlocal's own account of it."""

    def physical_id(logical_id: str) -> str:
        detail = aws.call("cloudformation", "describe_stack_resource", StackName=STACK, LogicalResourceId=logical_id)
        return str(detail["StackResourceDetail"]["PhysicalResourceId"])

    table = physical_id("EventsTable")
    stored = aws.call("dynamodb", "get_item", TableName=table, Key={"id": {"S": got["item"]["id"]}})["Item"]
    # arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION; the session's name is the caller's choice.
    role, _, _ = got["role"].rpartition("/")
    return [
        Claim(
            text="TABLE_NAME is the table's real name, which only the deployed stack knows",
            seen=got["table"],
            true=table,
        ),
        Claim(
            text="inside the function, STS says that it acts as its own execution role",
            seen=role,
            true=f"arn:aws:sts::{ACCOUNT}:assumed-role/{physical_id('getEventRole')}",
        ),
        Claim(
            text="the item was read from that table, where putEvent had written it",
            seen={name: str(value) for name, value in got["item"].items()},
            true={name: str(next(iter(typed.values()))) for name, typed in stored.items()},
        ),
    ]


def verdict(checked: list[Claim]) -> int:
    say("\nWhat the environment itself says of it:")
    for claim in checked:
        say(f"  {'yes' if claim.holds else 'NO '}  {claim.text}:\n       {show(claim.seen)}")
        if not claim.holds:
            say(f"       but it is {show(claim.true)}")
    return 0 if all(claim.holds for claim in checked) else 1


def show(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def say(text: str) -> None:
    print(text, flush=True)  # in order with what the commands write to standard error


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except SamlocalError as error:
        raise SystemExit(f"{error.message}\n{error.tip or ''}".rstrip()) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None
