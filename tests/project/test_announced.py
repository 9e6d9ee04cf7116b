"""What is told once on a machine."""

from __future__ import annotations

from pathlib import Path

from samlocal.project.announced import is_news


def test_what_has_been_told_is_no_news_until_another_content_has_the_name(tmp_path: Path) -> None:
    told = [is_news("a stand-in", about, cache_folder=tmp_path) for about in ("sha256:1", "sha256:1", "sha256:2")]
    assert told == [True, False, True]
    assert is_news("another word", "sha256:1", cache_folder=tmp_path)


def test_where_nothing_can_be_written_it_is_said_again(tmp_path: Path) -> None:
    (tmp_path / "announced").write_bytes(b"a file in the folder's place")
    assert all(is_news("a stand-in", "sha256:1", cache_folder=tmp_path) for _ in range(2))
