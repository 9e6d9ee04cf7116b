"""``samlocal local seed``: data for it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from samlocal.cli.local.local_command import LocalCommand
from samlocal.cli.options.environment import environment_options, settings
from samlocal.cli.output import Output
from samlocal.project.local_stack import LocalStackInUse, local_project


@click.command("seed", cls=LocalCommand)
@click.argument("file", type=click.Path(path_type=Path))
@environment_options
@click.pass_context
def seed(ctx: click.Context, /, file: Path, **_: object) -> None:
    """Put data from FILE (JSON or YAML) into it, started and deployed where needed.

    \b
    tables:      {EventsTable: [{id: a1, seats: 80}]}
    buckets:     {Uploads: {notes.txt: text, a.json: {any: JSON}, p.png: {file: p.png}}}
    queues:      {Orders: [text, {any: JSON}]}
    parameters:  {/app/flag: "on", /app/key: {value: s3cret, type: SecureString}}
    secrets:     {DbPassword: text, Login: {user: me, password: any JSON}}

    Names are logical ids or real names. What is there under the same key is replaced; messages are added.
    """
    from samlocal.local.local_environment import forget_answers
    from samlocal.local.seed import read_seed, sow

    output = Output(ctx.obj)
    chosen = settings(ctx)
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
