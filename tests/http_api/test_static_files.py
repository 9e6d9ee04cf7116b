"""Files beside an API, without sockets."""

from __future__ import annotations

from pathlib import Path

import pytest
from api_kit import request_of
from front_kit import ran

from samlocal.http_api.web.static_files import StaticFiles


@pytest.mark.parametrize("path", ["/one", "/one/index.html", "/itself"])
def test_links_in_a_circle_are_no_file(tmp_path: Path, path: str) -> None:
    (tmp_path / "one").symlink_to("other")
    (tmp_path / "other").symlink_to("one")
    (tmp_path / "itself").symlink_to("itself")

    assert ran(StaticFiles(tmp_path).answer(request_of("GET", path))) is None


@pytest.mark.parametrize(
    ("file", "served"),
    [(".env", False), (".git/config", False), ("a/.htpasswd", False), (".well-known/x.txt", True), ("a/b.txt", True)],
)
def test_what_is_hidden_is_not_served_but_for_what_is_well_known(tmp_path: Path, file: str, served: bool) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("content")

    answer = ran(StaticFiles(tmp_path).answer(request_of("GET", f"/{file}")))

    assert (answer is not None) == served


def test_a_large_file_comes_in_parts_and_a_head_reads_none_of_it(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096
    (tmp_path / "film.mp4").write_bytes(content)

    async def main() -> list[bytes]:
        files = StaticFiles(tmp_path)
        head, whole = [await files.answer(request_of(method, "/film.mp4")) for method in ("HEAD", "GET")]
        assert head is not None
        assert whole is not None
        assert (head.stream, head.body) == (None, b"")
        assert dict(head.headers) == dict(whole.headers)
        assert dict(whole.headers)["Content-Length"] == str(len(content))
        assert whole.stream is not None
        return [part async for part in whole.stream]

    parts = ran(main())

    assert b"".join(parts) == content
    assert len(parts) > 1
