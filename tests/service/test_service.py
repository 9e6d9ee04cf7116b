"""What a command that stays gets of a project, without a command."""

from __future__ import annotations

from collections.abc import Callable

import kit
import pytest
from kit import Docker, function, template
from msgspec.structs import replace
from pool_kit import states
from project_kit import Collected, settings_of
from service_kit import Silent, answer, run

from samlocal.errors import FunctionNotFoundError
from samlocal.pool.pooled import State
from samlocal.project.project import Project
from samlocal.sandbox.layout import SandboxSpec
from samlocal.sandbox.session import session
from samlocal.service.service import Service

pytestmark = pytest.mark.docker

MakeProject = Callable[..., kit.Project]

SOURCE = """\
import os
NAME = os.urandom(8).hex()
def handler(event, context):
    return {"name": NAME, "function": context.function_name, "level": os.environ.get("LEVEL")}
"""

FILES = {
    "template.json": template(
        Fn=function(FunctionName="named"),
        Child={"Type": "AWS::Serverless::Application", "Properties": {"Location": "child.json"}},
    ),
    "child.json": template(Fn=function()),
    "code/app.py": SOURCE,
}


def test_a_function_has_one_sandbox_by_whatever_name_it_is_called(project: MakeProject, docker: Docker) -> None:
    made = project(FILES)

    async def test(service: Service) -> None:
        assert await service.functions.ids() == ("Fn", "Child/Fn")
        first, second = await answer(service, "Fn"), await answer(service, "named")
        assert first == second
        assert first["function"] == "named"
        other = await answer(service, "Child/Fn")
        assert other["name"] != first["name"]
        assert states(service.pool, "Fn") == states(service.pool, "Child/Fn") == (State.IDLE,)
        with pytest.raises(FunctionNotFoundError, match="Gn"):
            await service.functions.id_of("Gn")

    run(made, test)
    assert docker.nothing_left(made)


def test_a_name_is_found_in_the_template_as_it_is_after_a_change(project: MakeProject) -> None:
    made = project(FILES)

    async def test(service: Service) -> None:
        assert await service.functions.id_of("named") == "Fn"
        kit.write(made.folder / "template.json", template(Gn=function(FunctionName="named")))
        service.change()
        assert await service.functions.id_of("named") == "Gn"
        assert (await answer(service, "named"))["function"] == "named"

    run(made, test)


def test_a_front_end_has_the_last_word_on_what_a_sandbox_is_made_of(project: MakeProject) -> None:
    def shaped(spec: SandboxSpec) -> SandboxSpec:
        return replace(spec, variables={**spec.variables, "LEVEL": "debug"})

    async def test(service: Service) -> None:
        assert (await answer(service, "Fn"))["level"] == "debug"

    run(project(FILES), test, shaped=shaped)


def test_a_service_that_is_not_entered_has_no_pool(project: MakeProject) -> None:
    made = project(FILES)
    with Project(settings_of(made), Collected()) as own, session(made.sessions) as mine:
        service = Service(own, session=mine, log=Silent())
        with pytest.raises(RuntimeError, match="not entered"):
            service.pool.tidy()
