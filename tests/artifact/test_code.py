"""Code in every form that a template can name it."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import signal
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile_zips import file, link, packed
from kit import Project, function, template
from package_front import PackageFront, zipped

pytestmark = pytest.mark.docker

SAYS = "def handler(event, context):\n    return '{}'\n"


def says(what: str) -> str:
    return SAYS.format(what)


@pytest.fixture
def bucket(front: PackageFront) -> Iterator[Callable[[str, bytes], str]]:
    """Puts an object into a versioned bucket and gives its version."""
    with front.client("s3") as client:
        client.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        client.put_bucket_versioning(Bucket="code", VersioningConfiguration={"Status": "Enabled"})

        def put(key: str, data: bytes) -> str:
            version: str = client.put_object(Bucket="code", Key=key, Body=data)["VersionId"]
            return version

        yield put
        for version in client.list_object_versions(Bucket="code").get("Versions", ()):
            client.delete_object(Bucket="code", Key=version["Key"], VersionId=version["VersionId"])
        client.delete_bucket(Bucket="code")


def test_a_zip_and_a_jar_are_unpacked_and_a_change_of_them_is_seen(project: Callable[..., Project]) -> None:
    made = project(
        {
            "template.json": template(Zip=function(CodeUri="code.zip"), Jar=function(CodeUri="code.jar")),
            "code.zip": zipped({"app.py": says("zip")}),
            "code.jar": zipped({"app.py": says("jar")}),
        }
    )
    assert made.invoke("Zip").succeeded().payload == "zip"
    assert made.invoke("Jar").succeeded().payload == "jar"
    (made.folder / "code.zip").write_bytes(zipped({"app.py": says("new")}))
    assert made.invoke("Zip").succeeded().payload == "new"


def test_an_archive_is_refused_by_its_function_and_its_place(project: Callable[..., Project]) -> None:
    made = project(
        {
            "template.json": template(
                Evil=function(CodeUri="evil.zip"),
                Broken=function(CodeUri="broken.zip"),
                Gone=function(CodeUri="gone.zip"),
            ),
            "evil.zip": packed(file("app.py"), link("out", "/etc")),
            "broken.zip": zipped({"app.py": says("x") * 50})[:-9],
        }
    )
    assert "Evil: its code evil.zip holds the link 'out' to '/etc'" in made.invoke("Evil").ended(16).stderr
    assert "Broken: its code broken.zip is no zip file" in made.invoke("Broken").ended(16).stderr
    assert "there is no code at gone.zip" in made.invoke("Gone").ended(16).stderr


def test_files_that_lambdas_user_cannot_read_are_named(project: Callable[..., Project]) -> None:
    made = project(
        {
            "template.json": template(Fn=function(CodeUri="code.zip")),
            "code.zip": zipped({"app.py": says("x")}, mode=0o100600),
        }
    )
    said = made.invoke("Fn").ended(1).stderr
    assert "app.py can be read by their owner only" in said
    assert "Permission denied" in said


def test_more_than_lambda_takes_is_said_with_the_sizes(project: Callable[..., Project]) -> None:
    made = project(
        {
            "template.json": template(
                Fn=function(Layers=[{"Ref": "Big"}]),
                Big={"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer/"}},
            ),
            "code/app.py": says("ran"),
            "layer/x": "x",
        }
    )
    # Sparse: it takes no room.
    with (made.folder / "layer/big").open("wb") as big:
        big.truncate(262_144_000)
    said = made.invoke("Fn").succeeded()
    assert said.payload == "ran"
    code = len(says("ran"))
    assert f"code ({code:,} bytes) and layers (262,144,001 bytes) hold {262_144_001 + code:,} bytes" in said.stderr
    assert "Lambda takes 262,144,000" in said.stderr


def test_code_in_s3_is_fetched_once_with_the_callers_rights(
    project: Callable[..., Project], front: PackageFront, bucket: Callable[[str, bytes], str]
) -> None:
    old = bucket("a/code", zipped({"app.py": says("old")}))
    bucket("a/code", zipped({"app.py": says("new")}))
    plain = {"Type": "AWS::Lambda::Function", "Properties": {"Runtime": "python3.11", "Handler": "app.handler"}}
    made = project(
        {
            "template.json": template(
                Sam=function(CodeUri="s3://code/a/code"),
                Old={**plain, "Properties": {**plain["Properties"], "Code": location("code", "a/code", old)}},  # type: ignore[dict-item]
                Gone=function(CodeUri={"Bucket": "code", "Key": "gone"}),
            )
        },
        **front.environ,
    )
    said = made.invoke("Sam").succeeded()
    assert said.payload == "new"
    assert "runs the code in s3://code/a/code" in said.stderr
    assert made.invoke("Old").succeeded().payload == "old"
    assert "s3://code/gone cannot be had" in made.invoke("Gone").ended(16).stderr
    front.calls.clear()
    assert made.invoke("Sam").succeeded().payload == "new"
    assert made.invoke("Old").succeeded().payload == "old"
    assert front.calls == []
    bucket("a/code", zipped({"app.py": says("newest")}))
    assert made.invoke("Sam", "--refresh").succeeded().payload == "newest"


def test_code_that_is_overwritten_while_it_is_fetched_is_kept_under_its_own_name(
    project: Callable[..., Project], front: PackageFront, bucket: Callable[[str, bytes], str]
) -> None:
    """Its ETag has been asked for, then it is overwritten, then it is fetched."""
    bucket("turning", zipped({"app.py": says("old")}))
    made = project({"template.json": template(Fn=function(CodeUri="s3://code/turning"))}, **front.environ)
    made.invoke("Fn").succeeded()
    (entry,) = [path for path in (made.cache / "s3").iterdir() if not path.name.startswith(".")]
    shutil.rmtree(entry)
    bucket("turning", zipped({"app.py": says("new")}))
    assert made.invoke("Fn").succeeded().payload == "new"
    assert not entry.exists()
    assert made.invoke("Fn").succeeded().payload == "new"


def location(bucket: str, key: str, version: str) -> dict[str, str]:
    return {"S3Bucket": bucket, "S3Key": key, "S3ObjectVersion": version}


def test_a_layer_of_the_template_in_s3_is_fetched(
    project: Callable[..., Project], front: PackageFront, bucket: Callable[[str, bytes], str]
) -> None:
    bucket("layer", zipped({"python/told.py": "NAME = 'from S3'\n"}))
    made = project(
        {
            "template.json": template(
                Fn=function(Layers=[{"Ref": "Stored"}]),
                Stored={
                    "Type": "AWS::Lambda::LayerVersion",
                    "Properties": {"Content": {"S3Bucket": "code", "S3Key": "layer"}},
                },
            ),
            "code/app.py": "import told\ndef handler(event, context): return told.NAME\n",
        },
        **front.environ,
    )
    assert made.invoke("Fn").succeeded().payload == "from S3"


def test_the_serverless_frameworks_archives_are_found_where_they_are(project: Callable[..., Project]) -> None:
    # As `serverless package` of the framework's version 3.38 has written them.
    def packaged(archive: str) -> dict[str, Any]:
        code = {
            "S3Bucket": {"Ref": "ServerlessDeploymentBucket"},
            "S3Key": f"serverless/shop/dev/1795715897303-2026-11-26T17:58:17.303Z/{archive}",
        }
        return {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Runtime": "python3.11", "Handler": "app.handler", "Code": code},
        }

    state = {
        "service": {
            "functions": {
                "hello": {"handler": "app.handler", "package": {}},
                "made": {"handler": "app.handler", "package": {"artifact": "target/made.zip"}},
            },
            "initialServerlessConfig": {"package": {"artifact": "out/whole.jar"}},
        },
        "package": {"artifactDirectoryName": "serverless/shop/dev/1795715897303", "artifact": "whole.jar"},
    }
    made = project(
        {
            ".serverless/cloudformation-template-update-stack.json": {
                "Resources": {
                    "HelloLambdaFunction": packaged("hello.zip"),
                    "MadeLambdaFunction": packaged("made.zip"),
                    "WholeLambdaFunction": packaged("whole.jar"),
                    "GoneLambdaFunction": packaged("gone.zip"),
                    "ServerlessDeploymentBucket": {"Type": "AWS::S3::Bucket"},
                }
            },
            ".serverless/serverless-state.json": json.dumps(state),
            ".serverless/hello.zip": zipped({"app.py": says("beside")}),
            "target/made.zip": zipped({"app.py": says("made elsewhere")}),
            "out/whole.jar": zipped({"app.py": says("of all")}),
            "app.py": says("saved since"),
        }
    )
    os.utime(made.folder / ".serverless" / "hello.zip", (1, 1))

    first = made.invoke("HelloLambdaFunction").succeeded()

    assert first.payload == "beside"
    assert "HelloLambdaFunction: app.py has been saved since .serverless/hello.zip was packed" in first.stderr
    # Its bucket does not matter.
    assert "ServerlessDeploymentBucket" not in first.stderr
    listed = json.loads(made.run("list", "--output", "json").succeeded().stdout)["functions"]
    assert {each["logical_id"]: each["code"] for each in listed} == {
        "HelloLambdaFunction": ".serverless/hello.zip",
        "MadeLambdaFunction": "target/made.zip",
        "WholeLambdaFunction": "out/whole.jar",
        "GoneLambdaFunction": (
            "s3://serverlessdeploymentbucket/serverless/shop/dev/1795715897303-2026-11-26T17:58:17.303Z/gone.zip"
        ),
    }


def test_cdks_assets_run_as_folders_and_as_archives(project: Callable[..., Project]) -> None:
    def asset(path: str) -> dict[str, Any]:
        return {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.11",
                "Handler": "app.handler",
                "Code": {"S3Bucket": {"Fn::Sub": "cdk-assets-${AWS::AccountId}"}, "S3Key": "0123.zip"},
            },
            "Metadata": {"aws:asset:path": path, "aws:asset:property": "Code"},
        }

    made = project(
        {
            "cdk.out/Stack.template.json": {"Resources": {"A": asset("asset.0123"), "B": asset("asset.4567.zip")}},
            "cdk.out/asset.0123/app.py": says("folder"),
            "cdk.out/asset.4567.zip": zipped({"app.py": says("archive")}),
        }
    )
    assert made.invoke("A", "-t", "cdk.out").succeeded().payload == "folder"
    assert made.invoke("B", "-t", "cdk.out").succeeded().payload == "archive"


class _Answers(http.server.BaseHTTPRequestHandler):
    got: list[bytes]

    def do_PUT(self) -> None:
        self.got.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Tests have nothing to say on standard error."""


@pytest.mark.parametrize(
    ("runtime", "source"),
    [
        (
            "python3.11",
            "import cfnresponse\ndef handler(event, context):\n"
            "    cfnresponse.send(event, context, cfnresponse.SUCCESS, {'A': 'b'}, 'it')\n",
        ),
        (
            "nodejs20.x",
            "const response = require('cfn-response');\nexports.handler = (event, context) =>\n"
            "  response.send(event, context, response.SUCCESS, { A: 'b' }, 'it');\n",
        ),
    ],
)
def test_inline_code_can_answer_cloudformation(
    runtime: str, source: str, project: Callable[..., Project], docker: Any
) -> None:
    got: list[bytes] = []
    gateway = docker.gateway()
    server = http.server.HTTPServer((gateway, 0), type("Answers", (_Answers,), {"got": got}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        code = {"Runtime": runtime, "Handler": "index.handler", "Code": {"ZipFile": source}}
        made = project({"template.json": template(Fn={"Type": "AWS::Lambda::Function", "Properties": code})})
        event = {
            "ResponseURL": f"http://{gateway}:{server.server_address[1]}/answer",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Thing",
        }
        made.invoke("Fn", event=event).succeeded()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    (answer,) = got
    assert b'"Status":"SUCCESS"' in answer.replace(b": ", b":")
    assert b'"PhysicalResourceId":"it"' in answer.replace(b": ", b":")


# --code deployed


@pytest.fixture
def deployed(project: Callable[..., Project], front: PackageFront) -> Iterator[Project]:
    """A function whose deployed package and layers differ from the working copy."""
    with front.client("iam") as iam:
        role = iam.create_role(RoleName="code-deployed", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    properties = {"Runtime": "python3.11", "Handler": "app.handler", "Role": role, "Code": {"ZipFile": "x"}}
    stack = {"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": properties}}}
    name = front.endpoint.deploy("code-deployed", stack)["Fn"]
    package = zipped({"app.py": "import told\n" + says("deployed"), "same.py": "", "dependency.py": ""})
    front.keep(package)
    with front.client("lambda") as client:
        client.update_function_code(FunctionName=name, ZipFile=package)
        arn = front.publish("deployed-layer", {"python/told.py": ""})
        client.update_function_configuration(FunctionName=name, Layers=[arn])
    yield project(
        {
            "template.json": template(Fn=function(Layers=[{"Ref": "Own"}]), Own=layer("layer/")),
            "code/app.py": says("working copy"),
            "code/same.py": "",
            "code/new.py": "",
            "layer/python/another.py": "",
        },
        **front.environ,
    )
    with front.client("cloudformation") as client:
        client.delete_stack(StackName="code-deployed")
    with front.client("iam") as iam:
        iam.delete_role(RoleName="code-deployed")


def layer(folder: str) -> dict[str, Any]:
    return {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": folder}}


def test_the_deployed_package_runs_with_its_layers_and_says_how_it_differs(
    deployed: Project, front: PackageFront
) -> None:
    assert deployed.invoke("Fn", "-n", "code-deployed").succeeded().payload == "working copy"
    said = deployed.invoke("Fn", "-n", "code-deployed", "--code", "deployed").succeeded()
    assert said.payload == "deployed"
    assert "Fn runs the package that is deployed as" in said.stderr
    assert (
        "app.py differs from the working copy; new.py is only in the working copy; dependency.py is only in the "
        "deployed package" in said.stderr
    )
    calls, downloads = len(front.calls), len(front.ranges)
    assert downloads == 2
    # A machine may be so slow that AWS would be asked whether the stack has been deployed since.
    again = deployed.invoke("Fn", "-n", "code-deployed", "--code", "deployed", "--snapshot-age", "never")
    assert again.succeeded().payload == "deployed"
    assert (len(front.calls), len(front.ranges)) == (calls, downloads)


def test_the_deployed_package_is_served_too(deployed: Project) -> None:
    with deployed.start("start-lambda", "--port", "0", "-n", "code-deployed", "--code", "deployed") as running:
        running.has_logged("Lambda is served at")
        found = re.search(r"Lambda is served at (http://\S+?),", running.stderr())
        assert found
        url = f"{found[1]}/2015-03-31/functions/Fn/invocations"
        with urllib.request.urlopen(url, b"{}", timeout=60) as answer:
            assert json.load(answer) == "deployed"
        running.signalled(signal.SIGTERM).outcome()


def test_nothing_is_deployed_without_an_environment(project: Callable[..., Project]) -> None:
    made = project({"template.json": template(Fn=function()), "code/app.py": says("x")})
    assert "nothing is known to be deployed" in made.invoke("Fn", "--code", "deployed").ended(16).stderr


def test_inline_code_needs_no_file(project: Callable[..., Project]) -> None:
    made = project(
        {"template.json": template(Fn=function(InlineCode=says("inline"), Handler="index.handler", CodeUri=None))}
    )
    assert made.invoke("Fn").succeeded().payload == "inline"
    assert [path.name for path in Path(made.cache / "inline").glob("*/*")] == ["index.py"]
