"""Which image a function runs in, and when a registry is asked for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from samlocal.artifact.image.runtime_image import Image, choose_image
from samlocal.engine import PullProgress
from samlocal.errors import ImageError, TemplateError
from samlocal.function.application import application
from samlocal.function.spec import FunctionSpec
from samlocal.template.reader import parse

AWS_PYTHON = "public.ecr.aws/lambda/python:3.11-x86_64"
STAND_IN = "samlocal/lambda-python:3.11"


class FakeEngine:
    """An engine with images; it notes which are pulled."""

    def __init__(self, *images: str) -> None:
        self.images = set(images)
        self.pulled: list[tuple[str, str | None]] = []

    def has_image(self, name: str) -> bool:
        return name in self.images

    def pull(self, name: str, *, platform: str | None, progress: Callable[[PullProgress], None]) -> None:
        self.pulled.append((name, platform))


def function(runtime: str = "python3.11", architecture: str = "x86_64") -> FunctionSpec:
    text = (
        "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        f"      Runtime: {runtime}\n      Handler: app.handler\n      Architectures: [{architecture}]\n"
    )
    document = parse(text, path=Path("template.yaml"))
    return application(document, environment=None, region="eu-west-1", flags={}, configured={}).function("Fn")


def chosen(
    engine: FakeEngine,
    spec: FunctionSpec,
    *,
    named: Mapping[str, str] | None = None,
    pull: bool = False,
    skip_pull: bool = False,
) -> Image:
    return choose_image(
        engine,  # type: ignore[arg-type]
        spec,
        named=named or {},
        pull=pull,
        skip_pull=skip_pull,
        progress=lambda _, __: None,
    )


@pytest.mark.parametrize(
    ("runtime", "architecture", "image", "platform"),
    [
        # Lambda developer guide, "Lambda runtimes", and the tags of public.ecr.aws/lambda.
        ("python3.13", "x86_64", "python:3.13-x86_64", "linux/amd64"),
        ("nodejs20.x", "arm64", "nodejs:20-arm64", "linux/arm64"),
        ("nodejs22.x", "x86_64", "nodejs:22-x86_64", "linux/amd64"),
        ("java21", "x86_64", "java:21-x86_64", "linux/amd64"),
        ("java8.al2", "x86_64", "java:8.al2-x86_64", "linux/amd64"),
        ("dotnet8", "arm64", "dotnet:8-arm64", "linux/arm64"),
        ("ruby3.3", "x86_64", "ruby:3.3-x86_64", "linux/amd64"),
        ("provided.al2", "x86_64", "provided:al2-x86_64", "linux/amd64"),
        ("provided.al2023", "arm64", "provided:al2023-arm64", "linux/arm64"),
        ("python3.8", "x86_64", "python:3.8-x86_64", "linux/amd64"),
        ("go1.x", "x86_64", "go:1-x86_64", "linux/amd64"),
    ],
)
def test_an_absent_image_is_pulled_for_the_functions_runtime_and_architecture(
    runtime: str, architecture: str, image: str, platform: str
) -> None:
    engine = FakeEngine()
    assert chosen(engine, function(runtime, architecture)).name == f"public.ecr.aws/lambda/{image}"
    assert engine.pulled == [(f"public.ecr.aws/lambda/{image}", platform)]


def test_an_image_that_is_there_is_never_checked_against_its_registry() -> None:
    engine = FakeEngine(AWS_PYTHON, STAND_IN)
    assert chosen(engine, function()).name == AWS_PYTHON
    assert engine.pulled == []


def test_a_stand_in_is_taken_where_awss_image_is_absent_and_no_registry_is_asked() -> None:
    engine = FakeEngine(STAND_IN)
    image = chosen(engine, function())
    assert image.name == STAND_IN
    assert any("stand-in" in remark for remark in image.announced)
    assert engine.pulled == []


def test_pull_asks_the_registry_for_awss_image_whatever_is_there() -> None:
    engine = FakeEngine(AWS_PYTHON, STAND_IN)
    assert chosen(engine, function(), pull=True).name == AWS_PYTHON
    assert [name for name, _ in engine.pulled] == [AWS_PYTHON]


def test_an_image_named_for_the_runtime_wins_and_no_stand_in_takes_its_place() -> None:
    engine = FakeEngine(AWS_PYTHON, STAND_IN)
    assert chosen(engine, function(), named={"python3.11": "mine:1"}).name == "mine:1"
    assert [name for name, _ in engine.pulled] == ["mine:1"]
    assert chosen(engine, function(), named={"nodejs20.x": "mine:1"}).name == AWS_PYTHON


def test_an_absent_image_that_must_not_be_pulled_is_an_error_with_the_command_that_pulls_it() -> None:
    engine = FakeEngine()
    with pytest.raises(ImageError, match="--skip-pull-image") as raised:
        chosen(engine, function(), skip_pull=True)
    assert f"docker pull {AWS_PYTHON}" in (raised.value.tip or "")
    assert engine.pulled == []
    assert chosen(FakeEngine(STAND_IN), function(), skip_pull=True).name == STAND_IN


def test_a_runtime_that_lambda_does_not_have_is_named_with_the_nearest() -> None:
    with pytest.raises(TemplateError, match=r"template\.yaml:\d+: Fn: .*python311; did you mean python3\.11\?"):
        chosen(FakeEngine(), function("python311"))
