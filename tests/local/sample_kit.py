"""The sample application's places."""

from __future__ import annotations

from pathlib import Path

from samlocal.template.document import Document
from samlocal.template.reader import parse

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "templates" / "template.yaml"
REGION = "eu-west-1"


def document(text: str, folder: Path) -> Document:
    return parse(text, path=folder / "template.yaml")
