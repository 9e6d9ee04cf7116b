"""What `samlocal doctor` looks at, each finding with its remedy."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from samlocal.errors import SamlocalError

if TYPE_CHECKING:
    from samlocal.aws import Aws
    from samlocal.deployed.environment import Environment
    from samlocal.function.application import Application


class Level(Enum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(Struct, frozen=True, kw_only=True):
    """One line of the page. ``remedy`` says what to do where the level is not OK."""

    level: Level
    subject: str
    text: str
    remedy: str | None = None


def good(subject: str, text: str) -> Finding:
    return Finding(level=Level.OK, subject=subject, text=text)


def doubtful(subject: str, text: str, remedy: str) -> Finding:
    return Finding(level=Level.WARN, subject=subject, text=text, remedy=remedy)


def failed(subject: str, error: SamlocalError) -> Finding:
    return Finding(level=Level.FAIL, subject=subject, text=error.message, remedy=error.tip)


def of_template(application: Application) -> Iterator[Finding]:
    from samlocal.function.summary import summarize

    subject = "template"
    functions = list(application.functions())
    yield good(subject, f"{application.template.path}: {len(functions)} functions")
    for problem in application.problems():
        yield doubtful(subject, str(problem), "Mend it there.")
    for owner, resource in functions:
        for reason in summarize(owner, resource).problems:
            text = f"{owner.path(resource)} cannot run: {reason}"
            yield doubtful(subject, text, f"`samlocal env {owner.path(resource)}` says more, --set gives values.")


def of_caller(aws: Aws, *, needed: bool) -> Finding:
    from samlocal.deployed.rights.caller import read_caller

    try:
        return good("caller", read_caller(aws).arn)
    except SamlocalError as error:
        if needed:
            return failed("caller", error)
        return doubtful("caller", f"{error.message} Needed for -e only.", error.tip or "Log in to AWS.")


def of_stack(environment: Environment) -> Finding:
    try:
        stack = environment.stack
    except SamlocalError as error:
        return failed("stack", error)
    text = f"{stack.name}: {stack.status}, {len(stack.resources)} resources in {stack.place.region}"
    if stack.status.endswith("_COMPLETE") and "ROLLBACK" not in stack.status:
        return good("stack", text)
    if stack.status.endswith("_IN_PROGRESS"):
        return doubtful("stack", text, "Wait until it is done, then run with --refresh.")
    return doubtful(
        "stack",
        text,
        "Its last deployment did not go through: `sam deploy` says why. The values are the ones before.",
    )


def of_roles(application: Application, aws: Aws, *, environment: str) -> Iterator[Finding]:
    """Whether each function's role can be assumed, asked anew."""
    from samlocal.deployed.rights.role import assume_role

    tried: dict[str, SamlocalError | None] = {}
    for owner, resource in application.functions():
        subject, path = "role", owner.path(resource)
        try:
            role = owner.specify(resource).role
        except SamlocalError as error:
            yield failed(f"{subject} {path}", error)
            continue
        if not isinstance(role, str):
            yield doubtful(f"{subject} {path}", f"not known: {role.expression}: {role.reason}.", role.tip)
            continue
        if role not in tried:
            try:
                assume_role(aws, role)
                tried[role] = None
            except SamlocalError as error:
                tried[role] = error
        refused = tried[role]
        if refused is None:
            yield good(f"{subject} {path}", role)
        else:
            yield Finding(
                level=Level.FAIL,
                subject=f"{subject} {path}",
                text=refused.message,
                remedy=f"`samlocal trust add {environment} -f {path}`, or `samlocal invoke --scope-down`.",
            )


def of_caches(folder: Path) -> Iterator[Finding]:
    """Each part of the cache folder with its size."""
    try:
        sizes = {part.name: _size(part) for part in sorted(folder.iterdir()) if part.is_dir()}
    except FileNotFoundError:
        yield good("cache", f"{folder}: empty")
        return
    except OSError as error:
        yield Finding(
            level=Level.FAIL,
            subject="cache",
            text=f"{folder} cannot be looked into: {error.strerror}.",
            remedy="Give yourself the right to it, or name another with SAMLOCAL_CACHE_DIR.",
        )
        return
    parts = ", ".join(f"{name} {_megabytes(size)}" for name, size in sizes.items() if size >= _SHOWN)
    yield good("cache", f"{folder}: {_megabytes(sum(sizes.values()))}{f' ({parts})' if parts else ''}")


def of_path(environ: Mapping[str, str]) -> Finding:
    """Which program the word ``samlocal`` starts."""
    own = {Path(sys.argv[0]).resolve(), Path(sysconfig.get_path("scripts"), "samlocal").resolve()}
    folders = [Path(folder) for folder in environ.get("PATH", "").split(os.pathsep) if folder]
    found = [folder / "samlocal" for folder in folders if os.access(folder / "samlocal", os.X_OK)]
    others = [path for path in dict.fromkeys(found) if path.resolve() not in own]
    if not others:
        return good("command", str(found[0]) if found else f"{sys.executable} -m samlocal (not on the PATH)")
    if found[0] in others:
        return doubtful(
            "command",
            f"`samlocal` starts another program, {others[0]} (LocalStack's wrapper of SAM CLI has this name).",
            f"Put {Path(sysconfig.get_path('scripts'))} first on the PATH, or run `python -m samlocal`.",
        )
    return doubtful(
        "command",
        f"another program is called samlocal too: {', '.join(map(str, others))}; {found[0]} comes first.",
        "Nothing to do, as long as the PATH stays as it is.",
    )


_SHOWN = 100_000
"""Bytes from which on a part of the cache is worth a word."""


def _size(folder: Path) -> int:
    total = 0
    seen: set[tuple[int, int]] = set()
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                status = (Path(root) / name).lstat()
            except OSError:
                continue
            # Hard links hold their content once.
            if (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                total += status.st_size
    return total


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"
