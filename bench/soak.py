"""Runs an application for long, as its users do, and sees to it that nothing grows. Run by `make soak`.

In each round `samlocal up` is called by Lambda's API, by HTTP and by messages, with events that crash, hang and raise
among them; its code is saved, and its template; a command has it run an event, and another keeps a sandbox that ends
of age; a debugger attaches and leaves; a second server's credentials end. Every caller has to get the answer to its
own event, as AWS would give it. What is held is sampled behind each round and has to stay flat; at the end nothing
is left. Tables go to standard output, progress to standard error; the exit status is 1 when an answer was wrong, or
something has grown or is left.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import docker
import holding
from rounds import Rounds
from serving import ServerFailedError, free_port, started

BENCH = Path(__file__).resolve().parent
SAMLOCAL = str(Path(sys.executable).with_name("samlocal"))

INTERRUPTED = 130
"""A server's exit status after Ctrl-C, as shells have it."""

_HEAD = """\
# What `make soak` measured

An application's `samlocal up` under all that its users do (`bench/soak.py`). What is held is sampled after each
round; memory and the cache folder are in MB. Growth is the slope behind the warm-up, over all that was measured.
"""

# What the engine removes, and what ends of age, is gone by then.
_GONE_SECONDS = 60.0
_LOOK_SECONDS = 0.2

# Credentials end so soon that each round or two has others.
_KEYS_SECONDS = 12
_KEYS = """\
import datetime, json, uuid
ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds={seconds})
keys = {{"Version": 1, "AccessKeyId": uuid.uuid4().hex, "SecretAccessKey": "local", "SessionToken": "local"}}
print(json.dumps(keys | {{"Expiration": ends.isoformat()}}))
"""


@dataclass(slots=True, kw_only=True)
class Figures:
    """What came of a soak. Times are in ms, by fault; those without one are ``none``."""

    rounds: int
    callers: int
    seconds: float = 0.0
    done: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    times: dict[str, dict[str, float]] = field(default_factory=dict)
    held: list[holding.Held] = field(default_factory=list)
    grown: list[holding.Growth] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    status: int | None = None

    @property
    def clean(self) -> bool:
        flat = all(each.is_flat for each in self.grown)
        return flat and not self.wrong and not any(self.left.values()) and self.status == INTERRUPTED


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="samlocal-soak-") as folder:
        scratch = Path(folder).resolve()
        figures = soak(scratch, rounds=options.rounds, calls=options.calls, callers=options.callers)
    print(json.dumps(asdict(figures)) if options.json else table(figures))
    if options.results is not None:
        options.results.write_text(f"{_HEAD}\n{table(figures)}\n", encoding="utf-8")
    return 0 if figures.clean else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, metavar="N", help="[default: %(default)s]")
    parser.add_argument("--calls", type=int, default=100, metavar="N", help="in each round  [default: %(default)s]")
    parser.add_argument("--callers", type=int, default=8, metavar="N", help="at once  [default: %(default)s]")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    parser.add_argument("--results", type=Path, metavar="FILE", help="a page of the tables, too")
    return parser.parse_args()


def soak(scratch: Path, *, rounds: int, calls: int, callers: int) -> Figures:
    """Raises ServerFailedError."""
    figures = Figures(rounds=rounds, callers=callers)
    project = shutil.copytree(BENCH / "endurance", scratch / "project")
    shutil.copytree(project, scratch / "kept")
    environ = {**os.environ, "SAMLOCAL_CACHE_DIR": str(scratch / "cache"), "AWS_DEFAULT_REGION": "us-east-1"}
    with closing(docker.APIClient(version="auto", **docker.utils.kwargs_from_env())) as client:
        api, ports = free_port(), {"lambda_": free_port(), "debug": free_port()}
        command = [sys.executable, "-P", str(BENCH / "watched.py"), str(holding.watch_place(scratch)), "up"]
        command += ["--port", str(api), "--lambda-port", str(ports["lambda_"]), "--concurrency", str(callers)]
        command += ["--debug-port", str(ports["debug"]), "--debug-function", "debugged", "--no-debug-wait"]
        # Sandboxes end of age, too.
        command += ["--idle", "20"]
        try:
            with started(command, api, environ=environ, folder=project) as server:
                going = Rounds(
                    project, kept=scratch / "kept", api=api, environ=environ, calls=calls, callers=callers, **ports
                )
                with _renewing(scratch, going.endpoint, environ) as renewing:
                    began = time.monotonic()
                    for number in range(rounds):
                        going.run(number, renewing=renewing)
                        figures.held.append(
                            holding.sample(server.pid, scratch, client, invocations=going.invocations)
                        )
                        print(f"{going.invocations} invocations, {len(going.wrong)} wrong", file=sys.stderr)
                    figures.seconds = time.monotonic() - began
                figures.status = server.end()
            figures.done, figures.wrong = dict(going.done), going.wrong
            figures.times = {kind: spread(sorted(each)) for kind, each in sorted(going.times.items())}
            figures.grown = holding.growth(figures.held)
        finally:
            subprocess.run([SAMLOCAL, "local", "stop"], cwd=project, env=environ, check=False, capture_output=True)
        figures.left = left(client, scratch)
    return figures


@contextmanager
def _renewing(scratch: Path, endpoint: str, environ: Mapping[str, str]) -> Iterator[int]:
    """Another server of the same stack, whose caller's keys end soon; its port."""
    script = scratch / "keys.py"
    script.write_text(_KEYS.format(seconds=_KEYS_SECONDS), encoding="utf-8")
    config = scratch / "aws"
    config.write_text(f"[default]\ncredential_process = {sys.executable} {script}\n", encoding="utf-8")
    own = {"AWS_CONFIG_FILE": str(config), "AWS_ENDPOINT_URL": endpoint, "AWS_EC2_METADATA_DISABLED": "true"}
    kept = {name: value for name, value in environ.items() if name not in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID")}
    port = free_port()
    command = [SAMLOCAL, "start-lambda", "-n", "local", "--no-assume-role", "--port", str(port)]
    with started(command, port, environ=kept | own, folder=scratch / "project"):
        yield port


def left(client: docker.APIClient, scratch: Path) -> dict[str, int]:
    """What there is still, once the engine and what ends of age have had their time."""
    deadline = time.monotonic() + _GONE_SECONDS
    while any((found := holding.left(client, scratch)).values()) and time.monotonic() < deadline:
        time.sleep(_LOOK_SECONDS)
    return found


def spread(times: list[float]) -> dict[str, float]:
    """Of sorted values."""
    at = {"p50": 0.5, "p99": 0.99, "most": 1.0}
    found = {name: times[min(len(times) - 1, int(len(times) * share))] for name, share in at.items()}
    return {"events": len(times), **found}


def table(figures: Figures) -> str:
    return "\n".join(lines(figures))


def lines(figures: Figures) -> Iterator[str]:
    """In Markdown."""
    total = figures.held[-1].invocations if figures.held else 0
    yield f"{total} invocations in {figures.rounds} rounds of {figures.callers} callers, {figures.seconds:.0f} s\n"
    yield "| Done | Times |\n|---|---|"
    for kind, count in sorted(figures.done.items()):
        yield f"| {kind} | {count} |"
    yield "\n| Fault | Events | p50 (ms) | p99 (ms) | Most (ms) |\n|---|---|---|---|---|"
    for kind, each in figures.times.items():
        yield f"| {kind} | {each['events']:.0f} | {each['p50']:.1f} | {each['p99']:.1f} | {each['most']:.1f} |"
    yield ""
    yield from holding.table(figures.grown)
    gone = ", ".join(f"{count} {kind}" for kind, count in figures.left.items())
    yield f"\n{len(figures.wrong)} wrong answers; left: {gone}; the server's exit status {figures.status}"
    yield from figures.wrong[:20]


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except ServerFailedError as error:
        raise SystemExit(f"The soak ends here: {error}") from error
