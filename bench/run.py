"""Measures samlocal against SAM CLI, AWS's emulator, a script on the Docker API, and itself. Run by `make bench`.

The results go to bench/RESULTS.md and to standard output, progress to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import docker
import earlier
import engine
import installed
import machine
import many
import results
import sam_cli
import warm
from comparison import Command, CommandFailedError, Comparison, Figure, Measurement, Reach, Unmeasured, measure
from contenders import EVENT, ROOT, Contenders, environment
from recording import Creation, floor_container, recorded_creation
from serving import ServerFailedError
from stack import deployed

from samlocal.errors import SamlocalError

BENCH = ROOT / "bench"
SAMLOCAL = ROOT / ".venv-bench-samlocal"
EARLIER = ROOT / ".venv-bench-earlier"
SAM_CLI = ROOT / ".venv-bench"
EMULATOR = ROOT / ".bench-emulator"

COLD = Reach(ratio=0.30)
FLOOR = Reach(difference=130)
PROCESSOR = Reach(ratio=0.50)
HELP = Reach(ratio=0.15)
INVOKE_HELP = Reach(ratio=0.12)
KEPT = Reach(ratio=0.10)
KEPT_CLICK = Reach(ratio=4)

COLD_NAMES = ("cold", "sample", "floor", "processor", "env", "help", "invoke-help")
NAMES = (*COLD_NAMES, "many", "warm", "warm-api", "kept", "kept-click")
INVOKE = f"invoke getEvent -t bench/template.yaml --event {EVENT}"
ANSWER = '"body": "welcome"'
SAMPLE = f"invoke getEvent -t templates/template.yaml --event {EVENT}"
SAMPLE_ANSWER = "Hello from the sample application"


def main() -> int:
    options = arguments()
    with ExitStack() as stack:
        # Resolved: labels and mounts carry the path as samlocal has it.
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="samlocal-bench-"))).resolve()
        address = engine.host(os.environ)
        ours = installed.install(ROOT, SAMLOCAL, extra="[local]", tell=tell)
        sam = sam_cli.install(SAM_CLI, tell=tell)
        client = stack.enter_context(engine.connected(address, scratch))
        contenders = Contenders(ours=ours, sam=sam, scratch=scratch, environ=environment(scratch, address))
        before = machine.load()
        wanted = tuple(options.only or NAMES)
        measured = measure_all(contenders, client, wanted=wanted, pairs=options.pairs, commit=options.earlier)
        rows = measure_many(contenders) if "many" in wanted else ()
        calls = measure_warm(contenders, client, pairs=options.pairs) if "warm" in wanted else None
        requests = measure_warm_api(contenders, client, pairs=options.pairs) if "warm-api" in wanted else None
        described = machine.description(engine=engine.description(client), sam_cli=sam_cli.version(SAM_CLI))
        page = results.page(
            measured,
            many=rows,
            warm=calls,
            warm_api=requests,
            pairs=options.pairs,
            machine=described,
            load=(before, machine.load()),
        )
    print(page)
    if not options.only:
        (BENCH / "RESULTS.md").write_text(page, encoding="utf-8")
    return 0


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


def measure_all(
    contenders: Contenders, client: docker.APIClient, *, wanted: tuple[str, ...], pairs: int, commit: str
) -> list[Measurement | Unmeasured]:
    measured: list[Measurement | Unmeasured] = []
    if not {"cold", "sample", "floor"}.isdisjoint(wanted):
        compared = [one for one in invocations(contenders, client) if one.name in wanted]
        measured += [measure(one, pairs=pairs, tell=tell) for one in compared]
    if "processor" in wanted:
        measured.append(measure_processor_time(contenders, commit=commit, pairs=pairs))
    if "env" in wanted:
        measured.append(measure_environment(contenders, pairs=pairs))
    if not {"kept", "kept-click"}.isdisjoint(wanted):
        measured += measure_kept(contenders, client, wanted=wanted, pairs=pairs)
    measured += [measure(one, pairs=pairs, tell=tell) for one in helps(contenders) if one.name in wanted]
    return measured


def invocations(contenders: Contenders, client: docker.APIClient) -> list[Comparison]:
    """Cold invocations, all from the image that samlocal itself chooses."""
    options = sam_cli.invoke_options(contenders.scratch)

    ours = contenders.samlocal(INVOKE, expected=ANSWER)
    creation = recorded(contenders, ours)
    engine.tag_for_sam_cli(client, creation.image)
    container = contenders.scratch / "container.json"
    container.write_text(json.dumps(floor_container(creation, scratch=contenders.scratch)), encoding="utf-8")
    return [
        Comparison(
            name="cold",
            title="a cold invocation, against SAM CLI",
            ours=ours,
            theirs=contenders.sam_cli(f"local {INVOKE}", expected=ANSWER, options=options),
            reach=COLD,
        ),
        Comparison(
            name="sample",
            title="the same of a function with a layer",
            ours=contenders.samlocal(SAMPLE, expected=SAMPLE_ANSWER),
            theirs=contenders.sam_cli(f"local {SAMPLE}", expected=SAMPLE_ANSWER, options=options),
            reach=COLD,
        ),
        Comparison(
            name="floor",
            title="a cold invocation, against the bare engine",
            ours=ours,
            theirs=contenders.floor(container, expected=ANSWER),
            reach=FLOOR,
        ),
    ]


def recorded(contenders: Contenders, ours: Command) -> Creation:
    socket = engine.host(contenders.environ).removeprefix("unix://")
    return recorded_creation(ours, engine=socket, scratch=contenders.scratch)


def helps(contenders: Contenders) -> list[Comparison]:
    return [
        Comparison(
            name="help",
            title="the program's help",
            ours=contenders.samlocal("--help", expected="invoke"),
            theirs=contenders.sam_cli("--help", expected="local"),
            reach=HELP,
        ),
        Comparison(
            name="invoke-help",
            title="the command's help",
            ours=contenders.samlocal("invoke --help", expected="--event"),
            theirs=contenders.sam_cli("local invoke --help", expected="--event"),
            reach=INVOKE_HELP,
        ),
    ]


def measure_processor_time(contenders: Contenders, *, commit: str, pairs: int) -> Measurement | Unmeasured:
    name, title = "processor", "processor time of a cold invocation's own process, against an earlier samlocal"
    try:
        program = earlier.install(commit, EARLIER, tell=tell)
    except earlier.NoHistoryError as error:
        return Unmeasured(name=name, title=title, reason=str(error))
    comparison = Comparison(
        name=name,
        title=title,
        ours=contenders.samlocal(INVOKE, expected=ANSWER),
        theirs=contenders.earlier_samlocal(program, INVOKE, commit=commit, expected=ANSWER),
        figure=Figure.PROCESSOR,
        reach=PROCESSOR,
    )
    return measure(comparison, pairs=pairs, tell=tell)


def measure_kept(
    contenders: Contenders, client: docker.APIClient, *, wanted: tuple[str, ...], pairs: int
) -> list[Measurement]:
    """An invocation that finds its sandbox where the one before has left it; the warm-up is the first."""
    kept = contenders.samlocal(SAMPLE.replace("invoke", "invoke --keep 10m", 1), expected=SAMPLE_ANSWER)
    shared_image(contenders, client)
    comparisons = [
        Comparison(
            name="kept",
            title="an invocation in a sandbox that was kept, against a cold one of SAM CLI",
            ours=kept,
            theirs=contenders.sam_cli(
                f"local {SAMPLE}", expected=SAMPLE_ANSWER, options=sam_cli.invoke_options(contenders.scratch)
            ),
            reach=KEPT,
        ),
        Comparison(
            name="kept-click",
            title="the same, against the import of click",
            ours=kept,
            theirs=contenders.python("import click"),
            reach=KEPT_CLICK,
        ),
    ]
    try:
        return [measure(one, pairs=pairs, tell=tell) for one in comparisons if one.name in wanted]
    finally:
        contenders.samlocal("kept --stop -t templates/template.yaml", expected="").run()


def measure_many(contenders: Contenders) -> Sequence[many.Row]:
    """In a process of its own, so that its threads and its memory are those of the sandboxes alone."""
    tell("many: starting sandboxes")
    return [many.Row(**row) for row in json.loads(contenders.many_sandboxes().run().output)]


def measure_warm(contenders: Contenders, client: docker.APIClient, *, pairs: int) -> warm.WarmResults:
    """All three from the image that samlocal chooses."""
    creation = shared_image(contenders, client)
    return warm.measure_warm(contenders, client, creation, emulator_folder=EMULATOR, rounds=pairs, tell=tell)


def measure_warm_api(contenders: Contenders, client: docker.APIClient, *, pairs: int) -> warm.WarmApiResults:
    shared_image(contenders, client)
    return warm.measure_warm_api(contenders, rounds=pairs, tell=tell)


def shared_image(contenders: Contenders, client: docker.APIClient) -> Creation:
    """Gives SAM CLI the image of samlocal's container of the sample's function, which is returned."""
    creation = recorded(contenders, contenders.samlocal(SAMPLE, expected=SAMPLE_ANSWER))
    engine.tag_for_sam_cli(client, creation.image)
    return creation


def measure_environment(contenders: Contenders, *, pairs: int) -> Measurement:
    """With `-e test` and without, from the second invocation on; the endpoint runs no longer than that."""
    tell("env: deploying the sample to a local AWS endpoint")
    with deployed(ROOT, contenders.environ) as environ:
        plain, expected = f"invoke getEvent --event {EVENT}", SAMPLE_ANSWER
        comparison = Comparison(
            name="env",
            title="what an environment costs once it is known",
            ours=contenders.samlocal(
                f"invoke -e test{plain.removeprefix('invoke')}", expected=expected, environ=environ
            ),
            theirs=contenders.samlocal(plain, expected=expected, environ=environ),
        )
        return measure(comparison, pairs=pairs, tell=tell)


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


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
