"""Shows samlocal at work without an AWS account, and checks what it shows. Run by `make demo`.

A local AWS endpoint (moto) stands in for the account. The sample application is deployed to it as the stack of the
environment `test`, and two of its functions run as a developer would run them. What samlocal claims is then compared
with what the endpoint itself says; the exit status is 1 when a claim does not hold.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from samlocal.aws import Aws  # noqa: E402 - the demonstration runs from a checkout, installed or not
from samlocal.errors import SamlocalError  # noqa: E402
from samlocal.local.deploy import deploy  # noqa: E402
from samlocal.local.server import ACCOUNT, serve  # noqa: E402
from samlocal.template.reader import read  # noqa: E402

PUT = "samlocal invoke -e test --function-id putEvent --event events/put-event.json"
GET = "samlocal invoke -e test --function-id getEvent --event events/get-stored-event.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The environment `test`, from samconfig.toml."""

    stack_name: str
    region: str
    template: Path
    parameters: Mapping[str, str]


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
    test = environment()
    say(f"Deploying {test.template.relative_to(ROOT)} as the stack {test.stack_name} to a local AWS endpoint …")
    with serve(os.environ) as server, tempfile.TemporaryDirectory(prefix="samlocal-demo-") as cache:
        # A cache of its own: what samlocal remembers of an endpoint is of no use after it.
        adopt(server.environment(os.environ) | {"SAMLOCAL_CACHE_DIR": cache})
        aws = Aws(region=test.region)
        started = time.monotonic()
        deployment = deploy(read(test.template), stack_name=test.stack_name, aws=aws, parameters=test.parameters)
        made = sum(outcome.made for outcome in deployment.resources)
        say(f"{made} of {len(deployment.resources)} resources in {time.monotonic() - started:.1f} s. Not made there:")
        for outcome in deployment.not_made:
            say(f"  {outcome.logical_id} ({outcome.type}): {outcome.note}")
        say("\nIn a terminal where these are set:")
        for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            say(f"  export {name}={os.environ[name]}")

        invoke(PUT)
        got = json.loads(invoke(GET)["body"])
        return verdict(claims(got, test, aws))


def environment() -> Environment:
    sections = tomllib.loads((ROOT / "samconfig.toml").read_text())["test"]
    given = sections["deploy"]["parameters"]
    overrides = shlex.split(given.get("parameter_overrides", ""))
    return Environment(
        stack_name=given["stack_name"],
        region=given["region"],
        template=ROOT / sections["global"]["parameters"]["template_file"],
        parameters=dict(pair.split("=", 1) for pair in overrides),
    )


def adopt(environ: Mapping[str, str]) -> None:
    """botocore and the commands below read this process's environment."""
    for name in os.environ.keys() - environ.keys():
        del os.environ[name]
    os.environ.update(environ)


def invoke(command: str) -> dict[str, Any]:
    """Runs a command of the user's. Its standard error goes to the terminal, its standard output is the payload."""
    say(f"\n$ {command}")
    arguments = shlex.split(command)[1:]
    started = time.monotonic()
    status, output = run([sys.executable, "-m", "samlocal", *arguments])
    say(f"{output.rstrip()}\n  (exit status {status}, {time.monotonic() - started:.1f} s)")
    try:
        payload: dict[str, Any] = json.loads(output)
    except json.JSONDecodeError:
        payload = {}
    if status != 0 or payload.get("statusCode") != 200:
        raise SystemExit("The demonstration ends here: the function did not answer with statusCode 200.")
    return payload


def run(arguments: list[str]) -> tuple[int, str]:
    """The exit status and the standard output of a program, which has time to clean up when it is interrupted."""
    with subprocess.Popen(
        arguments, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as program:
        try:
            output, _ = program.communicate(timeout=300)
        except (KeyboardInterrupt, subprocess.TimeoutExpired):
            # Ctrl-C reaches it too. subprocess.run would kill it a quarter of a second later, and its container stay.
            program.terminate()
            program.communicate(timeout=30)
            raise
    return program.returncode, output


def claims(got: Mapping[str, Any], test: Environment, aws: Aws) -> list[Claim]:
    """Asks the endpoint, past samlocal's own account of the deployment."""

    def physical_id(logical_id: str) -> str:
        detail = aws.call(
            "cloudformation", "describe_stack_resource", StackName=test.stack_name, LogicalResourceId=logical_id
        )
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
    say("\nWhat the endpoint itself says of it:")
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
