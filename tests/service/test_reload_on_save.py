"""What is saved is served as soon as it is saved, in the container there is: real functions and containers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import kit
import pytest
from kit import Docker, Gate, function, template, write
from service_kit import answer, result_of, run

from samlocal.reload.told import NotReloaded, Reloaded
from samlocal.sandbox.result import InitFailed
from samlocal.service.service import Reloading, Service

pytestmark = pytest.mark.docker

MakeProject = Callable[..., kit.Project]

SOURCE = """\
import os, pathlib, socket
def handler(event, context):
    if "gate" in event:
        socket.create_connection(event["gate"]).recv(1)
    layer = pathlib.Path("/opt/layer.txt")
    return {"version": VERSION, "level": os.environ.get("LEVEL"), "layer": layer.exists() and layer.read_text(),
            "memory": context.memory_limit_in_mb}
VERSION = 1
"""


def files(**properties: Any) -> dict[str, Any]:
    layer = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer/"}}
    own = template(
        Fn=function(Layers=[{"Ref": "Layer"}], **properties), Layer=layer, Other=function(CodeUri="other/")
    )
    return {
        "template.json": own,
        "code/app.py": SOURCE,
        "other/app.py": "def handler(event, context): return {}",
        "layer/layer.txt": "1",
    }


class Saved:
    """A service whose files a test saves."""

    def __init__(self, made: kit.Project, service: Service, told: list[Reloaded | NotReloaded]) -> None:
        self.made = made
        self.service = service
        self.told = told

    def save(self, name: str, content: str | dict[str, Any]) -> None:
        write(self.made.folder / name, content)

    async def tells(self) -> Reloaded | NotReloaded:
        """The next that is told."""
        async with asyncio.timeout(60):
            while not self.told:
                await asyncio.sleep(0.01)
        return self.told.pop(0)


def saving(made: kit.Project, test: Callable[[Saved], Awaitable[None]], **more: Any) -> None:
    told: list[Reloaded | NotReloaded] = []

    async def main(service: Service) -> None:
        own = Saved(made, service, told)
        await answer(service, "Fn")
        await test(own)

    run(made, main, **{"reload": Reloading(told=told.append), **more})


def test_whatever_is_saved_of_code_layers_variables_and_template_is_served_in_the_container_there_is(
    project: MakeProject, docker: Docker
) -> None:
    made = project(files())

    async def test(own: Saved) -> None:
        containers = docker.containers(made)
        for name, content, wanted in [
            ("code/app.py", SOURCE.replace("VERSION = 1", "VERSION = 2"), {"version": 2}),
            ("layer/layer.txt", "two", {"layer": "two"}),
            (".env", "LEVEL=debug\n", {"level": "debug", "version": 2}),
            (
                "template.json",
                files(Environment={"Variables": {"LEVEL": "info"}})["template.json"],
                {"level": "debug"},
            ),
            (".env", "", {"level": "info"}),
        ]:
            own.save(name, content)
            told = await own.tells()
            assert isinstance(told, Reloaded)
            assert (told.functions, told.paths) == (("Fn",), (name,))
            assert (await answer(own.service, "Fn")).items() >= wanted.items()
        assert docker.containers(made) == containers
        # Nobody has called the other one, and nobody has said anything of it.
        assert own.told == []

    saving(made, test)
    assert docker.nothing_left(made)


def test_a_syntax_error_is_the_next_events_answer_and_the_good_save_after_it_runs_in_the_same_container(
    project: MakeProject, docker: Docker
) -> None:
    made = project(files())

    async def test(own: Saved) -> None:
        containers = docker.containers(made)
        own.save("code/app.py", "def handler(:\n")
        await own.tells()
        result = await result_of(own.service, "Fn")
        assert isinstance(result, InitFailed)
        assert b"Runtime.UserCodeSyntaxError" in result.payload
        own.save("code/app.py", SOURCE.replace("VERSION = 1", "VERSION = 2"))
        await own.tells()
        assert (await answer(own.service, "Fn"))["version"] == 2
        assert docker.containers(made) == containers

    saving(made, test)


def test_a_broken_template_is_said_with_its_line_and_what_ran_runs_on_until_the_good_one_is_taken_up(
    project: MakeProject, docker: Docker
) -> None:
    made = project(files())

    async def test(own: Saved) -> None:
        containers = docker.containers(made)
        own.save("template.json", "Resources:\n  Fn:\n    Type: [\n")
        told = await own.tells()
        assert isinstance(told, NotReloaded)
        assert "template.json:" in told.error.message
        assert (await answer(own.service, "Fn"))["version"] == 1
        # Code is still taken up.
        own.save("code/app.py", SOURCE.replace("VERSION = 1", "VERSION = 2"))
        own.save("template.json", files(Environment={"Variables": {"LEVEL": "new"}})["template.json"])
        told = await own.tells()
        assert isinstance(told, Reloaded)
        assert (await answer(own.service, "Fn")).items() >= {"version": 2, "level": "new"}.items()
        assert docker.containers(made) == containers

    saving(made, test)


def test_what_a_container_cannot_change_is_served_by_a_new_one_that_begins_at_once(
    project: MakeProject, docker: Docker
) -> None:
    made = project(files())

    async def test(own: Saved) -> None:
        containers = docker.containers(made)
        own.save("template.json", files(MemorySize=512)["template.json"])
        told = await own.tells()
        assert isinstance(told, Reloaded)
        assert told.text.startswith("reloaded Fn in a new container: template.json")
        assert await asyncio.to_thread(
            kit.eventually, lambda: len(docker.containers(made)) == 1 and docker.containers(made) != containers
        )
        assert int((await answer(own.service, "Fn"))["memory"]) == 512

    saving(made, test)


def test_a_save_during_an_event_waits_for_its_end(project: MakeProject, docker: Docker) -> None:
    made = project(files())

    async def test(own: Saved) -> None:
        containers = docker.containers(made)
        with Gate(docker) as gate:
            running = asyncio.create_task(answer(own.service, "Fn", gate=[gate.host, gate.port]))
            await asyncio.to_thread(gate.awaits)
            own.save("code/app.py", SOURCE.replace("VERSION = 1", "VERSION = 2"))
            told = await own.tells()
            assert told.text.startswith("Fn will be reloaded when what runs is over: code/app.py")
            gate.opens()
            assert (await running)["version"] == 1
        assert (await answer(own.service, "Fn"))["version"] == 2
        assert docker.containers(made) == containers

    saving(made, test)


def test_a_folder_that_is_made_anew_is_served_from_a_new_container(project: MakeProject) -> None:
    made = project(files())

    async def test(own: Saved) -> None:
        code = made.folder / "code"
        for version in (2, 3):
            code.rename(made.folder / f"old{version}")
            own.save("code/app.py", SOURCE.replace("VERSION = 1", f"VERSION = {version}"))
            # That there is none for a moment may be seen, too.
            while isinstance(await own.tells(), NotReloaded):
                pass
            assert (await answer(own.service, "Fn"))["version"] == version

    saving(made, test)


def test_with_builds_a_save_is_built_first_and_one_that_cannot_be_built_leaves_the_last_one(
    project: MakeProject, docker: Docker
) -> None:
    built = template(Fn={**function(CodeUri="src/"), "Metadata": {"BuildMethod": "makefile"}})
    makefile = "build-Fn:\n\tcp app.py $(ARTIFACTS_DIR)/\n\ttest ! -e broken\n"
    made = project({"template.json": built, "src/Makefile": makefile, "src/app.py": SOURCE})

    async def test(own: Saved) -> None:
        containers = docker.containers(made)
        own.save("src/app.py", SOURCE.replace("VERSION = 1", "VERSION = 2"))
        assert isinstance(await own.tells(), Reloaded)
        assert (await answer(own.service, "Fn"))["version"] == 2
        own.save("src/broken", "")
        told = await own.tells()
        assert isinstance(told, NotReloaded)
        assert "Fn" in told.error.message
        assert (await answer(own.service, "Fn"))["version"] == 2
        (made.folder / "src/broken").unlink()
        assert isinstance(await own.tells(), Reloaded)
        assert docker.containers(made) == containers

    saving(made, test)


def test_without_reload_nothing_is_watched(project: MakeProject) -> None:
    made = project(files())

    async def test(own: Saved) -> None:
        own.save("code/app.py", SOURCE.replace("VERSION = 1", "VERSION = 2"))
        await asyncio.sleep(0.3)
        assert own.told == []
        assert (await answer(own.service, "Fn"))["version"] == 1

    saving(made, test, reload=None)


def test_nested_templates_and_what_links_lead_to_are_watched_too(project: MakeProject) -> None:
    def child(level: str) -> dict[str, Any]:
        return template(Fn=function(Environment={"Variables": {"LEVEL": level}}))

    nested = {"Type": "AWS::Serverless::Application", "Properties": {"Location": "deep/child.json"}}
    made = project({"template.json": template(Child=nested), "deep/child.json": child("info")})
    write(made.folder / "shared/app.py", SOURCE)
    (made.folder / "deep/code").mkdir()
    (made.folder / "deep/code/app.py").symlink_to(made.folder / "shared/app.py")

    async def test(own: Saved) -> None:
        own.save("deep/child.json", child("debug"))
        assert (await own.tells()).paths == ("deep/child.json",)
        assert (await answer(own.service, "Fn"))["level"] == "debug"
        own.save("shared/app.py", SOURCE.replace("VERSION = 1", "VERSION = 2"))
        told = await own.tells()
        assert (told.functions, told.paths) == (("Child/Fn",), ("shared/app.py",))
        assert (await answer(own.service, "Fn"))["version"] == 2

    saving(made, test)


def test_a_link_to_the_code_that_leads_elsewhere_now_is_served_from_there(project: MakeProject) -> None:
    made = project({"template.json": template(Fn=function(CodeUri="current/"))})
    for version in (1, 2):
        write(made.folder / f"release{version}/app.py", SOURCE.replace("VERSION = 1", f"VERSION = {version}"))
    (made.folder / "current").symlink_to("release1")

    async def test(own: Saved) -> None:
        (made.folder / "next").symlink_to("release2")
        (made.folder / "next").rename(made.folder / "current")
        assert isinstance(await own.tells(), Reloaded)
        assert (await answer(own.service, "Fn"))["version"] == 2
        own.save("release2/app.py", SOURCE.replace("VERSION = 1", "VERSION = 3"))
        assert isinstance(await own.tells(), Reloaded)
        assert (await answer(own.service, "Fn"))["version"] == 3

    saving(made, test)
