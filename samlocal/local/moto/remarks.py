"""What services of the local endpoint could not do: in its log, and told where functions run."""

from __future__ import annotations

import logging
from collections.abc import Callable

from samlocal.local.moto.targets import LOG


class _Telling(logging.Handler):
    """Errors are left out: what cannot be made stands in the deployment's table."""

    def __init__(self, remark: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._remark = remark

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno == logging.WARNING:
            self._remark(record.getMessage())


def tell_of_warnings(remark: Callable[[str], None]) -> None:
    """Called once, in the endpoint's process."""
    LOG.addHandler(logging.StreamHandler())
    LOG.addHandler(_Telling(remark))
