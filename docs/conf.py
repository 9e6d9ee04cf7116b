"""How Sphinx makes the site of these pages: ``make docs``."""

from __future__ import annotations

import samlocal

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
