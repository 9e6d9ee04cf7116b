"""``-e local`` and ``samlocal local``, each in a project that nothing else of this machine reaches."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aws_client import aws_client
from kit import Outcome, Project, eventually, throughout, write
from sample_kit import ROOT

from samlocal.local.residence import Residence

TEMPLATE = """
Parameters:
  Stage: {Type: String, Default: local}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Queue: {Type: AWS::SQS::Queue}
  Bucket: {Type: AWS::S3::Bucket}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: |
        def handler(event, context): return event
      Handler: index.handler
      Runtime: python3.11
      Environment:
        Variables:
          TABLE: !Ref Table
          STAGE: !Ref Stage
"""
Local = Callable[..., Project]


def variables(project: Project, *args: str) -> dict[str, str]:
    """What the function would get."""
    outcome = project.run("env", "Fn", "-e", "local", "--output", "json", *args).succeeded()
    return {variable["name"]: variable["value"] for variable in outcome.payload}


def status(project: Project) -> dict[str, Any]:
    told: dict[str, Any] = project.run("local", "status", "--output", "json").payload
    return told


def client(project: Project, service: str) -> Any:
    return aws_client(service, json.loads((home_of(project) / "server.json").read_text())["url"])


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def home_of(project: Project) -> Path:
    """Where the project's endpoint keeps its files."""
    (folder,) = (project.cache / "local").iterdir()
    return folder


def imported(outcome: Outcome) -> set[str]:
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in outcome.lines if "import time:" in line}


@pytest.mark.docker
def test_what_one_function_puts_another_gets_under_its_own_role(local: Local) -> None:
    sample = local({"templates": ROOT / "templates", "events": ROOT / "events"})
    (sample.folder / "samconfig.toml").write_bytes((ROOT / "samconfig.toml").read_bytes())

    put = sample.run("invoke", "-e", "local", "-f", "putEvent", "--event", "events/put-event.json").succeeded()
    table = json.loads(put.payload["body"])["table"]
    # What is made needs no telling.
    assert "AWS::DynamoDB::Table" not in put.stderr
    assert "32 of 32 resources of the stack local" in put.stderr

    get = ("invoke", "-e", "local", "-f", "getEvent", "--event", "events/get-stored-event.json")
    sample.run(*get).succeeded()
    again = sample.run(*get, environ={"PYTHONPROFILEIMPORTTIME": "1"}).succeeded()
    got = json.loads(again.payload["body"])
    assert got["item"]["name"] == "Serverless meetup"
    assert got["table"] == table
    role = client(sample, "cloudformation").describe_stack_resource(
        StackName="local", LogicalResourceId="getEventRole"
    )["StackResourceDetail"]["PhysicalResourceId"]
    assert got["role"].startswith(f"arn:aws:sts::123456789012:assumed-role/{role}/samlocal-")

    # Nothing has changed, so nothing is asked: there is not even anything imported to ask with.
    assert imported(again).isdisjoint({"boto3", "botocore", "moto", "samtranslator", "filelock"})
    assert "resources of the stack" not in again.stderr


def test_it_needs_no_configuration_listens_on_loopback_only_and_leaves_nothing(local: Local) -> None:
    project = local({"template.yaml": TEMPLATE})
    assert status(project)["running"] is False
    given = variables(project)
    told = status(project)

    assert given["STAGE"] == "local"
    assert client(project, "dynamodb").describe_table(TableName=given["TABLE"])
    assert told["stacks"] == ["local in us-east-1"]
    address = urlsplit(told["url"])
    assert address.hostname == "127.0.0.1"
    tables = [path for path in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")) if path.exists()]
    rows = [line.split() for path in tables for line in path.read_text().splitlines()[1:]]
    # Listening (0A) on this port: on 127.0.0.1 and nowhere else.
    assert {row[1] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == address.port} <= {
        f"0100007F:{address.port:04X}"
    }

    project.run("local", "stop").succeeded()
    # The kernel takes a moment to clear an ended process away.
    eventually(lambda: not is_running(told["pid"]))
    assert project.run("local", "status").ended(1).stdout == b"not running\n"
    assert {path.name for path in home_of(project).iterdir()} <= {"alive", "use", "lock"}
    assert "is not up" in project.run("local", "stop").succeeded().stderr


def test_a_changed_template_is_deployed_again_and_keeps_its_data(local: Local) -> None:
    project = local({"template.yaml": TEMPLATE})
    table = variables(project)["TABLE"]
    client(project, "dynamodb").put_item(TableName=table, Item={"id": {"S": "kept"}})

    write(
        project.folder / "template.yaml",
        TEMPLATE.replace("STAGE: !Ref Stage", "STAGE: !Ref Stage\n          NEW: '1'"),
    )
    outcome = project.run("env", "Fn", "-e", "local", "--output", "json").succeeded()
    assert "have changed: deploying" in outcome.stderr
    assert {variable["name"] for variable in outcome.payload} == {"TABLE", "STAGE", "NEW"}
    assert variables(project)["TABLE"] == table
    assert "Item" in client(project, "dynamodb").get_item(TableName=table, Key={"id": {"S": "kept"}})

    # So are changed parameters.
    assert variables(project, "--parameter-overrides", "Stage=other")["STAGE"] == "other"
    # What was learnt of the deployments before is of no more use.
    assert len(list(home_of(project).rglob("snapshot.json"))) == 1


def test_its_answers_do_not_grow_old_and_nobody_is_told_of_their_age(local: Local) -> None:
    made = local({"template.yaml": TEMPLATE})
    first = variables(made)
    (file,) = home_of(made).rglob("snapshot.json")
    content = json.loads(file.read_text())
    content["confirmed"] -= 600
    content["answers"] = {key: [at - 600, answer] for key, (at, answer) in content["answers"].items()}
    file.write_text(json.dumps(content))
    again = made.run("env", "Fn", "-e", "local", "--output", "dotenv").succeeded()
    assert f"TABLE='{first['TABLE']}'" in again.stdout.decode()
    assert " ago " not in again.stderr


def test_reset_and_a_killed_endpoint_start_anew_and_nothing_old_is_believed(local: Local) -> None:
    project = local({"template.yaml": TEMPLATE})
    before, table = status_when_up(project), variables(project)["TABLE"]
    project.run("local", "reset").succeeded()
    assert status(project)["pid"] != before["pid"]
    eventually(lambda: not is_running(before["pid"]))
    now = variables(project)["TABLE"]
    assert now != table
    assert client(project, "dynamodb").list_tables()["TableNames"] == [now]

    os.kill(status(project)["pid"], signal.SIGKILL)
    eventually(lambda: status(project)["running"] is False)
    assert variables(project)["TABLE"] not in (table, now)


def test_two_starters_at_once_start_one(local: Local) -> None:
    project = local({"template.yaml": TEMPLATE})
    with project.start("local", "start") as one, project.start("local", "start") as other:
        outcomes = [one.outcome().succeeded(), other.outcome().succeeded()]
    urls = {re.findall(r"is up at (\S+)\.$", outcome.stderr, re.MULTILINE)[0] for outcome in outcomes}
    assert urls == {status(project)["url"]}
    assert sum("starting the local environment" in outcome.stderr for outcome in outcomes) == 1
    processes = [
        entry.name for entry in Path("/proc").glob("[0-9]*") if str(home_of(project)).encode() in _command_line(entry)
    ]
    assert processes == [str(status(project)["pid"])]


def test_it_ends_by_itself_when_nobody_uses_it(local: Local) -> None:
    project = local({"template.yaml": TEMPLATE}, SAMLOCAL_LOCAL_IDLE="2")
    project.run("local", "start").succeeded()
    residence = Residence(home_of(project))
    handle = residence.use()
    told = json.loads(residence.state.read_text())
    try:
        # Somebody uses it, if only by meaning to.
        throughout(lambda: is_running(told["pid"]), seconds=3)
    finally:
        os.close(handle)
    eventually(lambda: not is_running(told["pid"]))
    assert status(project)["running"] is False
    assert not residence.state.exists()


def test_seed_puts_data_where_the_template_has_it(local: Local) -> None:
    project = local(
        {
            "template.yaml": TEMPLATE,
            "photo.bin": b"\x00\xff",
            "seed.yaml": """
tables: {Table: [{id: a, seats: 80, price: 1.5, tags: [x], more: {ok: true, none: null}}]}
buckets: {Bucket: {notes.txt: text, a.json: {b: 1}, photo: {file: photo.bin}}}
queues: {Queue: [first, {second: 2}]}
parameters: {/app/flag: "on", /app/key: {value: s3cret, type: SecureString}}
secrets: {Login: {user: me}}
""",
        }
    )
    seeded = project.run("local", "seed", "seed.yaml").succeeded()
    assert "s3cret" not in seeded.stderr
    resources = client(project, "cloudformation").list_stack_resources(StackName="local")["StackResourceSummaries"]
    ids = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}

    item = client(project, "dynamodb").get_item(TableName=ids["Table"], Key={"id": {"S": "a"}})["Item"]
    assert item["seats"] == {"N": "80"}
    assert item["more"] == {"M": {"ok": {"BOOL": True}, "none": {"NULL": True}}}
    s3 = client(project, "s3")
    assert s3.get_object(Bucket=ids["Bucket"], Key="photo")["Body"].read() == b"\x00\xff"
    assert json.loads(s3.get_object(Bucket=ids["Bucket"], Key="a.json")["Body"].read()) == {"b": 1}
    queued = client(project, "sqs").receive_message(QueueUrl=ids["Queue"], MaxNumberOfMessages=10)["Messages"]
    assert {message["Body"] for message in queued} == {"first", '{"second": 2}'}
    ssm = client(project, "ssm")
    assert ssm.get_parameter(Name="/app/key")["Parameter"]["Type"] == "SecureString"
    secret = client(project, "secretsmanager").get_secret_value(SecretId="Login")["SecretString"]
    assert json.loads(secret) == {"user": "me"}


WRONG_SEEDS = (
    ("tabels: {}", "there is no section 'tabels'; did you mean tables?"),
    ("tables: {Queue: []}", "Queue is no part of tables: it is AWS::SQS::Queue"),
    ("tables: {Table: {id: a}}", "tables: Table: this is to be a list, and is not."),
    ("tables: {Table: [{id: a}, {ix: b}]}", "tables: Table: item 2: dynamodb:PutItem: ValidationException: "),
    ("tables: {Table: [\n", "(at line 2, column 1).\n"),
    ("tables: {Tabel: [{id: a}]}", "tables: there is no Tabel; did you mean Table?\nThe stack has Table."),
    ("queues: {Que: [one]}", "queues: there is no Que; did you mean Queue?\nThe stack has Queue."),
    ("buckets: {Nothing: {a: b}}", "buckets: there is no Nothing.\nThe stack has Bucket."),
)


def test_a_seed_file_that_is_wrong_is_told_so(local: Local) -> None:
    project = local({"template.yaml": TEMPLATE})
    assert "seed.yaml: there is no such seed file." in project.run("local", "seed", "seed.yaml").ended(4).stderr
    for content, said in WRONG_SEEDS:
        write(project.folder / "seed.yaml", content)
        assert said in project.run("local", "seed", "seed.yaml").ended(4).stderr


SECRETS = """
Parameters:
  Password: {Type: String, NoEcho: true}
  Defaulted: {Type: String, NoEcho: true, Default: planted-in-the-template}
Resources:
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {Name: db, SecretString: !Sub "planted-${Password}"}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {AWS: "*"}}]
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Role: !GetAtt Role.Arn
      InlineCode: |
        import os
        def handler(event, context): return sorted(os.environ[name][:7] for name in ("ONE", "TWO", "THREE"))
      Handler: index.handler
      Runtime: python3.11
      Environment:
        Variables:
          ONE: !Ref Password
          TWO: "{{resolve:secretsmanager:db}}"
          THREE: !Ref Defaulted
"""


@pytest.mark.docker
def test_no_secret_token_or_key_is_written_anywhere(local: Local) -> None:
    project = local({"template.yaml": SECRETS, "seed.json": json.dumps({"secrets": {"more": "planted-by-seed"}})})
    secret = ("--parameter-overrides", "Password=planted-password")
    runs = [
        project.run("local", "start", *secret),
        project.run("local", "seed", "seed.json", *secret),
        project.run("invoke", "Fn", "-e", "local", *secret),
        project.run("invoke", "Fn", "-e", "local", *secret),
        project.run("env", "Fn", "-e", "local", *secret),
        project.run("env", "Fn", "-e", "local", "--output", "json", *secret),
        project.run("list", "-e", "local", "--output", "json", *secret),
        project.run("local", "status", "--output", "json"),
        project.run("doctor", "-e", "local", *secret),
        # An error: the parameter has no such value.
        project.run("invoke", "Nothing", "-e", "local", *secret),
    ]
    assert runs[2].succeeded().payload == ["planted"] * 3
    assert runs[-1].status != 0

    keys = list(project.cache.rglob("credentials/*.json"))
    assert keys, "the role's keys are kept between runs"
    planted = [b"planted-password", b"planted-by-seed"]
    for path in keys:
        kept = json.loads(path.read_text())
        planted += [kept["secret_access_key"].encode(), kept["session_token"].encode()]
    for outcome in runs:
        for value in planted:
            assert value not in outcome.stdout, outcome
            assert value.decode() not in outcome.stderr, outcome
    for path in (path for root in (project.cache, project.home) for path in root.rglob("*") if path.is_file()):
        own = [value for value in planted if value in path.read_bytes()]
        if path in keys:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        else:
            assert own == [], path
    folder = home_of(project)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path for path in folder.rglob("*") if path.is_file() and path.stat().st_mode & 0o077] == []


def status_when_up(project: Project) -> dict[str, Any]:
    project.run("local", "start").succeeded()
    return status(project)


def _command_line(entry: Path) -> bytes:
    with contextlib.suppress(OSError):
        return (entry / "cmdline").read_bytes()
    return b""
