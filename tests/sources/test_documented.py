"""Event sources: what AWS documents, row by row, and what happens here."""

from __future__ import annotations

from collections.abc import Callable

import kit
import pytest
from documented import FILE, Row, document, rows
from documented_runs import World
from queue_kit import Queue

from samlocal.aws import Aws
from samlocal.local.server import LocalServer
from samlocal.sources.threads import Threads


@pytest.mark.parametrize("row", [*rows()], ids=lambda row: f"{row.source}: {row.about}")
def test_a_source_does_what_aws_documents(
    row: Row,
    server: LocalServer,
    aws: Aws,
    threads: Threads,
    queue: Callable[..., Queue],
    project: Callable[..., kit.Project],
) -> None:
    world = World(server=server, aws=aws, threads=threads, queue=queue, project=project)
    assert row.run(world) == row.happens


def test_the_documents_table_is_what_the_tests_show() -> None:
    """``make sources-table`` writes it."""
    assert FILE.read_text(encoding="utf-8") == document()
