"""What is built, when, and what is left after a build that fails. Nothing here is fetched from a registry."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from build_kit import build, files, needs, only, run, states
from kit import Project, function, python, template

Make = Callable[..., Project]

LAYER_MAKEFILE = 'build-Shared:\n\tmkdir "$(ARTIFACTS_DIR)/python"\n\tcp *.py "$(ARTIFACTS_DIR)/python"\n'

HANDLER = "def handler(event, context):\n    return 1\n"


def with_metadata(resource: dict[str, object], **metadata: object) -> dict[str, object]:
    return {**resource, "Metadata": metadata}


def layer(folder: str, **metadata: object) -> dict[str, object]:
    return {"Type": "AWS::Serverless::LayerVersion", "Metadata": metadata, "Properties": {"ContentUri": folder}}


def test_a_python_function_is_built_without_what_is_no_part_of_it(project: Make) -> None:
    made = project(
        {**python(HANDLER), "code/lib/more.py": "", "code/.git/config": "", "code/__pycache__/app.pyc": b""}
    )
    built = build(made)
    assert states(built) == {"Fn": "built"}
    assert files(built["Fn"]) == {"app.py", "lib/more.py"}


def test_what_has_not_changed_is_not_built_again(project: Make) -> None:
    made = project(python(HANDLER))
    first = build(made)
    # A checkout or an editor that saves the same text changes nothing.
    os.utime(made.folder / "code/app.py", (1, 1))
    again = build(made)
    assert states(again) == {"Fn": "unchanged"}
    assert again["Fn"]["folder"] == first["Fn"]["folder"]


def test_one_changed_file_builds_one_function(project: Make) -> None:
    functions = {name: function(CodeUri=f"{name}/") for name in ("One", "Two", "Three")}
    made = project({"template.json": template(**functions), **{f"{name}/app.py": HANDLER for name in functions}})
    build(made)
    (made.folder / "Two/app.py").write_text(HANDLER.replace("1", "2"))
    assert states(build(made)) == {"One": "unchanged", "Two": "built", "Three": "unchanged"}
    # Going back is no build either.
    (made.folder / "Two/app.py").write_text(HANDLER)
    assert set(states(build(made)).values()) == {"unchanged"}


def test_a_change_within_one_tick_of_the_clock_is_seen(project: Make) -> None:
    made = project(python("value = 1\n"))
    build(made)
    code = made.folder / "code/app.py"
    stamp = code.stat().st_mtime_ns
    code.write_text("value = 2\n")
    os.utime(code, ns=(stamp, stamp))
    assert states(build(made)) == {"Fn": "built"}


def test_functions_that_share_code_and_options_are_built_once(project: Make) -> None:
    resources = {
        "One": function(Handler="app.one"),
        "Two": function(Handler="app.two"),
        "Newer": function("python3.13"),
    }
    built = build(project({"template.json": template(**resources), "code/app.py": HANDLER}))
    assert built["One"]["folder"] == built["Two"]["folder"] != built["Newer"]["folder"]
    log = built["One"]["log"]
    assert sum(line.startswith("samlocal: built ") for line in log) == 2
    assert any(line.startswith("samlocal: built One, Two in ") for line in log)


def test_named_functions_alone_are_built_with_their_layers(project: Make) -> None:
    needs("make")
    resources = {
        "One": function(Layers=[{"Ref": "Shared"}]),
        "Two": function("python3.12"),
        "Shared": layer("shared/", BuildMethod="makefile"),
    }
    made = project(
        {
            "template.json": template(**resources),
            "code/app.py": HANDLER,
            "shared/Makefile": LAYER_MAKEFILE,
            "shared/shared.py": "",
        }
    )
    built = build(made, "One")
    assert states(built) == {"One": "built", "Shared": "built"}
    assert files(built["Shared"]) == {"python/shared.py"}
    assert states(build(made, "Shared")) == {"Shared": "unchanged"}


def test_a_layer_lies_where_its_runtime_looks(project: Make) -> None:
    needs("node", "npm")
    resources = {
        "Py": layer("py/", BuildMethod="python3.11"),
        "Js": layer("js/", BuildMethod="nodejs20.x"),
        "AsItIs": layer("py/"),
    }
    made = project({"template.json": template(**resources), "py/shared.py": "", "js/shared.js": ""})
    built = build(made)
    assert {path: files(about) for path, about in built.items()} == {
        "Py": {"python/shared.py"},
        "Js": {"nodejs/shared.js"},
    }


def test_a_makefile_builds_its_function(project: Make) -> None:
    needs("make")
    resource = with_metadata(function("provided.al2023"), BuildMethod="makefile", WorkingDirectory="code/src")
    makefile = 'build-Fn:\n\tcp program "$(ARTIFACTS_DIR)/bootstrap"\n'
    built = build(
        project({"template.json": template(Fn=resource), "code/Makefile": makefile, "code/src/program": "#!"})
    )
    assert files(built["Fn"]) == {"bootstrap"}


def test_what_a_makefile_names_outside_of_its_folder_counts(project: Make) -> None:
    needs("make")
    makefile = 'build-Fn:\n\tcp "$(HERE)../shared/data.txt" "$(ARTIFACTS_DIR)"\n'
    made = project(
        {
            "template.json": template(Fn=function("provided.al2023")),
            "code/Makefile": makefile,
            "shared/data.txt": "one",
        }
    )
    here = {"HERE": f"{made.folder}/code/"}
    assert states(build(made, **here)) == {"Fn": "built"}
    assert states(build(made, **here)) == {"Fn": "unchanged"}
    (made.folder / "shared/data.txt").write_text("two")
    assert states(build(made, **here)) == {"Fn": "built"}


def test_a_failed_build_shows_what_the_tool_wrote_and_keeps_the_last_good_one(project: Make) -> None:
    needs("make")
    good = 'build-Fn:\n\ttouch "$(ARTIFACTS_DIR)/bootstrap"\n'
    made = project({"template.json": template(Fn=function("provided.al2023")), "code/Makefile": good})
    first = build(made)["Fn"]
    (made.folder / "code/Makefile").write_text("build-Fn:\n\t@echo cannot find the thing >&2\n\texit 3\n")
    failed = run(made).ended(9)
    assert "template.json" in failed.stderr
    assert "Fn: make did not build it:" in failed.stderr
    assert "cannot find the thing" in failed.lines
    assert "Error 3" in failed.stderr
    assert "`samlocal invoke --no-build` runs it" in failed.lines[-1]
    assert files(first) == {"bootstrap"}
    (made.folder / "code/Makefile").write_text(good)
    assert build(made)["Fn"]["state"] == "unchanged"


def test_one_failure_does_not_stop_the_others(project: Make) -> None:
    needs("make")
    resources = {
        "Good": function(),
        "Bad": function("provided.al2023", CodeUri="bad/"),
        "Odd": with_metadata(function(), BuildMethod="ebuild"),
    }
    made = project({"template.json": template(**resources), "code/app.py": HANDLER, "bad/Makefile": "build-Other:\n"})
    failed = run(made).ended(9)
    assert "No rule to make target 'build-Bad'" in failed.stderr
    assert "Odd: there is no BuildMethod ebuild; did you mean esbuild?" in failed.stderr
    assert states(build(made, "Good")) == {"Good": "unchanged"}


@pytest.mark.parametrize(
    ("runtime", "manifest", "tool", "advice"),
    [
        ("provided.al2023", "Makefile", "make", "apt install make"),
        ("provided.al2023", "go.mod", "go", "https://go.dev/doc/install"),
        ("java17", "pom.xml", "mvn", "apt install maven"),
        ("java17", "build.gradle", "gradle", "https://gradle.org/install"),
        ("ruby3.3", "Gemfile", "bundle", "gem install bundler"),
        ("dotnet8", "App.csproj", "dotnet", "https://dotnet.microsoft.com/download"),
        ("provided.al2023", "Cargo.toml", "cargo-lambda", "pip install cargo-lambda"),
    ],
)
def test_a_missing_tool_is_named_with_the_way_to_get_it(
    project: Make, tmp_path: Path, runtime: str, manifest: str, tool: str, advice: str
) -> None:
    made = project({"template.json": template(Fn=function(runtime)), f"code/{manifest}": "", "code/main.go": ""})
    # The others of the workflow are there, as far as a look at the PATH tells.
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in {"java", "ruby", "cargo"}:
        (tools / name).write_text("#!/bin/sh\n")
        (tools / name).chmod(0o755)
    failed = run(made, PATH=str(tools)).ended(9)
    assert f"Fn: building it needs {tool}, which is not on the PATH." in failed.stderr
    assert advice in failed.lines[-1]
    assert "--build-in-container" in failed.lines[-1]


def test_what_is_not_built_is_left_alone(project: Make) -> None:
    resources = {
        "Skipped": with_metadata(function(), SkipBuild=True),
        "Inline": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Runtime": "python3.11", "Handler": "index.h", "Code": {"ZipFile": HANDLER}},
        },
        "Image": {"Type": "AWS::Serverless::Function", "Properties": {"PackageType": "Image", "ImageUri": "x:y"}},
        "Shell": function("provided.al2023", CodeUri="shell/"),
        "Stored": function(CodeUri="s3://bucket/key"),
    }
    outcome = run(
        project({"template.json": template(**resources), "code/app.py": HANDLER, "shell/bootstrap": "#!/bin/sh\n"})
    )
    assert outcome.succeeded().payload == []
    assert outcome.lines == ["samlocal: Image: the images of functions are built when they are invoked."]


def test_values_that_only_aws_knows_do_not_stop_a_build(project: Make) -> None:
    unknown = {"Variables": {"X": {"Fn::ImportValue": "somebody-elses"}}}
    assert states(build(project(python(HANDLER, Environment=unknown)))) == {"Fn": "built"}


def test_go_is_compiled_to_a_bootstrap(project: Make) -> None:
    needs("go")
    source = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n'
    resource = function("provided.al2023", Handler="bootstrap", Architectures=["arm64"])
    made = project(
        {"template.json": template(Fn=resource), "code/go.mod": "module demo\n\ngo 1.21\n", "code/main.go": source}
    )
    built = build(made)["Fn"]
    assert files(built) == {"bootstrap"}
    program = (Path(built["folder"]) / "bootstrap").read_bytes()
    # ELF for AArch64: machine 183 (ELF-64 object file format).
    assert program[:4] == b"\x7fELF"
    assert int.from_bytes(program[18:20], "little") == 183
    (made.folder / "code/main.go").write_text(source.replace('fmt.Println("hello")', "undefinedName()"))
    failed = run(made).ended(9)
    assert "undefined: undefinedName" in failed.stderr
    assert "main.go:5" in failed.stderr


def test_a_broken_requirements_file_is_told_with_its_place(project: Make) -> None:
    made = project({**python(HANDLER), "code/requirements.txt": "not a requirement !!\n"})
    failed = run(made).ended(9)
    assert "Invalid requirement: 'not a requirement !!'" in failed.stderr
    assert f"Mend {made.folder}/code/requirements.txt." in failed.stderr


def test_what_sam_build_made_is_used_when_it_is_newer(project: Make) -> None:
    made = project(
        {
            **python(HANDLER),
            ".aws-sam/build/template.yaml": template(Fn=function(CodeUri="Elsewhere")),
            ".aws-sam/build/Elsewhere/app.py": "built = True\n",
        }
    )
    later = time.time() + 60
    os.utime(made.folder / ".aws-sam/build/template.yaml", (later, later))
    built = build(made)["Fn"]
    assert built["state"] == "built by sam build"
    assert built["folder"] == str(made.folder.resolve() / ".aws-sam/build/Elsewhere")
    os.utime(made.folder / "code/app.py", (later + 1, later + 1))
    assert build(made)["Fn"]["state"] == "built"


def test_a_build_that_is_forced_is_made_again(project: Make) -> None:
    made = project(python(HANDLER))
    build(made)
    assert states(build(made, "--force")) == {"Fn": "built"}


def test_builds_that_nobody_runs_any_more_go_after_a_week(project: Make) -> None:
    made = project(
        {
            "template.json": template(One=function(), Two=function(CodeUri="two/")),
            "code/app.py": "one",
            "two/app.py": "two",
        }
    )
    long_ago = time.time() - 8 * 24 * 3600
    first = build(made)
    (made.folder / "code/app.py").write_text("second = 1\n")
    second = build(made)
    for built in (*first.values(), *second.values()):
        os.utime(built["folder"], (long_ago, long_ago))
    (made.folder / "two/app.py").write_text("third = 1\n")
    third = build(made)
    assert not Path(first["One"]["folder"]).exists()
    assert not Path(first["Two"]["folder"]).exists()
    assert Path(second["One"]["folder"]).is_dir()
    assert Path(third["Two"]["folder"]).is_dir()


def test_the_tools_see_the_users_own_environment(project: Make, tmp_path: Path) -> None:
    needs("make", "sh")
    made = project(
        {
            "template.json": template(Fn=function("provided.al2023")),
            "code/Makefile": 'build-Fn:\n\tprintf %s "$$GREETING" > "$(ARTIFACTS_DIR)/greeting"\n',
        }
    )
    built = build(made, GREETING="hello", PATH=only(tmp_path / "tools", "make", "sh"))["Fn"]
    assert (Path(built["folder"]) / "greeting").read_text() == "hello"
