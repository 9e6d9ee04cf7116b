"""Messages without what is measured, so that they can be compared."""

from __future__ import annotations

from msgspec.structs import replace

from samlocal.sandbox.messages import Idle, Message, Ready, Responded, StreamEnded


def unmeasured(message: Message) -> Message:
    match message:
        case Ready() | Idle():
            return replace(message, at=0.0)
        case Responded():
            return replace(message, sent=None)
        case StreamEnded():
            return replace(message, sent=None, size=0)
        case _:
            return message
