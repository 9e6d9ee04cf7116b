"""What has changed between two plans is called what its user calls it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from samlocal.artifact.image.runtime_image import Image
from samlocal.deployed.place import Place
from samlocal.function.logging_config import LoggingConfig
from samlocal.function.package import InlineCode
from samlocal.function.spec import FunctionSpec
from samlocal.kept.changes import changes
from samlocal.pool.plan import Plan
from samlocal.sandbox.layout import SandboxSpec
from samlocal.template.values import Unknown

KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "A": "1"}
FUNCTION = FunctionSpec(
    logical_id="Fn",
    function_name="Fn",
    place=Place(region="eu-west-1", account="123456789012"),
    runtime="python3.11",
    handler="app.handler",
    architecture="x86_64",
    timeout=3,
    memory=128,
    storage=512,
    code=InlineCode(source=""),
    layers=(),
    variables=(),
    role=Unknown(expression="Role", reason="there is none", tip="Name one."),
    logging=LoggingConfig(group="/aws/lambda/Fn"),
    location="template.yaml:1",
)
BEFORE = Plan(
    spec=SandboxSpec(
        function=FUNCTION,
        image=Image(name="image", platform=None),
        code=None,
        opt=None,
        variables=KEYS,
        network="bridge",
        extra_hosts={},
    )
)


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
        (of_function(location="template.yaml:99", notes=("a note",)), ()),
        (after(variables=KEYS | {"AWS_LAMBDA_LOG_STREAM_NAME": "other"}, expires=1.0), ()),
    ],
)
def test_changes_have_their_users_names(plan: Plan, words: tuple[str, ...] | None) -> None:
    if words is None:
        words = ("its credentials", "A, B, C, D and 2 more")
    assert changes(BEFORE, plan) == words
    assert BEFORE.same(plan) == (words == ())
