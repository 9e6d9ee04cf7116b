"""What AWS's runtime clients write before an error that nobody has caught, with 700 characters of advice behind."""

from __future__ import annotations

# aws/aws-lambda-python-runtime-interface-client, bootstrap.py.
_BEGINS = "LAMBDA_WARNING: "


class RuntimeWarnings:
    """Those that have been shown: each sandbox writes them anew, and an init that is run again too."""

    def __init__(self) -> None:
        self._shown: set[str] = set()

    def is_known(self, line: str) -> bool:
        _, found, words = line.partition(_BEGINS)
        if not found or words in self._shown:
            return bool(found)
        self._shown.add(words)
        return False
