"""Prints SAM CLI's commands and options as JSON: tests/cli/sam_cli_options.json, by a Python that has SAM CLI.

python3 -m venv /tmp/sam && /tmp/sam/bin/pip install aws-sam-cli
/tmp/sam/bin/python tools/sam_cli_options.py > tests/cli/sam_cli_options.json
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

# Its subcommands are services and their events; tests/events holds those.
_WITHOUT_SUBCOMMANDS = ("generate-event",)


def _commands(command: Any, context: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, list[str]]]:
    import click

    if isinstance(command, click.Group) and (not path or path[-1] not in _WITHOUT_SUBCOMMANDS):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            yield from _commands(inner, click.Context(inner, parent=context, info_name=name), (*path, name))
        return
    options = (each for each in command.get_params(context) if isinstance(each, click.Option))
    yield (
        " ".join(path),
        [spelling for each in options for spelling in (*each.opts, *each.secondary_opts) if spelling],
    )


def main() -> None:
    from click import Context
    from samcli.cli.main import cli  # type: ignore[import-not-found]

    # It loads its commands only where a context has an object.
    commands = dict(_commands(cli, Context(cli, info_name="sam", obj=object())))
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(options)}" for name, options in commands.items())
    print(f'{{\n "version": "{version("aws-sam-cli")}",\n "commands": {{\n{lines}\n }}\n}}')


if __name__ == "__main__":
    main()
