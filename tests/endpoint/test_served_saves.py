"""``samlocal start-lambda`` while its project is worked on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import kit
import pytest
from kit import Docker, function, template, write
from served_kit import refused, served

pytestmark = pytest.mark.docker

MakeProject = Callable[..., kit.Project]

SOURCE = "import os\ndef handler(event, context):\n    return {'version': 1, 'level': os.environ.get('LEVEL')}\n"


def test_what_is_saved_is_served_in_the_container_there_is_and_said_in_a_line(
    project: MakeProject, docker: Docker
) -> None:
    made = project(kit.python(SOURCE))
    with served(made) as own:

        def answer(events: int) -> Any:
            """What comes of an event, once it is over: it goes on for a moment behind its answer."""
            result = own.result()
            kit.eventually(lambda: own.running.stderr().count(" Fn success ") == events)
            return result

        assert answer(1) == {"version": 1, "level": None}
        containers = docker.containers(made)
        write(made.folder / "code/app.py", SOURCE.replace("1", "2"))
        own.running.has_logged(" reloaded Fn: code/app.py (")
        assert answer(2) == {"version": 2, "level": None}
        write(made.folder / ".env", "LEVEL=debug\n")
        own.running.has_logged(" reloaded Fn: .env (")
        assert own.result() == {"version": 2, "level": "debug"}
        assert docker.containers(made) == containers
    assert docker.nothing_left(made)


def test_functions_come_and_go_with_the_template(project: MakeProject) -> None:
    def with_(**more: Any) -> dict[str, Any]:
        return template(Fn=function(), **more)

    made = project({"template.json": with_(), "code/app.py": SOURCE})
    with served(made) as own:
        assert refused(lambda: own.invoke("Gn"))["Error"]["Code"] == "ResourceNotFoundException"
        write(made.folder / "template.json", with_(Gn=function(FunctionName="second")))
        assert own.result("second")["version"] == 1
        own.result("Fn")
        write(made.folder / "template.json", with_())
        kit.eventually(lambda: _is_gone(own))


def _is_gone(own: Any) -> bool:
    from botocore.exceptions import ClientError

    try:
        own.client.invoke(FunctionName="second", InvocationType="DryRun")
    except ClientError as error:
        return bool(error.response["Error"]["Code"] == "ResourceNotFoundException")
    return False


def test_without_reload_it_serves_what_it_began_with(project: MakeProject) -> None:
    made = project(kit.python(SOURCE))
    with served(made, "--no-reload") as own:
        assert own.result()["version"] == 1
        write(made.folder / "code/app.py", SOURCE.replace("1", "2"))
        for _ in range(20):
            assert own.result()["version"] == 1
        assert "reload" not in own.running.stderr().lower()


def test_an_option_of_samconfig_that_cannot_change_here_is_named(project: MakeProject) -> None:
    made = project(kit.python(SOURCE))
    with served(made) as own:
        own.result()
        write(made.folder / "samconfig.toml", "[default.samlocal.parameters]\nconcurrency = 3\nmemory = 3\n")
        own.running.has_logged(" not reloaded: samconfig.toml")
        write(made.folder / "samconfig.toml", "[default.samlocal.parameters]\nconcurrency = 3\n")
        own.running.has_logged(
            "samlocal: --concurrency cannot change here: start samlocal start-lambda anew for that."
        )
