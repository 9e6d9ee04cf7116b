"""The results as a page of Markdown: every figure is the run's own, and so is the word on what was reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import engines
import growth
import many as sandboxes
import plugin
import saves
import warm as calls
from comparison import Comparison, Measurement, Reach, Unmeasured, spread

_HEAD = """\
# What `make bench` measured

Wall times in ms, from the start of a process to its end (`processor`: processor times): the median of {pairs} pairs,
with the least and the greatest in brackets. A and B ran in turn, A B A B …, in one run, after a warm-up of each. The
ratio A/B and the difference (A less B) are taken pair by pair. Compare the figures of one run with each other, not
with another machine's.
"""

# What many sandboxes are to reach: p99 as a multiple of p50, and threads of the process.
_P99 = 5
_THREADS = 40

# What warm calls are to reach: one caller's median as a multiple of the emulator's, and the calls (or requests of an
# API) a second of several callers as a multiple of SAM CLI's.
_SLOWER = 2
_FASTER = 15

_REACH_HEAD = ("", "Reach", "Measured", "Met")

_NOTES = """\
## How

- All have the same environment variables, one engine and one image: the one that samlocal chooses, which SAM CLI is
  given with `--invoke-image` beside `--skip-pull-image`, and to which its warm-up adds its emulator. SAM CLI's
  telemetry and its look for updates are off. Nobody has AWS credentials (but for `env`): with some, SAM CLI would ask
  STS for the account at each invocation.
- `cold` and `floor` run a function without layers (`bench/template.yaml`); `sample` runs the sample's own `getEvent`,
  for whose layer SAM CLI builds an image at each invocation.
- The floor (`bench/floor.py`) is a bare script on the Docker API. It creates and starts the container that samlocal
  asks the engine for (recorded on the wire), hands it one event and prints the answer. It reads no output of the
  container and leaves its removal to the engine. samlocal leaves the removal too; SAM CLI waits for it.
- `processor` is the time in user and kernel mode that samlocal's own process took (getrusage(2)): neither the engine
  nor the function is in it. B is a wheel of an earlier commit, built from the history of this checkout, with a cache
  of its own and the libraries that its lock names, or this one's lock where it had none.
- `env` runs the sample's `getEvent` with `-e test` and without. The stack `events-test` is deployed to a local AWS
  endpoint, and the warm-up is the first invocation that meets it.
- `kept` runs the sample's `getEvent` with `--keep`: a process of the project's own has its sandbox, which the warm-up
  has started. `kept-click` holds the same against what Python takes to start and to import click, from the same
  virtual environment.
- `many` (`bench/many.py`) starts so many sandboxes in one process. Each answers its events from a caller of its own,
  one after the other, all callers at once; times are of an event, from the call to the answer. A wrong answer fails
  the run.
- `warm` calls the sample's `getEvent` over HTTP on the loopback, with one client for all: the median of each round of
  {calls} calls of one caller, and the calls a second of {callers} callers at once, which AWS's emulator
  (`aws-lambda-rie`, built from its module, beside the function in a container that is otherwise samlocal's own) does
  not bear. The functions of samlocal and of the emulator are on the host's network. SAM CLI's is not: its containers
  publish a port.
- `warm-api` asks for `GET /events/welcome` of the sample's API in the same way, of `start-api` of both. The memory is
  that of the server's own processes after all rounds (Pss), without the functions'.
- The engines are those of samlocal's own tests, on this machine: each in turn runs a function whose code weighs
  10 MB, from one image, cold and with `--keep`, beside this machine's Docker. The engine with another disk is reached
  by TCP on the loopback, and by a local SSH server; what is sent there is counted on the way.
- What grows, the engines and the tests have {few} rounds. Layers are of {layers} files of
  1 MB that nothing compresses, in the project's own folder; of a template's functions the last is run. The memory is
  the most that the command's process held at one time.
- A save's time is from before the file is written to the answer with what was saved, by a client that calls one after
  the other. SAM CLI has its containers warm, and builds TypeScript by `sam build --cached`, as its users do by hand.
- The tests are twenty of the sample's functions (`bench/plugin_tests`), the same for all, run by pytest: by
  samlocal's plugin, the first time with nothing kept from a run before, and by boto3 on a server of SAM CLI's that
  they start.
"""


@dataclass(slots=True, kw_only=True)
class Results:
    """What a run has measured; what it has not is empty.

    ``few`` are the rounds of `growth`, `plugin` and `engines`.
    """

    pairs: int
    few: int
    measured: Sequence[Measurement | Unmeasured] = ()
    growth: Sequence[growth.Row] = ()
    many: Sequence[sandboxes.Row] = ()
    warm: calls.WarmResults | None = None
    warm_api: calls.WarmApiResults | None = None
    saves: Sequence[saves.Row] = ()
    plugin: Sequence[plugin.Row] = ()
    engines: Sequence[engines.Row] = ()


def page(found: Results, *, machine: Mapping[str, str], load: tuple[str, str]) -> str:
    """``load`` is the machine's before and after the measurement."""
    sections = {
        "Figures": _figures(found.measured),
        "How a cold invocation grows": growth.table(found.growth) if found.growth else None,
        "From a save to the new answer": saves.table(found.saves) if found.saves else None,
        "Many sandboxes in one process": sandboxes.table(found.many) if found.many else None,
        "Warm calls": _warm(found.warm) if found.warm else None,
        "Warm requests of an API": _warm_api(found.warm_api) if found.warm_api else None,
        "Engines": engines.table(found.engines) if found.engines else None,
        "Tests": plugin.table(found.plugin) if found.plugin else None,
        "Reach": f"What samlocal is to reach, and this run's medians:\n\n{_table(_REACH_HEAD, _all_reach(found))}",
    }
    parts = [
        _HEAD.format(pairs=found.pairs),
        "![A picture of the figures](RESULTS.svg)\n",
        _table(("", ""), [*machine.items(), ("Load before and after", f"{load[0]} and {load[1]}")]),
        *(f"## {title}\n\n{(text or 'Not measured.').rstrip()}\n" for title, text in sections.items()),
        _NOTES.format(calls=calls.CALLS, callers=calls.CALLERS, few=found.few, layers=_listed(growth.LAYERS)),
    ]
    return "\n".join(parts)


def _all_reach(found: Results) -> list[tuple[str, ...]]:
    return [
        *_reach(found.measured),
        *_reach_of_many(found.many),
        *_reach_of_warm(found.warm),
        *_reach_of_warm_api(found.warm_api),
        *_reach_of_saves(found.saves),
    ]


def _listed(sizes: Sequence[int]) -> str:
    return ", ".join(str(each) for each in sizes)


def _figures(measured: Sequence[Measurement | Unmeasured]) -> str:
    rows = []
    for one in measured:
        if isinstance(one, Unmeasured):
            rows.append((f"`{one.name}`: {one.title}", f"not measured: {one.reason}", "", "", ""))
            continue
        compared = one.comparison
        rows.append(
            (
                f"`{compared.name}`: {compared.title}",
                f"`{compared.ours.shown}`<br>{spread(one.ours).text()}",
                f"`{compared.theirs.shown}`<br>{spread(one.theirs).text()}",
                one.ratio.text(2),
                one.difference.text(),
            )
        )
    return _table(("", "A", "B", "A/B", "A less B"), rows)


def _reach(measured: Sequence[Measurement | Unmeasured]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for one in measured:
        if isinstance(one, Unmeasured):
            rows.append((f"`{one.name}`", "", "not measured", "no"))
            continue
        wanted = one.comparison.reach
        if wanted.ratio is not None:
            rows.append(_reach_row(one.comparison, f"A/B ≤ {wanted.ratio:.2f}", f"{one.ratio.median:.3f}", one))
        if wanted.difference is not None:
            asked, found = f"A less B ≤ {wanted.difference:.0f} ms", f"{one.difference.median:.0f} ms"
            rows.append(_reach_row(one.comparison, asked, found, one))
    return rows


def _reach_of_many(rows: Sequence[sandboxes.Row]) -> list[tuple[str, ...]]:
    """Asked where there are the most."""
    if not rows:
        return []
    most = rows[-1]
    at, steady, few = f"at {most.sandboxes} sandboxes", most.p99 / most.p50, most.threads
    return [
        ("`many`", f"p99/p50 ≤ {_P99:.0f} {at}", f"{steady:.1f}", _yes(steady <= _P99)),
        ("`many`", f"threads ≤ {_THREADS} {at}", f"{few}", _yes(few <= _THREADS)),
    ]


def _warm(warm: calls.WarmResults) -> str:
    rows = []
    for one in warm.all:
        rate = spread(one.rates_at_once).text(0) if one.rates_at_once else ""
        rows.append((f"`{one.server.shown}`", spread(one.medians).text(2), f"{one.p99:.2f}", rate, _memory(one)))
    head = ("", "One caller, p50 (ms)", "p99 (ms)", f"{calls.CALLERS} callers, calls a second", "Memory (MB)")
    said = f"\naws-lambda-rie is not measured: {warm.reason}.\n" if warm.theirs is None else ""
    return _table(head, rows) + said


def _reach_of_warm(warm: calls.WarmResults | None) -> list[tuple[str, ...]]:
    if warm is None:
        return []
    asked = f"p50 / the emulator's ≤ {_SLOWER}"
    slower, faster = warm.slower, warm.faster
    if slower is None:
        first = ("`warm`", asked, "not measured", "no")
    else:
        first = ("`warm`", asked, f"{slower.median:.2f}", _yes(slower.median <= _SLOWER))
    asked = f"calls a second / SAM CLI's ≥ {_FASTER} at {calls.CALLERS} callers"
    return [first, ("`warm`", asked, f"{faster.median:.1f}", _yes(faster.median >= _FASTER))]


def _reach_of_saves(rows: Sequence[saves.Row]) -> list[tuple[str, ...]]:
    return [
        (f"`saves`, {row.language.name}", f"≤ {saves.REACH} ms", f"{took:.0f} ms", _yes(took <= saves.REACH))
        for row in rows
        if not row.language.builds
        for took in (row.in_place.median,)
    ]


def _warm_api(warm: calls.WarmApiResults) -> str:
    rows = []
    for one in (warm.ours, warm.sam):
        alone = (spread(one.medians).text(2), f"{one.p99:.2f}", spread(one.rates).text(0))
        at_once = (spread(one.medians_at_once).text(2), spread(one.rates_at_once).text(0))
        rows.append((f"`{one.server.shown}`", *alone, *at_once, _memory(one)))
    one_caller = ("One caller, p50 (ms)", "p99 (ms)", "requests a second")
    several = (f"{calls.CALLERS} callers, p50 (ms)", "requests a second")
    return _table(("", *one_caller, *several, "Memory (MB)"), rows)


def _memory(figures: calls.WarmFigures) -> str:
    return "" if figures.memory is None else f"{figures.memory:.0f}"


def _reach_of_warm_api(warm: calls.WarmApiResults | None) -> list[tuple[str, ...]]:
    if warm is None:
        return []
    asked = f"requests a second / SAM CLI's ≥ {_FASTER} at {calls.CALLERS} callers"
    faster = warm.faster.median
    return [("`warm-api`", asked, f"{faster:.1f}", _yes(faster >= _FASTER))]


def _reach_row(comparison: Comparison, asked: str, found: str, one: Measurement) -> tuple[str, ...]:
    return f"`{comparison.name}`", asked, found, _yes(_met(comparison.reach, one))


def _met(reach: Reach, one: Measurement) -> bool:
    return (reach.ratio is None or one.ratio.median <= reach.ratio) and (
        reach.difference is None or one.difference.median <= reach.difference
    )


def _yes(met: bool) -> str:
    return "yes" if met else "no"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
