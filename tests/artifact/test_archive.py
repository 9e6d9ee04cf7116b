"""Unpacking: what Lambda keeps is kept, and nothing leaves its folder."""

from __future__ import annotations

import errno
import io
import os
import stat
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_zips import LIMIT, file, hostile, link, packed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samlocal.artifact.fetch.archive import Contents, unpack
from samlocal.artifact.fetch.archive_error import ArchiveError, BrokenArchiveError, NameClashError, TooLargeError

HOSTILE = list(hostile())


def unpacked(data: bytes, folder: Path, *, mounted_at: str = "/opt") -> Contents:
    archive = folder.with_name("archive.zip")
    archive.write_bytes(data)
    folder.mkdir()
    return unpack(archive, folder, mounted_at=mounted_at)


def tree(folder: Path) -> dict[str, str | bytes | None]:
    """A folder's files by path: content, None for a folder, ``-> target`` for a link."""
    found: dict[str, str | bytes | None] = {}
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(root) / name
            key = path.relative_to(folder).as_posix()
            found[key] = (
                f"-> {path.readlink()}" if path.is_symlink() else None if path.is_dir() else path.read_bytes()
            )
    return found


def goes_in_circles(path: Path) -> bool:
    try:
        path.stat()
    except OSError as error:
        return error.errno == errno.ELOOP
    return False


def test_there_are_fifty_hostile_archives() -> None:
    assert len(HOSTILE) >= 50
    assert len({name for name, _, _ in HOSTILE}) == len(HOSTILE)


@pytest.mark.parametrize(("make", "refusal"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE])
def test_a_hostile_archive_is_refused_and_writes_nothing_outside(
    make: Callable[[], bytes], refusal: type[ArchiveError], tmp_path: Path
) -> None:
    inside = tmp_path / "a" / "b" / "folder"
    inside.parent.mkdir(parents=True)
    with pytest.raises(ArchiveError) as raised:
        unpacked(make(), inside)
    assert type(raised.value) is refusal
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if inside not in path.parents} == {
        "a",
        "a/b",
        "a/b/folder",
        "a/b/archive.zip",
    }
    if refusal is not BrokenArchiveError:
        # Found before anything was written. (A path may be too long for the disk only.)
        assert "too long for this disk" in str(raised.value) or tree(inside) == {}


def test_a_bomb_is_named_with_its_size_and_lambdas(tmp_path: Path) -> None:
    with pytest.raises(TooLargeError, match=r"300,000,000 bytes.*262,144,000"):
        unpacked(packed(file("zeros", b"\0" * 300_000_000)), tmp_path / "f")


def test_as_much_as_lambda_takes_is_unpacked(tmp_path: Path) -> None:
    assert unpacked(packed(file("zeros", b"\0" * LIMIT)), tmp_path / "f").size == LIMIT


def test_modes_links_empty_folders_and_dates_are_kept(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "empty").mkdir(parents=True)
    (source / "bin").mkdir()
    (source / "bin/tool").write_text("#!/bin/sh\n")
    (source / "bin/tool").chmod(0o751)
    (source / "plain").write_text("plain")
    (source / "plain").chmod(0o640)
    (source / "link").symlink_to("bin/tool")
    (source / "deep" / "er").mkdir(parents=True)
    (source / "deep/er/up").symlink_to("../../plain")
    (source / ("n" * 255)).write_text("long")
    os.utime(source / "plain", (1_600_000_000, 1_600_000_000))
    # Another program's zip, as users make theirs.
    subprocess.run(["zip", "-qry", "../it.zip", "."], cwd=source, check=True, env={**os.environ, "TZ": "UTC"})
    found = unpacked((tmp_path / "it.zip").read_bytes(), tmp_path / "f")
    assert tree(tmp_path / "f") == tree(source)
    for name in ("bin/tool", "plain", "empty"):
        assert (tmp_path / "f" / name).stat().st_mode == (source / name).stat().st_mode
    assert (tmp_path / "f/plain").stat().st_mtime == 1_600_000_000
    assert sorted(found.unreadable) == ["bin/tool", "plain"]


def test_links_may_be_absolute_where_the_folder_will_stand(tmp_path: Path) -> None:
    unpacked(packed(file("bin/tool"), link("python/tool", "/opt/bin/tool")), tmp_path / "f")
    assert (tmp_path / "f/python/tool").readlink() == Path("/opt/bin/tool")


def test_links_that_go_round_in_circles_stay_inside(tmp_path: Path) -> None:
    unpacked(packed(link("a", "b"), link("b", "a"), link("c", "c/c")), tmp_path / "f")
    assert tree(tmp_path / "f") == {"a": "-> b", "b": "-> a", "c": "-> c/c"}


def test_archives_without_modes_get_lambdas(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, attributes in (("folder/", 0x10), ("folder/file", 0x20)):
            info = zipfile.ZipInfo(name)
            info.create_system = 0  # MS-DOS
            info.external_attr = attributes
            zipped.writestr(info, b"")
    unpacked(buffer.getvalue(), tmp_path / "f")
    assert stat.S_IMODE((tmp_path / "f/folder").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "f/folder/file").stat().st_mode) == 0o644


def test_set_user_id_is_not_kept(tmp_path: Path) -> None:
    unpacked(packed(("tool", b"", stat.S_IFREG | 0o6755)), tmp_path / "f")
    assert stat.S_IMODE((tmp_path / "f/tool").stat().st_mode) == 0o755


def test_a_folder_that_its_owner_may_not_write_is_filled(tmp_path: Path) -> None:
    unpacked(packed(("d/", b"", stat.S_IFDIR | 0o555), file("d/e/f")), tmp_path / "f")
    assert stat.S_IMODE((tmp_path / "f/d").stat().st_mode) == 0o555
    assert (tmp_path / "f/d/e/f").read_bytes() == b"x"
    (tmp_path / "f/d").chmod(0o755)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_a_name_that_stands_twice_the_last_counts(tmp_path: Path) -> None:
    unpacked(packed(file("META-INF/x", b"first"), file("META-INF/x", b"last")), tmp_path / "f")
    assert (tmp_path / "f/META-INF/x").read_bytes() == b"last"


_names = st.text(st.characters(codec="utf-8", exclude_characters="/\\\0:"), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..")
)
_paths = st.lists(_names, min_size=1, max_size=4).map("/".join)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    entries=st.lists(st.tuples(_paths, st.binary(max_size=64), st.sampled_from([0o644, 0o755, 0o600])), max_size=8)
)
def test_whatever_is_packed_comes_out_or_is_refused(
    entries: list[tuple[str, bytes, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    given_tree = {name: content for name, content, _ in entries}
    folder = tmp_path_factory.mktemp("zip") / "f"
    try:
        unpacked(
            packed(*{name: (name, content, stat.S_IFREG | mode) for name, content, mode in entries}.values()), folder
        )
    except ArchiveError:
        return
    assert {name: content for name, content in tree(folder).items() if content is not None} == given_tree


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    links=st.dictionaries(
        st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join),
        st.lists(st.sampled_from(["a", "b", "c", "..", ".", "/opt", "/opt/a", ""]), min_size=1, max_size=5).map(
            "/".join
        ),
        min_size=1,
        max_size=6,
    )
)
def test_no_link_that_is_unpacked_leads_out(links: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.mktemp("links")
    try:
        # Mounted where it is unpacked: the kernel's own answer tells where each link leads.
        unpacked(
            packed(*(link(name, target.replace("/opt", f"{base}/f")) for name, target in links.items())),
            base / "f",
            mounted_at=f"{base}/f",
        )
    except ArchiveError:
        return
    for name in links:
        if goes_in_circles(base / "f" / name):
            continue
        led_to = Path(os.path.realpath(base / "f" / name))
        assert led_to == base / "f" or (base / "f") in led_to.parents


@pytest.mark.parametrize(
    "names",
    [
        ("LICENSE", "license"),
        ("Lib/a.py", "lib/b.py"),
        ("Lib/a.py", "lib"),
        ("terminfo/E/eterm", "terminfo/e/eterm"),
        ("\u00e9", "e\u0301"),
        ("stra\u00dfe", "strasse"),
    ],
    ids=", ".join,
)
def test_names_that_differ_in_case_alone_are_two_as_on_lambda(names: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    if (tmp_path / "A").exists():
        pytest.skip("the disk of the tests ignores case")
    unpacked(packed(*(file(name, name.encode()) for name in names)), tmp_path / "into")
    found = {name: content for name, content in tree(tmp_path / "into").items() if content is not None}
    assert found == {name: name.encode() for name in names}


def test_a_disk_that_takes_two_names_for_one_is_named_as_the_reason(tmp_path: Path) -> None:
    """Such a disk answers as one does that holds the name already."""
    (tmp_path / "into").mkdir()
    (tmp_path / "into" / "license").touch()
    archive = tmp_path / "archive.zip"
    archive.write_bytes(packed(file("LICENSE"), file("license")))
    with pytest.raises(NameClashError, match=r"'LICENSE' and 'license', one name to the disk of the cache"):
        unpack(archive, tmp_path / "into", mounted_at="/opt")
