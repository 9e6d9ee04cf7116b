"""``samlocal local fire``: a schedule is due now."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import click

from samlocal.cli.local.local_command import LocalCommand, counted
from samlocal.cli.options.environment import local_options, settings
from samlocal.cli.options.voice import output_of
from samlocal.config import nearest
from samlocal.errors import ConfigurationError
from samlocal.project.project import Project


@click.command("fire", cls=LocalCommand)
@click.argument("rule")
@local_options
@click.pass_context
def fire(ctx: click.Context, /, rule: str, **_: object) -> None:
    """Have a schedule be due now: a rule of EventBridge, or a schedule of EventBridge Scheduler.

    RULE is its logical id, its name or its ARN; of a function's event it is Function/Event. Its functions run where
    `samlocal up` is.
    """
    from samlocal.local.runner import Runner

    output = output_of(ctx)
    with Project(settings(ctx), output) as project:
        runner = Runner(project.account.local.opened(told=False).server)
        fired = runner.fire(rule)
        if fired.arn is None:
            others = sorted(_as_typed(fired.others, project))
            raise ConfigurationError(
                f"The local environment has no rule or schedule {rule}{nearest(rule, others)}",
                tip=f"There are: {', '.join(others)}." if others else "The template has none.",
            )
        targets = ", ".join(target.rsplit(":", 1)[-1] for target in fired.targets) or "no target"
        output.notice(f"{rule} is due: told to {targets}.")
        waiting = runner.waiting()
        if waiting.events and not waiting.is_run:
            wait = "waits" if waiting.events == 1 else "wait"
            output.notice(f"{counted(waiting.events)} {wait} for functions: `samlocal up` runs them.")


def _as_typed(names: Collection[str], project: Project) -> Iterator[str]:
    """``Function/Event`` for what SAM has made of a function's event, whose logical id is both names together."""
    from samlocal.endpoint.directory import Directory
    from samlocal.sources.pushed_sources import pushed_sources

    directory = Directory(project.application(quietly=True))
    events = {each.id.replace("/", ""): each.id for each in pushed_sources(directory, {})}
    yield from (events.get(name, name) for name in names)
