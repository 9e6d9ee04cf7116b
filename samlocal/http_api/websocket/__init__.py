"""WebSocket APIs: connections, the routes of their messages, and the way back to the client."""
