"""How what is served speaks with WebSocket clients: as uvicorn does, but for clients who break the protocol early."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_ABNORMAL = 1006
"""RFC 6455, section 7.4.1: it ended without a word, which nobody may send."""


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A connection's, from its handshake on."""

    def handle_parser_exception(self) -> None:
        if self.conn.close_sent is not None:
            super().handle_parser_exception()
            return
        # What comes before the connection has been accepted can be answered with no frame, which uvicorn takes for
        # sent.
        self.queue.put_nowait({"type": "websocket.disconnect", "code": _ABNORMAL, "reason": ""})
        self.close_sent = True
        self.transport.close()
