"""A machine that refuses: no network, no room on the disk, few files. It is said with what to do, or it works."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from kit import Project, function, python, template

from samlocal.errors import ExitStatus

ECHO = python("def handler(event, context):\n    return event\n")
LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:shared:1"

# Of its own, with the files and, but for mounts, the rights of before.
ALONE = ("unshare", *(() if os.geteuid() == 0 else ("--user", "--map-root-user")))


@pytest.mark.docker
def test_without_any_network_what_is_known_runs_and_what_is_not_is_named(project: Callable[..., Project]) -> None:
    files = ECHO | {"template.json": template(Fn=function(), Layered=function(Layers=[LAYER]))}
    # The engine's socket is a file: only that is left, and not even the loopback is up.
    made = replace(project(files), launcher=(*ALONE, "--net"))
    assert made.invoke("Fn", event={"a": 1}).succeeded().payload == {"a": 1}
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-west-1"}
    unknown = made.invoke("Layered", environ=keys).ended(ExitStatus.AWS)
    assert "AWS cannot be reached" in unknown.stderr
    assert LAYER.rpartition(":")[0].rpartition(":")[0].replace(":", "%3A") in unknown.stderr
    local = made.run("local", "start").ended(ExitStatus.AWS)
    assert "`ip link set lo up`" in local.stderr
    assert made.run("local", "stop").succeeded().stderr == "samlocal: the local environment is not up.\n"


def test_a_full_disk_is_said_and_what_is_half_written_is_never_believed(project: Callable[..., Project]) -> None:
    script = """export -f samlocal; {} --mount bash -c '
      mount -t tmpfs -o size=4k none "$SAMLOCAL_CACHE_DIR"
      samlocal build Fn; echo "build $?"
      samlocal local start; echo "start $?"
      mount -o remount,size=16m "$SAMLOCAL_CACHE_DIR"
      samlocal build Fn >&2; echo "build $?"
      cat "$SAMLOCAL_CACHE_DIR"/builds/*/app.py'"""
    ran = project(ECHO).shell(script.format(" ".join(ALONE))).succeeded()
    source = ECHO["code/app.py"]
    assert ran.stdout.decode() == f"build 9\nstart 4\nbuild 0\n{source}", str(ran)
    for says in ("No space left on device", "Make room, or name another place", "SAMLOCAL_CACHE_DIR"):
        assert says in ran.stderr
    assert "pip install" not in ran.stderr


def test_a_cache_folder_that_cannot_be_looked_into_is_one_finding_of_the_doctors(
    project: Callable[..., Project],
) -> None:
    # Longer than any name may be: refused to root, too.
    page = project(ECHO).run("doctor", "--output", "json", environ={"SAMLOCAL_CACHE_DIR": "/tmp/" + "x" * 300})
    subjects = {finding["subject"]: finding["level"] for finding in page.ended(ExitStatus.FUNCTION_FAILED).payload}
    assert subjects["template"] == "ok"
    assert subjects["cache"] == "fail"
