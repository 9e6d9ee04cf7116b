"""A run in a kept sandbox shows what a run of its own shows, byte for byte but for ids and figures."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kept_kit import COUNTING, shown, told
from kit import FUNCTIONS, Project, function, node, python, template

pytestmark = pytest.mark.docker

MakeProject = Callable[..., Project]

EXTENSION = FUNCTIONS.parent / "extensions" / "python"

STREAMING = """
console.log("loading");
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
    stream.write("one\\n");
    console.log("between");
    stream.write("two\\n");
    if (event.raises) throw new Error(event.raises);
    stream.end();
});
"""


NUMBERLESS = COUNTING.replace('"run", runs, event', '"run", event').replace('"runs": runs, ', "")


def test_the_first_and_the_next_run_show_what_a_run_of_its_own_shows(keeping: MakeProject) -> None:
    variants = [
        (("--event", "{}"), True),
        (("--event", '{"sleep": 9}'), False),
        (("--event", '{"a": 1}', "--event", '{"raises": "b"}'), True),
        (("--output", "json", "--event", '{"exit": 3}'), False),
        (("--tenant-id", "nobody"), False),
        (("--image", "python3.11=nothing:here", "--skip-pull-image"), False),
    ]
    functions = [f"Fn{number}" for number in range(len(variants))]
    described = template(
        **{
            name: function(Timeout=1 if "sleep" in args[-1] else 60)
            for name, (args, _) in zip(functions, variants, strict=True)
        }
    )
    project = keeping({"template.json": described, "code/app.py": NUMBERLESS})
    # That a stand-in is used is told once.
    project.invoke(functions[0], event={}).succeeded()
    for name, (args, stays) in zip(functions, variants, strict=True):
        alone = shown(project.invoke(name, *args))
        assert shown(project.invoke(name, "--keep", *args)) == alone, args
        # The next one finds the sandbox, where that has survived.
        again = shown(project.invoke(name, "--keep", *args))
        assert again == (warm(alone) if stays else alone), args


def test_a_payload_stands_behind_the_whole_of_its_log(keeping: MakeProject) -> None:
    project = keeping(python(NUMBERLESS))
    project.invoke("Fn", event={}).succeeded()
    merged = []
    for flags in (("--cold",), ("--keep",), ("--keep",)):
        with project.start("invoke", "Fn", *flags, merged=True) as running:
            merged.append(told(running.outcome().succeeded().stdout.decode()))
    alone, first, second = merged
    assert alone.splitlines()[-1] == '{"variable": null}'
    assert first == alone
    assert second == warm((0, "", alone))[2]


def test_parts_of_a_streamed_response_come_as_from_a_run_of_its_own(keeping: MakeProject) -> None:
    project = keeping(node(STREAMING))
    project.invoke("Fn", "--keep").succeeded()
    for args in (("--event", "{}"), ("--event", '{"raises": "no"}'), ("--output", "json")):
        alone, kept = shown(project.invoke("Fn", *args)), shown(project.invoke("Fn", "--keep", *args))
        assert kept == warm(alone), args


def test_extensions_say_their_last_in_the_run_that_has_crashed(keeping: MakeProject) -> None:
    layer = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer/"}}
    project = keeping(
        {
            "template.json": template(Fn=function(Layers=[{"Ref": "Layer"}]), Layer=layer),
            "code/app.py": NUMBERLESS,
            "layer": EXTENSION,
        }
    )
    crash = ("--event", '{"exit": 3}')
    alone, kept = (project.invoke("Fn", *flags, *crash).ended(1) for flags in ((), ("--keep",)))
    for outcome in (alone, kept):
        report = next(index for index, line in enumerate(outcome.lines) if line.startswith("REPORT"))
        # An extension may still be at its INVOKE event when its function has crashed: that line may come late.
        *_, shutdown, done = outcome.lines[report + 1 :]
        assert '"shutdownReason": "failure"' in shutdown, outcome
        assert done == '{"watcher": "done"}'
    # Nothing of it is left for the next one.
    after = project.invoke("Fn", "--keep").succeeded()
    assert not any("shutdownReason" in line for line in after.lines)


def warm(alone: tuple[int, str, str]) -> tuple[int, str, str]:
    """What is shown of a sandbox that was there: of its init there is nothing."""
    status, stdout, stderr = alone
    stderr = (
        stderr.replace("loading\n", "").replace("TIME\tundefined\tINFO\t", "").replace("\tInit Duration: N ms", "")
    )
    return status, stdout.replace('"init_duration": N', '"init_duration": null'), stderr
