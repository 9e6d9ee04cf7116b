"""HTTP APIs on sockets."""
