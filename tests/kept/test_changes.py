"""What has changed between two plans is called what its user calls it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pool_kit import plan_of

from samlocal.artifact.image.runtime_image import Image
from samlocal.kept.changes import changes
from samlocal.pool.plan import Plan

KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "A": "1"}
BEFORE = plan_of("Fn", variables=KEYS)
FUNCTION = BEFORE.spec.function


def after(**spec: Any) -> Plan:
    return replace(BEFORE, spec=replace(BEFORE.spec, **spec))


def of_function(**properties: Any) -> Plan:
    return after(function=replace(FUNCTION, **properties))


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (replace(BEFORE, code="other"), ("the code",)),
        (after(opt=Path("/other")), ("its layers",)),
        (replace(BEFORE, layers="other"), ("its layers",)),
        (after(image=Image(name="image", platform=None, id="other")), ("the image",)),
        (after(variables=KEYS | {"AWS_SECRET_ACCESS_KEY": "c"}), ("its credentials",)),
        (after(variables=KEYS | {"A": "2", "B": "3"}), ("A, B",)),
        (after(variables=dict.fromkeys("ABCDEF", "0") | {"AWS_ACCESS_KEY_ID": "a"}), None),
        (of_function(memory=256, timeout=9), ("Timeout", "MemorySize")),
        (of_function(handler="app.other"), ("Handler",)),
        (after(network="other"), ("its network",)),
        # Where it stands in the template, and what the log stream of a sandbox is called, is none.
        (of_function(location="t:9", timeout_at="t:9", memory_at="t:9", notes=("a note",)), ()),
        (after(variables=KEYS | {"AWS_LAMBDA_LOG_STREAM_NAME": "other"}, expires=1.0), ()),
    ],
)
def test_changes_have_their_users_names(plan: Plan, words: tuple[str, ...] | None) -> None:
    if words is None:
        words = ("its credentials", "A, B, C, D and 2 more")
    assert changes(BEFORE, plan) == words
    assert BEFORE.same(plan) == (words == ())
