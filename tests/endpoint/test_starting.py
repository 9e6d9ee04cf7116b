"""How ``samlocal start-lambda`` starts, and why it does not."""

from __future__ import annotations

import time
import urllib.parse
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import kit
import pytest
from aws_front import Answer, Call, Front, front_of
from callers import as_user
from kit import AwsEndpoint, eventually, function, python, template
from served_kit import MakeProject, served

from samlocal.errors import ExitStatus

SOURCE = "import os\ndef handler(event, context):\n    return os.environ.get('AWS_ACCESS_KEY_ID')\n"
NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent.sock"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "sts:AssumeRole"}
    ],
}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}


@pytest.fixture
def front(aws_server: AwsEndpoint) -> Iterator[Front]:
    with front_of(aws_server) as running:
        yield running


def account(front: Front) -> dict[str, str]:
    own = as_user(front, "dora").credentials()
    return front.environ | {"AWS_ACCESS_KEY_ID": own.access_key_id, "AWS_SECRET_ACCESS_KEY": own.secret_access_key}


# what does not start


def test_it_needs_an_engine(project: MakeProject) -> None:
    outcome = project(python(SOURCE)).run("start-lambda", "--port", "0", environ=NO_ENGINE).ended(ExitStatus.DOCKER)
    assert "Lambda is served" not in outcome.stderr


def test_a_broken_template_is_said_with_its_line(project: MakeProject) -> None:
    made = project({"template.yaml": "Resources:\n  Fn:\n    Type: [unclosed\n"})
    outcome = made.run("start-lambda", "--port", "0").ended(ExitStatus.TEMPLATE)
    assert "template.yaml:" in outcome.stderr


def test_a_stack_that_is_not_there_is_said(project: MakeProject, front: Front) -> None:
    outcome = project(python(SOURCE)).run("start-lambda", "--port", "0", "-n", "nowhere", environ=account(front))
    outcome.ended(ExitStatus.STACK)
    assert "nowhere" in outcome.stderr


def test_an_environment_that_samconfig_does_not_have_is_said(project: MakeProject) -> None:
    files = python(SOURCE) | {"samconfig.toml": '[test.deploy.parameters]\nstack_name = "s"\n'}
    outcome = project(files).run("start-lambda", "--port", "0", "-e", "prod").ended(ExitStatus.CONFIGURATION)
    assert "prod" in outcome.stderr


@pytest.mark.docker
@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        (("--warm", "Fn"), ExitStatus.USAGE, "--warm Fn: write FUNCTION=N."),
        (("--warm", "Fn=many"), ExitStatus.USAGE, "--warm Fn=many: write FUNCTION=N."),
        (("--warm", "Gone=1"), ExitStatus.FUNCTION_NOT_FOUND, "Gone"),
        (("--concurrency", "0"), ExitStatus.USAGE, "--concurrency"),
        (("--idle", "soon"), ExitStatus.USAGE, "--idle"),
        (("--port", "65536"), ExitStatus.USAGE, "--port"),
        (("--host", "no.such.host.invalid"), ExitStatus.CONFIGURATION, "no.such.host.invalid"),
        (("--scope-down",), ExitStatus.USAGE, "need an environment"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    project: MakeProject, given: tuple[str, ...], status: ExitStatus, said: str
) -> None:
    outcome = project(python(SOURCE)).run("start-lambda", "--port", "0", *given).ended(status)
    assert said in outcome.stderr


# what starts


@pytest.mark.docker
def test_its_options_may_stand_in_samconfig(project: MakeProject) -> None:
    samconfig = '[default.samlocal.parameters]\nport = 0\nhost = "::1"\nwarm = ["Fn=1"]\n'
    with served(project(python(SOURCE) | {"samconfig.toml": samconfig}), "--host", "127.0.0.1") as own:
        # Flags win.
        assert urllib.parse.urlsplit(own.url).hostname == "127.0.0.1"
        own.running.has_logged("stand-in")


@pytest.mark.docker
def test_a_function_whose_code_is_missing_does_not_keep_others_from_being_served(project: MakeProject) -> None:
    files = {
        "template.json": template(Fn=function(), Gone=function(CodeUri="nowhere/")),
        "code/app.py": SOURCE,
    }
    with served(project(files)) as own:
        assert own.result("Fn") == "SAMLOCALONLYFn"
        with pytest.raises(own.client.exceptions.ResourceConflictException) as refused:
            own.invoke("Gone")
        assert "nowhere" in refused.value.response["Error"]["Message"]
        own.running.has_logged("Gone not run")
        kit.write(own.folder / "nowhere" / "app.py", SOURCE)
        assert own.result("Gone") == "SAMLOCALONLYGone"


@pytest.mark.docker
def test_keys_that_end_between_two_calls_are_renewed(project: MakeProject, front: Front) -> None:
    stack = f"renewed-{uuid.uuid4().hex[:8]}"
    front.endpoint.deploy(stack, {"Resources": {"Shared": ROLE}})
    lifetimes = iter([timedelta(seconds=13), timedelta(hours=1)])
    handed_out: list[float] = []

    def assumed(call: Call) -> Answer:
        """What moto answers, with another end."""
        with front.endpoint.client("sts") as sts:
            keys = sts.assume_role(RoleArn=call.parameters["RoleArn"], RoleSessionName="served")["Credentials"]
        handed_out.append(time.monotonic())
        ends = (datetime.now(UTC) + next(lifetimes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        said = "".join(
            f"<{name}>{keys[name]}</{name}>" for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")
        )
        result = (
            f"<AssumeRoleResult><Credentials>{said}<Expiration>{ends}</Expiration></Credentials></AssumeRoleResult>"
        )
        return Answer(status=200, body=f"<AssumeRoleResponse>{result}</AssumeRoleResponse>".encode())

    front.rules["sts:AssumeRole"] = assumed
    under_role = function(Timeout=3, Role={"Fn::GetAtt": ["Shared", "Arn"]})
    files = {"template.json": template(Shared=ROLE, Fn=under_role), "code/app.py": SOURCE}
    with served(project(files), "-n", stack, environ=account(front)) as own:
        first = own.result()
        # After ten seconds they would end within an invocation; so long a first call may take on a busy machine.
        assert own.result() == first or time.monotonic() - handed_out[0] > 9
        eventually(lambda: own.result() != first)
        assert own.result() == own.result()
        assert front.names().count("sts:AssumeRole") == 2


# what is served


LAYER = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer/"}}
EXTENSION = """\
#!/bin/sh
id=$(python3 - <<'END'
import os, urllib.request
url = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2020-01-01/extension"
headers = {"Lambda-Extension-Name": "slow.sh"}
request = urllib.request.Request(f"{url}/register", b'{"events": ["INVOKE"]}', headers)
print(urllib.request.urlopen(request).headers["Lambda-Extension-Identifier"])
END
)
while :; do
  python3 - "$id" <<'END'
import os, sys, urllib.request
url = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2020-01-01/extension/event/next"
urllib.request.urlopen(urllib.request.Request(url, headers={"Lambda-Extension-Identifier": sys.argv[1]})).read()
END
  sleep 4
  echo "the extension has seen an event"
done
"""


@pytest.mark.docker
def test_every_kind_of_function_is_served(project: MakeProject, docker: kit.Docker) -> None:
    image = f"samlocal-test/served-{uuid.uuid4().hex[:8]}:1"
    dockerfile = (
        "FROM samlocal/lambda-python:3.11\n"
        "RUN printf 'def handler(event, context): return [\"image\", event]\\n' > /var/task/app.py\n"
        'CMD ["app.handler"]\n'
    )
    files: dict[str, Any] = {
        "template.json": template(
            Layered=function(CodeUri="layered/", Layers=[{"Ref": "Layer"}], Timeout=20),
            Layer=LAYER,
            Image={"Type": "AWS::Serverless::Function", "Properties": {"PackageType": "Image", "ImageUri": image}},
            Tenants=function(CodeUri="tenants/", TenancyConfig={"TenantIsolationMode": "PER_TENANT"}),
            Built=function(CodeUri="built/"),
        ),
        "layered/app.py": "import shared\ndef handler(event, context): return ['layer', shared.NAME]\n",
        "layer/python/shared.py": "NAME = 'shared'\n",
        "tenants/app.py": "import uuid\nME = str(uuid.uuid4())\n"
        "def handler(event, context): return [context.tenant_id, ME]\n",
        "built/app.py": "def handler(event, context): return 'built'\n",
        "built/requirements.txt": "",
    }
    made = project(files)
    with docker.image(image, dockerfile), served(made, "--skip-pull-image") as own:
        assert own.result("Layered") == ["layer", "shared"]
        assert own.result("Image", {"a": 1}) == ["image", {"a": 1}]
        blue, green = own.result("Tenants", TenantId="blue"), own.result("Tenants", TenantId="green")
        assert (blue[0], green[0]) == ("blue", "green")
        assert blue[1] != green[1]
        assert own.result("Tenants", TenantId="blue") == blue
    with served(made, "--build") as own:
        assert own.result("Built") == "built"
    assert docker.nothing_left(made)


@pytest.mark.docker
def test_an_extension_that_goes_on_does_not_hold_up_the_answer(project: MakeProject) -> None:
    files = {
        "template.json": template(Fn=function(Layers=[{"Ref": "Layer"}], Timeout=20), Layer=LAYER),
        "code/app.py": "def handler(event, context): return 'answered'\n",
    }
    made = project(files)
    script = made.folder / "layer" / "extensions" / "slow.sh"
    kit.write(script, EXTENSION)
    script.chmod(0o755)
    with served(made) as own:
        own.invoke()
        own.running.has_logged("the extension has seen an event")
        own.running.has_logged(" Fn success ")
        assert own.result() == "answered"
        # The extension takes four seconds.
        assert own.running.stderr().count("the extension has seen an event") == 1
