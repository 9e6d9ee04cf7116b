"""What the commands about the environment on this machine have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from samlocal.cli.options.command_line import EnvironmentCommand
from samlocal.cli.options.environment import settings
from samlocal.config import LOCAL_ENVIRONMENT
from samlocal.errors import TemplateError
from samlocal.project.local_stack import local_project

if TYPE_CHECKING:
    from samlocal.local.project import LocalProject

all_option = click.option("--all", "every", is_flag=True, help="Those of all templates; needs no template here.")


class LocalCommand(EnvironmentCommand):
    """A command about ``-e local``, which need not be said."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for option in self.params:
            if isinstance(option, click.Option) and option.name == "env_name":
                option.hidden = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        rest = super().parse_args(ctx, ["--env-name", LOCAL_ENVIRONMENT, *args])
        if ctx.params["env_name"] != LOCAL_ENVIRONMENT:
            ctx.fail(f"It is about the environment on this machine alone: leave -e {ctx.params['env_name']} out.")
        return rest


def own_project(ctx: click.Context) -> LocalProject:
    """This template's. Raises TemplateError where there is none, and says how that is no hindrance."""
    try:
        chosen = settings(ctx)
    except TemplateError as error:
        whole = f"samlocal {ctx.command_path.partition(' ')[2]} --all"
        raise TemplateError(error.message, tip=f"{error.tip} `{whole}` needs none.") from error
    return local_project(chosen)


def running(ctx: click.Context) -> list[LocalProject]:
    """Those of all templates that are up."""
    from samlocal.local.project import running_projects

    return running_projects(ctx.obj.cache_folder, environ=ctx.obj.environ)


def counted(events: int) -> str:
    return "1 event" if events == 1 else f"{events} events"
