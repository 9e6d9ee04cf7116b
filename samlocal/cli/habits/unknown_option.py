"""What becomes of an option that a command has not: taken as another tool's, or answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from samlocal.cli.habits import other_tools, sam_cli
from samlocal.cli.habits.ways import Always, Instead, Means, Other, Way


def without(
    args: Sequence[str], error: click.NoSuchOption, *, of: click.Command, parent: click.Context | None
) -> list[str]:
    """The command line in samlocal's own words, as far as this option goes.

    Raises click.UsageError for one that means nothing here, with what is meant or who has it.
    """
    words = _words(of, parent)
    option = _typed(args, error.option_name, words)
    match way(words, option):
        case Means(own):
            return _replaced(args, option, own, error)
        case Always():
            return _replaced(args, option, None, error)
        case Instead(text):
            raise click.UsageError(f"{option}: {text}") from error
        case Other(meant):
            raise click.UsageError(f"{option}: {meant} is meant.") from error
        case _:
            raise _unknown(error, of=of, parent=parent) from error


def way(command: str, option: str) -> Way | None:
    """What an option of another tool is on a command of samlocal's, ``invoke``."""
    for there in sam_cli.HERE.get(command, ()):
        if option in sam_cli.OPTIONS[there]:
            return sam_cli.OPTIONS[there][option]
    return other_tools.OPTIONS.get(command, {}).get(option)


def of_a_command(error: click.NoSuchOption, ctx: click.Context) -> click.UsageError:
    """For an option that stands before the command whose it is."""
    having = sorted(_having(error.option_name, but=None, root=ctx))
    if not having:
        return error
    first = next((name for name in having if name.endswith(" invoke")), having[0])
    return click.UsageError(f"Options stand behind their command: {first} {error.option_name} …", ctx=error.ctx)


def _typed(args: Sequence[str], letter: str, words: str) -> str:
    """click takes ``-ii`` for two options; SAM CLI has it as one."""
    for arg in args:
        name = arg.partition("=")[0]
        if arg == "--":
            break
        if len(name) == len("-ii") and name[1] != "-" and name.startswith(letter) and way(words, name) is not None:
            return name
    return letter


def _words(of: click.Command, parent: click.Context | None) -> str:
    path = parent.command_path.partition(" ")[2] if parent else ""
    return f"{path} {of.name}".strip()


def _replaced(args: Sequence[str], option: str, own: str | None, error: click.NoSuchOption) -> list[str]:
    for index, arg in enumerate(args):
        name, equals, value = arg.partition("=")
        if name == option:
            word = [] if own is None else [f"{own}{equals}{value}"]
            return [*args[:index], *word, *args[index + 1 :]]
    # Several letters in one word.
    text = f"Write {own} in its place." if own else "Leave it out: it changes nothing here."
    raise click.UsageError(f"{option}: {text}") from error


def _unknown(error: click.NoSuchOption, *, of: click.Command, parent: click.Context | None) -> click.UsageError:
    having = [] if parent is None else sorted(_having(error.option_name, but=of, root=parent.find_root()))
    if not having:
        return error
    last = having.pop()
    others = f"{', '.join(having)} and {last} have it" if having else f"{last} has it"
    message = f"No such option: {error.option_name}. It would do nothing here; {others}."
    return click.UsageError(message, ctx=error.ctx)


def _having(option: str, *, but: click.Command | None, root: click.Context) -> Iterator[str]:
    """The commands of the first level that have an option."""
    group = root.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(root):
        command = group.get_command(root, name)
        if command is not None and command is not but and any(option in each.opts for each in command.params):
            yield f"samlocal {name}"
