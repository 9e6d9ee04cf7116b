"""The sample application as the stack of the environment `test`, on a local AWS endpoint."""

from __future__ import annotations

import os
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from samlocal.aws import Aws
from samlocal.local.deploy import deploy
from samlocal.local.server import serve
from samlocal.template.reader import read


@contextmanager
def deployed(root: Path, environ: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """``environ`` for commands that are to find the stack. The endpoint ends with the block."""
    test = tomllib.loads((root / "samconfig.toml").read_text(encoding="utf-8"))["test"]
    given = test["deploy"]["parameters"]
    overrides = shlex.split(given.get("parameter_overrides", ""))
    with serve(environ) as server:
        reaching = server.environment(environ)
        # botocore reads this process's environment.
        with patch.dict(os.environ, reaching, clear=True):
            deploy(
                read(root / test["global"]["parameters"]["template_file"]),
                stack_name=given["stack_name"],
                aws=Aws(region=given["region"]),
                parameters=dict(pair.split("=", 1) for pair in overrides),
            )
        yield reaching
