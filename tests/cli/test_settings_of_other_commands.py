"""samconfig.toml is every command's file: an option of one command there disturbs no other one."""

from __future__ import annotations

import builtins
import pkgutil
from collections.abc import Callable

import pytest
from kit import Project, python

import samlocal
from samlocal.errors import ExitStatus

# The README's own section: an option of invoke's alone.
PROJECT = {
    **python("def handler(event, context):\n    return event\n"),
    "samconfig.toml": (
        '[test.deploy.parameters]\nstack_name = "events-test"\n[test.samlocal.parameters]\nskip_pull_image = true\n'
        "[default.samlocal.parameters]\nskip_pull_image = true\n"
    ),
}


@pytest.mark.parametrize(
    "args", [("list",), ("env", "Fn"), ("build", "Fn"), ("debug-config", "--ide", "vscode")], ids=" ".join
)
def test_a_command_passes_over_what_another_one_reads_in_the_file(
    project: Callable[..., Project], args: tuple[str, ...]
) -> None:
    project(PROJECT).run(*args).succeeded()


@pytest.mark.parametrize("args", [("invoke", "Fn"), ("watch", "Fn"), ("start-lambda",), ("start-api",)], ids=" ".join)
def test_every_command_that_runs_functions_narrows_rights_only_to_an_environments_roles(
    project: Callable[..., Project], args: tuple[str, ...]
) -> None:
    for narrowed in (("--scope-down",), ("--policies", "template")):
        refused = project(PROJECT).run(*args, *narrowed).ended(ExitStatus.USAGE)
        assert "--scope-down and --policies need an environment: -e ENV, or -n STACK." in refused.stderr


@pytest.mark.parametrize("command", ["start-lambda", "start-api"])
def test_every_command_that_listens_says_to_whom_alike(project: Callable[..., Project], command: str) -> None:
    help_ = " ".join(project({}).run(command, "--help").succeeded().stdout.decode().split())
    assert "On another one than loopback, whoever reaches it runs your functions." in help_


def test_no_module_hides_a_builtin_from_its_package() -> None:
    modules = [name for _, name, _ in pkgutil.walk_packages(samlocal.__path__, "samlocal.")]
    assert len(modules) > 100
    assert [name for name in modules if name.rpartition(".")[2] in vars(builtins)] == []
