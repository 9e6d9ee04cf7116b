"""Functions by their names, while their template becomes another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import kit
from project_kit import Collected, settings_of

from samlocal.function.application import Application
from samlocal.project.project import Project
from samlocal.service.functions import Functions


def application_of(made: kit.Project) -> Application:
    with Project(settings_of(made), Collected()) as own:
        return own.application()


def test_a_name_that_was_looked_up_in_the_template_before_a_save_is_looked_up_again(
    project: Callable[..., kit.Project],
) -> None:
    made = project({"template.json": kit.template(Fn=kit.function(FunctionName="named")), "code/app.py": ""})
    before = application_of(made)
    kit.write(made.folder / "template.json", kit.template(Gn=kit.function(FunctionName="named")))
    after = application_of(made)
    begun, saved = threading.Event(), threading.Event()

    def read() -> Application:
        if begun.is_set():
            return after
        begun.set()
        assert saved.wait(60)
        return before

    async def main() -> None:
        functions = Functions(read)
        finding = asyncio.create_task(functions.id_of("named"))
        assert await asyncio.to_thread(begun.wait, 20)
        functions.forget()
        saved.set()
        # Who asked before the save may hear of either.
        assert await finding == "Fn"
        assert await functions.id_of("named") == "Gn"

    asyncio.run(main())
