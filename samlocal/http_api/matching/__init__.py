"""Which route takes a request, as each kind of API decides it."""
