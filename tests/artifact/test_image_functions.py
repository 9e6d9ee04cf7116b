"""Image functions: built from their Dockerfile, local, or from a registry; with a shell and without."""

from __future__ import annotations

import base64
import hashlib
import http.server
import io
import json
import os
import shutil
import subprocess
import tarfile
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kit import Docker, Project, template
from package_front import PackageFront

from samlocal.artifact.cache import Cache
from samlocal.artifact.fetch.supply import ArtifactStore
from samlocal.artifact.image.function_image import registry_login
from samlocal.aws import Aws

pytestmark = pytest.mark.docker

GO = r"""
package main

import ("bytes"; "fmt"; "io"; "net/http"; "os"; "strings")

// A runtime client of a few lines: there is no shell and no emulator in its image.
func main() {
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		next, err := http.Get(api + "next")
		if err != nil { fmt.Println(err); os.Exit(1) }
		event, _ := io.ReadAll(next.Body)
		folder, _ := os.Getwd()
		fmt.Println("a line of the log")
		said := fmt.Sprintf(`{"event":%s,"name":%q,"folder":%q,"arguments":%q,"user":%d}`, bytes.TrimSpace(event),
			os.Getenv("AWS_LAMBDA_FUNCTION_NAME"), folder, strings.Join(os.Args[1:], " "), os.Getuid())
		http.Post(api+next.Header.Get("Lambda-Runtime-Aws-Request-Id")+"/response", "application/json",
			strings.NewReader(said))
	}
}
"""

DOCKERFILE = """
FROM samlocal/lambda-python:3.11 AS plain
ARG GREETING=none
ENV GREETING=$GREETING
COPY app.py /var/task/
CMD ["app.handler"]
FROM plain AS other
ENV GREETING=other
"""
APP = """
import os
def handler(event, context):
    return [os.environ["GREETING"], os.getcwd(), os.environ["MINE"]]
def second(event, context):
    return "the second handler"
"""


def image_function(metadata: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    own = {"PackageType": "Image", "Environment": {"Variables": {"MINE": "mine"}}, **properties}
    return {"Type": "AWS::Serverless::Function", "Properties": own, "Metadata": metadata or {}}


def built(**metadata: Any) -> dict[str, Any]:
    return {"DockerContext": "image", "Dockerfile": "Dockerfile", **metadata}


@pytest.fixture
def images(docker: Docker) -> Iterator[None]:
    """Removes the images that a test has built."""
    import docker as sdk

    client = sdk.APIClient(version="auto", **sdk.utils.kwargs_from_env())

    def ours() -> set[str]:
        return {
            tag
            for image in client.images()
            for tag in image["RepoTags"] or ()
            if tag.startswith(("samlocal/built-imagetest", "imagetest", "127.0.0.1:"))
        }

    before = ours()
    yield
    for tag in ours() - before:
        client.remove_image(tag, force=True)
    client.close()


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static program."""
    if shutil.which("go") is None:
        pytest.skip("there is no Go on this machine to make a static program with")
    folder = tmp_path_factory.mktemp("go")
    (folder / "main.go").write_text(GO)
    environ = {**os.environ, "CGO_ENABLED": "0", "GO111MODULE": "off", "GOFLAGS": ""}
    subprocess.run(["go", "build", "-ldflags=-s -w", "-o", "main", "main.go"], cwd=folder, env=environ, check=True)
    return folder / "main"


@pytest.mark.usefixtures("images")
def test_a_dockerfile_on_a_base_image_is_built_once(project: Callable[..., Project]) -> None:
    made = project(
        {
            "template.json": template(ImageTest=image_function(built(DockerBuildArgs={"GREETING": "hello"}))),
            "image/Dockerfile": DOCKERFILE,
            "image/app.py": APP,
            "image/.dockerignore": "notes\n",
        }
    )
    first = made.invoke("ImageTest").succeeded()
    # The last stage, where no target is named.
    assert first.payload == ["other", "/var/task", "mine"]
    assert "building the image of ImageTest" in first.stderr
    (made.folder / "image/notes").write_text("no part of the context")
    again = made.invoke("ImageTest").succeeded()
    assert again.payload == first.payload
    assert "building" not in again.stderr
    (made.folder / "image/app.py").write_text(APP.replace('["GREETING"]', '["GREETING"] + "!"'))
    assert made.invoke("ImageTest").succeeded().payload[0] == "other!"


@pytest.mark.usefixtures("images")
def test_build_arguments_a_target_and_a_tag_are_the_templates(
    project: Callable[..., Project], docker: Docker
) -> None:
    metadata = built(DockerBuildArgs={"GREETING": "hello"}, DockerBuildTarget="plain", DockerTag="v1")
    made = project(
        {
            "template.json": template(ImageTestArgs=image_function(metadata)),
            "image/Dockerfile": DOCKERFILE,
            "image/app.py": APP,
        }
    )
    assert made.invoke("ImageTestArgs").succeeded().payload[0] == "hello"
    # Where `sam build` leaves it; it runs by that name too.
    made = project({"template.json": template(Named=image_function(ImageUri="imagetestargs:v1"))})
    assert made.invoke("Named").succeeded().payload[0] == "hello"


@pytest.mark.usefixtures("images")
def test_image_config_takes_the_place_of_the_dockerfiles_own(project: Callable[..., Project]) -> None:
    made = project(
        {
            "template.json": template(
                ImageTestCommand=image_function(built(), ImageConfig={"Command": ["app.second"]}),
                ImageTestFolder=image_function(built(), ImageConfig={"WorkingDirectory": "/tmp"}),
                ImageTestEntry=image_function(
                    built(), ImageConfig={"EntryPoint": ["/bin/sh", "-c", "echo my own entry; exit 3"], "Command": []}
                ),
            ),
            "image/Dockerfile": DOCKERFILE,
            "image/app.py": APP,
        }
    )
    assert made.invoke("ImageTestCommand").succeeded().payload == "the second handler"
    # Code is found by LAMBDA_TASK_ROOT, wherever the process works.
    assert made.invoke("ImageTestFolder").stdout.find(b"/tmp") > 0
    said = made.invoke("ImageTestEntry").ended(1)
    assert "my own entry" in said.stderr
    assert said.payload["errorType"] == "Runtime.ExitError"
    assert said.payload["errorMessage"].endswith("exit status 3")


@pytest.mark.usefixtures("images")
def test_an_image_with_nothing_but_a_static_program_runs(project: Callable[..., Project], program: Path) -> None:
    made = project(
        {
            "template.json": template(
                ImageTestScratch=image_function(
                    built(), ImageConfig={"Command": ["some", "arguments"], "WorkingDirectory": "/work"}
                )
            ),
            "image/Dockerfile": 'FROM scratch\nCOPY main /main\nENTRYPOINT ["/main"]\nWORKDIR /work\n',
            "image/main": program.read_bytes(),
        }
    )
    (made.folder / "image/main").chmod(0o755)
    said = made.invoke("ImageTestScratch", event={"a": 1}).succeeded()
    assert said.payload == {
        "event": {"a": 1},
        "name": "ImageTestScratch",
        "folder": "/work",
        "arguments": "some arguments",
        "user": 993,
    }
    assert "a line of the log" in said.stderr


@pytest.mark.usefixtures("images")
def test_a_build_that_fails_ends_with_its_last_lines(project: Callable[..., Project]) -> None:
    made = project(
        {
            "template.json": template(ImageTestBroken=image_function(built()), Without=image_function()),
            "image/Dockerfile": "FROM samlocal/lambda-provided:al2023\nRUN echo half-way && exit 7\n",
        }
    )
    said = made.invoke("ImageTestBroken").ended(9).stderr
    assert "returned a non-zero code: 7" in said
    assert "half-way" in said
    assert "neither an ImageUri nor a Dockerfile" in made.invoke("Without").ended(14).stderr


@pytest.mark.usefixtures("images")
def test_cdks_image_assets_are_built(project: Callable[..., Project]) -> None:
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "PackageType": "Image",
            "Code": {"ImageUri": {"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/cdk:0123"}},
            "Environment": {"Variables": {"MINE": "cdk"}},
        },
        "Metadata": {
            "aws:asset:path": "asset.0123",
            "aws:asset:dockerfile-path": "Dockerfile.fn",
            "aws:asset:docker-build-args": {"GREETING": "from cdk"},
            "aws:asset:docker-build-target": "plain",
            "aws:asset:property": "Code.ImageUri",
        },
    }
    made = project(
        {
            "cdk.out/S.template.json": {"Resources": {"ImageTestCdk": function}},
            "cdk.out/asset.0123/Dockerfile.fn": DOCKERFILE,
            "cdk.out/asset.0123/app.py": APP,
        }
    )
    assert made.invoke("ImageTestCdk", "-t", "cdk.out").succeeded().payload == ["from cdk", "/var/task", "cdk"]


# registries


class _Registry(http.server.BaseHTTPRequestHandler):
    """As much of a registry as a pull needs (OCI distribution specification), behind a password."""

    blobs: dict[str, tuple[str, bytes]]
    logins: set[str]

    def do_GET(self) -> None:
        given = str(self.headers.get("Authorization", "")).removeprefix("Basic ")
        self.logins.add(base64.b64decode(given).decode())
        if given != base64.b64encode(b"AWS:secret").decode():
            self._say(401, "application/json", b"{}", ("WWW-Authenticate", 'Basic realm="registry"'))
        elif self.path == "/v2/":
            self._say(200, "application/json", b"{}")
        elif (found := self.blobs.get(self.path.rpartition("/")[2])) is not None:
            self._say(200, *found)
        else:
            self._say(404, "application/json", b"{}")

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def _say(self, status: int, kind: str, content: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(content))),
            ("Docker-Content-Digest", _digest(content)),
            ("Docker-Distribution-Api-Version", "registry/2.0"),
            *headers,
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Tests have nothing to say on standard error."""


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _image(program: bytes) -> dict[str, tuple[str, bytes]]:
    """An image of one program, by what the registry is asked for."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        entry = tarfile.TarInfo("main")
        entry.size, entry.mode = len(program), 0o755
        archive.addfile(entry, io.BytesIO(program))
    tar = layer.getvalue()
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": ["/main"], "Labels": {"made": uuid.uuid4().hex}},
            "rootfs": {"type": "layers", "diff_ids": [_digest(tar)]},
        }
    ).encode()
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": kind,
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": len(config),
                "digest": _digest(config),
            },
            "layers": [
                {
                    "mediaType": "application/vnd.docker.image.rootfs.diff.tar",
                    "size": len(tar),
                    "digest": _digest(tar),
                }
            ],
        }
    ).encode()
    octets = "application/octet-stream"
    return {
        "1": (kind, manifest),
        _digest(manifest): (kind, manifest),
        _digest(config): (octets, config),
        _digest(tar): (octets, tar),
    }


@pytest.mark.usefixtures("images")
def test_an_image_is_pulled_with_a_login(docker: Docker, program: Path) -> None:
    from samlocal.engine import Engine
    from samlocal.errors import ImageError

    logins: set[str] = set()
    handler = type("Registry", (_Registry,), {"blobs": _image(program.read_bytes()), "logins": logins})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    engine = Engine.connect(os.environ)
    name = f"127.0.0.1:{server.server_address[1]}/fn:1"
    try:
        with pytest.raises(ImageError, match="cannot be pulled"):
            engine.pull(name, platform=None, progress=lambda _: None)
        engine.pull(name, platform=None, progress=lambda _: None, login=("AWS", "secret"))
        described = engine.describe_image(name)
        assert described is not None
        assert described.entry_point == ("/main",)
        assert not engine.has_file(name, "/bin/sh")
        assert engine.has_file(name, "/main")
    finally:
        engine.close()
        server.shutdown()
        thread.join()
        server.server_close()
    assert "AWS:secret" in logins


def test_the_login_of_ecr_is_the_callers(
    front: PackageFront, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in front.environ.items():
        monkeypatch.setenv(name, value)
    supply = ArtifactStore(
        cache=Cache(tmp_path),
        layers=Cache(tmp_path),
        caller=Aws(region="eu-west-1"),
        notice=lambda _: None,
        progress=lambda _, __: None,
    )
    with front.client("ecr", "us-east-2") as ecr:
        (expected,) = ecr.get_authorization_token(registryIds=["123456789012"])["authorizationData"]
    login = registry_login("123456789012.dkr.ecr.us-east-2.amazonaws.com/team/fn@sha256:00", supply)
    assert login is not None
    assert ":".join(login) == base64.b64decode(expected["authorizationToken"]).decode()
    assert login[0] == "AWS"
    assert registry_login("docker.io/library/busybox:1", supply) is None
    assert registry_login("public.ecr.aws/lambda/python:3.12", supply) is None
