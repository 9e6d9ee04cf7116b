"""Commands under one name: where there is none of a name, the one that was meant is named."""

from __future__ import annotations

import inspect
from typing import Any

import click
from click.shell_completion import CompletionItem


class OffersNames(click.Group):
    """At Tab it offers its commands' names."""

    def about(self, name: str) -> str | None:
        """A line about one of the commands, where there is one without importing it."""
        return self.commands[name].get_short_help_str() if name in self.commands else None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """The names: click would import each command to see whether it is hidden."""
        options = click.Command.shell_complete(self, ctx, incomplete)
        names = (name for name in self.list_commands(ctx) if name.startswith(incomplete))
        return [*(CompletionItem(name, help=self.about(name)) for name in names), *options]


class CommandGroup(OffersNames):
    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.NoSuchOption as error:
            from samlocal.cli.habits.unknown_option import of_a_command

            raise of_a_command(error, error.ctx or click.Context(self, info_name=info_name)) from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, names = args[0], self.list_commands(ctx)
        if name not in names and not name.startswith("-") and not ctx.resilient_parsing:
            from samlocal.config import nearest

            typed = f"{ctx.command_path.partition(' ')[2]} {name}".strip()
            ctx.fail(f"There is no command {typed}{nearest(name, names)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each with the first paragraph of its help, whole."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, _first(command)) for name, command in commands if command is not None])


def _first(command: click.Command) -> str:
    paragraph = inspect.cleandoc(command.help or "").partition("\n\n")[0]
    return command.short_help or " ".join(paragraph.split())
