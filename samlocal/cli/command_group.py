"""Commands under one name: where there is none of a name, the one that was meant is named."""

from __future__ import annotations

import click


class CommandGroup(click.Group):
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, names = args[0], self.list_commands(ctx)
        if name not in names and not name.startswith("-") and not ctx.resilient_parsing:
            from samlocal.config import nearest

            typed = f"{ctx.command_path.partition(' ')[2]} {name}".strip()
            ctx.fail(f"There is no command {typed}{nearest(name, names)}")
        return super().resolve_command(ctx, args)
