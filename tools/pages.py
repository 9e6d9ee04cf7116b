"""Writes what is made of the command line itself: ``man/*.1`` and ``docs/from-sam-cli.md``. ``make pages``.

With ``--check`` it writes nothing and fails where a file is another than it would be.

The manual is roff by samlocal's own few lines: click-man knows neither groups of options nor blocks that are not to
be filled, and dates its pages by the day on which they are made.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import from_sam_cli
import manual

_ROOT = Path(__file__).parent.parent


def _pages() -> Mapping[Path, str]:
    pages = {_ROOT / "man" / name: text for name, text in manual.pages()}
    return {**pages, _ROOT / "docs" / "from-sam-cli.md": from_sam_cli.page()}


def main() -> int:
    pages = _pages()
    there = {file: file.read_text() for file in (*pages, *(_ROOT / "man").glob("*")) if file.is_file()}
    if there == pages:
        return 0
    if "--check" in sys.argv[1:]:
        changed = sorted(
            str(file.relative_to(_ROOT)) for file in {*pages, *there} if there.get(file) != pages.get(file)
        )
        print(f"Not what the command line says: {', '.join(changed)}. Run `make pages`.", file=sys.stderr)
        return 1
    for file in there.keys() - pages.keys():
        file.unlink()
    for file, text in pages.items():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
