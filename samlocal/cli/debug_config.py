"""``samlocal debug-config``: writes an editor's own configuration for debugging the template's functions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from samlocal.cli.command import long_name
from samlocal.cli.completing import completers
from samlocal.cli.options.command_line import EnvironmentCommand, typed
from samlocal.cli.options.configured import variable
from samlocal.cli.options.debug import PORT
from samlocal.cli.options.environment import environment_options, settings
from samlocal.cli.options.param_type import Choice
from samlocal.cli.options.run import run_flags, strict_flag
from samlocal.cli.options.voice import output_of
from samlocal.cli.output import Output
from samlocal.errors import ConfigurationError, SamlocalError
from samlocal.ide.target import COMMANDS, INVOKE, OF_SEVERAL
from samlocal.project.project import Project
from samlocal.sandbox.debug.language import Language, language_of

if TYPE_CHECKING:
    from samlocal.function.application import Application
    from samlocal.ide.target import DebugTarget
    from samlocal.template.model import Resource

# What is this command's own. All else of the command line goes on into the commands that are written, which read the
# rest again when they are run.
_OWN = frozenset({"functions", "ide", "command", "replace", "debug_port", "refresh", "quiet", "verbose"})


@click.command("debug-config", cls=EnvironmentCommand)
@click.argument("functions", nargs=-1, metavar="[FUNCTION]…", shell_complete=completers.functions)
@click.option("--ide", type=Choice(["vscode", "pycharm", "nvim"]), required=True, help="The editor.")
@click.option(
    "--command",
    type=Choice(COMMANDS),
    default=INVOKE,
    show_default=True,
    help="What starts them. All but invoke stay: the editor attaches again after each save.",
)
@environment_options
@click.option("--event", metavar="FILE|JSON", help="The event that the functions get.  [default: {}]")
@strict_flag
@run_flags
@click.option("-d", "--debug-port", type=PORT, metavar="PORT", help="One port for all.  [default: each language's]")
@click.option(
    "--debugger-path",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    envvar=variable("debugger_path"),
    help="Folder of a debugger to bring along: dlv, vsdbg.",
)
@click.option("--replace", is_flag=True, help="Write samlocal's own entries anew where they are there already.")
@click.pass_context
def command(ctx: click.Context, /, functions: tuple[str, ...], ide: str, *, replace: bool, **_: object) -> int:
    """Set up VS Code, PyCharm or Neovim to debug functions.

    It writes what makes the editor start and debug the FUNCTIONs, or all of the template. It goes below the current
    folder: .vscode/launch.json and tasks.json, .run/, or .nvim/. What stands in these files is kept, comments too.

    Options that say what runs and how go on into the commands that are written.

    \b
    Examples:
      samlocal debug-config --ide vscode
      samlocal debug-config --ide nvim getEvent --command watch --set LEVEL=debug
    """
    if ctx.params["event"] is not None and ctx.params["command"] in OF_SEVERAL:
        raise click.UsageError(f"--event is not {ctx.params['command']}'s: its events come by HTTP.")
    output = output_of(ctx)
    workspace = ctx.obj.cwd.resolve()
    with Project(settings(ctx), output) as project:
        targets = list(_targets(ctx, project.application(), functions, output))
    match ide:
        case "vscode":
            from samlocal.ide import vscode

            files = vscode.files(targets, workspace, replace=replace)
        case "pycharm":
            from samlocal.ide import pycharm

            files = pycharm.files(targets, workspace)
        case _:
            from samlocal.ide import nvim

            for target in filter(nvim.unsupported, targets):
                output.notice(f"{target.name}: nvim-dap attaches through {target.language.value}'s own adapter.")
            files = nvim.files(targets, workspace)
    for path, text in files.items():
        changed = _write(path, text, keep=ide == "pycharm" and not replace)
        output.notice(f"{path.relative_to(workspace)}: {'written' if changed else 'nothing to change'}.")
    return 0


def _targets(
    ctx: click.Context, application: Application, names: tuple[str, ...], output: Output
) -> Iterator[DebugTarget]:
    found = [application.find(name) for name in names] or list(application.functions())
    for owner, resource in found:
        try:
            target = _target(ctx, owner, resource)
        except SamlocalError as error:
            if names:
                raise
            output.warning(
                " ".join((f"{owner.path(resource)} is left out: {error.message}", error.tip or "")).rstrip()
            )
            continue
        yield target


def _target(ctx: click.Context, owner: Application, resource: Resource) -> DebugTarget:
    from samlocal.function.package import ImageCode
    from samlocal.function.properties import Properties
    from samlocal.function.template_package import code_of, layers_of
    from samlocal.ide.target import debug_target

    properties = Properties(owner.template, resource, owner.evaluator)
    place = f"{owner.template.place(resource.line)}: {owner.path(resource)}"
    code = code_of(owner.template, resource, properties)
    runtime = properties.text("Runtime")
    if isinstance(code, ImageCode) or runtime is None:
        raise ConfigurationError(
            f"{place}: an image function does not say its language.",
            tip="`samlocal invoke --debug-port` finds it out and says which debugger fits.",
        )
    language = language_of(runtime)
    if language in (Language.PROGRAM, Language.DOTNET) and not ctx.params["debugger_path"]:
        raise ConfigurationError(
            f"{place}: {runtime} needs a debugger of yours.", tip="Name its folder with --debugger-path."
        )
    # Bundled TypeScript is debugged by the map that such a build puts into it.
    bundled = resource.metadata.get("BuildMethod") == "esbuild"
    local = owner.local_layers
    return debug_target(
        owner.path(resource),
        language=language,
        code=code,
        layers=layers_of(properties, owner.evaluator, local),
        starts=ctx.params["command"],
        options=_passed_on(ctx, language, bundled=bundled),
        port=ctx.params["debug_port"],
    )


def _passed_on(ctx: click.Context, language: Language, *, bundled: bool) -> list[str]:
    given = typed(ctx)
    words = ["--build"] if bundled and "build" not in given else []
    for option in ctx.command.params:
        if not isinstance(option, click.Option) or option.name in _OWN or option.name not in given:
            continue
        if option.name == "debugger_path" and language not in (Language.PROGRAM, Language.DOTNET):
            continue
        words += _words(option, given[option.name])
    return words


def _words(option: click.Option, value: Any) -> Iterator[str]:
    """As it is typed, by its long name."""
    if option.is_flag:
        yield long_name(option) if value else option.secondary_opts[0]
        return
    for each in value if option.multiple else [value]:
        yield from (long_name(option), str(each))


def _write(path: Path, text: str, *, keep: bool) -> bool:
    """Whether the file has changed; with ``keep`` one that is there stays. Raises ConfigurationError."""
    try:
        before = path.read_bytes() if path.exists() else None
        if before == text.encode() or (keep and before is not None):
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}.") from error
    return True
