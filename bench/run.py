"""Measures samlocal against SAM CLI, AWS's emulator, a script on the Docker API, and itself. Run by `make bench`.

The results go to bench/RESULTS.md, with their picture beside it, and to standard output, progress to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import docker
import earlier
import engine
import engines
import growth
import installed
import invocations
import machine
import many
import picture
import plugin
import results
import sam_cli
import saves
import warm
from comparison import CommandFailedError
from contenders import ROOT, Contenders, environment
from progress import tell
from serving import ServerFailedError

from samlocal.errors import SamlocalError

BENCH = ROOT / "bench"
SAM_CLI = ROOT / ".venv-bench"
EMULATOR = ROOT / ".bench-emulator"

NAMES = (*invocations.NAMES, "growth", "many", "warm", "warm-api", "saves", "plugin", "engines")

# What grows takes long, and its figures lie far apart; so do pytest's runs.
_FEWER = 3


def main() -> int:
    options = arguments()
    with ready() as (contenders, client):
        wanted, pairs = tuple(options.only or NAMES), options.pairs
        few = max(1, pairs // _FEWER)
        before = machine.load()
        found = results.Results(pairs=pairs, few=few)
        found.measured = invocations.measure_all(
            contenders, client, wanted=wanted, pairs=pairs, commit=options.earlier
        )
        if "growth" in wanted:
            found.growth = growth.measure_growth(contenders, client, rounds=few, tell=tell)
        if "many" in wanted:
            tell("many: starting sandboxes")
            # In a process of its own, so that its threads and its memory are those of the sandboxes alone.
            found.many = [many.Row(**row) for row in json.loads(contenders.many_sandboxes().run().output)]
        if not {"warm", "warm-api", "plugin"}.isdisjoint(wanted):
            creation = invocations.shared_image(contenders, client)
            if "warm" in wanted:
                found.warm = warm.measure_warm(
                    contenders, client, creation, emulator_folder=EMULATOR, rounds=pairs, tell=tell
                )
            if "warm-api" in wanted:
                found.warm_api = warm.measure_warm_api(contenders, rounds=pairs, tell=tell)
            if "plugin" in wanted:
                found.plugin = plugin.measure_plugin(contenders, client, creation.image, rounds=few, tell=tell)
        if "saves" in wanted:
            found.saves = saves.measure_saves(contenders, client, saves=pairs)
        if "engines" in wanted:
            found.engines = engines.measure_engines(contenders, rounds=few, tell=tell)
        described = machine.description(engine=engine.description(client), sam_cli=sam_cli.version(SAM_CLI))
        page = results.page(found, machine=described, load=(before, machine.load()))
    print(page)
    if not options.only:
        (BENCH / "RESULTS.md").write_text(page, encoding="utf-8")
        (BENCH / "RESULTS.svg").write_text(picture.drawn(found), encoding="utf-8")
    return 0


@contextmanager
def ready() -> Iterator[tuple[Contenders, docker.APIClient]]:
    """All that is measured, installed, and the engine; nothing of the run is left on it."""
    with ExitStack() as stack:
        # Resolved: labels and mounts carry the path as samlocal has it.
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="samlocal-bench-"))).resolve()
        address = engine.host(os.environ)
        ours = installed.ours(tell=tell)
        sam = sam_cli.install(SAM_CLI, tell=tell)
        client = stack.enter_context(engine.connected(address, scratch))
        yield Contenders(ours=ours, sam=sam, scratch=scratch, environ=environment(scratch, address)), client


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=positive, default=15, metavar="N", help="pairs of runs  [default: 15]")
    parser.add_argument(
        "--only",
        action="append",
        choices=NAMES,
        help="one comparison, printed and not written to RESULTS.md; may be given again",
    )
    parser.add_argument(
        "--earlier",
        default=earlier.COMMIT,
        metavar="COMMIT",
        help="what `processor` compares with  [default: %(default).7s]",
    )
    return parser.parse_args()


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def stop(number: int, _: object) -> None:
    """Ends as Ctrl-C does: what was started is stopped on the way."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    try:
        raise SystemExit(main())
    except (CommandFailedError, ServerFailedError, engine.NoEngineError, ValueError) as error:
        raise SystemExit(f"The benchmark ends here: {error}") from error
    except SamlocalError as error:
        raise SystemExit(f"{error.message}\n{error.tip or ''}".rstrip()) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None
