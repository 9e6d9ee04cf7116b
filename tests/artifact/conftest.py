"""Fixtures of code, layers and images."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from build_kit import needs, tools_environment
from kit import AwsEndpoint
from package_front import PackageFront, package_front


@pytest.fixture
def front(aws_server: AwsEndpoint) -> Iterator[PackageFront]:
    """AWS, with layers and packages that can be downloaded."""
    with package_front(aws_server) as running:
        yield running


@pytest.fixture(scope="session")
def esbuild(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PATH with esbuild, from npm."""
    needs("node", "npm")
    path = os.environ["PATH"]
    if shutil.which("esbuild"):
        yield path
        return
    folder = tmp_path_factory.mktemp("esbuild")
    subprocess.run(
        ["npm", "install", "--silent", "--no-save", "esbuild@0.25.0"],
        cwd=folder,
        env=os.environ | tools_environment(),
        check=True,
        timeout=60,
    )
    yield f"{folder}/node_modules/.bin:{path}"
