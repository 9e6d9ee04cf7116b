"""``samlocal doctor``: one page on everything that samlocal needs."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING

import click

from samlocal.cli import findings
from samlocal.cli.engine_findings import Block, of_images, of_names
from samlocal.cli.findings import Finding, Level, doubtful, failed, good
from samlocal.cli.options.command_line import EnvironmentCommand
from samlocal.cli.options.engine import engine_choice, engine_flag
from samlocal.cli.options.environment import project_options, settings
from samlocal.cli.options.output_form import output_option
from samlocal.cli.options.sandbox import docker_network_option
from samlocal.cli.options.voice import output_of
from samlocal.cli.output import Output
from samlocal.errors import EngineError, ExitStatus, SamlocalError, TemplateError
from samlocal.project.local_stack import local_project
from samlocal.project.project import Project
from samlocal.project.settings import Settings

if TYPE_CHECKING:
    from samlocal.engine import Engine
    from samlocal.engine.engines import Engines
    from samlocal.engine_choice import EngineChoice

_COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


@click.command("doctor", cls=EnvironmentCommand)
@project_options
@engine_flag
@docker_network_option(tells="Docker network to try.")
@output_option("text", "json", tells="A page to read, or JSON for other programs.")
@click.pass_context
def command(ctx: click.Context, /, docker_network: str, output_form: str, **_: object) -> int:
    """Check everything that samlocal needs, with remedies.

    That is the engine, the images, AWS, the environment, the template, the caches and the command itself. With -e or
    -n the environment's stack is checked too, and whether each function's role can be assumed. The exit status is 1
    when something fails, 0 with warnings.

    \b
    Examples:
      samlocal doctor
      samlocal doctor -e test
    """
    output = output_of(ctx)
    found: list[Finding] = []
    for finding in _findings(ctx, output, docker_network):
        found.append(finding)
        if output_form == "text":
            _show(finding, output)
    if output_form == "json":
        output.document(
            [
                {
                    "level": finding.level.value,
                    "subject": finding.subject,
                    "text": finding.text,
                    "remedy": finding.remedy,
                }
                for finding in found
            ]
        )
    fails = any(finding.level is Level.FAIL for finding in found)
    return int(ExitStatus.FUNCTION_FAILED if fails else ExitStatus.SUCCESS)


def _show(finding: Finding, output: Output) -> None:
    # Not splitlines: it cuts at control characters too.
    first, *more = finding.text.split("\n")
    head = f"{finding.level.value:<5}"
    output.payload_line(f" {finding.subject}: {first}", head=head, fg=_COLOURS[finding.level], hanging=6)
    for line in more:
        output.payload_line(f"      {line}", hanging=6)
    for line in finding.remedy.split("\n") if finding.remedy else ():
        output.payload_line(f"      -> {line}", hanging=9)


def _findings(ctx: click.Context, output: Output, network: str) -> Iterator[Finding]:
    from samlocal.engine.engines import Engines

    yield findings.of_path(ctx.obj.environ)
    with closing(Engines(ctx.obj.environ)) as engines:
        yield from _of_all(ctx, output, engines, network)
    yield from findings.of_caches(ctx.obj.cache_folder)


def _of_all(ctx: click.Context, output: Output, engines: Engines, network: str) -> Iterator[Finding]:
    choice = engine_choice(ctx)
    there: dict[str, Engine] = {}
    for place in choice.places:
        block = Block(named=tuple(each for each in choice.named if each.at == place))
        try:
            engine = there[place] = engines.at(place)
        except EngineError as error:
            yield block.silent(error)
            continue
        yield from block.of_engine(engine)
        yield block.of_disk(engine, ctx.obj)
        yield block.of_reachability(engine, ctx.obj, network=network)
    try:
        chosen = settings(ctx)
    except TemplateError as error:
        if ctx.params["template"] is None and ctx.params["env_name"] is None:
            yield doubtful("template", error.message, error.tip or "")
        else:
            yield failed("template", error)
        chosen = None
    if chosen is not None:
        with Project(chosen, output) as project:
            yield from _of_project(project, choice, there)


def _of_project(project: Project, choice: EngineChoice, engines: Mapping[str, Engine]) -> Iterator[Finding]:
    chosen = project.settings
    yield _of_local(chosen)
    try:
        aws = project.account.caller()
        yield findings.of_caller(aws, needed=chosen.stack_name is not None)
        application = project.application(quietly=True)
    except SamlocalError as error:
        subject = "template" if isinstance(error, TemplateError) else "environment"
        yield failed(subject, error)
        return
    yield from findings.of_template(application)
    yield from of_names(choice, application)
    yield from of_images(choice, engines, application)
    if application.environment is not None:
        yield findings.of_stack(application.environment)
        environment = f"-e {chosen.env_name}" if chosen.env_name else f"-n {chosen.stack_name}"
        yield from findings.of_roles(application, aws, environment=environment)
        project.keep(application)


def _of_local(chosen: Settings) -> Finding:
    if importlib.util.find_spec("moto") is None:
        return doubtful("-e local", "moto is not installed.", "`pip install 'samlocal[local]'`")
    server = local_project(chosen).running()
    return good("-e local", f"running at {server.url}" if server else "not running; it starts by itself")
