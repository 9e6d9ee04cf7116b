"""Folders that packaging changes on the way to AWS: links followed, everything readable, nothing but files.

``sam package`` makes an archive of a folder by following its links and adding 0444 to every file's mode; folders have
no modes of their own there (aws-sam-cli, ``samcli/lib/package/utils.py``).
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kit import Project, function, node, python, template

Make = Callable[..., Project]

pytestmark = pytest.mark.docker

USES_SHARED = "import shared\ndef handler(event, context):\n    return shared.NAME\n"


def layer(folder: str) -> dict[str, object]:
    return {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": folder}}


def link(place: Path, target: str | Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


def close_to_others(folder: Path) -> None:
    """What a umask of 077 makes."""
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(root) / name
            path.chmod(0o700 if path.is_dir() else 0o600)
    folder.chmod(0o700)


@pytest.mark.parametrize("absolute", [False, True], ids=["relative", "absolute"])
def test_a_link_to_a_folder_outside_is_followed(project: Make, absolute: bool) -> None:
    made = project({**python(USES_SHARED), "shared/__init__.py": "NAME = 'outside'\n"})
    link(made.folder / "code/shared", made.folder / "shared" if absolute else "../shared")
    assert made.invoke("Fn").succeeded().payload == "outside"
    # What it leads to is seen as it is now.
    (made.folder / "shared/__init__.py").write_text("NAME = 'changed'\n")
    assert made.invoke("Fn").succeeded().payload == "changed"


def test_a_link_to_a_file_outside_and_one_inside_by_its_whole_path_are_followed(project: Make) -> None:
    made = project(
        {**python(USES_SHARED), "lib/shared.py": "from more import NAME\n", "code/a/more.py": "NAME = 'in'\n"}
    )
    link(made.folder / "code/shared.py", "../lib/shared.py")
    link(made.folder / "code/more.py", made.folder / "code/a/more.py")
    assert made.invoke("Fn").succeeded().payload == "in"


def test_what_npm_link_leaves_in_node_modules_is_there(project: Make) -> None:
    made = project(
        {
            **node("exports.handler = async () => require('@me/shared').name + require('plain');"),
            "packages/shared/package.json": {"name": "@me/shared", "main": "lib/index.js"},
            "packages/shared/lib/index.js": "exports.name = 'linked '",
            "store/plain/index.js": "module.exports = 'stored'",
        }
    )
    link(made.folder / "code/node_modules/@me/shared", "../../../packages/shared")
    link(made.folder / "code/node_modules/plain", "../../store/plain")
    assert made.invoke("Fn").succeeded().payload == "linked stored"


def test_two_packages_that_link_to_each_other_are_no_circle(project: Make) -> None:
    made = project(
        {
            **node("exports.handler = async () => require('one').name"),
            "one/index.js": "exports.own = 'one'; exports.name = require('two').name",
            "two/index.js": "exports.name = 'two of ' + require('one').own",
        }
    )
    link(made.folder / "code/node_modules/one", "../../one")
    link(made.folder / "one/node_modules/two", "../../two")
    link(made.folder / "two/node_modules/one", "../../one")
    assert made.invoke("Fn").succeeded().payload == "two of one"


def test_a_program_behind_a_link_runs(project: Make) -> None:
    bootstrap = (
        "#!/bin/sh\nAPI=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation\nwhile true; do\n"
        '  id=$(curl -sSi "$API/next" -o /tmp/event -D - '
        "| tr -d '\\r' | sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p')\n"
        '  curl -sS "$API/$id/response" -d \'"ran"\' >/dev/null\n'
        "done\n"
    )
    made = project({"template.json": template(Fn=function("provided.al2023")), "programs/bootstrap": bootstrap})
    link(made.folder / "code/bootstrap", "../programs/bootstrap")
    assert made.invoke("Fn").succeeded().payload == "ran"


@pytest.mark.parametrize("layers", [["One"], ["One", "Two"]], ids=["single", "merged"])
def test_a_layers_links_are_followed_too(project: Make, layers: list[str]) -> None:
    made = project(
        {
            "template.json": template(
                Fn=function(Layers=[{"Ref": name} for name in layers]), One=layer("one/"), Two=layer("two/")
            ),
            "code/app.py": USES_SHARED,
            "shared/__init__.py": "NAME = 'from a layer'\n",
            "two/python/other.py": "",
        }
    )
    link(made.folder / "one/python/shared", "../../shared")
    assert made.invoke("Fn").succeeded().payload == "from a layer"


def test_a_link_that_leads_nowhere_is_named(project: Make) -> None:
    made = project(python(USES_SHARED))
    link(made.folder / "code/shared", "../shared")
    said = made.invoke("Fn").ended(1)
    assert "Fn: the link shared leads to ../shared, which is not there." in said.stderr


@pytest.mark.parametrize("own", [True, False], ids=["of the folder", "around it"])
def test_links_in_circles_do_no_harm(project: Make, own: bool) -> None:
    made = project(python("def handler(event, context):\n    return 'ran'\n"))
    link(made.folder / "code/self", "." if own else "..")
    link(made.folder / "code/one", made.folder / "code/two")
    link(made.folder / "code/two", made.folder / "code/one")
    assert made.invoke("Fn").succeeded().payload == "ran"


def test_code_that_only_its_owner_can_read_runs(project: Make) -> None:
    made = project(
        {**python("import lib.more\ndef handler(event, context):\n    return 'ran'\n"), "code/lib/more.py": ""}
    )
    close_to_others(made.folder / "code")
    assert made.invoke("Fn").succeeded().payload == "ran"
    assert (made.folder / "code/app.py").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("layers", [["One"], ["One", "Two"]], ids=["single", "merged"])
def test_layers_that_only_their_owner_can_read_are_read(project: Make, layers: list[str]) -> None:
    made = project(
        {
            "template.json": template(
                Fn=function(Layers=[{"Ref": name} for name in layers]), One=layer("one/"), Two=layer("two/")
            ),
            "code/app.py": USES_SHARED,
            "one/python/shared/__init__.py": "NAME = 'closed'\n",
            "two/python/other.py": "",
        }
    )
    for name in ("one", "two"):
        close_to_others(made.folder / name)
    assert made.invoke("Fn").succeeded().payload == "closed"


def test_an_archive_with_closed_folders_runs(project: Make) -> None:
    from hostile_zips import file, packed

    code = packed(
        file("app.py", b"import lib.more\ndef handler(event, context):\n    return 'ran'\n"),
        ("lib/", b"", 0o40700),
        file("lib/more.py", b""),
    )
    made = project({"template.json": template(Fn=function(CodeUri="code.zip")), "code.zip": code})
    assert made.invoke("Fn").succeeded().payload == "ran"


def test_names_in_an_archive_that_differ_in_case_alone_are_both_there(project: Make) -> None:
    """As in many packages of Python (LICENSE, license) and in every terminfo."""
    from hostile_zips import file, packed

    source = b"def handler(event, context):\n    return [open(name).read() for name in ('LICENSE', 'license')]\n"
    code = packed(file("app.py", source), file("LICENSE", b"big"), file("license", b"small"))
    made = project({"template.json": template(Fn=function(CodeUri="code.zip")), "code.zip": code})
    if (made.folder / "CODE.ZIP").exists():
        assert "which ignores case" in made.invoke("Fn").ended(16).stderr
    else:
        assert made.invoke("Fn").succeeded().payload == ["big", "small"]


def test_only_what_has_changed_is_copied_again(project: Make) -> None:
    made = project({**python("def handler(event, context):\n    return 1\n"), "code/big.bin": b"x" * 1000})
    close_to_others(made.folder / "code")
    made.invoke("Fn").succeeded()
    (first,) = made.cache.glob("packaged/*/content")
    (made.folder / "code/app.py").write_text("def handler(event, context):\n    return 2\n")
    assert made.invoke("Fn").succeeded().payload == 2
    (second,) = set(made.cache.glob("packaged/*/content")) - {first}
    assert (first / "big.bin").stat().st_ino == (second / "big.bin").stat().st_ino
    assert (first / "app.py").stat().st_ino != (second / "app.py").stat().st_ino


def test_what_is_no_file_stays_outside(project: Make) -> None:
    """The engine's socket among them: a function that has it has the machine."""
    made = project(python("import os\ndef handler(event, context):\n    return sorted(os.listdir('.'))\n"))
    os.mkfifo(made.folder / "code/pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.open(made.folder / "code", os.O_RDONLY)
        listening.bind(f"/proc/self/fd/{here}/docker.sock")
        os.close(here)
        said = made.invoke("Fn").succeeded()
    assert said.payload == ["app.py"]
    assert "Fn: docker.sock is neither file nor folder and is left out." in said.stderr


def test_names_that_are_no_text_are_no_obstacle(project: Make) -> None:
    made = project({"template.json": template(Fn=function(CodeUri="odd/"))})
    odd = made.folder / "odd"
    odd.mkdir()
    (odd / "app.py").write_text("def handler(event, context):\n    return 'ran'\n")
    (odd / os.fsdecode(b"\xff\xfe")).write_text("x")
    close_to_others(odd)
    assert made.invoke("Fn").succeeded().payload == "ran"


def test_a_single_file_is_a_functions_whole_code(project: Make) -> None:
    made = project(
        {
            "template.json": template(Fn=function(CodeUri="one/app.py")),
            "one/app.py": "import os\ndef handler(event, context):\n    return os.listdir('.')\n",
            "one/secret.txt": "",
        }
    )
    assert made.invoke("Fn").succeeded().payload == ["app.py"]
    (made.folder / "one/app.py").write_text("def handler(event, context):\n    return 'changed'\n")
    assert made.invoke("Fn").succeeded().payload == "changed"


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("/", "is the whole disk"),
        ("/var/run", "is one of the machine's own"),
        ("/etc", "is one of the machine's own"),
    ],
)
def test_the_machines_own_folders_are_neither_code_nor_layer(project: Make, folder: str, reason: str) -> None:
    made = project(
        {
            "template.json": template(
                Code=function(CodeUri=folder), Fn=function(Layers=[{"Ref": "Odd"}]), Odd=layer(folder)
            ),
            "code/app.py": "def handler(event, context):\n    return 1\n",
        }
    )
    for name, status in (("Code", 16), ("Fn", 8)):
        said = made.invoke(name).ended(status)
        assert reason in said.stderr
        assert "--allow-private-folders" in said.stderr


def test_the_home_folder_needs_the_users_word(project: Make) -> None:
    made = project(
        {
            "template.json": template(Fn=function(CodeUri="."), Linked=function(CodeUri="code/")),
            "app.py": "",
            "code/app.py": "",
        }
    )
    (made.folder / "app.py").write_text("def handler(event, context):\n    return 'ran'\n")
    home = {"HOME": str(made.folder)}
    assert "is the home folder" in made.invoke("Fn", environ=home).ended(16).stderr
    assert made.invoke("Fn", "--allow-private-folders", environ=home).succeeded().payload == "ran"
    (made.folder / ".ssh").mkdir()
    assert "holds .ssh" in made.invoke("Fn").ended(16).stderr
    link(made.folder / "code/all", "/etc")
    assert "holds the link all to /etc, which is one of the machine's own" in made.invoke("Linked").ended(16).stderr


def test_another_owners_closed_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    """As an ordinary user: root reads everything."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    tmp_path.chmod(0o755)
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, sys\n"
            "from pathlib import Path\n"
            "from samlocal.artifact.code.packaging import is_as_packaged\n"
            "os.setuid(65534)\n"
            "try: is_as_packaged(Path(sys.argv[1]) / 'x', mounted_at='/var/task')\n"
            "except PermissionError as error: print(error.filename)\n",
            str(closed),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == f"{closed}/x"
