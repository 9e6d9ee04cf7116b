"""The groups in which a command's help shows its options: those that many commands have, by what they are about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

OWN = "Options"

# By the options' parameters. What stands here nowhere is a command's own.
_GROUPS = {
    "Project and environment": (
        "env_name", "stack_name", "template", "config_file", "aws_profile", "region", "refresh", "snapshot_age",
        "parameter_overrides",
    ),
    "Variables": ("env_vars", "set_variables", "dotenv", "local_markers", "strict"),
    "Rights": ("assume_role", "role_arn", "scope_down", "policies", "via_role", "allow_protected"),
    "Code, layers and builds": (
        "code", "build", "build_in_container", "build_images", "layer_cache_basedir", "refresh_layers",
        "layer_role_arn",
    ),
    "Containers": (
        "engines", "images", "pull", "skip_pull_image", "docker_network", "add_host", "mounts",
        "allow_private_folders", "keep", "cold", "concurrency", "idle", "warm",
    ),
    "Debugger": ("debug_port", "debug_wait", "debugger_path", "debug_args", "debug_function"),
    "Output": ("output_form", "quiet", "verbose", "plain", "log_file", "show_secrets", "quiet", "verbose"),
}  # fmt: skip

_FEW = 12
"""So many options are read at a glance, without groups."""


def grouped(parameters: Sequence[click.Parameter]) -> Iterator[tuple[str, Sequence[click.Option]]]:
    """The options that are shown, under their groups' titles, each once: the command's own first."""
    of = {name: title for title, names in _GROUPS.items() for name in names}
    options = [each for each in parameters if isinstance(each, click.Option) and not each.hidden]
    if len(options) <= _FEW:
        yield OWN, options
        return
    for title in (OWN, *_GROUPS):
        yield title, [option for option in options if of.get(option.name or "", OWN) == title]
