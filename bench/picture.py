"""The run's figures as a picture (SVG): of each pair the longer bar is as long as the page is wide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from comparison import Measurement, spread
from growth import LAYERS
from results import Results

_WIDTH = 830
_LABEL = 370
_BAR = 300
_HIGH = 13
_ROW = 46
_TOP = 34

_STYLE = """
text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328 }
.figure { font-size: 11px; fill: #59636e } .times { font-weight: 600 }
.ours { fill: #2f81f7 } .theirs { fill: #afb8c1 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .figure { fill: #9198a1 } .theirs { fill: #57606a } }
"""

_TITLES = {
    "cold": "a cold call",
    "sample": "a cold call, with a layer",
    "kept": "a call in a kept sandbox (theirs cold)",
    "invoke-help": "a command's help",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """What samlocal took and what SAM CLI did: of ``a_second`` more is better, of all else less."""

    what: str
    ours: float
    theirs: float
    unit: str = "ms"
    a_second: bool = False

    @property
    def times(self) -> float:
        """How many times better samlocal is."""
        return self.ours / self.theirs if self.a_second else self.theirs / self.ours

    def figure(self, value: float) -> str:
        return f"{value:.{1 if value < 10 else 0}f} {self.unit}"


def drawn(found: Results) -> str:
    rows = list(_bars(found))
    height = _TOP + _ROW * len(rows) + 8
    body = "\n".join(line for number, bars in enumerate(rows) for line in _row(bars, _TOP + _ROW * number))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" aria-label="samlocal beside SAM CLI">\n<style>{_STYLE}</style>\n'
        f'<rect class="ours" x="{_LABEL}" y="10" width="12" height="12"/>'
        f'<text x="{_LABEL + 18}" y="20">samlocal</text>\n'
        f'<rect class="theirs" x="{_LABEL + 100}" y="10" width="12" height="12"/>'
        f'<text x="{_LABEL + 118}" y="20">SAM CLI</text>\n{body}\n</svg>\n'
    )


def _bars(found: Results) -> Iterator[Bars]:
    for one in found.measured:
        if isinstance(one, Measurement) and (title := _TITLES.get(one.comparison.name)):
            yield Bars(what=title, ours=spread(one.ours).median, theirs=spread(one.theirs).median)
    for size in (*found.growth[len(LAYERS) - 1 :][:1], *found.growth[-1:]):
        yield Bars(what=f"a cold call, {size.what}", ours=size.ours.median, theirs=size.sam.median)
    for row in found.saves:
        yield Bars(what=f"a save answered, {row.language.name}", ours=row.in_place.median, theirs=row.sam.median)
    if warm := found.warm:
        yield Bars(what="a warm call", ours=spread(warm.ours.medians).median, theirs=spread(warm.sam.medians).median)
    if api := found.warm_api:
        ours, theirs = spread(api.ours.rates_at_once).median, spread(api.sam.rates_at_once).median
        yield Bars(what="an API, 8 callers", ours=ours, theirs=theirs, unit="a second", a_second=True)
    if found.plugin:
        _, ours, *_, theirs = (row.seconds.median for row in found.plugin)
        yield Bars(what="20 tests, theirs with warm containers", ours=ours, theirs=theirs, unit="s")


def _row(bars: Bars, top: int) -> Iterator[str]:
    most = max(bars.ours, bars.theirs)
    yield f'<text x="{_LABEL - 12}" y="{top + 19}" text-anchor="end">{escape(bars.what)}</text>'
    for name, value, y in (("ours", bars.ours, top), ("theirs", bars.theirs, top + _HIGH + 2)):
        width = max(2, round(_BAR * value / most))
        yield f'<rect class="{name}" x="{_LABEL}" y="{y}" width="{width}" height="{_HIGH}" rx="2"/>'
        figure = escape(bars.figure(value))
        yield f'<text class="figure" x="{_LABEL + width + 6}" y="{y + _HIGH - 2}">{figure}</text>'
    yield f'<text class="times" x="{_WIDTH - 8}" y="{top + 19}" text-anchor="end">{bars.times:.1f} times</text>'
