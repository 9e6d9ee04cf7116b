"""``samlocal local seed``: data for it, from a file or from a deployed stack's tables."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from samlocal.cli.local.local_command import LocalCommand
from samlocal.cli.options.command_line import EnvironmentCommand
from samlocal.cli.options.environment import settings, source_options
from samlocal.cli.options.voice import output_of
from samlocal.cli.output import Output
from samlocal.config import LOCAL_ENVIRONMENT
from samlocal.project.local_stack import LocalStackInUse, local_project

if TYPE_CHECKING:
    from samlocal.project.settings import Settings

_ITEMS = 100
_MOST_ITEMS = 10_000


@click.command("seed", cls=EnvironmentCommand)
@source_options
def _of_deployed() -> None:
    """What is given of the environment that is copied from; it is only parsed."""


@click.command("seed", cls=LocalCommand)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--from", "source", metavar="ENV", help="Copy from this environment of samconfig.toml.")
@click.option("--from-stack", "source_stack", metavar="STACK", help="Copy from this deployed stack.")
@click.option("--table", "tables", multiple=True, metavar="TABLE", help="Its logical id; may be given again.")
@click.option(
    "--limit",
    type=click.IntRange(1, _MOST_ITEMS),
    default=_ITEMS,
    show_default=True,
    help="So many items of each table at most.",
)
@click.option(
    "--allow-protected", is_flag=True, help="Copy although samconfig.toml says that the environment is protected."
)
@source_options
@click.pass_context
def seed(
    ctx: click.Context,
    /,
    file: Path | None,
    source: str | None,
    source_stack: str | None,
    tables: tuple[str, ...],
    limit: int,
    *,
    allow_protected: bool,
    **_: object,
) -> None:
    """Put data from FILE (JSON or YAML) into it, or items of a deployed stack's tables, started and deployed where
    needed.

    \b
    tables:      {EventsTable: [{id: a1, seats: 80}]}
    buckets:     {Uploads: {notes.txt: text, a.json: {any: JSON}}}
                 {Pictures: {p.png: {file: p.png}}}
    queues:      {Orders: [text, {any: JSON}]}
    parameters:  {/app/flag: "on"}
                 {/app/key: {value: s3cret, type: SecureString}}
    secrets:     {DbPassword: text, Login: {user: me, password: any JSON}}

    Names are logical ids or real names. What is there under the same key is replaced; messages are added.

    \b
    samlocal local seed --from test --table EventsTable --limit 200

    reads that many items of the deployed table and writes nothing there. They are copied as they are, personal data
    and secrets included, and stay in this machine's memory until the local environment ends.
    """
    is_copy = source is not None or source_stack is not None
    if is_copy == (file is not None) or (is_copy and not tables):
        raise click.UsageError("Name a FILE, or an environment with --from and its tables with --table.")
    output, chosen = output_of(ctx), settings(ctx)
    if file is not None:
        _sow(file, chosen, output)
    else:
        deployed = _deployed(ctx, source, source_stack)
        _copy(deployed, chosen, output, tables=tables, limit=limit, allow_protected=allow_protected)


def _sow(file: Path, chosen: Settings, output: Output) -> None:
    from samlocal.local.local_environment import forget_answers
    from samlocal.local.seed import read_seed, sow

    content = read_seed(chosen.world.cwd / file)
    with closing(LocalStackInUse(chosen, output)) as stack:
        opened = stack.opened(told=False)
        try:
            for seeded in sow(content, opened.server.aws(opened.wanted.region), stack_name=opened.wanted.stack_name):
                output.notice(f"{seeded.where}: {seeded.count} put into {seeded.what}.")
        finally:
            # What was read of a parameter before may have another value now.
            forget_answers(local_project(chosen))
        # A stack looks a parameter of SSM up when it is deployed.
        stack.brought_up(anew="parameters" in content.sections)


def _deployed(ctx: click.Context, source: str | None, source_stack: str | None) -> Settings:
    """The settings of the environment that is copied from, as ``-e`` or ``-n`` would have them."""
    if source == LOCAL_ENVIRONMENT:
        raise click.UsageError("--from names a deployed environment; the one on this machine is copied to.")
    given = {"--env-name": source, "--stack-name": source_stack}
    same = {name: ctx.params[name] for name in ("template", "config_file", "aws_profile")}
    given |= {f"--{name.replace('_', '-')}": str(value) for name, value in same.items() if value is not None}
    args = [word for name, value in given.items() if value is not None for word in (name, value)]
    return settings(_of_deployed.make_context(ctx.info_name, args, obj=ctx.obj))


def _copy(
    source: Settings, chosen: Settings, output: Output, *, tables: tuple[str, ...], limit: int, allow_protected: bool
) -> None:
    from samlocal.deployed.stack import read_stack
    from samlocal.local.table_copy import check_keys, copy, described
    from samlocal.project.account import Account
    from samlocal.project.credentials import refuse_protected

    if not allow_protected:
        refuse_protected(source, tip="--allow-protected copies its data all the same.")
    with closing(Account(source, output)) as account, closing(LocalStackInUse(chosen, output)) as local:
        aws = account.caller()
        deployed = read_stack(aws, source.stack_name or "")
        there = [described(aws, deployed, name) for name in tables]
        opened = local.opened(told=False)
        to = opened.server.aws(opened.wanted.region)
        here = read_stack(to, opened.wanted.stack_name)
        pairs = [(table, described(to, here, table.logical_id)) for table in there]
        for table, own in pairs:
            check_keys(table, own)
        for table, own in pairs:
            place = table.place
            output.notice(
                f"{table.logical_id}: at most {limit} items of {table.name} ({place.account}, {place.region}) are "
                f"copied into {own.name} on this machine, as they are, personal data and secrets included. They stay "
                "in the memory of the local environment until it ends; nothing is written to the deployed table."
            )
            copied = copy(aws, table, to, own, limit=limit)
            items = "1 item" if copied.items == 1 else f"{copied.items} items"
            more = f"; the table has more than --limit {limit}" if copied.more else ""
            output.notice(f"{table.logical_id}: {items} copied, for {copied.units:g} read units of the table{more}.")
            if own.streams and copied.items:
                output.notice(f"{own.logical_id} has a stream: functions that read it get each of them as a change.")
