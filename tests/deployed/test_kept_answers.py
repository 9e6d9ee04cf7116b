"""Files of the cache that are cut off, of another version, or changed by anybody: they count as absent."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samlocal.artifact.build.last_build import LastBuilds
from samlocal.aws import Aws, AwsUnreachableError, Credentials
from samlocal.deployed.environment import Environment
from samlocal.deployed.function import DeployedFunction
from samlocal.deployed.rights.credential_cache import CredentialCache
from samlocal.deployed.rights.session_policy import Rights
from samlocal.deployed.snapshot import Snapshot
from samlocal.deployed.stack import Stack
from samlocal.errors import SamlocalError
from samlocal.records import read_record, write_record

NOW = 1_800_000_000.0
ARN = "arn:aws:cloudformation:eu-west-1:123456789012:stack/s/1"
RESOURCE = {"logical_id": "Q", "physical_id": "s-Q-1", "type": "AWS::SQS::Queue", "status": "CREATE_COMPLETE"}
STATEMENT = {
    "effect": "Allow",
    "actions": ["s3:GetObject"],
    "resources": ["*"],
    "action": "Action",
    "resource": "Resource",
    "condition": '{"Bool":{"aws:SecureTransport":"true"}}',
}
ANSWERS: dict[tuple[str, ...], Any] = {
    ("stack", "s"): {
        "name": "s",
        "arn": ARN,
        "status": "CREATE_COMPLETE",
        "parameters": {"Word": {"value": "x", "resolved": None}},
        "outputs": {"Out": "y"},
        "resources": {"Q": RESOURCE},
        "revision": "r",
        "endpoint_url": "https://cloudformation.eu-west-1.amazonaws.com",
        "notification_arns": [],
    },
    ("function", "f"): {
        "name": "f",
        "arn": "a",
        "role_arn": "r",
        "layers": ["l"],
        "runtime": None,
        "handler": "app.handler",
        "code_sha256": "",
    },
    ("rights", "r"): {
        "source": "r",
        "inline": [{"name": "p", "statements": [STATEMENT]}],
        "managed": ["m"],
        "boundary": None,
    },
    ("zones", "eu-west-1"): ["eu-west-1a"],
    ("ssm-plain", "/p"): "v",
}
SNAPSHOT: dict[str, Any] = {
    "version": 1,
    "confirmed": NOW,
    "answers": {json.dumps(question): [NOW, answer] for question, answer in ANSWERS.items()},
}
KEYS = {
    "version": 1,
    "access_key_id": "A",
    "secret_access_key": "s",
    "session_token": "t",
    "expires": NOW + 3600,
    "endpoint_url": None,
}
BUILD = {"folder": "/tmp", "basis": "b", "time": NOW, "builder": "c"}

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner))


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every container of the tree with each of its keys."""
    pairs = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)) if isinstance(tree, list) else []
    return [(tree, key) for key, _ in pairs] + [place for _, inner in pairs for place in places(inner)]


@st.composite
def mutated(draw: st.DrawFn, whole: Mapping[str, Any]) -> str:
    """The file with something replaced, taken out or cut off."""
    tree = copy.deepcopy(dict(whole))
    for _ in range(draw(st.integers(1, 2))):
        at = places(tree)
        if not at:
            break
        holder, key = draw(st.sampled_from(at))
        if draw(st.booleans()):
            holder[key] = draw(JSON)
        else:
            del holder[key]
    text = json.dumps(tree)
    return text[: draw(st.integers(0, len(text)))] if draw(st.booleans()) and draw(st.booleans()) else text


class Unreachable(Aws):
    """AWS that nobody reaches: what is kept is all there is."""

    def call(self, service: str, operation: str, **_: Any) -> dict[str, Any]:
        raise AwsUnreachableError(f"{service}:{operation}")

    pages = call  # type: ignore[assignment]


once = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def kept_environment(folder: Path, text: str) -> Environment:
    file = folder / "snapshot.json"
    file.write_text(text)
    return Environment(
        Unreachable(region="eu-west-1"),
        stack_name="s",
        snapshot=Snapshot(file, clock=lambda: NOW, max_age=float("inf")),
        credentials=CredentialCache(folder, caller="c", clock=lambda: NOW),
    )


def test_an_unchanged_snapshot_gives_each_answer_without_asking(tmp_path: Path) -> None:
    environment = kept_environment(tmp_path, json.dumps(SNAPSHOT))

    assert environment.stack.outputs == {"Out": "y"}
    assert environment.stack.resources["Q"].physical_id == "s-Q-1"
    assert environment.function("f").layers == ("l",)
    assert environment.role_rights("r").inline[0].statements[0].actions == frozenset({"s3:GetObject"})
    assert environment.zones("eu-west-1") == ["eu-west-1a"]
    assert environment.ssm_parameter("/p") == "v"


def test_a_snapshot_of_another_version_is_absent(tmp_path: Path) -> None:
    environment = kept_environment(tmp_path, json.dumps(SNAPSHOT | {"version": 2}))

    with pytest.raises(AwsUnreachableError):
        environment.ssm_parameter("/p")


@pytest.mark.parametrize("lost", ["notification_arns", "revision", "endpoint_url"])
def test_a_stack_that_an_older_version_kept_without_a_field_is_asked_for_again(tmp_path: Path, lost: str) -> None:
    older = copy.deepcopy(SNAPSHOT)
    del older["answers"][json.dumps(("stack", "s"))][1][lost]

    with pytest.raises(AwsUnreachableError):
        _ = kept_environment(tmp_path, json.dumps(older)).stack


def test_rights_that_an_older_version_kept_are_asked_for_again_and_never_taken_for_wider_ones(tmp_path: Path) -> None:
    older = copy.deepcopy(SNAPSHOT)
    statement = older["answers"][json.dumps(("rights", "r"))][1]["inline"][0]["statements"][0]
    del statement["action"], statement["resource"]
    statement |= {"not_action": True, "not_resource": False}

    with pytest.raises(AwsUnreachableError):
        kept_environment(tmp_path, json.dumps(older)).role_rights("r")


def test_keys_whose_end_is_not_known_are_asked_for_again(tmp_path: Path) -> None:
    cache = CredentialCache(tmp_path, caller="c", clock=lambda: NOW)
    cache.of("role", lambda: Credentials(access_key_id="OLD", secret_access_key="s", expires=NOW + 3600))
    (file,) = tmp_path.glob("*.json")
    file.write_text(json.dumps({name: value for name, value in KEYS.items() if name != "expires"}))

    new = Credentials(access_key_id="NEW", secret_access_key="s", expires=NOW + 3600)
    assert cache.of("role", lambda: new).access_key_id == "NEW"


def test_a_record_with_a_name_that_is_not_utf_8_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(b"/caf\xe9"))

    write_record(tmp_path / "record.json", {"folder": folder})

    assert read_record(tmp_path / "record.json", dict[str, Path]) == {"folder": folder}


@given(text=mutated(SNAPSHOT))
@once
def test_a_changed_snapshot_gives_answers_of_their_shape_or_none(tmp_path: Path, text: str) -> None:
    environment = kept_environment(tmp_path, text)
    asked: list[tuple[Any, type]] = [
        (lambda: environment.stack, Stack),
        (lambda: environment.place.region, str),
        (lambda: environment.function("f"), DeployedFunction),
        (lambda: environment.role_rights("r"), Rights),
        (lambda: ",".join(environment.zones("eu-west-1")), str),
        (lambda: environment.ssm_parameter("/p"), str),
    ]
    for ask, kind in asked:
        try:
            answer = ask()
        except SamlocalError:
            continue
        assert isinstance(answer, kind)
        if isinstance(answer, Rights):
            assert all(statement.body() for policy in answer.inline for statement in policy.statements)
        if isinstance(answer, Stack):
            for resource in answer.resources.values():
                with pytest.raises(SamlocalError):
                    environment.attribute(resource, "NoSuchAttribute")
    environment.save()


@given(text=mutated(KEYS))
@once
def test_changed_credentials_are_asked_for_again(tmp_path: Path, text: str) -> None:
    cache = CredentialCache(tmp_path, caller="c", clock=lambda: NOW)
    new = Credentials(access_key_id="NEW", secret_access_key="s", expires=NOW + 3600)
    for file in tmp_path.glob("*.json"):
        file.unlink()
    cache.of("role", lambda: new)
    (file,) = tmp_path.glob("*.json")
    file.write_text(text)

    found = cache.of("role", lambda: new)

    assert isinstance(found.access_key_id, str)
    assert isinstance(found.session_token, str | None)
    assert found.expires is None or found.expires > NOW


class Target:
    """As much of a build's target as names its file."""

    logical_id = "Fn"

    class metadata:  # noqa: N801 - an attribute of the real one
        template = Path("template.yaml")


@given(text=mutated(BUILD))
@once
def test_a_changed_record_of_a_build_is_none(tmp_path: Path, text: str) -> None:
    builds = LastBuilds(tmp_path)
    target: Any = Target()
    builds.keep(target, tmp_path, "basis", builder="b")
    (file,) = tmp_path.glob("*.json")
    file.write_text(text)

    last = builds.find(target)

    assert last is None or (last.age >= 0 and isinstance(last.basis, str))
    assert all(isinstance(folder, Path) for folder in builds.folders())
