"""What stops ``samlocal invoke`` before any function runs: each with its message and its exit status."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from kit import Project, function, python, template

from samlocal.errors import ExitStatus

LAMBDA_REQUEST_BYTES = 6_291_456

ECHO = "def handler(event, context):\n    return event\n"
PROJECT = python(ECHO)
SAMCONFIG = """
version = 0.1
[test.deploy.parameters]
stack_name = "orders-test"
[nostack.deploy.parameters]
region = "eu-west-1"
"""


@dataclass(frozen=True)
class Refused:
    """One row: what is there, what is typed, and how it ends. ``says`` are regular expressions."""

    name: str
    status: ExitStatus
    says: tuple[str, ...]
    files: Mapping[str, Any] = field(default_factory=lambda: PROJECT)
    args: tuple[str, ...] = ("Fn",)
    environ: Mapping[str, str] = field(default_factory=dict)


EVENTS = {
    **PROJECT,
    "events/broken.json": '{\n  "id": 7,\n  "name": oops\n}\n',
    "events/get.json": "{}",
    "events/put.json": "{}",
    "events/latin1.json": b'{"name": "\xe9"}',
    "events/large.json": json.dumps("x" * LAMBDA_REQUEST_BYTES),
    "events/large.jsonl": f"{{}}\n{json.dumps('x' * LAMBDA_REQUEST_BYTES)}\n",
    "events/lines.jsonl": '{}\n\n{"id": }\n{}\n',
    "events/blank.jsonl": "\n \n",
}
NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent.sock"}

TABLE = [
    # the event
    Refused(
        "an event that is no JSON is named with line and column",
        ExitStatus.EVENT,
        (r"events/broken\.json:3:11: the event is not JSON",),
        EVENTS,
        ("Fn", "--event", "events/broken.json"),
    ),
    Refused(
        "an event on the command line that is no JSON",
        ExitStatus.EVENT,
        (r"--event:1:8: the event is not JSON",),
        args=("Fn", "--event", '{"id": }'),
    ),
    Refused(
        "an event that is JSON to Python only",
        ExitStatus.EVENT,
        (r"--event\b.*: the event is not JSON",),
        args=("Fn", "--event", '{"id": NaN}'),
        environ={"DOCKER_HOST": "unix:///nonexistent.sock"},
    ),
    Refused(
        "an event file that is absent, with those that are there",
        ExitStatus.EVENT,
        (r"events/gte\.json: there is no such event file", r"get\.json", r"put\.json"),
        EVENTS,
        ("Fn", "--event", "events/gte.json"),
    ),
    Refused(
        "a folder with an event that is no JSON, by its file",
        ExitStatus.EVENT,
        (r"events/broken\.json:3:11: the event is not JSON",),
        EVENTS,
        ("Fn", "--event", "events"),
        environ=NO_ENGINE,
    ),
    Refused(
        "a folder without events",
        ExitStatus.EVENT,
        (r"code: the folder has no event: no \*\.json", r"Put the events there"),
        args=("Fn", "--event", "code"),
        environ=NO_ENGINE,
    ),
    Refused(
        "a wrong line among events in lines, by its number",
        ExitStatus.EVENT,
        (r"events/lines\.jsonl:3:8: the event is not JSON", r"Each line is a JSON document"),
        EVENTS,
        ("Fn", "--event", "events/lines.jsonl"),
        environ=NO_ENGINE,
    ),
    Refused(
        "a line over 6 MB",
        ExitStatus.EVENT,
        (r"events/large\.jsonl:2: .*6,291,458 bytes.*6,291,456",),
        EVENTS,
        ("Fn", "--event", "events/large.jsonl"),
        environ=NO_ENGINE,
    ),
    Refused(
        "a file of lines that has none",
        ExitStatus.EVENT,
        (r"events/blank\.jsonl: the file has no event", r"one JSON document on each line"),
        EVENTS,
        ("Fn", "--event", "events/blank.jsonl"),
        environ=NO_ENGINE,
    ),
    Refused(
        "the second event, before the first has run",
        ExitStatus.EVENT,
        (r"--event #2:1:2: the event is not JSON",),
        args=("Fn", "--event", "{}", "--event", "{"),
        environ=NO_ENGINE,
    ),
    Refused(
        "an event named twice",
        ExitStatus.USAGE,
        (r"events/\.\./events/get\.json is named twice", r"--repeat 2"),
        EVENTS,
        ("Fn", "--event", "events/get.json", "--event", "events/../events/get.json"),
        environ=NO_ENGINE,
    ),
    Refused(
        "an event of a folder that is named too",
        ExitStatus.USAGE,
        (r"good/get\.json is named twice",),
        {**PROJECT, "good/get.json": "{}"},
        ("Fn", "--event", "good/", "--event", "good/get.json"),
        environ=NO_ENGINE,
    ),
    Refused(
        "standard input twice",
        ExitStatus.USAGE,
        (r"standard input can be read once",),
        args=("Fn", "--event", "-", "--event", "-"),
        environ=NO_ENGINE,
    ),
    Refused(
        "--repeat 0",
        ExitStatus.USAGE,
        (r"--repeat.*0 is not in the range x>=1",),
        args=("Fn", "--repeat", "0"),
        environ=NO_ENGINE,
    ),
    Refused(
        "--repeat with a debugger",
        ExitStatus.USAGE,
        (r"--repeat measures.*leave --debug-port out",),
        args=("Fn", "--repeat", "2", "--debug-port", "5678"),
        environ=NO_ENGINE,
    ),
    Refused(
        "an event that is not UTF-8",
        ExitStatus.EVENT,
        (r"events/latin1\.json: .*UTF-8",),
        EVENTS,
        ("Fn", "--event", "events/latin1.json"),
    ),
    Refused(
        "an event over 6 MB",
        ExitStatus.EVENT,
        (r"events/large\.json: .*6,291,458 bytes.*6,291,456",),
        EVENTS,
        ("Fn", "--event", "events/large.json"),
    ),
    # the function
    Refused(
        "an unknown function, with the nearest",
        ExitStatus.FUNCTION_NOT_FOUND,
        (r"there is no function getEvnt; did you mean getEvent\?", r"getEvent, putEvent"),
        {"template.json": template(getEvent=function(), putEvent=function())},
        ("getEvnt",),
    ),
    Refused(
        "a template without functions",
        ExitStatus.FUNCTION_NOT_FOUND,
        (r"template\.json: .*no functions",),
        {"template.json": {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}},
    ),
    # the template
    Refused("no template", ExitStatus.TEMPLATE, (r"template\.yaml.*template\.yml.*template\.json",), {}),
    Refused(
        "a template named that is not there",
        ExitStatus.TEMPLATE,
        (r"other\.yaml: there is no such template",),
        args=("Fn", "-t", "other.yaml"),
    ),
    Refused(
        "a template that is no YAML, with line and column",
        ExitStatus.TEMPLATE,
        (r"template\.yaml:4:\d+: the template is not valid YAML: .*did not find expected",),
        {"template.yaml": "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n   Properties: {}\n"},
    ),
    Refused(
        "a template that is no JSON, with line and column",
        ExitStatus.TEMPLATE,
        (r"template\.json:3:\d+: .*not valid JSON",),
        {"template.json": '{\n  "Resources": {}\n  "Outputs": {}\n}\n'},
    ),
    Refused("a template that is empty", ExitStatus.TEMPLATE, (r"template\.yaml:1: .*empty",), {"template.yaml": ""}),
    Refused(
        "a memory that Lambda does not have",
        ExitStatus.TEMPLATE,
        (r"template\.json:\d+: Fn: MemorySize is 128 to 10240 MB, got 64",),
        python(ECHO, MemorySize=64),
    ),
    Refused(
        "a timeout that Lambda does not have",
        ExitStatus.TEMPLATE,
        (r"template\.json:\d+: Fn: Timeout is 1 to 900 seconds, got 1000",),
        python(ECHO, Timeout=1000),
    ),
    Refused(
        "a variable that is Lambda's own",
        ExitStatus.TEMPLATE,
        (r"template\.json:\d+: Fn: AWS_REGION is Lambda's own",),
        python(ECHO, Environment={"Variables": {"AWS_REGION": "eu-west-1"}}),
    ),
    # settings
    Refused(
        "an environment without samconfig.toml",
        ExitStatus.CONFIGURATION,
        (r"no samconfig\.toml", r"--stack-name"),
        args=("Fn", "-e", "test"),
    ),
    Refused(
        "an unknown environment, with the nearest",
        ExitStatus.CONFIGURATION,
        (r"no environment 'tset'; did you mean test\?",),
        {**PROJECT, "samconfig.toml": SAMCONFIG},
        ("Fn", "-e", "tset"),
    ),
    Refused(
        "an environment that names no stack",
        ExitStatus.CONFIGURATION,
        (r"'nostack' names no stack", r"stack_name"),
        {**PROJECT, "samconfig.toml": SAMCONFIG},
        ("Fn", "-e", "nostack"),
    ),
    Refused(
        "a samconfig.toml that is no TOML, with its line",
        ExitStatus.CONFIGURATION,
        (r"samconfig\.toml: not valid TOML: .*line 2",),
        {**PROJECT, "samconfig.toml": "version = 0.1\n[test\n"},
        ("Fn", "-e", "test"),
    ),
    Refused(
        "an option in samconfig.toml that there is not",
        ExitStatus.CONFIGURATION,
        (r"samconfig\.toml: \[test\.samlocal\.parameters\]: .*'skip_pul_image'; did you mean skip_pull",),
        {**PROJECT, "samconfig.toml": SAMCONFIG + "[test.samlocal.parameters]\nskip_pul_image = true\n"},
        ("Fn", "-e", "test"),
    ),
    Refused(
        "a parameter that the template does not have",
        ExitStatus.CONFIGURATION,
        (r"no parameter Stag",),
        args=("Fn", "--parameter-overrides", "Stag=test"),
    ),
    # wrong usage
    Refused(
        "no function named of several",
        ExitStatus.USAGE,
        (r"Name the function.*The template has Fn, Other\.",),
        {**PROJECT, "template.json": template(Fn=function(), Other=function())},
        (),
    ),
    Refused(
        "no function named, of a template that cannot be read",
        ExitStatus.TEMPLATE,
        (r"template\.yaml:2:1: the template is not valid YAML", r"Mend the file"),
        {"template.yaml": "Resources:\n\tFn: {}\n"},
        (),
    ),
    Refused(
        "no function named, where there is none",
        ExitStatus.FUNCTION_NOT_FOUND,
        (r"template\.json: the template has no functions",),
        {"template.json": template()},
        (),
    ),
    Refused("two functions named", ExitStatus.USAGE, (r"Two functions are named",), args=("Fn", "-f", "Other")),
    Refused("an option that there is not", ExitStatus.USAGE, (r"No such option",), args=("Fn", "--evnt", "x")),
    Refused(
        "options that exclude each other",
        ExitStatus.USAGE,
        (r"--pull and --skip-pull-image exclude each other",),
        args=("Fn", "--pull", "--skip-pull-image"),
    ),
    Refused("an --image without its runtime", ExitStatus.USAGE, (r"RUNTIME=IMAGE",), args=("Fn", "--image", "mine")),
    Refused(
        "an --image for no runtime",
        ExitStatus.USAGE,
        (r"no runtime python3\.111; did you mean python3\.11\?",),
        args=("Fn", "--image", "python3.111=mine"),
    ),
    Refused("an --add-host without its address", ExitStatus.USAGE, (r"NAME:IP",), args=("Fn", "--add-host", "mine")),
    # the engine
    Refused(
        "an engine that is down, after what else is to be known was told once",
        ExitStatus.DOCKER,
        (
            r"(?s)\A(?!.*from \.env.*from \.env).*from \.env: DOT\.",
            r"No Docker engine answers at http\+unix:|No Docker engine answers at unix:",
            r"Start Docker",
        ),
        {**PROJECT, ".env": "DOT=1\n"},
        (),
        environ={"DOCKER_HOST": "unix:///nonexistent.sock"},
    ),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_it_is_refused(row: Refused, project: Callable[..., Project]) -> None:
    outcome = project(row.files).run("invoke", *row.args, environ=row.environ).ended(row.status)
    assert outcome.stdout == b""
    assert "Traceback" not in outcome.stderr, outcome
    for says in row.says:
        assert re.search(says, outcome.stderr), f"{says}\n{outcome}"


@pytest.mark.docker
@pytest.mark.parametrize(
    "row",
    [
        Refused(
            "an unknown runtime, with the nearest",
            ExitStatus.TEMPLATE,
            (r"template\.json:\d+: Fn: Lambda has no runtime nodejs20; did you mean nodejs20\.x\?",),
            python(ECHO, Runtime="nodejs20"),
        ),
        Refused(
            "an image that is absent and must not be pulled",
            ExitStatus.IMAGE,
            (r"samlocal-test/none:absent is not there", r"docker pull samlocal-test/none:absent"),
            args=("Fn", "--image", "python3.11=samlocal-test/none:absent", "--skip-pull-image"),
        ),
        Refused(
            "an image that is absent, and no registry",
            ExitStatus.IMAGE,
            (r"127\.0\.0\.1:1/none:latest cannot be pulled", r"--image RUNTIME=IMAGE"),
            python(ECHO, Runtime="ruby3.3"),
            args=("Fn", "--image", "ruby3.3=127.0.0.1:1/none:latest"),
        ),
        Refused(
            "code that is not there",
            ExitStatus.CODE,
            (r"template\.json:\d+: Fn: there is no code at .*absent",),
            python(ECHO, CodeUri="absent/"),
        ),
        Refused(
            "a layer that is not there",
            ExitStatus.LAYER,
            (r"Fn: the layer Shared has no folder .*absent",),
            {
                "template.json": template(
                    Fn=function(Layers=[{"Ref": "Shared"}]),
                    Shared={"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "absent/"}},
                ),
                "code/app.py": ECHO,
            },
        ),
        Refused(
            "a Docker network that is not there",
            ExitStatus.DOCKER,
            (r"no Docker network samlocal-test-none",),
            args=("Fn", "--docker-network", "samlocal-test-none"),
        ),
    ],
    ids=lambda row: row.name,
)
def test_it_is_refused_by_what_the_engine_has(row: Refused, project: Callable[..., Project]) -> None:
    test_it_is_refused(row, project)
