"""What is behind the door of a command that stays, where something goes wrong there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import kit
import pytest
from kept_kit import sockets
from project_kit import Collected, settings_of
from service_kit import Silent

from samlocal.errors import UnforeseenError
from samlocal.kept.door import Overheard, door
from samlocal.kept.opening import Opening
from samlocal.project.project import Project
from samlocal.project.run_options import RunOptions
from samlocal.sandbox.session import session
from samlocal.service.service import Service

MakeProject = Callable[..., kit.Project]


@asynccontextmanager
async def opened(made: kit.Project) -> AsyncIterator[tuple[Service, Collected]]:
    """A door whose service is not entered: it can plan nothing."""
    told = Collected()
    with Project(settings_of(made), told) as own, session(made.sessions) as mine:
        service = Service(own, session=mine, log=Silent())
        async with door("start-lambda", service, Overheard(Silent()), told=None):
            yield service, told


def test_a_fault_is_told_to_both_with_its_place_and_to_no_terminal(
    project: MakeProject, capfd: pytest.CaptureFixture[str]
) -> None:
    made = project(kit.python("def handler(event, context): ..."))

    def invoke(service: Service) -> None:
        opening = Opening(
            service.project.settings,
            RunOptions(),
            "Fn",
            tenant_id=None,
            keep=None,
            teller=Collected(),
            said=lambda _: None,
        )
        run = opening.run()
        assert run is not None
        with run:
            run.planned()

    async def main() -> None:
        async with opened(made) as (service, told):
            with pytest.raises(UnforeseenError, match="RuntimeError") as fault:
                await asyncio.to_thread(invoke, service)
            (warning,) = [text for text in told.warnings if "fault of samlocal's own" in text]
            assert "RuntimeError at service.py:" in warning
            assert fault.value.tip is not None
            assert "RuntimeError at service.py:" in fault.value.tip
            assert "its log" not in fault.value.tip

    asyncio.run(main())
    assert capfd.readouterr().err == ""


def test_where_no_engine_is_named_there_is_no_door_and_nobody_waits_at_one(project: MakeProject) -> None:
    made = project(kit.python("def handler(event, context): ..."), DOCKER_HOST="", DOCKER_CONTEXT="nowhere")

    async def main() -> None:
        async with opened(made) as (_, told):
            assert sockets(made) == []
            (warning,) = told.warnings
            assert "`samlocal invoke` will run in sandboxes of its own: " in warning
            # What to do, too.
            assert "docker context ls" in warning

    asyncio.run(main())
