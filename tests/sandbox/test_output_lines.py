"""Cutting what a function writes into lines."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.sandbox.lines import Lines, entries


def lines_of(pieces: Iterable[bytes]) -> list[str]:
    written: list[str] = []
    lines = Lines(written.append)
    for piece in pieces:
        lines.feed(piece)
    lines.end()
    return written


# What matters to lines is frequent: their ends, letters of several bytes, bytes that are no text.
BYTES = st.lists(
    st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b" ", "é".encode(), "🎉".encode(), b"\xff", b"\xc3", b"\x00"])
).map(b"".join)


@given(BYTES, st.lists(st.integers(min_value=0, max_value=40)))
def test_any_split_of_the_bytes_gives_the_same_lines(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(edges)]
    assert lines_of(pieces) == lines_of([data])


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1)))
def test_lines_come_out_as_they_were_written(lines: list[str]) -> None:
    assert lines_of(["".join(f"{line}\n" for line in lines).encode()]) == lines


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"one", ["one"]),
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\n\ntwo\n", ["one", "", "two"]),
        (b"Error: no\rway\r  at app.py\n", ["Error: no", "way", "  at app.py"]),
        (b"windows\r\nline\r\n", ["windows", "line"]),
        (b"no text \xff here\n", ["no text \ufffd here"]),
        (b"cut off \xc3", ["cut off \ufffd"]),
    ],
)
def test_what_lambdas_log_would_show(data: bytes, lines: list[str]) -> None:
    assert lines_of([data]) == lines


def test_a_line_is_cut_at_the_largest_entry_of_cloudwatch_and_between_letters() -> None:
    line = "é" * (8 << 20)
    data = line.encode() + b"\nnext\n"
    *written, last = lines_of(data[start : start + 32_768] for start in range(0, len(data), 32_768))
    assert last == "next"
    assert "".join(written) == line
    assert {len(entry.encode()) for entry in written} == {256 * 1024}


def test_an_entry_of_many_lines_is_cut_line_by_line() -> None:
    assert list(entries("one\r" + "x" * 300_000 + "\r")) == ["one", "x" * 262_144, "x" * 37_856]
