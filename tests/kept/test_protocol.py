"""What a command and the process that keeps sandboxes send each other arrives as it was sent."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kept_kit import SETTINGS
from msgspec.structs import replace

from samlocal import errors
from samlocal.cli.streams import Streams
from samlocal.cli.world import World
from samlocal.config import FileSettings
from samlocal.errors import BuildError, SamlocalError
from samlocal.kept import messages
from samlocal.kept.failure import error_of, failure
from samlocal.kept.frames import LARGEST, BrokenFrameError, Reads, packed, shown
from samlocal.kept.surroundings import Place, are_keys, as_bytes, as_text, place_of
from samlocal.kept.wanted import wanted
from samlocal.project.builds import BuildOptions
from samlocal.project.run_options import Code, RunOptions
from samlocal.project.settings import NEVER, Settings
from samlocal.project.surroundings import Surroundings
from samlocal.sandbox.folder_mount import FolderMount
from samlocal.sandbox.options import SandboxOptions

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
PATHS = st.builds(lambda text: Path(text.replace("\0", "") or "."), TEXTS)
MOUNTS = st.builds(FolderMount, target=TEXTS, folder=PATHS, writable=st.booleans())
ANSWERS = st.one_of(
    st.builds(messages.Notice, text=TEXTS),
    st.builds(messages.Chunk, data=st.binary(max_size=300)),
    st.builds(messages.Facts, heads=st.tuples(TEXTS), rows=st.lists(st.tuples(TEXTS), max_size=3).map(tuple)),
    st.builds(messages.Refused, reason=st.sampled_from(messages.Refusal), differing=st.tuples(TEXTS)),
    st.just(messages.Began()),
)


@given(sent=st.lists(ANSWERS, max_size=6), cuts=st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_messages_come_whole_and_in_order_however_they_are_cut(sent: list[Any], cuts: list[int]) -> None:
    stream = b"".join(map(packed, sent))
    reads = Reads[messages.Answer](messages.Answer)
    come: list[Any] = []
    piece = 0
    while stream:
        size = cuts[piece % len(cuts)]
        reads.feed(stream[:size])
        stream, piece = stream[size:], piece + 1
        while (message := reads.next()) is not None:
            come.append(message)
    assert come == sent


@given(
    template=PATHS,
    env_name=st.none() | TEXTS,
    snapshot_age=st.floats(0, 1e9) | st.just(NEVER),
    overrides=st.lists(TEXTS, max_size=3).map(tuple),
    configured=st.none() | TEXTS | st.lists(TEXTS, max_size=3),
    mounts=st.lists(st.builds(FolderMount, target=TEXTS, folder=PATHS, writable=st.booleans()), max_size=2).map(
        tuple
    ),
    images=st.dictionaries(TEXTS, TEXTS, max_size=2),
    environ=st.dictionaries(TEXTS, TEXTS, max_size=3),
)
def test_settings_and_options_arrive_as_they_were(
    template: Path,
    env_name: str | None,
    snapshot_age: float,
    overrides: tuple[str, ...],
    configured: Any,
    mounts: tuple[FolderMount, ...],
    images: dict[str, str],
    environ: dict[str, str],
) -> None:
    settings = Settings(
        world=Surroundings(environ=environ, cwd=Path("/here")),
        template=template,
        env_name=env_name,
        stack_name="stack",
        profile=None,
        region="eu-west-1",
        refresh=True,
        snapshot_age=snapshot_age,
        parameter_overrides=overrides,
        env_vars=template,
        set_variables=overrides,
        dotenv=False,
        protected=True,
        file=FileSettings(
            path=template,
            environment="test",
            values={} if configured is None else {"parameter_overrides": configured},
        ),
    )
    options = RunOptions(
        code=Code.DEPLOYED, build=BuildOptions(images=images), sandbox=SandboxOptions(mounts=mounts, images=images)
    )
    opened = messages.Open(
        wanted=wanted(settings, options),
        place=Place(variables=as_bytes(environ), folder=(1, 2)),
        environ=as_bytes(environ),
        function="Fn",
        tenant_id=None,
        keep=600.0,
    )
    reads = Reads[messages.Question](messages.Question)
    reads.feed(packed(opened))
    come = reads.next()
    assert isinstance(come, messages.Open)
    assert come == opened
    assert come.wanted.settings(as_text(come.environ)) == settings
    assert come.wanted.options == options


def test_a_commands_streams_are_its_own() -> None:
    streams = Streams(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=io.StringIO())
    of_command = wanted(replace(SETTINGS, world=World.nowhere(streams)), RunOptions())
    assert of_command == wanted(replace(SETTINGS, world=Surroundings(environ={}, cwd=Path("/"))), RunOptions())
    assert packed(of_command)


def test_every_choice_of_how_a_function_runs_tells_runs_apart_and_no_wish_to_ask_anew() -> None:
    one = wanted(SETTINGS, RunOptions())
    anew = RunOptions(sandbox=SandboxOptions(pull=True, refresh=True, refresh_layers=True), strict=True)
    assert wanted(replace(SETTINGS, refresh=True), anew).lasting == one.lasting
    assert wanted(replace(SETTINGS, refresh=True), anew).asks_anew
    assert not one.asks_anew
    for other in (
        wanted(replace(SETTINGS, env_name="test", stack_name="stack"), RunOptions()),
        wanted(replace(SETTINGS, set_variables=("A=1",)), RunOptions()),
        wanted(SETTINGS, RunOptions(code=Code.DEPLOYED)),
        wanted(SETTINGS, RunOptions(sandbox=SandboxOptions(local_markers=False))),
    ):
        assert other.lasting != one.lasting


@pytest.mark.parametrize(
    "kind",
    [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SamlocalError)][1:],
    ids=lambda kind: kind.__name__,
)
def test_an_error_arrives_with_its_words_and_its_exit_status(kind: type[SamlocalError]) -> None:
    reads = Reads[messages.Answer](messages.Answer)
    reads.feed(shown(messages.Failed(failure=failure(kind("what", tip="to do")))))
    come = reads.next()
    assert isinstance(come, messages.Failed)
    error = error_of(come.failure)
    assert (type(error), error.message, error.tip, error.exit_status) == (kind, "what", "to do", kind.exit_status)


def test_builds_that_failed_beside_another_arrive_with_it() -> None:
    first, second = BuildError("first"), BuildError("second", tip="mend it")
    error = error_of(failure(BuildError("last", others=(first, second))))
    assert isinstance(error, BuildError)
    assert [(other.message, other.tip) for other in error.others] == [("first", None), ("second", "mend it")]


def test_what_is_no_utf8_is_spelled_out_where_it_is_only_read() -> None:
    reads = Reads[messages.Answer](messages.Answer)
    reads.feed(shown(messages.Facts(heads=("a",), rows=(("caf\udce9.txt",),))))
    assert reads.next() == messages.Facts(heads=("a",), rows=(("caf\\udce9.txt",),))
    with pytest.raises(UnicodeEncodeError):
        packed(messages.Notice(text="\udce9"))


def test_variables_and_paths_need_not_be_utf8() -> None:
    environ = {"NAME": "caf\udce9"}
    assert as_bytes(environ) == {b"NAME": b"caf\xe9"}
    assert as_text(as_bytes(environ)) == environ


@pytest.mark.parametrize(
    "bytes_", [b"\xff\xff\xff\xff", b"\0\0\0\1\xc1", b"\0\0\0\2\x81\xa1", b"\0\0\0\1\x80", b"\0\0\0\3\xa2\xff\xff"]
)
def test_what_is_no_message_is_refused(bytes_: bytes) -> None:
    reads = Reads[messages.Answer](messages.Answer)
    reads.feed(bytes_)
    with pytest.raises(BrokenFrameError):
        reads.next()
    assert LARGEST >= 2 * 6_291_556


def test_only_variables_that_decide_a_run_tell_surroundings_apart(tmp_path: Path) -> None:
    def place(**environ: str) -> Place:
        return place_of(Surroundings(environ=environ, cwd=tmp_path))

    assert place(TERM="xterm", SHLVL="2", _="/usr/bin/x").differing(place(TERM="vt100")) == ()
    assert place(AWS_PROFILE="a", HTTPS_PROXY="x").differing(place(AWS_PROFILE="b")) == ("AWS_PROFILE", "HTTPS_PROXY")
    assert are_keys(place(AWS_SESSION_TOKEN="a").differing(place(AWS_SESSION_TOKEN="b")))
    assert not are_keys(place(AWS_SESSION_TOKEN="a").differing(place(AWS_PROFILE="b")))
    assert not are_keys(())
