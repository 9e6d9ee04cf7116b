"""A browser: Chromium without a screen, and pages that say what they found.

A page's script calls ``tell(name, what)``; ``what`` is a function whose result, or whose error's name, the test gets.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_SECONDS = 180.0

_VISITS = 10
_NETWORK_CHANGED = b'"net_error":-21'
"""Chromium's net_error_list.h, NETWORK_CHANGED, as its log of the network has it."""

# Nothing beside the page is loaded, and no name leads away from this machine.
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)

_PAGE = """\
<!doctype html><meta charset="utf-8"><title>test</title>
<script type="module">
const told = {};
async function tell(name, what) {
  try { told[name] = await what(); } catch (error) { told[name] = error.name; }
}
SCRIPT
const tells = () => fetch("ORIGIN/told", {method: "POST", mode: "no-cors", body: JSON.stringify(told)});
await tells().catch(tells);
</script>
"""


class Site:
    """An origin of its own, with one page."""

    def __init__(self) -> None:
        self.told: Any = None
        self.is_told = threading.Event()
        self.text = ""
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path != "/":
                    self.send_error(404)
                    return
                body = site.text.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                site.told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(204)
                self.end_headers()
                site.is_told.set()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


class Browser:
    """``origin`` is that of the pages that it is given."""

    def __init__(self, program: str, profile: Path, site: Site) -> None:
        self.origin = site.origin
        self._program = program
        self._profile = profile
        self._site = site

    def page(self, script: str) -> str:
        """The text of a page whose script's words reach the test from any origin."""
        return _PAGE.replace("ORIGIN", self.origin).replace("SCRIPT", script)

    def told(self, script: str, *, host: str = "127.0.0.1") -> dict[str, Any]:
        """What a page of the origin tells; ``localhost`` makes it another origin."""
        self._site.text = self.page(script)
        return self.visited(self.origin.replace("127.0.0.1", host))

    def visited(self, url: str) -> dict[str, Any]:
        """What the page at a URL, made by ``page``, tells to a browser that has never been there.

        Chromium ends requests that are under way when an interface of this machine comes or goes, as containers do.
        Then the page is visited again.
        """
        for number in range(_VISITS):
            folder = self._profile / str(number)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            told = self._visited(url, folder)
            if _NETWORK_CHANGED not in (folder / "net.json").read_bytes():
                return told
        raise AssertionError(f"this machine's network changed at each of {_VISITS} visits")

    def _visited(self, url: str, folder: Path) -> dict[str, Any]:
        """The browser is killed then."""
        site = self._site
        site.is_told.clear()
        with (
            (folder / "log").open("ab") as log,
            subprocess.Popen(
                [
                    self._program,
                    *_FLAGS,
                    f"--user-data-dir={folder / 'profile'}",
                    f"--log-net-log={folder / 'net.json'}",
                    url,
                ],
                env={"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(self._profile)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            ) as process,
        ):
            try:
                until = time.monotonic() + _SECONDS
                while not site.is_told.wait(0.1) and process.poll() is None and time.monotonic() < until:
                    pass
                if not site.is_told.is_set():
                    said = (folder / "log").read_text(errors="replace")
                    raise AssertionError(f"the page told nothing\n{said[-4000:]}")
            finally:
                # Its own session's: the browser's other processes are in it too.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        told: dict[str, Any] = site.told
        return told


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Skips the test where there is no Chromium."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip(f"a browser is needed on the PATH: {', '.join(_NAMES)}")
    site = Site()
    serving = threading.Thread(target=site.server.serve_forever, daemon=True)
    serving.start()
    try:
        # Of a short path: Chromium puts sockets there. Its processes may still be ending when it is removed.
        with tempfile.TemporaryDirectory(prefix="samlocal-", ignore_cleanup_errors=True) as profile:
            yield Browser(program, Path(profile), site)
    finally:
        site.server.shutdown()
        site.server.server_close()
        serving.join()
