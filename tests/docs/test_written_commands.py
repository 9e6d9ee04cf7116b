"""What the documentation names is there: commands and options in running text, variables, editors' configurations."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from kit import Project, function, template

from samlocal.cli import cli

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "docs"))

from command_reference import MARK, command_reference  # noqa: E402 - a module of the site, which is no package

FILES = [*(ROOT / "docs").glob("*.md"), ROOT / "samlocal" / "cli" / "errors.md", ROOT / "README.md"]


def commands(text: str) -> Iterator[str]:
    """Each `samlocal …` of running text and of blocks."""
    yield from re.findall(r"`(samlocal [^`\n]*)`", text)
    yield from (line.lstrip()[2:] for line in text.splitlines() if line.lstrip().startswith("$ samlocal "))
    yield from (line[4:].partition("#")[0] for line in text.splitlines() if line.startswith("    samlocal "))


@pytest.mark.parametrize("file", sorted(FILES), ids=lambda file: file.name)
def test_every_command_and_option_that_is_named_is_there(file: Path) -> None:
    for written in commands(file.read_text(encoding="utf-8")):
        # What follows a pipe or a redirection is another program's.
        typed = re.split(r" [|>] | 2>|;|&&", written)[0]
        ctx, command, words = click.Context(cli, info_name="samlocal"), cli, shlex.split(typed)[1:]
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            name = words.pop(0)
            if name in ("COMMAND", "…", "generate"):
                break
            found = command.get_command(ctx, name)
            assert found is not None, f"{written}: there is no command {name}"
            ctx, command = click.Context(found, parent=ctx, info_name=name), found
        else:
            there = {spelt for each in command.get_params(ctx) for spelt in (*each.opts, *each.secondary_opts)}
            named = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
            assert named <= there, f"{written}: no option {', '.join(named - there)}"


@pytest.mark.parametrize(
    "file", sorted([*ROOT.glob("*.md"), ROOT / "samlocal" / "cli" / "errors.md"]), ids=lambda file: file.name
)
def test_every_link_and_picture_beside_the_site_leads_to_a_file(file: Path) -> None:
    """Those of docs/ are held by what makes the site."""
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", file.read_text(encoding="utf-8"))
    own = [link for link in links if "://" not in link]
    assert [link for link in own if not (file.parent / link).exists()] == []


def test_every_variable_of_samlocals_own_is_on_the_page_of_the_configuration() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8").replace(MARK, command_reference())
    read = {"SAMLOCAL_CACHE_DIR", "SAMLOCAL_LAST_EVENTS", "SAMLOCAL_LOCAL_IDLE"}
    sources = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "samlocal").rglob("*.py"))
    assert read <= set(re.findall(r"SAMLOCAL_[A-Z_]+", sources))
    of_options = {f"SAMLOCAL_{name.upper()}" for name in re.findall(r'\bvariable\("(\w+)"\)', sources)}
    assert of_options
    assert {name for name in read | of_options if f"`{name}`" not in page} == set()


@pytest.mark.parametrize("command", ["invoke", "local seed"])
def test_the_reference_has_what_the_help_has(command: str, project: Callable[..., Project]) -> None:
    told = project({}).run(*command.split(), "--help").succeeded().stdout.decode()
    options = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", told, re.MULTILINE)) - {"--help"}
    _, _, section = command_reference().partition(f"\n## {command}\n")
    section = section.partition("\n## ")[0]
    assert options
    assert {name for name in options if not re.search(rf"`[^`]*{name}\b", section)} == set()


def test_the_page_on_debuggers_shows_what_is_written_for_the_editor(project: Callable[..., Project]) -> None:
    runtimes = {
        "Python": "python3.12",
        "Node": "nodejs20.x",
        "Java": "java21",
        "Go": "provided.al2023",
        "Dotnet": "dotnet8",
    }
    functions = {f"Of{name}": function(runtime, CodeUri=f"{name.lower()}/") for name, runtime in runtimes.items()}
    made = project({"template.json": template(**functions)})
    made.run("debug-config", "--ide", "vscode", "--debugger-path", "tools").succeeded()
    written = json.loads((made.folder / ".vscode" / "launch.json").read_text())["configurations"]
    page = (ROOT / "docs" / "debugging.md").read_text(encoding="utf-8")
    assert [
        json.loads(block) for block in re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    ] == written


@pytest.mark.parametrize(
    ("language", "name"), [("python", "test_functions.py"), ("ini", "pytest.ini"), ("yaml", "seed.yaml")]
)
def test_the_page_on_tests_shows_the_samples_own(language: str, name: str) -> None:
    page = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    own = (ROOT / "templates" / "tests" / name).read_text(encoding="utf-8")
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert blocks
    assert [block for block in blocks if block not in own] == []
