"""``samlocal trust``: lets the role of a deployed function trust the caller, and takes that back."""

from __future__ import annotations

import difflib
import json
import time
from typing import TYPE_CHECKING

import click

from samlocal.cli.command_group import CommandGroup
from samlocal.cli.options.command_line import EnvironmentCommand
from samlocal.cli.options.environment import project_options, settings
from samlocal.cli.options.function_id import function_options, wanted_function
from samlocal.cli.options.voice import output_of
from samlocal.cli.output import Output
from samlocal.errors import RoleDeniedError
from samlocal.project.credentials import refuse_protected
from samlocal.project.project import Project
from samlocal.project.settings import Settings

if TYPE_CHECKING:
    from samlocal.deployed.rights.trust import Change, Trust

_YES = click.option("-y", "--yes", is_flag=True, help="Do not ask.")


@click.group("trust", cls=CommandGroup)
def command() -> None:
    """Let a function's role trust you, and take it back.

    samlocal can assume the execution role of a deployed function only if that trusts you. `add` puts one statement
    into the role's trust policy, `remove` takes that one out. Everything else in the policy stays as it is, and a
    copy of it is kept.

    \b
    Examples:
      samlocal trust show getEvent -e test
      samlocal trust add getEvent -e test
    """


@command.command("show", cls=EnvironmentCommand, short_help="Show the role's trust policy.")
@function_options
@project_options
@click.pass_context
def show(ctx: click.Context, /, **_: object) -> int:
    """Show the trust policy of FUNCTION's role, and whether it has samlocal's statement for you."""
    output = output_of(ctx)
    trust = _trust(ctx, settings(ctx), output)
    document, statement = trust.document(), trust.statement
    there = (
        f"has samlocal's statement {statement.sid}" if statement.is_in(document) else "has no statement of samlocal"
    )
    output.notice(f"{trust.role_arn} {there} for {statement.principal}.")
    output.payload_line(_readable(document))
    return 0


@command.command("add", cls=EnvironmentCommand, short_help="Let the role trust you.")
@function_options
@project_options
@_YES
@click.pass_context
def add(ctx: click.Context, /, *, yes: bool, **_: object) -> int:
    """Let the role of FUNCTION trust you: add one statement to its trust policy, and wait until it is in force."""
    output = output_of(ctx)
    trust = _changeable_trust(ctx, output)
    change = trust.adding()
    if change.is_none:
        principal, sid = trust.statement.principal, trust.statement.sid
        output.notice(f"{trust.role_arn} trusts {principal} already, by the statement {sid}.")
    else:
        if not _agreed(trust, change, output, yes=yes):
            return 0
        trust.make(change)
        output.notice(f"added; what was there before is kept in {trust.copy}.")
    output.notice("waiting until the role can be assumed …")
    seconds = trust.wait(clock=time.monotonic, sleep=time.sleep)
    output.notice(f"{trust.role_arn} can be assumed ({seconds:.0f} s).")
    return 0


@command.command("remove", cls=EnvironmentCommand, short_help="Take your statement out again.")
@function_options
@project_options
@_YES
@click.pass_context
def remove(ctx: click.Context, /, *, yes: bool, **_: object) -> int:
    """Take samlocal's statement for you out of the trust policy of FUNCTION's role."""
    output = output_of(ctx)
    trust = _changeable_trust(ctx, output)
    change = trust.removing()
    if change.is_none:
        output.notice(f"{trust.role_arn} has no statement of samlocal for {trust.statement.principal}.")
    elif _agreed(trust, change, output, yes=yes):
        trust.make(change)
        output.notice("removed. Credentials that were given out before stay valid until they end.")
    return 0


def _changeable_trust(ctx: click.Context, output: Output) -> Trust:
    chosen = settings(ctx)
    refuse_protected(
        chosen,
        tip="Its roles' trust policies are changed by its deployment only. Take `protected` out to do it here.",
    )
    return _trust(ctx, chosen, output)


def _trust(ctx: click.Context, chosen: Settings, output: Output) -> Trust:
    """Raises RoleDeniedError where the function has no role to be found."""
    from samlocal.deployed.rights.caller import principal, read_caller
    from samlocal.deployed.rights.trust import Trust
    from samlocal.deployed.rights.trust_policy import TrustStatement

    if chosen.stack_name is None:
        raise click.UsageError("The role is an environment's: name it with -e ENV, or its stack with -n STACK.")
    project = ctx.with_resource(Project(chosen, output))
    application = project.application()
    owner, resource = application.find(wanted_function(ctx))
    role = owner.role(resource)
    project.keep(application)
    if not isinstance(role, str):
        raise RoleDeniedError(
            f"{owner.template.place(resource.line)}: {resource.logical_id}: its role is not known: "
            f"{role.expression}: {role.reason}.",
            tip=role.tip,
        )
    aws = project.account.caller()
    statement = TrustStatement(principal=principal(aws, read_caller(aws)))
    return Trust(aws, role, statement, copies=chosen.world.cache_folder / "trust")


def _agreed(trust: Trust, change: Change, output: Output, *, yes: bool) -> bool:
    """Shows the difference and asks."""
    lines = difflib.unified_diff(
        _readable(change.before).splitlines(), _readable(change.after).splitlines(), "before", "after", lineterm=""
    )
    output.notice(f"the trust policy of {trust.role_arn}:")
    output.difference(lines)
    if yes or output.ask("Change it?"):
        return True
    output.notice("nothing has been changed.")
    return False


def _readable(document: str) -> str:
    return json.dumps(json.loads(document), indent=2, ensure_ascii=False)
