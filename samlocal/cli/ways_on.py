"""What a user can do whose function's role cannot be assumed, as commands that can be pasted."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from samlocal.cli.command import long_name
from samlocal.errors import RoleDeniedError
from samlocal.project.credentials import RoleNotKnownError, RoleRefusedError
from samlocal.project.settings import Settings

if TYPE_CHECKING:
    from samlocal.function.spec import FunctionSpec

# What tells the environment and the function apart from others; the rest of a command line may hold secrets.
_REPEATED = ("env_name", "stack_name", "template", "config_file", "aws_profile", "region")

# A condition of its own keeps production as it is: the parameter's default trusts nobody but Lambda.
TRUST_SNIPPET = """\
Parameters:
  TrustDevelopers: {Type: String, Default: "false", AllowedValues: ["true", "false"]}
Conditions:
  TrustsDevelopers: !Equals [!Ref TrustDevelopers, "true"]
Globals:
  Function:
    AssumeRolePolicyDocument:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Action: sts:AssumeRole
          Principal:
            Service: lambda.amazonaws.com
            AWS: !If
              - TrustsDevelopers
              - !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"
              - !Ref AWS::NoValue
"""


@contextmanager
def ways_on(ctx: click.Context, chosen: Settings) -> Iterator[None]:
    """Gives the refusals of a role their tip."""
    try:
        yield
    except RoleNotKnownError as error:
        raise RoleDeniedError(error.message, tip=_without_role(ctx, error.function)) from error
    except RoleRefusedError as error:
        tip = _without_trust(ctx, chosen, error.function, error.role_arn)
        raise RoleDeniedError(error.message, tip=tip) from error


def _without_trust(ctx: click.Context, chosen: Settings, function: FunctionSpec, role_arn: str) -> str:
    """Three ways on for a caller whom the role does not trust."""
    same = _same(ctx, function)
    snippet = "".join(f"       {line}\n" for line in TRUST_SNIPPET.splitlines())
    trust = f"`samlocal trust remove` takes that back:\n     samlocal trust add{same}\n"
    if chosen.stack_name is None or ctx.params.get("role_arn"):
        trust = f"name the caller in the trust policy of {role_arn}\n"
    return (
        "Three ways on:\n"
        f"  1. Let the deployed role trust you: {trust}"
        "  2. Let the template do it, in development environments only: everyone of the account is trusted whose own "
        "policies allow sts:AssumeRole on the role. Write TrustDevelopers=true among those environments' "
        "parameter_overrides in samconfig.toml, and in the template:\n"
        f"{snippet}"
        "  3. Leave the trust as it is, and run under your own rights narrowed to the role's:\n"
        f"     {ctx.command_path}{same} --scope-down\n"
        "With --no-assume-role it runs under your own rights as they are."
    )


def _without_role(ctx: click.Context, function: FunctionSpec) -> str:
    """The ways on where no role is deployed for the function."""
    same = f"{ctx.command_path}{_same(ctx, function)}"
    return (
        "Deploy it (`sam deploy`), or:\n"
        f"  under your own rights, narrowed to the template's Policies:\n     {same} --policies template\n"
        f"  under another role:\n     {same} --role-arn ARN\n"
        f"  under your own rights:\n     {same} --no-assume-role"
    )


def _same(ctx: click.Context, function: FunctionSpec) -> str:
    """The options of this run that say which function of which environment."""
    from click.core import ParameterSource

    words = []
    for option in ctx.command.params:
        name = option.name or ""
        if name in _REPEATED and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            words += [long_name(option), str(ctx.params[name])]
    wanted = ctx.params.get("function") or ctx.params.get("function_id") or function.logical_id
    return "".join(f" {shlex.quote(word)}" for word in [*words, "--function-id", str(wanted)])
