"""Mapping templates of REST APIs: what Velocity makes of a request or of what a function returns."""
