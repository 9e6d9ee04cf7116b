"""``samlocal help``: what an exit status means and what to do, and any command's help."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from importlib import resources

import click

from samlocal.cli.output import Output
from samlocal.cli.terminal import columns

_WIDTH = 80
_LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")


@click.command("help")
@click.argument("topic", required=False)
@click.argument("more", nargs=-1)
@click.pass_context
def command(ctx: click.Context, /, topic: str | None, more: tuple[str, ...]) -> int:
    """What an exit status means, or a command does.

    TOPIC is a status (5) or its name (unresolved), of which it tells what to do, or a command with its own (local
    seed), whose help it shows.

    \b
    Examples:
      samlocal help 5
      samlocal help local seed
    """
    if topic is not None and not more and (section := sections().get(topic)):
        output = Output(ctx.obj)
        seen = columns(ctx.obj.stdout, ctx.obj.environ)
        for line in as_text(section, min(seen or _WIDTH, _WIDTH)):
            output.data_line(line)
        return 0
    words = [word for word in (topic, *more) if word is not None]
    root = ctx.find_root()
    _refuse_further(words, root)
    shown: int = root.command.main([*words, "--help"], prog_name=root.info_name, standalone_mode=False, obj=ctx.obj)
    return shown


def _refuse_further(words: list[str], root: click.Context) -> None:
    """Raises click.UsageError for a word behind a command that has no commands of its own."""
    command: click.Command | None = root.command
    for number, word in enumerate(words):
        if not isinstance(command, click.Group):
            path = " ".join((root.command_path, *words[:number]))
            raise click.UsageError(f"`{path}` has no command {word}.")
        command = command.get_command(root, word)
        if command is None:
            # The group names those that it has.
            return


def sections() -> dict[str, str]:
    """Each section of the page of errors as it is written, by its status and by its name."""
    page = resources.files("samlocal.cli").joinpath("errors.md").read_text(encoding="utf-8")
    found = {}
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        status, name = section.partition("\n")[0].split()
        found[status] = found[name] = section
    return found


def as_text(section: str, width: int = _WIDTH) -> Iterator[str]:
    """Without the marks that only a page needs; a row of a table is a point of a list."""
    head, _, body = section.rstrip().partition("\n")
    yield f"Exit status {head.replace(' ', ': ', 1)}"
    for block in re.split(r"\n{2,}|\n(?=```console)", _LINK.sub(r"\1", body), flags=re.MULTILINE):
        lines = [line for line in block.strip().splitlines() if not line.startswith("<!--")]
        if not lines:
            continue
        yield ""
        if lines[0].startswith("```"):
            yield from (f"    {line}" for line in lines[1:-1])
        elif lines[0].startswith("|"):
            # The columns' heads, and the rule below them.
            for row in lines[2:]:
                first, *more = (cell.strip() for cell in row.strip("|").split("|"))
                yield from _wrapped(first, width, head="- ", indent="  ")
                for cell in more:
                    yield from _wrapped(cell, width, head="  ", indent="  ")
        else:
            yield from _wrapped(" ".join(lines), width)


def _wrapped(text: str, width: int, *, head: str = "", indent: str = "") -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=head, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
