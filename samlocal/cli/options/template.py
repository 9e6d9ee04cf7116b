"""The template that a command is about: the one that is named, else the one that is found, which is told then."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.core import ParameterSource

from samlocal.cli.choice import choose
from samlocal.cli.output import Output
from samlocal.cli.world import World
from samlocal.project.template_file import SeveralTemplatesError, find_template, project_folder

_CHOSEN = "samlocal.template"
_TOLD = "samlocal.template_told"
_TYPED = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


def chosen_template(ctx: click.Context) -> tuple[Path, Path | None]:
    """The template, and the project's folder where that is not the current one.

    Of several the one is meant whose stack the function is named by; else they are asked for, once, where there is
    somebody to ask. Raises TemplateError.
    """
    world: World = ctx.obj
    named: Path | None = ctx.params["template"]
    folder = world.cwd if ctx.get_parameter_source("template") in _TYPED else project_folder(world)
    found_in = None if folder == world.cwd else folder
    if named is not None and found_in is not None and world.cwd == Path.cwd():
        # The configuration file's, as messages show it.
        named = Path(os.path.relpath(named, world.cwd))
    try:
        template = find_template(world, named)
    except SeveralTemplatesError as error:
        template = _one_of(ctx, error)
    is_elsewhere = (world.cwd / template).parent != world.cwd
    if is_elsewhere and (named is None or found_in is not None) and not ctx.meta.get(_TOLD):
        ctx.meta[_TOLD] = True
        Output(world).notice(f"the template is {template}.")
    return template, found_in


def _one_of(ctx: click.Context, several: SeveralTemplatesError) -> Path:
    function = ctx.params.get("function") or ctx.params.get("function_id")
    chosen: Path | None = ctx.meta.get(_CHOSEN) or (
        several.of_function(function) if isinstance(function, str) else None
    )
    if chosen is None:
        chosen = choose(Output(ctx.obj), "Which stack?", several.stacks)
    if chosen is None:
        raise several
    ctx.meta[_CHOSEN] = chosen
    return chosen
