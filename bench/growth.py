"""How a cold invocation grows: with what its layer weighs, and with how many functions its template has, which is
known from the run before or has just been saved.

For each size samlocal, SAM CLI and the floor run in turn; then the memory of the first two.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import docker
import engine
import sam_cli
from comparison import Figure, Spread, in_turn, spread
from contenders import ROOT, Contenders
from recording import floor_container, recorded_creation

LAYERS = (1, 50, 250)
"""MB; the last is all that Lambda lets a function and its layers weigh (Lambda quotas)."""

TEMPLATES = (1, 100, 500)
"""Functions."""

_EVENT = str(ROOT / "events" / "get-event.json")
_FUNCTION = "grown"
_SOURCE = 'def handler(event, context):\n    return {"said": "grown"}\n'
_ANSWER = '"grown"'
_MB = 1024 * 1024
_LOOKS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A size and what it took: wall times in ms, memory in MB."""

    what: str
    ours: Spread
    sam: Spread
    floor: Spread
    ratio: Spread
    memory: float
    sam_memory: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """A project of one size, with a template of its own, which is saved before each run where it ``changes``."""

    what: str
    folder: Path
    changes: bool = False

    @property
    def template(self) -> Path:
        return self.folder / "template.json"

    def prepare(self) -> None:
        if self.changes:
            template = json.loads(self.template.read_text(encoding="utf-8"))
            template["Description"] = f"saved at {time.time_ns()}"
            self.template.write_text(json.dumps(template, indent=2), encoding="utf-8")


def measure_growth(
    contenders: Contenders, client: docker.APIClient, *, rounds: int, tell: Callable[[str], None]
) -> list[Row]:
    """Raises CommandFailedError for a wrong answer."""
    projects = (*with_layers(contenders.scratch / "layers"), *with_functions(contenders.scratch / "templates"))
    return [_measured(each, contenders, client, rounds=rounds, tell=tell) for each in projects]


def with_layers(folder: Path) -> Iterable[Grown]:
    for size in LAYERS:
        own = _project(folder / str(size), functions=1, layer=True)
        content = random.Random(size)  # The same each time, and nothing that could be compressed.
        for number in range(size):
            file = own / "layer" / "data" / f"{number}.bin"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.randbytes(_MB))
        yield Grown(what=f"a layer of {size} MB", folder=own)


def with_functions(folder: Path) -> Iterable[Grown]:
    for count in TEMPLATES:
        own = _project(folder / str(count), functions=count, layer=False)
        what = f"a template of {count} function{'s' if count > 1 else ''}"
        yield Grown(what=what, folder=own)
        yield Grown(what=f"{what}, just saved", folder=own, changes=True)


def _project(folder: Path, *, functions: int, layer: bool) -> Path:
    """The function that is run stands last."""
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "app.py").write_text(_SOURCE, encoding="utf-8")
    names = [*(f"other{number}" for number in range(1, functions)), _FUNCTION]
    resources: dict[str, Any] = {name: _function(name, layer=layer) for name in names}
    if layer:
        resources["data"] = {"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer/"}}
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}
    (folder / "template.json").write_text(json.dumps(template, indent=2), encoding="utf-8")
    return folder


def _function(name: str, *, layer: bool) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "CodeUri": "src/",
        "Handler": "app.handler",
        "Runtime": "python3.11",
        "Timeout": 10,
        "MemorySize": 256,
        "Environment": {"Variables": {"TABLE": {"Fn::Sub": f"${{AWS::StackName}}-{name}"}}},
    }
    if layer:
        properties["Layers"] = [{"Ref": "data"}]
    return {"Type": "AWS::Serverless::Function", "Properties": properties}


def _measured(
    grown: Grown, contenders: Contenders, client: docker.APIClient, *, rounds: int, tell: Callable[[str], None]
) -> Row:
    arguments = f"invoke {_FUNCTION} -t {grown.template} --event {_EVENT}"
    ours = replace(contenders.samlocal(arguments, expected=_ANSWER), prepare=grown.prepare)
    creation = recorded_creation(ours, scratch=contenders.scratch)
    engine.tag_for_sam_cli(client, creation.image)
    container = grown.folder / "container.json"
    container.write_text(json.dumps(floor_container(creation, scratch=contenders.scratch)), encoding="utf-8")
    theirs = contenders.sam_cli(
        f"local {arguments}", expected=_ANSWER, options=sam_cli.invoke_options(contenders.scratch)
    )
    theirs = replace(theirs, prepare=grown.prepare)
    floor = contenders.floor(container, expected=_ANSWER)
    times = in_turn([ours, theirs, floor], name=grown.what, rounds=rounds, tell=tell)
    memory = in_turn([ours, theirs], name=f"{grown.what}, memory", figure=Figure.MEMORY, rounds=_LOOKS, tell=tell)
    return Row(
        what=grown.what,
        ours=spread(times[0]),
        sam=spread(times[1]),
        floor=spread(times[2]),
        ratio=spread([a / b for a, b in zip(times[0], times[1], strict=True)]),
        memory=spread(memory[0]).median,
        sam_memory=spread(memory[1]).median,
    )


def table(rows: Sequence[Row]) -> str:
    head = (
        "| | samlocal | SAM CLI | The bare engine | samlocal / SAM CLI | Memory, samlocal (MB) | SAM CLI (MB) |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    )
    lines = (
        f"| {row.what} | {row.ours.text()} | {row.sam.text()} | {row.floor.text()} | {row.ratio.text(2)} "
        f"| {row.memory:.0f} | {row.sam_memory:.0f} |"
        for row in rows
    )
    return "\n".join((*head, *lines))
