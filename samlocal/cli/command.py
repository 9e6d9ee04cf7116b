"""A command whose options stand in groups in its help, and which answers for options and words that it has not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click


def long_name(option: click.Parameter) -> str:
    """What samlocal itself calls an option; other tools' names for it come behind."""
    return next((each for each in option.opts if each.startswith("--")), option.opts[0])


class Command(click.Command):
    # click's own words about them name nothing that the user could do.
    allow_extra_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        words = super().parse_args(ctx, args)
        # Where unknown options are left alone, what is left is not this command's to understand.
        if words and not ctx.resilient_parsing and not ctx.ignore_unknown_options:
            from samlocal.cli.habits.extra_words import refused

            raise refused(words, ctx)
        return words

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        given: Sequence[str] = tuple(args)
        while True:
            try:
                return super().make_context(info_name, list(given), parent, **extra)
            except click.NoSuchOption as error:
                from samlocal.cli.habits.unknown_option import without

                given = without(given, error, of=self, parent=parent)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from samlocal.cli.help_groups import grouped

        for title, options in grouped(self.get_params(ctx)):
            rows = [record for option in options if (record := option.get_help_record(ctx)) is not None]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
