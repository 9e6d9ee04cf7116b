"""The AWS SDK for JavaScript in the Node stand-in, and what is said of a client that it lacks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from kit import Project, function, template

from samlocal.errors import ExitStatus

pytestmark = pytest.mark.docker

SDK = json.loads((Path(__file__).parents[2] / "images" / "nodejs" / "sdk" / "package.json").read_text("utf-8"))

# Of no project's own folder: what a function finds, the image brings.
IMPORTS = (
    "export const handler = async (event) => {\n  for (const one of event) await import(one);\n  return 'all';\n};"
)
REQUIRES = "exports.handler = async (event) => {\n  for (const name of event) require(name);\n  return 'all';\n};\n"
AT_INIT = "require('@aws-sdk/client-snowball');\nexports.handler = async () => 'never';\n"


def project_of(project: Callable[..., Project], file: str, source: str) -> Project:
    return project({"template.json": template(Fn=function("nodejs20.x", Timeout=30, MemorySize=512)), file: source})


@pytest.mark.parametrize(
    ("file", "source"), [("code/app.mjs", IMPORTS), ("code/app.js", REQUIRES)], ids=["esm", "cjs"]
)
def test_a_function_finds_the_most_used_clients_without_packing_them(
    project: Callable[..., Project], file: str, source: str
) -> None:
    outcome = project_of(project, file, source).invoke("Fn", event=list(SDK["dependencies"]))
    assert outcome.succeeded().payload == "all"


@pytest.mark.parametrize(
    ("file", "source"),
    [("code/app.mjs", IMPORTS), ("code/app.js", REQUIRES), ("code/app.js", AT_INIT)],
    ids=["esm", "cjs", "init"],
)
def test_a_client_that_only_awss_image_has_is_named_with_the_way_on(
    project: Callable[..., Project], file: str, source: str
) -> None:
    outcome = project_of(project, file, source).invoke("Fn", event=["@aws-sdk/client-snowball"])
    outcome.ended(ExitStatus.FUNCTION_FAILED)
    assert (
        "@aws-sdk/client-snowball is in AWS's image, and not in its stand-in samlocal/lambda-nodejs:20"
        in outcome.stderr
    )
    assert "--pull" in outcome.stderr


def test_another_package_that_is_missing_is_the_functions_own_affair(project: Callable[..., Project]) -> None:
    outcome = project_of(project, "code/app.js", REQUIRES).invoke("Fn", event=["left-pad"])
    outcome.ended(ExitStatus.FUNCTION_FAILED)
    assert "is in AWS's image" not in outcome.stderr
