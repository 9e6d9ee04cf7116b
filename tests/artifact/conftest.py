"""Fixtures of code, layers and images."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kit import AwsEndpoint
from package_front import PackageFront, package_front


@pytest.fixture
def front(aws_server: AwsEndpoint) -> Iterator[PackageFront]:
    """AWS, with layers and packages that can be downloaded."""
    with package_front(aws_server) as running:
        yield running
