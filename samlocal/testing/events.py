"""Events as AWS makes them, as ``samlocal event generate`` does."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from samlocal.cli.opened import generated
from samlocal.cli.world import World


def event(service: str, type_: str, *chain: str, **flags: object) -> Any:
    """``event("s3", "put", key="cat.jpg")`` is ``samlocal event generate s3 put --key cat.jpg``.

    A flag may have several values, one for each record. ``chain`` are more words of the command line, as
    ``"in", "sqs"``. Raises ConfigurationError.
    """
    return made(_anywhere(), service, type_, *words(flags), *chain)


def made(world: World, *given: str) -> Any:
    """An event of a command line's words. Raises ConfigurationError."""
    return json.loads(generated(world, given))


def words(flags: Mapping[str, object]) -> Iterator[str]:
    """``{"queue_name": "Orders"}`` as a command line has it; values that are no texts are JSON."""
    for name, value in flags.items():
        flag = f"--{name.replace('_', '-')}"
        for each in value if isinstance(value, list | tuple) else [value]:
            match each:
                case True:
                    yield flag
                case None | False:
                    continue
                case str():
                    yield from (flag, each)
                case _:
                    yield from (flag, json.dumps(each))


def _anywhere() -> World:
    return World(environ=os.environ, cwd=Path.cwd(), stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=io.StringIO())
