"""Text of unknown origin, as a terminal may show it.

Names and descriptions of a template, an answer of AWS, a file's name: whatever samlocal quotes may hold control
characters, which a terminal obeys (OSC 52 writes the clipboard), and Unicode's bidirectional controls, which show a
text in another order than it has (CVE-2021-42574).
"""

from __future__ import annotations

import re

# C0 but tab and line feed, DEL and C1, the separators of lines, the bidirectional controls, and what stands for bytes
# that are no UTF-8 (PEP 383). A carriage return before a line feed does nothing.
_CONTROL = re.compile(
    r"(?!\r\n)[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_COLOUR = r"\x1b\[[0-9;:]*m"
# ECMA-48: control strings (OSC, DCS, SOS, PM, APC) to their end or the line's, control sequences, other escapes; then
# the controls that stand alone.
_OBEYED = re.compile(
    rf"(?P<colour>{_COLOUR})"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


def visible(text: str) -> str:
    """The text with its control characters spelled out as in JSON: ``\\u001b``."""
    return _CONTROL.sub(lambda found: _spelled(found[0]), text)


def visible_bytes(data: bytes) -> bytes:
    """The same for bytes that should be UTF-8; those that are not become ``\\xff``."""
    return visible(data.decode("utf-8", "surrogateescape")).encode("utf-8", "backslashreplace")


def coloured(line: str) -> str:
    """A line of a log with nothing in it that a terminal obeys but colours."""
    return _OBEYED.sub(lambda found: found["colour"] or "", line)


def _spelled(character: str) -> str:
    number = ord(character)
    return f"\\x{number - 0xDC00:02x}" if 0xDC80 <= number <= 0xDCFF else f"\\u{number:04x}"
