"""The pages of docs/, worked through: every command is typed, and shows what the page says that it shows."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from docs_page import Command, Written, steps
from kit import AwsEndpoint, Docker, Project, make_project
from reader_terminal import Terminal

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SAMPLE = ("templates", "events", "samconfig.toml")
PAGES = {
    page.stem: page
    # The page of errors goes with the command, whose help it is, and is only included in docs/.
    for page in (*DOCS.glob("*.md"), ROOT / "samlocal" / "cli" / "errors.md")
    if any(isinstance(step, Command) for step in steps(page.read_text("utf-8")))
}
SECONDS = 120.0
"""What one command may take on a busy machine."""


class Reader:
    """Works through a page, with one terminal for it and another one for what stays."""

    def __init__(self, project: Project) -> None:
        self._folder = project.folder
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        # Ports are free ones, sandboxes are kept between commands, and nothing asks a registry.
        self._environ = project.environment(
            {
                "PATH": tools,
                "SAMLOCAL_PORT": "0",
                "SAMLOCAL_LAMBDA_PORT": "0",
                "SAMLOCAL_SKIP_PULL_IMAGE": "true",
                "SAMLOCAL_KEEP": "5m",
            }
        )
        self._ports: dict[str, str] = {}
        self._project = project
        self._url: str | None = None

    def works_through(self, page: Path) -> None:
        found = steps(page.read_text(encoding="utf-8"))
        with contextlib.ExitStack() as opened:
            terminal = opened.enter_context(Terminal(self._folder, self._environ))
            staying: Terminal | None = None
            for step, following in zip(found, [*found[1:], None], strict=True):
                match step:
                    case Written():
                        step.into(self._folder)
                    case Command(stays=True):
                        self._ends(staying)
                        staying = opened.enter_context(Terminal(self._folder, self._environ))
                        self._types(step, staying, page, expected=None)
                    case Command():
                        asked = isinstance(following, Command) and following.typed == "echo $?"
                        self._types(step, terminal, page, expected=None if asked else 0)
            self._ends(staying)

    def _types(self, command: Command, terminal: Terminal, page: Path, *, expected: int | None) -> None:
        typed = command.typed
        for written, real in self._ports.items():
            typed = typed.replace(f"127.0.0.1:{written}", f"127.0.0.1:{real}")
        terminal.types(typed, environ=self._account() if command.account else {})
        until = time.monotonic() + SECONDS
        while terminal.status is None and not (command.stays and command.matches(_as_readers_see(terminal.seen))):
            terminal.reads(until=until)
        where = f"docs/{page.name}:{command.line}: {typed}"
        found = command.matches(_as_readers_see(terminal.seen))
        assert found, (
            f"{where}\n--- the page shows\n" + "\n".join(command.shown or ()) + f"\n--- seen\n{terminal.seen}"
        )
        assert expected is None or terminal.status == expected, (
            f"{where}\nended with {terminal.status}\n{terminal.seen}"
        )
        self._ports |= dict(zip(command.ports, found.groups(), strict=True))

    def _account(self) -> dict[str, str]:
        """The sample's environment ``test``, deployed to the endpoint on this machine."""
        if self._url is None:
            self._project.run("local", "start", "-n", "events-test", "--region", "eu-west-1").succeeded()
            told = self._project.run("local", "status", "--output", "json").succeeded()
            self._url = json.loads(told.stdout)["url"]
        return AwsEndpoint(url=self._url).environ

    def _ends(self, staying: Terminal | None) -> None:
        if staying is None:
            return
        staying.interrupts()
        until = time.monotonic() + SECONDS
        while staying.status is None:
            staying.reads(until=until)


def _as_readers_see(seen: str) -> str:
    """Readers have AWS's images, and keep no sandboxes that remember the page before."""
    ours = ("samlocal: AWS's image for ", "samlocal: changed since its last event: ")
    return "".join(line for line in seen.splitlines(keepends=True) if not line.startswith(ours))


def renew(checkout: Project) -> None:
    """The sample as a new checkout has it, whatever the page before has done. What is as it was is not touched."""
    there = {each.relative_to(checkout.folder) for each in checkout.folder.rglob("*") if each.is_file()}
    wanted = {
        each.relative_to(ROOT)
        for name in SAMPLE
        for each in ((ROOT / name).rglob("*") if (ROOT / name).is_dir() else [ROOT / name])
        if each.is_file() and "__pycache__" not in each.parts
    }
    for name in there - wanted:
        (checkout.folder / name).unlink()
    for name in wanted:
        target = checkout.folder / name
        if name not in there or target.read_bytes() != (ROOT / name).read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, docker: Docker) -> Iterator[Project]:
    """One for all pages: the environment on this machine and the kept sandboxes are those of the page before."""
    project = make_project(tmp_path_factory.mktemp("docs"), {})
    yield project
    project.run("kept", "--stop")
    project.run("local", "stop")
    docker.remove_all(project)


@pytest.mark.docker
@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_command_of_the_page_shows_what_the_page_says(page: str, checkout: Project) -> None:
    renew(checkout)
    Reader(checkout).works_through(PAGES[page])
