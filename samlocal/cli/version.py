"""``samlocal --version``: what helps whoever reads a report of a fault."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import click

import samlocal

_TELLING = ("aws-sam-translator", "boto3", "click", "docker")
"""Libraries whose version decides what happens most often."""


def version_lines() -> Iterator[str]:
    """The first is samlocal's own version alone."""
    yield f"samlocal {samlocal.__version__}"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    yield f"{python}, {platform.system()} {platform.release()} {platform.machine()}"
    yield f"in {Path(samlocal.__file__).parent}"
    yield ", ".join(f"{name} {metadata.version(name)}" for name in _TELLING)
    try:
        yield f"-e local: moto {metadata.version('moto')}"
    except metadata.PackageNotFoundError:
        yield "-e local: moto is not installed (pip install 'samlocal[local]')"


def show(ctx: click.Context) -> None:
    for line in version_lines():
        click.echo(line)
    ctx.exit()
