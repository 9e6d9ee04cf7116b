"""``samlocal watch`` as its user sees it: a process, files that are saved, real containers."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kit
import pytest
from kit import Docker, Running, write

pytestmark = pytest.mark.docker

MakeProject = Callable[..., kit.Project]

SOURCE = """\
import json, os
def handler(event, context):
    print("saw", event.get("number"))
    return {"version": 1, "number": event.get("number"), "level": os.environ.get("LEVEL")}
"""

EVENT = "events/event.json"


class Watched:
    """A ``samlocal watch`` at work."""

    def __init__(self, made: kit.Project, running: Running) -> None:
        self._made = made
        self.running = running

    def save(self, name: str, content: str | dict[str, Any]) -> None:
        write(self._made.folder / name, content)

    def shows(self, text: str) -> str:
        """Waits until standard output has a text; what has come there since the last one."""
        return self.running.prints(text.encode()).decode()


@contextlib.contextmanager
def watching(made: kit.Project, *args: str) -> Iterator[Watched]:
    write(made.folder / EVENT, {"number": 1})
    with made.start("watch", "Fn", "--event", EVENT, *args) as running:
        yield Watched(made, running)


def test_a_function_runs_again_on_each_save_and_what_has_changed_of_its_answer_is_shown(
    project: MakeProject, docker: Docker
) -> None:
    made = project(kit.python(SOURCE))
    with watching(made) as own:
        assert json.loads(own.shows("\n}\n")) == {"version": 1, "number": 1, "level": None}
        containers = docker.containers(made)
        own.save("code/app.py", SOURCE.replace('"version": 1', '"version": 2'))
        shown = own.shows('+  "version": 2')
        assert '-  "version": 1,' in shown
        assert "+" not in shown.replace('+  "version": 2', "")
        own.save(EVENT, {"number": 7})
        own.shows('+  "number": 7')
        own.save(".env", "LEVEL=debug\n")
        own.shows('+  "level": "debug"')
        own.running.has_logged("saw 7")
        own.save("code/app.py", SOURCE.replace('"version": 1', '"version": 2') + "\n")
        own.running.has_logged("samlocal: the answer is the same.")
        # An answer to each save, in the container of the first.
        assert docker.containers(made) == containers
        assert "\x1b" not in own.running.stderr()
        ended = own.running.signalled(signal.SIGINT).outcome()
    assert ended.status == 130
    assert ended.stderr.count("REPORT RequestId") == 5
    assert ended.stderr.count("samlocal: reloaded Fn: code/app.py (") == 2
    assert docker.nothing_left(made)


def test_broken_saves_are_told_and_good_ones_after_them_compared_with_the_last_good_answer(
    project: MakeProject,
) -> None:
    made = project(kit.python(SOURCE))
    with watching(made) as own:
        own.shows("\n}\n")
        own.save("code/app.py", "def handler(:\n")
        assert "Runtime.UserCodeSyntaxError" in own.shows("\n}\n")
        own.save("code/app.py", SOURCE.replace('"version": 1', '"version": 2'))
        shown = own.shows('+  "version": 2')
        assert "UserCodeSyntaxError" not in shown
        own.save(EVENT, '{"number": ')
        own.running.has_logged(f"Error: {EVENT}:1:12: the event is not JSON")
        own.save("template.json", "Resources: [\n")
        own.running.has_logged("samlocal: not reloaded: template.json; Fn stays as it was.")
        own.save(EVENT, {"number": 3})
        own.shows('+  "number": 3')


def test_what_fails_before_the_first_answer_is_mended_by_a_save(project: MakeProject) -> None:
    made = project(kit.python(SOURCE))
    write(made.folder / "template.json", "Resources: [\n")
    with watching(made) as own:
        own.running.has_logged("Error: template.json:")
        template: Any = kit.python(SOURCE, CodeUri="nowhere/")["template.json"]
        own.save("template.json", template)
        own.running.has_logged("there is no code at")
        own.save("nowhere/app.py", SOURCE)
        assert json.loads(own.shows("\n}\n"))["version"] == 1


def test_samconfig_is_read_again_for_what_is_not_on_the_command_line(project: MakeProject) -> None:
    def template(default: str) -> dict[str, Any]:
        own = kit.template(Fn=kit.function(Environment={"Variables": {"LEVEL": {"Ref": "Level"}}}))
        return own | {"Parameters": {"Level": {"Type": "String", "Default": default}}}

    made = project({"template.json": template("info"), "code/app.py": SOURCE})
    with watching(made) as own:
        assert '"level": "info"' in own.shows("\n}\n")
        own.save("samconfig.toml", '[default.deploy.parameters]\nparameter_overrides = ["Level=debug"]\n')
        own.shows('+  "level": "debug"')
        own.save("samconfig.toml", "[default.deploy.parameters\n")
        own.running.has_logged("samconfig.toml: not valid TOML")
        own.save("samconfig.toml", '[default.samlocal.parameters]\nevent = "{}"\nset_variables = 7\n')
        own.running.has_logged("samlocal: not reloaded: samconfig.toml")
        own.save("samconfig.toml", '[default.samlocal.parameters]\ntenant_id = "blue"\n')
        own.running.has_logged("--tenant-id cannot change here: start samlocal watch anew for that.")
        own.shows('+  "level": "info"')


def test_a_function_that_is_not_there_ends_it(project: MakeProject) -> None:
    outcome = project(kit.python(SOURCE)).run("watch", "Gn")
    assert outcome.ended(11).stderr.startswith("Error: ")


def test_at_a_terminal_what_has_changed_has_colours(tmp_path: Path) -> None:
    import io

    from samlocal.cli.output import Output
    from samlocal.cli.world import World

    class Terminal(io.BytesIO):
        def isatty(self) -> bool:
            return True

    for stdout, shown in ((Terminal(), b"\x1b[32m+new\x1b[0m\n same\n"), (io.BytesIO(), b"+new\n same\n")):
        world = World(stdin=io.BytesIO(), stdout=stdout, stderr=io.StringIO(), environ={}, cwd=tmp_path)
        Output(world).difference(["+new", " same"], as_payload=True)
        assert stdout.getvalue() == shown
