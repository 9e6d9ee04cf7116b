"""Lambda's limits, checked where a template's values come in.

Source: Lambda developer guide, "Lambda quotas".
"""

from __future__ import annotations

import re

DEFAULT_TIMEOUT = 3
DEFAULT_MEMORY = 128
DEFAULT_STORAGE = 512

TIMEOUT = range(1, 901)
"""Seconds."""

MEMORY = range(128, 10_241)
"""MB."""

STORAGE = range(512, 10_241)
"""MB of /tmp."""

RESERVED_CONCURRENCY = range(2**31)
"""An account's own limit is not known here. Source: Lambda API reference, Concurrency."""

FUNCTION_NAME = re.compile(r"[a-zA-Z0-9-_]{1,64}")
HANDLER = re.compile(r"[^\s\0]{1,128}")
"""Source: Lambda API reference, CreateFunction; a NUL is none of its characters either."""

LAYERS = 5

EXTENSIONS = 10

UNZIPPED_BYTES = 262_144_000
"""Code and layers together, unpacked."""

REQUEST_BYTES = 6_291_456
"""The largest event of a synchronous invocation."""

EVENT_REQUEST_BYTES = 1_048_576
"""The largest event of an asynchronous invocation."""

RESPONSE_BYTES = 6_291_556
"""The largest buffered response, as the Runtime API counts it."""

STREAMED_BYTES = 200 * 1024 * 1024
"""The largest streamed response."""

ENVIRONMENT_BYTES = 4096
"""All variables together."""

INIT_SECONDS = 10
"""What the init phase may take before it is run again inside the invocation."""
