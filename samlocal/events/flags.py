"""What is wrong with the flags of an event."""

from __future__ import annotations


class FlagsError(Exception):
    """Flags that do not go together. The text is a whole sentence."""
