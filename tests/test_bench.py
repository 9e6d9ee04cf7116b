"""What the measurements stand on: servers that end whatever happens, and answers that are checked."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

BENCH = Path(__file__).parents[1] / "bench"

SERVER = """
import http.server, pathlib, socketserver, sys
socketserver.TCPServer.allow_reuse_address = True
try:
    # Ctrl-C may come as soon as it listens.
    socketserver.TCPServer(("127.0.0.1", int(sys.argv[1])), http.server.BaseHTTPRequestHandler).serve_forever()
except KeyboardInterrupt:
    pathlib.Path("cleared").touch()
"""
CUT_SHORT = "http.server.BaseHTTPRequestHandler.do_POST = lambda own: own.wfile.write(b'no HTTP')"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives the module of a file there."""
    monkeypatch.syspath_prepend(BENCH)
    yield importlib.import_module
    for name in [
        name for name, module in sys.modules.items() if str(BENCH) in (getattr(module, "__file__", "") or "")
    ]:
        del sys.modules[name]


def test_a_server_clears_up_also_when_what_is_measured_fails(bench: Any, tmp_path: Path) -> None:
    serving = bench("serving")
    port = serving.free_port()
    with (
        pytest.raises(LookupError),
        serving.started([sys.executable, "-c", SERVER, str(port)], port, environ={}, folder=tmp_path) as server,
    ):
        raise LookupError
    assert (tmp_path / "cleared").exists()
    assert not (Path("/proc") / str(server.pid)).exists()


@pytest.mark.parametrize(("fault", "body"), [(None, b"Internal Server Error"), ("raise", b"[]"), ("raise", b"\xff")])
def test_a_soak_goes_on_after_an_answer_of_no_form_and_counts_it_as_wrong(
    bench: Any, fault: Any, body: bytes
) -> None:
    rounds, serving = bench("rounds"), bench("serving")
    reply = serving.Reply(status=500, headers={}, body=body, seconds=0.1)
    assert "500" in rounds.complaint(1, fault, reply)


@pytest.mark.parametrize(
    ("files", "flat"),
    [
        # One is left in each round; a sandbox more or less; all of them once; one at the end.
        ([20 + number for number in range(40)], False),
        ([20 + 4 * (number % 2) for number in range(40)], True),
        ([20 if number < 20 else 24 for number in range(40)], True),
        ([20] * 39 + [90], True),
    ],
)
def test_what_grows_with_each_invocation_is_told_from_what_comes_and_goes(
    bench: Any, files: list[int], flat: bool
) -> None:
    holding = bench("holding")
    others = {name: 1 for name in holding.Held.__slots__ if name not in ("files", "invocations")}
    held = [holding.Held(invocations=10 * number, files=count, **others) for number, count in enumerate(files)]
    grown = {each.name: each.is_flat for each in holding.growth(held)}
    assert grown.pop("files") is flat
    assert set(grown.values()) == {True}


def test_an_answer_that_is_cut_short_while_a_sandbox_is_replaced_is_none(bench: Any, tmp_path: Path) -> None:
    serving, saves = bench("serving"), bench("saves")
    port = serving.free_port()
    cut = SERVER.replace("try:", f"{CUT_SHORT}\ntry:", 1)
    with serving.started([sys.executable, "-c", cut, str(port)], port, environ={}, folder=tmp_path):
        assert saves.answer(port) is None


def test_the_longer_bar_of_a_pair_is_as_long_as_the_picture_is_wide(bench: Any) -> None:
    comparison, picture, plugin, results = (bench(name) for name in ("comparison", "picture", "plugin", "results"))
    tests = [
        plugin.Row(what=what, seconds=comparison.spread([s])) for what, s in zip("abcd", (4, 2, 9, 8), strict=True)
    ]
    drawn = ElementTree.fromstring(picture.drawn(results.Results(pairs=1, few=1, plugin=tests)))
    bars = [each for each in drawn.findall("{*}rect") if each.get("rx")]
    assert [int(each.attrib["width"]) for each in bars] == [75, 300]
    assert "4.0 times" in [each.text for each in drawn.findall("{*}text")]


def test_what_a_process_and_its_children_hold_is_the_kernels_figure(bench: Any) -> None:
    grown = "held = bytearray(64 << 20); print(flush=True); input()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grown!r}])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        held = bench("memory").held(process.pid)
        process.communicate(b"\n")
    assert held is None or 64 < held < 256


def test_an_engine_that_is_not_there_has_its_row_and_the_reason(bench: Any) -> None:
    engines = bench("engines")
    took = bench("comparison").spread([900.0, 1000.0, 1200.0])
    ratio = bench("comparison").spread([1.0])
    far = engines.Row(
        name="far", cold=took, kept=took, cold_ratio=ratio, kept_ratio=ratio, sent=(10_036_120, 21_300, 21_900)
    )
    lines = engines.table([far, engines.Row(name="Podman", reason="it needs podman")]).splitlines()
    assert lines[2:] == [
        "| far | 1000 (900 to 1200) | 1.00 (1.00 to 1.00) | 1000 (900 to 1200) | 1.00 (1.00 to 1.00) "
        "| 10036 kB | 21 kB | 22 kB |",
        "| Podman | not measured: it needs podman | | | | | | |",
    ]
