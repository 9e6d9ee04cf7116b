"""What samlocal shows at terminals, as pictures for the documentation: ``make screens``.

Each is a command as it is run in the project ``shop`` beside this file, at a terminal of so many columns, and what it
has written there, drawn by rich. Moments, durations and ids are the same in every picture.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from xml.etree import ElementTree

from kit import Project, make_project
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.cells import chop_cells
from rich.console import Console
from rich.text import Text

SHOP = Path(__file__).parent / "shop"
PICTURES = Path(__file__).parents[2] / "docs" / "screens"

# Pictures fetch nothing: rich's own format has its font from elsewhere.
_FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
_LETTER = 12.2
"""How wide one is in rich's pictures."""

_SVG = "{http://www.w3.org/2000/svg}"
# What is another one each time, and what stands for it: as long as it is by and large.
_EACH_TIME = (
    # With AWS's own images there is nothing to say.
    (r"\x1b\[36msamlocal: \x1b\[0mAWS's image for .*\n(?:  .*\n)*", ""),
    (r"(?<!\d)\d{4}-\d\d-\d\dT[\d:.]+Z", "2026-11-26T12:00:00.000Z"),
    (r"/(builds|local)/[0-9a-f]+\b", r"/\1/1f0c9d27b8e6"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "8f5c1e9a-4b7d-4c2e-9f10-3a6b5d8e7c21"),
    (r"\binit \d[\d.]* (ms|s)\b", "init 312 ms"),
    (r"(?<!init )\b\d[\d.]* ms\b", "8.12 ms"),
    (r"\b\d+ of 256 MB\b", "41 of 256 MB"),
    (r"\b\d\.\d\d s\.", "0.12 s."),
    (r"\b\d\d:\d\d:\d\d\b", "12:00:00"),
    (r"\b\d+ m \d+ s\b", "9 m 59 s"),
    (r"samlocal-[0-9a-f]{12}-\d+", "samlocal-3f9a1c70be52-1"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:40123"),
    (r"\(process \d+\)", "(process 4321)"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """``needs_engine`` says that a function runs; ``before`` and ``after`` are commands that are not shown."""

    name: str
    args: tuple[str, ...]
    columns: int = 80
    needs_engine: bool = False
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def picture(self) -> Path:
        return PICTURES / f"{self.name}-{self.columns}.svg"

    @property
    def command(self) -> str:
        return " ".join(("samlocal", *self.args))


SCREENS = (
    *(Screen(name="list", args=("list",), columns=columns) for columns in (80, 120)),
    *(Screen(name="env", args=("env", "PlaceOrder"), columns=columns) for columns in (80, 120)),
    Screen(name="routes", args=("start-api", "--print-routes")),
    Screen(name="events", args=("event", "list", "sqs")),
    Screen(name="invoke", args=("invoke", "ListOrders", "--event", "{}"), needs_engine=True),
    Screen(name="error", args=("invoke", "PlaceOrder", "--event", '{"items": [{"name": "tea"}]}'), needs_engine=True),
    Screen(name="timeout", args=("invoke", "ShipOrder", "--event", "{}"), needs_engine=True),
    *(Screen(name="build", args=("build",), columns=columns, before=("build",)) for columns in (80, 120)),
    Screen(
        name="kept",
        args=("kept",),
        needs_engine=True,
        before=("invoke", "ListOrders", "--event", "{}", "--keep"),
        after=("kept", "--stop"),
    ),
    Screen(name="local-status", args=("local", "status"), before=("local", "start"), after=("local", "stop")),
)


def shop(root: Path) -> Project:
    """The project in a folder of its own."""
    files = {str(file.relative_to(SHOP)): file.read_bytes() for file in SHOP.rglob("*.*") if file.suffix != ".pyc"}
    return make_project(root, files)


def written(screen: Screen, project: Project) -> str:
    """What the command writes to its terminal, with what is another one each time made the same."""
    if screen.before:
        project.run(*screen.before).succeeded()
    try:
        text = project.terminal(*screen.args, columns=screen.columns).stderr.replace("\r\n", "\n")
    finally:
        if screen.after:
            project.run(*screen.after)
    text = text.replace(str(project.cache), "/home/ada/.cache/samlocal").replace(
        str(project.folder), "/home/ada/shop"
    )
    for pattern, same in _EACH_TIME:
        text = re.sub(pattern, same, text)
    return text


def picture(screen: Screen, text: str) -> str:
    console = Console(
        record=True,
        width=screen.columns,
        file=io.StringIO(),
        force_terminal=True,
        color_system="standard",
        _environ={},
    )
    for line in Text.from_ansi(text.rstrip("\n")).split("\n", allow_blank=True):
        # A terminal goes on in its next line wherever the letters end.
        ends = list(accumulate(map(len, chop_cells(line.plain, screen.columns))))[:-1]
        for part in line.divide(ends):
            console.print(part, no_wrap=True, overflow="ignore", highlight=False)
    return console.export_svg(title=screen.command, code_format=_FORMAT, unique_id=f"{screen.name}-{screen.columns}")


def lines_of(svg: str) -> list[str]:
    """The text of a picture, whatever its drawing is like."""
    lines: dict[float, str] = {}
    for part in _parts(svg):
        line = lines.setdefault(float(part.attrib["y"]), "")
        column = round(float(part.attrib["x"]) / _LETTER)
        lines[float(part.attrib["y"])] = line.ljust(column) + (part.text or "").replace("\u00a0", " ")
    return [line.rstrip() for _, line in sorted(lines.items())]


def _parts(svg: str) -> Iterator[ElementTree.Element]:
    return (part for part in ElementTree.fromstring(svg).iter(f"{_SVG}text") if "clip-path" in part.attrib)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        project = shop(Path(folder))
        PICTURES.mkdir(exist_ok=True)
        for old in PICTURES.glob("*.svg"):
            old.unlink()
        for screen in SCREENS:
            screen.picture.write_text(picture(screen, written(screen, project)), encoding="utf-8")
            print(screen.picture.name)
