"""The runtime is started anew in its container: nothing of the one before is left."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from kit import eventually
from supervised import SHELLS, Supervised, supervised

from samlocal.artifact.cache import Cache
from samlocal.artifact.live import LiveFolder
from samlocal.engine import Engine, Mount
from samlocal.sandbox.supervision import (
    ExtensionLine,
    Launching,
    NotLaunched,
    Renewed,
    RuntimeExited,
    RuntimeStarted,
    start_lines,
)

pytestmark = pytest.mark.docker

STAY = "while :; do sleep 60 & wait; done\n"


@pytest.fixture
def engine(docker: object) -> Iterator[Engine]:
    own = Engine.connect(os.environ)
    yield own
    own.close()


@pytest.fixture
def task(tmp_path: Path) -> Callable[..., Path]:
    """A code folder with a `bootstrap` and other files."""

    def make(bootstrap: str, name: str = "task", **files: str) -> Path:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for file, text in {"bootstrap": f"#!/bin/sh\n{bootstrap}", **files}.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        return folder

    return make


def started(container: Supervised, *, times: int = 1) -> RuntimeStarted:
    return container.heard(RuntimeStarted, times=times)


STANDARD_SIGNALS = (1 << 31) - 1
"""Signals 1 to 31 as a mask of /proc/PID/status (signal(7))."""


@pytest.mark.parametrize("shell", SHELLS)
def test_a_runtime_that_is_started_anew_has_lambdas_user_signals_and_environment(
    engine: Engine, task: Callable[..., Path], shell: Sequence[str]
) -> None:
    # bash alone counts its levels, and here /bin/sh is another shell.
    look = "id -u; grep '^Sig[BI]' /proc/self/status; env | grep -v ^SHLVL= | sort; ls -l /proc/self/fd | wc -l"
    folder = task(f'{{ {look}; }} | while read -r line; do echo "$line"; done; echo looked\n{STAY}')
    with supervised(engine, folder, shell=shell, supervision=False) as alone:
        alone.logs("looked")
        first = list(alone.log)
    with supervised(engine, folder, shell=shell) as container:
        container.logs("looked")
        container.renew()
        container.logs("looked", times=2)
        seen = list(container.log)
    assert seen[: len(seen) // 2] == first
    assert seen[len(seen) // 2 :] == first
    assert "993" in first
    (ignored,) = [line.removeprefix("SigIgn:\t") for line in first if line.startswith("SigIgn:")]
    # An engine may itself have been started without the C library's own real-time signals, and hands that on.
    assert int(ignored, 16) & STANDARD_SIGNALS == 0
    assert not any(line.startswith(("SAMLOCAL", "HOME", "HOSTNAME")) for line in first)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_runtime_that_is_started_anew_finds_the_variables_of_its_new_code(
    engine: Engine, task: Callable[..., Path], shell: Sequence[str]
) -> None:
    source = "sed -z 's/\\n/\\\\n/g; s/\\r/\\\\r/g' /proc/self/environ | tr '\\0' '\\n'; echo; echo looked\n"
    values = {
        "EMPTY": "",
        "SPACES": "  two  words ",
        "LINES": "one\ntwo\n\n four\n",
        "RETURN": "one\r\ntwo",
        "QUOTES": """ " ' ` $HOME $(id) \\ \\n ! * """,
        "LETTERS": "".join(map(chr, (*range(0x20, 0x250), 0x20AC, 0x1F600))).replace("\x7f", ""),
        "line": "of the function",
        "NOT_AN_EVENT": "start",
    }
    with supervised(engine, task(source + STAY), shell=shell) as container:
        before = {"KEPT": "kept", "CHANGED": "before", "GONE": "gone"}
        container.logs("looked")
        container.renew(start=start_lines({}, before) or "")
        container.logs("looked", times=2)
        after = {"KEPT": "kept", "CHANGED": "after"} | values
        container.renew(start=start_lines(before, after) or "")
        container.logs("looked", times=3)
        parts = "\0".join(container.log).split("looked")
        seen = [dict(line.split("=", 1) for line in part.split("\0") if "=" in line) for part in parts]
        written = {name: value.replace("\n", "\\n").replace("\r", "\\r") for name, value in after.items()}
        assert {name: seen[1].get(name) for name in before} == before
        assert {name: seen[2].get(name) for name in after} == written
        assert seen[2].keys() - seen[0].keys() == after.keys()


@pytest.mark.parametrize("name", ["IFS", "UID", "SECONDS", "not-a-name", "ä", "1ST"])
def test_what_a_shell_cannot_set_is_known_beforehand(name: str) -> None:
    assert start_lines({}, {name: "x"}) is None
    assert start_lines({name: "x"}, {}) is None
    assert start_lines({name: "x"}, {name: "x"}) == "start\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_no_process_outlives_its_runtime_wherever_it_has_gone(
    engine: Engine, task: Callable[..., Path], shell: Sequence[str]
) -> None:
    source = """
for process in /proc/[0-9]*; do
    { tr '\\0' ' ' <"$process/cmdline"; } 2>/dev/null | sed 's/^/there: /'; echo
done
setsid sleep 1111 &
(trap '' TERM HUP INT; setsid sh -c 'trap "" TERM HUP INT; sleep 2222 & wait' &) &
while [ $(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -c -x -e 1111 -e 2222) -lt 2 ]; do :; done
echo looked
"""
    with supervised(engine, task(source + STAY), shell=shell) as container:
        container.logs("looked")
        container.renew()
        container.logs("looked", times=2)
        there = container.logged("there: ")
        assert any("entry.sh" in line for line in there)
        assert not any("sleep" in line for line in there)


def test_processes_that_go_on_forking_while_they_are_ended_end_too(engine: Engine, task: Callable[..., Path]) -> None:
    source = """
if [ -e /tmp/forks ]; then echo left; fi
[ "$(ls -d /proc/[0-9]* | wc -l)" -lt 12 ] && echo few
: >/tmp/forks
for _ in 1 2 3 4; do setsid sh -c 'while :; do (sleep 0.01; : >/tmp/$$) & (:); done' & done
echo forking
"""
    with supervised(engine, task(source + STAY)) as container:
        for times in (1, 2, 3, 4):
            container.logs("forking", times=times)
            container.renew()
        container.logs("forking", times=5)
        assert container.log.count("few") == 5
        assert "left" not in container.log


def test_new_code_begins_with_an_empty_tmp(engine: Engine, task: Callable[..., Path]) -> None:
    source = """
echo "found: $(ls -A /tmp /dev/shm | tr '\\n' ' ')"
mkdir -p /tmp/closed/in /tmp/.hidden /tmp/..dots
: >/tmp/closed/in/file; : >/dev/shm/.file; : >'/tmp/-f'; ln -s /var/task /tmp/link
chmod 000 /tmp/closed/in; chmod 555 /tmp/closed
echo looked
"""
    folder = task(source + STAY)
    with supervised(engine, folder) as container:
        container.logs("looked")
        container.renew()
        container.logs("looked", times=2)
        assert container.logged("found: ") == ["/dev/shm:  /tmp: "] * 2
    assert (folder / "bootstrap").exists()


def test_a_container_whose_tmp_cannot_be_emptied_ends(
    engine: Engine, task: Callable[..., Path], tmp_path: Path
) -> None:
    refusing = tmp_path / "rm"
    refusing.write_text("#!/bin/sh\nexit 1\n")
    refusing.chmod(0o755)
    mounts = [Mount(source=refusing, target="/usr/bin/rm")]
    with supervised(engine, task(f": >/tmp/file; echo ready\n{STAY}"), mounts=mounts) as container:
        container.logs("ready")
        container.say(f"renew {container.runtime}")
        eventually(lambda: not container.runs)
        assert not any(isinstance(word, Renewed) for word in container.words)


def test_only_a_kill_for_memory_since_its_start_is_a_runtimes_own(engine: Engine, task: Callable[..., Path]) -> None:
    live = task("exec tail /dev/zero\n")
    with supervised(engine, live, memory=32) as container:
        assert container.heard(RuntimeExited) == RuntimeExited(status=137, out_of_memory=True)
        container.renew(lambda: task("kill -KILL $$\n") and None)
        assert container.heard(RuntimeExited, times=2) == RuntimeExited(status=137, out_of_memory=False)
        container.renew(lambda: task("exit 7\n") and None)
        assert container.heard(RuntimeExited, times=3) == RuntimeExited(status=7, out_of_memory=False)
        container.renew(lambda: (live / "bootstrap").unlink())
        # As for a `provided` function without a program.
        assert container.heard(RuntimeExited, times=4).status == 199


def test_a_runtime_that_comes_late_with_its_program_is_found_on_the_restart(
    engine: Engine, task: Callable[..., Path]
) -> None:
    folder = task("")
    (folder / "bootstrap").unlink()
    with supervised(engine, folder) as container:
        assert container.heard(RuntimeExited).status == 199
        container.renew(lambda: task(f"echo here\n{STAY}") and None)
        container.logs("here")


def test_what_was_written_without_an_end_of_line_is_logged_before_the_word_of_the_renewal(
    engine: Engine, task: Callable[..., Path]
) -> None:
    with supervised(engine, task(f"printf half; printf 'other half' >&2; : >/tmp/done; {STAY}")) as container:
        started(container)
        eventually(lambda: "done" in (engine.run_in(container.name, ("ls", "/tmp")) or ""))
        container.renew(lambda: container.log.append("between"))
        at = container.log.index("between")
        assert sorted(container.log[:at]) == ["half", "other half"]


def test_a_container_ends_when_samlocal_is_gone(engine: Engine, task: Callable[..., Path]) -> None:
    with supervised(engine, task(STAY)) as container:
        started(container)
        container.leave()
        eventually(lambda: not container.runs)


def test_a_word_behind_all_that_was_written_is_said_after_each_restart(
    engine: Engine, task: Callable[..., Path]
) -> None:
    from samlocal.sandbox.supervision import Flushed

    with supervised(engine, task(f"echo ready\n{STAY}")) as container:
        for times in (1, 2):
            container.logs("ready", times=times)
            container.say("flush")
            container.heard(Flushed, times=2 * times)
            container.renew()


@pytest.mark.parametrize("shell", SHELLS)
def test_extensions_start_anew_before_the_runtime(
    engine: Engine, task: Callable[..., Path], tmp_path: Path, shell: Sequence[str]
) -> None:
    def extension(name: str, text: str) -> None:
        folder = tmp_path / "opt/extensions"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\necho {text}\n{STAY}")
        (folder / name).chmod(0o755)

    extension("one", "first")
    with supervised(engine, task(f"echo ready\n{STAY}"), opt=tmp_path / "opt", shell=shell) as container:
        assert container.heard(Launching) == Launching(names=("one",))
        assert container.heard(ExtensionLine).line == "first"
        assert "ready" not in container.log
        container.say("start")
        container.logs("ready")

        def change() -> None:
            (tmp_path / "opt/extensions/one").unlink()
            extension("another", "second")
            (tmp_path / "opt/extensions/broken").write_text("text")
            (tmp_path / "opt/extensions/broken").chmod(0o755)

        container.renew(change)
        assert container.heard(Launching, times=2) == Launching(names=("another", "broken"))
        assert container.heard(NotLaunched) == NotLaunched(
            name="broken", cause="fork/exec /opt/extensions/broken: exec format error"
        )
        assert container.heard(ExtensionLine, times=2).line == "second"
        assert container.log == ["ready"]
        # Before all have registered too.
        container.say("renew")
        container.heard(Renewed, times=4)
        (tmp_path / "opt/extensions/another").unlink()
        (tmp_path / "opt/extensions/broken").unlink()
        container.say("start")
        container.logs("ready", times=2)


def test_code_and_layers_are_exchanged_under_a_container_that_stays(
    engine: Engine, task: Callable[..., Path], tmp_path: Path
) -> None:
    cache = Cache(tmp_path / "cache")
    code, opt = LiveFolder(cache), LiveFolder(cache)
    source = f"""
exec 9</var/task/data
trap 'read -r line <&9; echo "open: $line"' TERM
echo "version: $(cat /var/task/version) $(ls /var/task | tr '\\n' ' ')/ $(ls -R /opt | tr '\\n' ' ')"
{STAY}"""
    one = task(source, "one", version="1", data="old data\n", gone="", **{"folder/gone": ""})
    two = task(source, "two", version="2", data="new data\n", **{"folder/new": ""})
    layer_one, layer_two = task("", "layer_one", only_in_one=""), task("", "layer_two", **{"python/new.py": ""})
    code.stage(one)
    code.show()
    with supervised(engine, code.shown, opt=opt.shown) as container:
        started(container)
        eventually(lambda: container.logged("version: "))
        for live, content in ((code, two), (opt, layer_one)):
            live.stage(content)
        code.show()
        container.say(str(container.runtime))
        container.logs("open: old data")
        container.renew(opt.show)
        eventually(lambda: len(container.logged("version: ")) == 2)
        opt.stage(layer_two)
        container.renew(opt.show)
        eventually(lambda: len(container.logged("version: ")) == 3)
        assert container.logged("version: ") == [
            "1 bootstrap data folder gone version / /opt: ",
            "2 bootstrap data folder version / /opt: bootstrap only_in_one ",
            "2 bootstrap data folder version / /opt: bootstrap python  /opt/python: new.py ",
        ]
        assert engine.run_in(container.name, ("ls", "/var/task/folder")) == "new\n"
        assert engine.run_in(container.name, ("sh", "-c", "rm /var/task/data 2>&1")) == (
            "rm: cannot remove '/var/task/data': Read-only file system\n"
        )
    assert (two / "data").read_text() == "new data\n"
