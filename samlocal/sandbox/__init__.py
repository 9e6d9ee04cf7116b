"""One execution environment: the container, the APIs that Lambda serves to it, and what comes of an event."""
