"""What a process asks of the engine and of AWS, told to the command for which it does."""

from __future__ import annotations

import logging

from samlocal.kept import messages
from samlocal.kept.listener import LISTENER, Listener


class _Told(logging.Handler):
    """In whatever thread they are made: it has the context of whoever waits."""

    def emit(self, record: logging.LogRecord) -> None:
        listener = LISTENER.get(None)
        if listener is not None and listener.hears_requests:
            listener.say_from_thread(messages.Requested(text=record.getMessage()))


def tell_requests(listener: Listener) -> None:
    """From now on. The rooms that make requests log them."""
    listener.hears_requests = True
    requests = logging.getLogger("samlocal")
    if not any(isinstance(each, _Told) for each in requests.handlers):
        requests.addHandler(_Told())
    requests.setLevel(logging.DEBUG)
