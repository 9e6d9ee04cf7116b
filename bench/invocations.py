"""Single commands that are compared, run by run: cold invocations, kept ones, a known environment, and help."""

from __future__ import annotations

import json

import docker
import earlier
import engine
import sam_cli
from comparison import Comparison, Figure, Measurement, Reach, Unmeasured, measure
from contenders import EVENT, ROOT, Contenders
from progress import tell
from recording import Creation, floor_container, recorded_creation
from stack import deployed

COLD = Reach(ratio=0.30)
FLOOR = Reach(difference=130)
PROCESSOR = Reach(ratio=0.50)
HELP = Reach(ratio=0.15)
INVOKE_HELP = Reach(ratio=0.12)
KEPT = Reach(ratio=0.10)
KEPT_CLICK = Reach(ratio=4)

EARLIER = ROOT / ".venv-bench-earlier"

NAMES = ("cold", "sample", "floor", "processor", "env", "kept", "kept-click", "help", "invoke-help")
"""What is compared."""

INVOKE = f"invoke getEvent -t bench/template.yaml --event {EVENT}"
ANSWER = '"body": "welcome"'
SAMPLE = f"invoke getEvent -t templates/template.yaml --event {EVENT}"
SAMPLE_ANSWER = "Hello from the sample application"


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
    creation = recorded_creation(ours, scratch=contenders.scratch)
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


def shared_image(contenders: Contenders, client: docker.APIClient) -> Creation:
    """Gives SAM CLI the image of samlocal's container of the sample's function, which is returned."""
    creation = recorded_creation(contenders.samlocal(SAMPLE, expected=SAMPLE_ANSWER), scratch=contenders.scratch)
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
