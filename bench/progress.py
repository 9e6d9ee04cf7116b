"""What is being measured, on standard error."""

from __future__ import annotations

import sys


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
