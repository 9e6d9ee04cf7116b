"""A process that fetches a layer version as samlocal does: fetch_layer.py CACHE ENDPOINT ARN.

Says ``ready`` when everything is imported, waits for a line, and says the folder, or ``Error:`` and why.
"""

from __future__ import annotations

import sys
from pathlib import Path

import boto3  # noqa: F401 - so that killing after "ready" hits the fetch and not the import
import filelock  # noqa: F401

from samlocal.artifact.cache import Cache
from samlocal.artifact.fetch.supply import ArtifactStore
from samlocal.artifact.layers.versions import layer_version
from samlocal.aws import Aws
from samlocal.errors import SamlocalError


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(folder: str, endpoint: str, arn: str) -> None:
    supply = ArtifactStore(
        cache=Cache(Path(folder)),
        layers=Cache(Path(folder), named_by="--layer-cache-basedir"),
        caller=Aws(region="eu-west-1"),
        endpoint_url=endpoint,
        notice=lambda _: None,
        progress=lambda _, __: None,
    )
    say("ready")
    sys.stdin.readline()
    try:
        say(str(layer_version(arn, supply).folder))
    except SamlocalError as error:
        say(f"Error: {type(error).__name__}: {error.message} {error.tip}")


if __name__ == "__main__":
    main(*sys.argv[1:])
