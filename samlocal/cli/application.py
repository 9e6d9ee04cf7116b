"""From the shared options to a template joined with its environment."""

from __future__ import annotations

from samlocal.cli.options import Settings
from samlocal.cli.output import Output
from samlocal.function.application import Application, application
from samlocal.function.parameters import parse_overrides
from samlocal.template.model import template
from samlocal.template.reader import read


def load_application(chosen: Settings, output: Output) -> Application:
    """Reads the template and joins it with its environment."""
    understood = template(read(chosen.template))
    for problem in understood.problems:
        output.warning(str(problem))
    environ = chosen.world.environ
    region = chosen.region or environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    environment = None
    if chosen.stack_name is not None:
        from samlocal.aws import Aws
        from samlocal.deployed.environment import Environment
        from samlocal.deployed.snapshot import Snapshot

        environment = Environment(
            Aws(profile=chosen.profile, region=chosen.region), stack_name=chosen.stack_name, snapshot=Snapshot()
        )
    return application(
        understood,
        environment=environment,
        region=region,
        flags=parse_overrides(chosen.parameter_overrides, origin="--parameter-overrides"),
        configured=parse_overrides(chosen.file.values.get("parameter_overrides", ()), origin=chosen.file.origin),
    )
