"""What an invocation builds by itself: what has changed since it was built, and what cannot run unbuilt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from build_kit import build, files, needs, only, run, tools_environment
from kit import Outcome, Project, function, python, template

Make = Callable[..., Project]

SAYS = "def handler(event, context):\n    return '{}'\n"
USES_SIX = "import six\ndef handler(event, context):\n    return six.__version__\n"


def invoke(made: Project, *args: str, **environ: str) -> Outcome:
    return made.run("invoke", "Fn", *args, environ=tools_environment() | environ, within=120)


@pytest.mark.docker
def test_what_was_built_once_is_built_again_when_its_sources_change(project: Make) -> None:
    made = project(python(SAYS.format("old")))
    build(made)
    unchanged = invoke(made).succeeded()
    assert unchanged.payload == "old"
    assert "building" not in unchanged.stderr
    (made.folder / "code/app.py").write_text(SAYS.format("new"))
    stale = invoke(made, "--no-build").succeeded()
    assert stale.payload == "old"
    assert "Fn runs as it was built" in stale.stderr
    assert "its sources have changed since. --build builds it." in stale.stderr
    changed = invoke(made).succeeded()
    assert changed.payload == "new"
    assert "samlocal: building Fn (pip)" in changed.stderr


@pytest.mark.docker
def test_what_sam_build_made_is_built_again_when_its_sources_change(project: Make) -> None:
    import os
    import time

    made = project(
        {
            **python(SAYS.format("source")),
            ".aws-sam/build/template.yaml": template(Fn=function(CodeUri="Fn")),
            ".aws-sam/build/Fn/app.py": SAYS.format("built by sam"),
        }
    )
    later = time.time() + 60
    os.utime(made.folder / ".aws-sam/build/template.yaml", (later, later))
    assert invoke(made).succeeded().payload == "built by sam"
    os.utime(made.folder / "code/app.py", (later + 1, later + 1))
    assert invoke(made).succeeded().payload == "source"


@pytest.mark.docker
def test_sources_that_were_never_built_and_need_no_build_run_as_they_are(project: Make) -> None:
    """A runtime brings boto3; what was installed beside the code is there."""
    made = project(
        {
            **python("import vendored_thing\n" + SAYS.format("ran")),
            "code/requirements.txt": "boto3>=1.34  # the runtime's\nVendored.Thing==1.0 ; python_version > '3'\n",
            "code/vendored_thing/__init__.py": "",
            "code/vendored_thing-1.0.dist-info/METADATA": "",
        }
    )
    said = invoke(made).succeeded()
    assert said.payload == "ran"
    assert "build" not in said.stderr


@pytest.mark.docker
def test_an_asset_of_cdk_runs_as_it_is_deployed(project: Make) -> None:
    asset = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.11",
            "Handler": "app.handler",
            "Code": {"S3Bucket": "b", "S3Key": "k.zip"},
        },
        "Metadata": {"aws:asset:path": "asset.0123", "aws:asset:property": "Code"},
    }
    made = project(
        {
            "cdk.out/Stack.template.json": {"Resources": {"Fn": asset}},
            "cdk.out/asset.0123/app.py": SAYS.format("ran"),
            "cdk.out/asset.0123/requirements.txt": "nowhere-to-be-found==1.0\n",
        }
    )
    said = invoke(made, "-t", "cdk.out").succeeded()
    assert said.payload == "ran"
    assert "build" not in said.stderr


@pytest.mark.docker
def test_requirements_that_are_not_there_are_built_or_left_out_on_the_users_word(project: Make) -> None:
    source = "import markupsafe\ndef handler(event, context):\n    return str(markupsafe.escape('<'))\n"
    made = project({**python(source), "code/requirements.txt": "markupsafe==3.0.2\n"})
    as_it_is = invoke(made, "--no-build").ended(1)
    assert "No module named 'markupsafe'" in as_it_is.stderr
    assert invoke(made).succeeded().payload == "&lt;"


@pytest.mark.docker
def test_a_first_build_that_fails_names_the_way_round_it(project: Make) -> None:
    made = project({**python(SAYS.format("ran")), "code/requirements.txt": "not a requirement !!\n"})
    failed = invoke(made).ended(9)
    assert "Invalid requirement" in failed.stderr
    assert failed.lines[-1] == "--no-build runs it as it is."
    assert invoke(made, "--no-build").succeeded().payload == "ran"


@pytest.mark.docker
def test_a_layer_with_a_build_method_is_built_for_its_function(project: Make) -> None:
    needs("make")
    makefile = 'build-Shared:\n\tmkdir "$(ARTIFACTS_DIR)/python"\n\tcp *.py "$(ARTIFACTS_DIR)/python"\n'
    made = project(
        {
            "template.json": template(
                Fn=function(Layers=[{"Ref": "Shared"}]),
                Shared={
                    "Type": "AWS::Serverless::LayerVersion",
                    "Metadata": {"BuildMethod": "makefile"},
                    "Properties": {"ContentUri": "shared/"},
                },
            ),
            "code/app.py": "import shared\ndef handler(event, context):\n    return shared.NAME\n",
            "shared/Makefile": makefile,
            "shared/shared.py": "NAME = 'layer'\n",
        }
    )
    assert invoke(made).succeeded().payload == "layer"
    (made.folder / "shared/shared.py").write_text("NAME = 'changed'\n")
    assert invoke(made).succeeded().payload == "changed"


def test_typescript_that_nothing_builds_stops_with_the_way_on(project: Make) -> None:
    made = project(
        {"template.json": template(Fn=function("nodejs20.x")), "code/app.ts": "export const handler = 1;\n"}
    )
    failed = invoke(made).ended(9)
    assert "Fn: its handler app.handler is TypeScript, and nothing says how it is built." in failed.stderr
    assert "BuildMethod: esbuild" in failed.lines[-1]


def test_a_runtime_that_the_builder_refuses_is_told_with_who_refuses_and_the_way_on(project: Make) -> None:
    made = project({"template.json": template(Fn=function("nodejs14.x")), "code/app.js": ""})
    failed = run(made).ended(9)
    assert "SAM CLI's own builder, does not build nodejs14.x." in failed.stderr
    assert "nodejs20.x" in failed.lines[-1]
    assert "--no-build" in failed.lines[-1]


def test_a_pyproject_alone_is_built_with_what_it_names(project: Make) -> None:
    pyproject = '[project]\nname = "fn"\nversion = "1"\ndependencies = ["six==1.17.0"]\n'
    made = project({**python(USES_SIX), "code/pyproject.toml": pyproject})
    assert "six.py" in files(build(made)["Fn"])


@pytest.mark.parametrize(
    ("content", "lock", "export"),
    [
        ('[tool.poetry.dependencies]\npython = "^3.11"\nsix = "*"\n', None, "poetry export"),
        ('[project]\nname = "fn"\ndependencies = ["six"]\n', "poetry.lock", "poetry export"),
        ('[project]\nname = "fn"\ndependencies = ["six"]\n', "pdm.lock", "pdm export"),
    ],
    ids=["Poetry's own", "locked by Poetry", "locked by PDM"],
)
def test_dependencies_that_the_builder_does_not_read_are_never_left_out_in_silence(
    project: Make, content: str, lock: str | None, export: str
) -> None:
    made = project({**python(USES_SIX), "code/pyproject.toml": content, **({f"code/{lock}": ""} if lock else {})})
    failed = run(made).ended(9)
    assert f"its dependencies stand in {made.folder}/code/pyproject.toml alone" in failed.stderr
    assert export in failed.lines[-1]
    (made.folder / "code/requirements.txt").write_text("")
    assert build(made)["Fn"]["state"] == "built"


def test_what_uv_has_locked_needs_uv(project: Make, tmp_path: Path) -> None:
    pyproject = '[project]\nname = "fn"\ndependencies = ["six"]\n'
    made = project({**python(USES_SIX), "code/pyproject.toml": pyproject, "code/uv.lock": ""})
    failed = run(made, PATH=only(tmp_path / "tools", "python3")).ended(9)
    assert "building it needs uv, which is not on the PATH." in failed.stderr


def test_a_makefile_elsewhere_is_found_by_its_context_path(project: Make) -> None:
    """Relative to the template, as ProjectRootDirectory is (SAM developer guide, "Building with makefiles")."""
    needs("make")
    resource = {**function("provided.al2023"), "Metadata": {"BuildMethod": "makefile", "ContextPath": "make"}}
    makefile = 'build-Fn:\n\tcp program "$(ARTIFACTS_DIR)/bootstrap"\n'
    made = project(
        {"sub/template.json": template(Fn=resource), "sub/make/Makefile": makefile, "sub/code/program": "#!"}
    )
    assert files(build(made, "-t", "sub/template.json")["Fn"]) == {"bootstrap"}
    (made.folder / "sub/make/Makefile").write_text(makefile.replace("bootstrap", "other"))
    assert files(build(made, "-t", "sub/template.json")["Fn"]) == {"other"}
