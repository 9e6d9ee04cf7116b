"""How Sphinx makes the site of these pages: ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx.application import Sphinx

import samlocal

sys.path.append(str(Path(__file__).parent))

project = "samlocal"
author = "the authors of samlocal"
version = release = samlocal.__version__

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
nitpicky = True

# Anchors as forges make them, so that the same link leads to its heading in a checkout and on the site. Nothing links
# out of this folder: what is elsewhere in the repository is named, not linked.
myst_heading_anchors = 4

html_theme = "furo"
html_title = f"samlocal {version}"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False

# Addresses of this machine, which only a reader's own commands serve.
linkcheck_ignore = [r"https?://(localhost|127\.0\.0\.1)(:\d+)?(/.*)?"]
linkcheck_timeout = 30


def setup(app: Sphinx) -> None:
    app.connect("source-read", _with_commands)


def _with_commands(_: Sphinx, page: str, source: list[str]) -> None:
    """The options that there are stand in no file, so that the page cannot lie of them."""
    from command_reference import MARK, command_reference

    if page == "configuration":
        source[0] = source[0].replace(MARK, command_reference())
