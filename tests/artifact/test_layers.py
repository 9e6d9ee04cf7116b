"""Layer versions of AWS: fetched once, whole or not at all, whatever goes wrong on the way."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hostile_zips import file, link, packed
from kit import eventually
from package_front import PackageFront, zipped

from samlocal.artifact.cache import Cache
from samlocal.artifact.fetch.archive_error import LeavingLinkError
from samlocal.artifact.fetch.download import DownloadError
from samlocal.artifact.fetch.supply import ArtifactStore
from samlocal.artifact.layers.merge import merge
from samlocal.artifact.layers.versions import layer_version
from samlocal.aws import Aws
from samlocal.errors import AwsError, LayerError

FETCH = Path(__file__).with_name("fetch_layer.py")
RANDOM = random.Random(6)
FILES = {"python/a.py": b"a = 1\n", "bin/tool": b"#!/bin/sh\n", "lib/big": RANDOM.randbytes(3_000_000)}


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def supply(front: PackageFront, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ArtifactStore:
    # botocore reads the process's environment.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in front.environ.items():
        monkeypatch.setenv(name, value)
    cache = Cache(tmp_path / "cache")
    return ArtifactStore(
        cache=cache,
        layers=cache,
        caller=Aws(region="eu-west-1"),
        endpoint_url=front.url,
        notice=lambda _: None,
        progress=lambda _, __: None,
    )


def leftovers(cache: Path) -> list[str]:
    return [path.name for path in cache.glob("*/.*") if path.parent.name != ".locks"]


def test_a_warm_cache_asks_nobody(front: PackageFront, supply: ArtifactStore) -> None:
    arn = front.publish("warm", FILES)
    first = layer_version(arn, supply)
    assert tree(first.folder) == FILES
    assert first.size == sum(map(len, FILES.values()))
    assert (front.calls, front.ranges) == (["GetLayerVersionByArn"], [0])
    assert layer_version(arn, supply) == first
    assert (len(front.calls), len(front.ranges)) == (1, 1)


def test_a_refresh_fetches_anew_and_a_failing_one_leaves_what_was_there(
    front: PackageFront, supply: ArtifactStore
) -> None:
    arn = front.publish("renewed", FILES)
    folder = layer_version(arn, supply).folder
    (folder / "python/a.py").write_text("damaged")
    assert tree(layer_version(arn, supply, renew=True).folder) == FILES
    assert len(front.ranges) == 2
    front.spoiled = 9
    with pytest.raises(DownloadError, match="SHA-256"):
        layer_version(arn, supply, renew=True)
    assert tree(layer_version(arn, supply).folder) == FILES


def test_each_layer_is_asked_for_in_its_own_region(front: PackageFront, supply: ArtifactStore) -> None:
    arn = front.publish("far", {"x": "far away"}, region="ap-southeast-2")
    assert ":ap-southeast-2:" in arn
    # The front refuses whoever asks in another region.
    assert tree(layer_version(arn, supply).folder) == {"x": b"far away"}


def test_a_broken_download_goes_on_where_it_broke(front: PackageFront, supply: ArtifactStore) -> None:
    arn = front.publish("broken", FILES)
    front.break_after = [1_000_000, 700_000]
    assert tree(layer_version(arn, supply).folder) == FILES
    assert front.ranges == [0, 1_000_000, 1_700_000]


def test_a_signed_url_that_has_expired_is_asked_for_again(front: PackageFront, supply: ArtifactStore) -> None:
    arn = front.publish("expired", FILES)
    front.expired = 1
    assert tree(layer_version(arn, supply).folder) == FILES
    assert front.calls == ["GetLayerVersionByArn"] * 2


def test_another_content_than_aws_promised_is_not_kept(front: PackageFront, supply: ArtifactStore) -> None:
    arn = front.publish("spoiled", FILES)
    front.spoiled = 1
    with pytest.raises(DownloadError, match="SHA-256"):
        layer_version(arn, supply)
    assert list(supply.layers.entries("versions")) == []
    assert tree(layer_version(arn, supply).folder) == FILES


def test_what_a_killed_process_had_is_used_but_checked(front: PackageFront, supply: ArtifactStore) -> None:
    arn = front.publish("part", FILES)
    layer_version(arn, supply)
    (entry,) = supply.layers.entries("versions")
    supply.layers.remove("versions", entry.name)
    # Half of another file.
    supply.layers.part("versions", entry.name).write_bytes(b"?" * 1000)
    front.ranges.clear()
    assert tree(layer_version(arn, supply).folder) == FILES
    assert front.ranges == [1000, 0]


def test_a_connection_that_never_holds_ends_in_an_error(front: PackageFront, supply: ArtifactStore) -> None:
    arn = front.publish("never", FILES)
    front.break_after = [0] * 20
    began = time.monotonic()
    with pytest.raises(AwsError, match="connection"):
        layer_version(arn, supply)
    assert time.monotonic() - began < 30
    assert len(front.ranges) == 5


def test_a_layer_that_may_not_be_read_says_what_helps(front: PackageFront, supply: ArtifactStore) -> None:
    arn = front.publish("secret", {"x": "1"})
    front.denied = {"testing"}
    with pytest.raises(LayerError, match="secret:1 cannot be read") as raised:
        layer_version(arn, supply)
    assert "--layer-role-arn" in str(raised.value.tip)


def test_a_layer_role_reads_what_its_caller_may_not(front: PackageFront, supply: ArtifactStore) -> None:
    arn = front.publish("theirs", {"x": "1"})
    front.denied = {"testing"}
    role = "arn:aws:iam::123456789012:role/layer-reader"
    with_role = ArtifactStore(
        cache=supply.cache,
        layers=supply.layers,
        caller=supply.caller,
        endpoint_url=front.url,
        layer_role_arn=role,
        notice=supply.notice,
        progress=supply.progress,
    )
    assert tree(layer_version(arn, with_role).folder) == {"x": b"1"}


def test_a_layer_version_that_there_is_not_is_an_error(front: PackageFront, supply: ArtifactStore) -> None:
    with pytest.raises(LayerError, match="cannot be had"):
        layer_version("arn:aws:lambda:eu-west-1:123456789012:layer:nothing:7", supply)
    with pytest.raises(LayerError, match="no layer version"):
        layer_version("arn:aws:lambda:eu-west-1:123456789012:layer:without-version", supply)


def test_a_hostile_layer_is_refused_and_leaves_nothing(front: PackageFront, supply: ArtifactStore) -> None:
    arn = front.publish("hostile", packed(file("good"), link("evil", "../../..")))
    with pytest.raises(LeavingLinkError):
        layer_version(arn, supply)
    assert list(supply.layers.entries("versions")) == []
    assert leftovers(supply.layers.root) == []


def test_merged_folders_are_links_and_the_last_ones_file_wins(tmp_path: Path) -> None:
    trees: list[Mapping[str, str]] = [
        {"both": "1", "only/one": "1", "kind/is/folder": "1", "thing": "1"},
        {"both": "2", "only/two": "2", "kind": "2", "thing/inside": "2"},
    ]
    for number, files in enumerate(trees):
        for name, content in files.items():
            path = tmp_path / str(number) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    (tmp_path / "0/link").symlink_to("both")
    (tmp_path / "0/only").chmod(0o555)
    (tmp_path / "merged").mkdir()
    merge([(tmp_path / "0", True), (tmp_path / "1", False)], tmp_path / "merged")
    (tmp_path / "0/only").chmod(0o755)
    assert tree(tmp_path / "merged") == {
        "both": b"2",
        "only/one": b"1",
        "only/two": b"2",
        "kind": b"2",
        "thing/inside": b"2",
        "link": b"2",
    }
    assert (tmp_path / "merged/only/one").stat().st_ino == (tmp_path / "0/only/one").stat().st_ino
    assert (tmp_path / "merged/both").stat().st_ino != (tmp_path / "1/both").stat().st_ino


# processes


@contextlib.contextmanager
def fetcher(cache: Path, front: PackageFront, arn: str) -> Iterator[subprocess.Popen[str]]:
    """A process that is ready to fetch."""
    passed_on = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with subprocess.Popen(
        [sys.executable, "-P", str(FETCH), str(cache), front.url, arn],
        env=passed_on | front.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def fetched(process: subprocess.Popen[str]) -> str:
    stdout, stderr = process.communicate("go\n", timeout=60)
    assert process.returncode == 0, stderr
    return stdout.strip()


def test_of_ten_processes_at_once_one_downloads(front: PackageFront, tmp_path: Path) -> None:
    arn = front.publish("ten", FILES)
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(fetcher(tmp_path / "cache", front, arn)) for _ in range(10)]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        folders = {fetched(process) for process in processes}
    assert len(front.ranges) == 1
    assert front.calls == ["GetLayerVersionByArn"]
    (folder,) = folders
    assert tree(Path(folder)) == FILES


def test_after_a_kill_at_any_moment_the_next_run_is_right(front: PackageFront, tmp_path: Path) -> None:
    arn = front.publish("killed", FILES)
    moments = random.Random(9)

    def has_begun(cache: Path) -> bool:
        return any(path.stat().st_size for path in cache.glob("*/.part-*"))

    with contextlib.ExitStack() as stack:
        killed = [stack.enter_context(fetcher(tmp_path / str(number), front, arn)) for number in range(10)]
        for number, process in enumerate(killed):
            in_download = number % 2
            front.pause = 0.1 if in_download else 0.004
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
            if in_download:
                eventually(lambda number=number: has_begun(tmp_path / str(number)))
            else:
                time.sleep(moments.uniform(0.0, 0.5))
            process.kill()
            process.wait()
        front.pause = 0.0
        front.ranges.clear()
        # One process for all: the interpreter's start is not what is tested.
        for number in range(10):
            supply = _supply_in(tmp_path / str(number), front)
            with _environment(front):
                assert tree(layer_version(arn, supply).folder) == FILES
            assert leftovers(tmp_path / str(number)) == []
    # Some had begun their download, and it went on.
    assert any(start > 0 for start in front.ranges)


@contextlib.contextmanager
def _environment(front: PackageFront) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(front.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _supply_in(folder: Path, front: PackageFront) -> ArtifactStore:
    cache = Cache(folder)
    return ArtifactStore(
        cache=cache,
        layers=cache,
        caller=Aws(region="eu-west-1"),
        endpoint_url=front.url,
        notice=lambda _: None,
        progress=lambda _, __: None,
    )


def test_a_full_disk_is_a_clear_error_and_the_cache_stays_sound(front: PackageFront, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "samlocal", disk]).returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        small = front.publish("small", FILES)
        large = front.publish("large", {"lib/large": RANDOM.randbytes(12_000_000)})
        with fetcher(disk, front, small) as process:
            folder = Path(fetched(process))
        with fetcher(disk, front, large) as process:
            said = fetched(process)
        assert said.startswith("Error: ConfigurationError: The disk of the cache folder")
        assert "is full" in said
        assert "--layer-cache-basedir" in said
        assert leftovers(disk) == []
        front.calls.clear()
        with fetcher(disk, front, small) as process:
            assert Path(fetched(process)) == folder
        assert tree(folder) == FILES
        assert front.calls == []
        other = front.publish("other", {"lib/other": RANDOM.randbytes(4_000_000)})
        with fetcher(disk, front, other) as process:
            assert not fetched(process).startswith("Error")
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_the_sha256_that_aws_tells_is_of_the_archive(front: PackageFront) -> None:
    """What the front relies on: Lambda API, GetLayerVersion, CodeSha256."""
    data = zipped({"x": "1"})
    arn = front.publish("sum", data)
    with front.client("lambda") as client:
        told = client.get_layer_version(LayerName=arn.split(":")[6], VersionNumber=1)["Content"]["CodeSha256"]
    assert base64.b64decode(told) == hashlib.sha256(data).digest()
