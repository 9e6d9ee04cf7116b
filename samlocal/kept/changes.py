"""What has changed between two plans of a function, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from samlocal.function.variables import LOG_STREAM
from samlocal.pool.plan import Plan

_KEYS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})

_PROPERTIES = {
    "runtime": "Runtime",
    "handler": "Handler",
    "architecture": "Architectures",
    "timeout": "Timeout",
    "memory": "MemorySize",
    "storage": "EphemeralStorage",
    "image_config": "ImageConfig",
    "logging": "LoggingConfig",
    "file_systems": "FileSystemConfigs",
    "isolates_tenants": "TenancyConfig",
    "function_name": "its name",
    "role": "its role",
}

_PLACES = {
    "engine_at": "its engine",
    "network": "its network",
    "extra_hosts": "its hosts",
    "endpoint": "AWS's address",
    "mounts": "its mounts",
}

_NAMED = 4


def changes(before: Plan, after: Plan) -> tuple[str, ...]:
    """What a user would call it: the code, its variables by name, its credentials; empty for plans of the same."""
    if before.same(after):
        return ()
    return tuple(_changes(before, after)) or ("the template",)


def _changes(before: Plan, after: Plan) -> Iterator[str]:
    old, new = before.spec, after.spec
    if before.code != after.code or old.code != new.code:
        yield "the code"
    if before.layers != after.layers or old.opt != new.opt:
        yield "its layers"
    if old.image != new.image:
        yield "the image"
    yield from _differing(_PROPERTIES, old.function, new.function)
    names = old.variables.keys() | new.variables.keys()
    differing = {name for name in names - {LOG_STREAM} if old.variables.get(name) != new.variables.get(name)}
    if differing & _KEYS:
        yield "its credentials"
    if others := sorted(differing - _KEYS - _implied(old.function != new.function)):
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        yield f"{', '.join(others[:_NAMED])}{more}"
    yield from _differing(_PLACES, old, new)


def _differing(words: Mapping[str, str], old: object, new: object) -> Iterator[str]:
    """By the names of the attributes."""
    return (word for name, word in words.items() if getattr(old, name) != getattr(new, name))


def _implied(function_differs: bool) -> frozenset[str]:
    """Variables that say once more what a property says."""
    if not function_differs:
        return frozenset()
    return frozenset(
        {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_LOG_GROUP_NAME", "_HANDLER"}
    )
