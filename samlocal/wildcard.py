"""Texts with wildcards, as AWS has them in rules, policies and conditions."""

from __future__ import annotations

import functools
import re


@functools.lru_cache(maxsize=1024)
def wildcard(pattern: str, *, one: bool = False, escaped: str = "", ignore_case: bool = False) -> re.Pattern[str]:
    """``*`` is any text, with ``one`` a ``?`` is one character; behind a backslash each of ``escaped`` is itself.

    What stands between two ``*`` is looked for once, from the left, and never again (atomic groups): to try all ways
    would take for ever where there are many.
    """
    texts = [""]
    for part in re.findall(rf"\\[{re.escape(escaped)}]|." if escaped else ".", pattern, re.DOTALL):
        if part == "*":
            texts.append("")
        elif one and part == "?":
            texts[-1] += "."
        else:
            texts[-1] += re.escape(part[-1])
    first, *rest = texts
    middle = "".join(f"(?>.*?{each})" for each in rest[:-1] if each)
    last = f".*{rest[-1]}" if rest else ""
    return re.compile(first + middle + last, re.DOTALL | (re.IGNORECASE if ignore_case else re.NOFLAG))
