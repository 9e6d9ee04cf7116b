"""The public templates beside a checkout; where they are absent their tests are skipped, not left out."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1].parent / "shared" / "corpus"
TEMPLATES = FOLDER / "templates"
ABSENT = f"the corpus of public templates is not at {FOLDER}"

COUNT = 120

NAMES = (
    sorted(path.name for path in TEMPLATES.iterdir())
    if TEMPLATES.is_dir()
    else [f"{number:03}" for number in range(1, COUNT + 1)]
)
"""The templates' names, which begin with numbers; the numbers alone where the templates are absent."""

needs_corpus = pytest.mark.skipif(not TEMPLATES.is_dir(), reason=ABSENT)
