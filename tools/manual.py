"""The manual: a page for samlocal and one for each of its commands, of the same help that ``--help`` shows.

Source: man-pages(7) for the sections, groff_man(7) for the macros.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence

import click

from samlocal import __version__
from samlocal.cli import cli
from samlocal.cli.help_groups import OWN, grouped

_EXAMPLES = "Examples:"
_STATUS = "Exit status:"
_SHOWN_BY_ITSELF = ("event generate",)
"""Its commands are services and their events, which `samlocal event list` lists."""

_ENVIRONMENT = """\
Each long option has a variable: SAMLOCAL_REGION is \\-\\-region. Options win over variables, and these over
samconfig.toml. SAMLOCAL_CACHE_DIR names the folder of the cache, SAMLOCAL_LAST_EVENTS=off keeps no events there,
NO_COLOR and COLUMNS are heeded, and AWS's and Docker's own variables mean what they mean there."""
_FILES = {
    "samconfig.toml": "Environments, as sam deploy has them, and in [ENV.samlocal.parameters] options by name.",
    ".env, .env.ENV": "Variables of functions.",
    "~/.cache/samlocal": "The cache: layers, builds, packages, what AWS has said, the last events of functions. It "
    "is ~/Library/Caches/samlocal on a Mac. Nothing else stays when samlocal is uninstalled.",
}


def pages() -> Iterator[tuple[str, str]]:
    """Names of files and what they hold."""
    root = click.Context(cli, info_name="samlocal", **cli.context_settings)
    names = cli.list_commands(root)
    yield "samlocal.1", _page(root, [*_main(root), *_see_also(f"samlocal-{name}" for name in names)])
    for name in names:
        context = _below(root, name)
        body = [*_synopsis(context), *_told(context), *_options(context), *_commands(context)]
        yield f"samlocal-{name}.1", _page(context, [*body, *_see_also(["samlocal"])])


def _below(parent: click.Context, name: str) -> click.Context:
    group = parent.command
    assert isinstance(group, click.Group)
    command = group.get_command(parent, name)
    assert command is not None
    return click.Context(command, parent=parent, info_name=name)


def _page(context: click.Context, body: Sequence[str]) -> str:
    name = context.command_path.replace(" ", "-")
    first = inspect.cleandoc(context.command.help or "").split("\n\n")[0].replace("\n", " ").rstrip(".")
    lines = [
        '.\\" Made by `make pages` of what `samlocal --help` says.',
        f'.TH {name.upper()} 1 "" "samlocal {__version__}" "samlocal"',
        ".SH NAME",
        f"{_roff(name)} \\- {_roff(first[0].lower() + first[1:])}",
        *body,
    ]
    return "\n".join(lines) + "\n"


def _main(root: click.Context) -> Iterator[str]:
    yield from _synopsis(root)
    yield from _told(root)
    yield ".SH COMMANDS"
    for name in cli.list_commands(root):
        yield from _entry(f"\\fBsamlocal-{_roff(name)}\\fR(1)", _first(_below(root, name).command))
    yield from _options(root)
    _, _, status = (cli.epilog or "").partition(_STATUS)
    yield ".SH EXIT STATUS"
    listed = re.findall(r"(\d+)\s+(\D+?)(?=,?\s+\d|\s*$)", status)
    for number, means in sorted(listed, key=lambda row: int(row[0])):
        yield from _entry(f"\\fB{number}\\fR", means)
    yield from (".SH ENVIRONMENT", *_ENVIRONMENT.splitlines())
    yield ".SH FILES"
    for file, means in _FILES.items():
        yield from _entry(f"\\fI{_roff(file)}\\fR", means)


def _synopsis(context: click.Context) -> Iterator[str]:
    words = " ".join(context.command.collect_usage_pieces(context))
    yield from (".SH SYNOPSIS", f".B {_roff(context.command_path)}", _roff(words))


def _told(context: click.Context) -> Iterator[str]:
    """The description, and the examples in a section of their own."""
    text = inspect.cleandoc(context.command.help or "")
    if context.command is not cli:
        text = f"{text}\n\n{inspect.cleandoc(context.command.epilog or '')}".rstrip()
    told, examples = [], []
    for paragraph in text.split("\n\n"):
        (examples if _EXAMPLES in paragraph.splitlines()[:2] else told).append(paragraph)
    yield ".SH DESCRIPTION"
    yield from _paragraphs(told)
    if examples:
        yield ".SH EXAMPLES"
        yield from _paragraphs("\b\n" + each.partition(f"{_EXAMPLES}\n")[2] for each in examples)


def _paragraphs(texts: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(texts):
        if number:
            yield ".PP"
        if text.startswith("\b"):
            lines = inspect.cleandoc("\n" + text.partition("\n")[2]).splitlines()
            yield from (".nf", *map(_roff, lines), ".fi")
        else:
            yield from map(_roff, text.splitlines())


def _options(context: click.Context) -> Iterator[str]:
    for title, options in grouped(context.command.get_params(context)):
        rows = [row for option in options if (row := option.get_help_record(context)) is not None]
        if rows:
            yield ".SH OPTIONS" if title == OWN else f".SS {title}"
        for names, means in rows:
            yield from _entry(f"\\fB{_roff(names)}\\fR", means)


def _commands(context: click.Context) -> Iterator[str]:
    """A group's commands, each whole; those of a group in it, too."""
    if not isinstance(context.command, click.Group) or _words(context) in _SHOWN_BY_ITSELF:
        return
    for name in context.command.list_commands(context):
        inner = _below(context, name)
        yield f".SH {_roff(inner.command_path)}"
        yield from (
            f".B {_roff(inner.command_path)}",
            _roff(" ".join(inner.command.collect_usage_pieces(inner))),
            ".PP",
        )
        yield from _paragraphs(inspect.cleandoc(inner.command.help or "").split("\n\n"))
        for option in inner.command.get_params(inner):
            row = option.get_help_record(inner) if isinstance(option, click.Option) and not option.hidden else None
            if row is not None and option.name != "help":
                yield from _entry(f"\\fB{_roff(row[0])}\\fR", row[1])
        yield from _commands(inner)


def _words(context: click.Context) -> str:
    return context.command_path.partition(" ")[2]


def _first(command: click.Command) -> str:
    return inspect.cleandoc(command.help or "").split("\n\n")[0]


def _entry(head: str, means: str) -> Iterator[str]:
    yield from (".TP", head, _roff(" ".join(means.split())))


def _see_also(names: Iterable[str]) -> Iterator[str]:
    yield ".SH SEE ALSO"
    yield ",\n".join(f".BR {_roff(name)} (1)" for name in names).replace("(1),", "(1),")


def _roff(text: str) -> str:
    """The text as it is, in roff: no macro begins with it, a hyphen is one that can be copied."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    escaped = re.sub(r"[^\x00-\x7f]", lambda found: f"\\[u{ord(found[0]):04X}]", escaped)
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped
