"""A cold call and a kept one beside every engine that one machine can have, and what is sent to a far one.

The engines are those of the tests (tests/engines): Docker and Podman, root's and ordinary users', and a Docker engine
that neither sees this disk nor is reached by its functions, by TCP and behind ssh. All run in turn, A B C … A B C ….
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comparison import Command, Spread, in_turn, spread
from contenders import ROOT, Contenders

_IMAGE = "samlocal/lambda-python:3.11"
_CODE_BYTES = 10_000_000
_SOURCE = 'def handler(event, context):\n    return {"said": "here"}\n'
_ANSWER = '"here"'
_HERE = "Docker here"
_FAR = "Docker by TCP, with another disk"
_SSH = "the same behind ssh"
_OF_USERS = ("Podman as root", "Podman as a user", "Docker as a user")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An engine: wall times in ms, and each as a multiple of Docker's here.

    ``sent`` is in bytes, of the first call, the second, and the one after a save; None where that is not counted.
    ``reason`` is why the engine was not measured.
    """

    name: str
    cold: Spread | None = None
    kept: Spread | None = None
    cold_ratio: Spread | None = None
    kept_ratio: Spread | None = None
    sent: tuple[int, ...] | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A project beside an engine; ``project`` is the tests' kit's."""

    name: str
    project: Any
    wire: Any = None

    def command(self, ours: Path, arguments: str, *, expected: str = _ANSWER) -> Command:
        return Command(
            shown=f"{self.name}: samlocal {arguments}",
            arguments=(*self.project.launcher, str(ours), *arguments.split()),
            expected=expected,
            environ=self.project.environment(),
            folder=self.project.folder,
        )


def measure_engines(contenders: Contenders, *, rounds: int, tell: Callable[[str], None]) -> list[Row]:
    """Raises CommandFailedError for a wrong answer."""
    cold = f"invoke Fn --image python3.11={_IMAGE}"
    kept = f"{cold} --keep 10m"
    with ExitStack() as stack:
        tell("engines: starting them")
        places, missing = _places(stack, contenders.scratch)
        sent = {place.name: _sent(place, contenders.ours, cold) for place in places if place.wire is not None}
        colds = in_turn(
            [place.command(contenders.ours, cold) for place in places], name="engines, cold", rounds=rounds, tell=tell
        )
        try:
            kepts = in_turn(
                [place.command(contenders.ours, kept) for place in places],
                name="engines, kept",
                rounds=rounds,
                tell=tell,
            )
        finally:
            for place in places:
                place.command(contenders.ours, "kept --stop", expected="").run()
        rows = [
            Row(
                name=place.name,
                cold=spread(colds[number]),
                kept=spread(kepts[number]),
                cold_ratio=_ratio(colds[number], colds[0]),
                kept_ratio=_ratio(kepts[number], kepts[0]),
                sent=sent.get(place.name),
            )
            for number, place in enumerate(places)
        ]
    return [*rows, *missing]


def _ratio(times: Sequence[float], here: Sequence[float]) -> Spread:
    return spread([a / b for a, b in zip(times, here, strict=True)])


def _places(stack: ExitStack, scratch: Path) -> tuple[list[_Place], list[Row]]:
    """Those that there are, with Docker here the first, and rows of the others."""
    with _tests():
        import pytest
        from engine_users import machine_of_engines
        from kit import function, make_project, template
        from second_engine import second_engine
        from ssh_machine import ssh_machine

    files = {
        "template.json": template(Fn=function()),
        "code/app.py": _SOURCE,
        # The same each time, and nothing that could be compressed.
        "code/data.bin": random.Random(0).randbytes(_CODE_BYTES),
    }

    def project(name: str) -> Any:
        root = scratch / "engines" / name
        root.mkdir(parents=True)
        return make_project(root, files, AWS_REGION="eu-west-1")

    places, missing = [_Place(name=_HERE, project=project("here"))], []

    @contextmanager
    def unless_missing(*names: str) -> Iterator[None]:
        try:
            yield
        except pytest.skip.Exception as error:
            missing.extend(Row(name=name, reason=str(error)) for name in names)

    with unless_missing(_FAR, _SSH):
        engine = stack.enter_context(second_engine(_IMAGE, hidden=(scratch, ROOT)))
        wire = stack.enter_context(engine.by_tcp())
        places.append(_Place(name=_FAR, project=wire.project(project("tcp")), wire=wire))
        with unless_missing(_SSH):
            machine = stack.enter_context(ssh_machine())
            own = machine.project(project("ssh"), socket=f"{engine.folder}/socket")
            places.append(_Place(name=_SSH, project=own))
    with unless_missing(*_OF_USERS):
        users = stack.enter_context(machine_of_engines(_IMAGE))
        places += [
            _Place(name=name, project=user.project(files)) for name, user in zip(_OF_USERS, users, strict=True)
        ]
    return places, missing


@contextmanager
def _tests() -> Iterator[None]:
    """The tests' own kit is in reach."""
    before = list(sys.path)
    sys.path[:0] = [str(ROOT / "tests" / "engines"), str(ROOT / "tests")]
    try:
        yield
    finally:
        sys.path[:] = before


def _sent(place: _Place, ours: Path, arguments: str) -> tuple[int, ...]:
    counts = []
    source = place.project.folder / "code/app.py"
    for said in ("", "", "# saved\n"):
        source.write_text(f"{_SOURCE}{said}", encoding="utf-8")
        before = place.wire.sent
        place.command(ours, arguments).run()
        counts.append(place.wire.sent - before)
    return tuple(counts)


def table(rows: Sequence[Row]) -> str:
    head = (
        "| | Cold | of Docker here | Kept | of Docker here | Sent: first call | second | after a save |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    )
    return "\n".join((*head, *map(_line, rows)))


def _line(row: Row) -> str:
    if row.cold is None or row.kept is None or row.cold_ratio is None or row.kept_ratio is None:
        return f"| {row.name} | not measured: {row.reason} | | | | | | |"
    sent = [f"{count / 1000:.0f} kB" for count in row.sent] if row.sent else ["", "", ""]
    times = (row.cold.text(), row.cold_ratio.text(2), row.kept.text(), row.kept_ratio.text(2))
    return "| " + " | ".join((row.name, *times, *sent)) + " |"
