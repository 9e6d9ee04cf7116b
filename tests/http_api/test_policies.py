"""An authorizer's policy on a method: who is allowed, who is denied, and by what."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.http_api.authorizers.policy import Evaluation, PolicyError, Verdict, evaluated

# API Gateway developer guide, "Output from an API Gateway Lambda authorizer".
ARN = "arn:aws:execute-api:us-west-2:123456789012:ymy8tbxw7b/dev/GET/pets/1"
API = "arn:aws:execute-api:us-west-2:123456789012:ymy8tbxw7b"


def statement(effect: str, resource: object, **members: Any) -> dict[str, Any]:
    return {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource} | members


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


ALLOW_ALL = statement("Allow", "*")


# IAM user guide, "Policy evaluation logic"; API Gateway developer guide, "Statement reference of IAM policies".
@pytest.mark.parametrize(
    ("document", "verdict"),
    [
        (policy(statement("Allow", ARN)), Verdict.ALLOWED),
        (policy(statement("Allow", [f"{API}/dev/POST/pets", ARN])), Verdict.ALLOWED),
        (policy(statement("Allow", f"{API}/*/GET/*")), Verdict.ALLOWED),
        (policy(statement("Allow", f"{API}/dev/*/pets/?")), Verdict.ALLOWED),
        (policy(statement("Allow", "arn:aws:execute-api:*:*:*")), Verdict.ALLOWED),
        (policy(statement("Allow", f"{API}/*")), Verdict.ALLOWED),
        (policy(statement("Allow", f"{API}/dev/GET/pets")), Verdict.IMPLICIT_DENY),
        (policy(statement("Allow", f"{API}/prod/*")), Verdict.IMPLICIT_DENY),
        (policy(statement("Allow", f"{API}/dev/get/pets/1")), Verdict.IMPLICIT_DENY),
        (policy(statement("Allow", f"{API}/dev/GET/pets/??")), Verdict.IMPLICIT_DENY),
        # A dot is a dot.
        (policy(statement("Allow", "arn.aws.execute-api.*")), Verdict.IMPLICIT_DENY),
        (policy(), Verdict.IMPLICIT_DENY),
        (policy(statement("Deny", ARN)), Verdict.EXPLICIT_DENY),
        (policy(ALLOW_ALL, statement("Deny", f"{API}/*/GET/*")), Verdict.EXPLICIT_DENY),
        (policy(statement("Deny", f"{API}/*/GET/*"), ALLOW_ALL), Verdict.EXPLICIT_DENY),
        (policy(ALLOW_ALL, statement("Deny", f"{API}/*/POST/*")), Verdict.ALLOWED),
        # One statement may stand without a list.
        ({"Version": "2012-10-17", "Statement": ALLOW_ALL}, Verdict.ALLOWED),
        # Actions are compared without case, and may have wildcards.
        (policy({"Action": ["Execute-API:*"], "Effect": "Allow", "Resource": "*"}), Verdict.ALLOWED),
        (policy({"Action": "*", "Effect": "Allow", "Resource": "*"}), Verdict.ALLOWED),
        (
            policy({"Action": "execute-api:ManageConnections", "Effect": "Allow", "Resource": "*"}),
            Verdict.IMPLICIT_DENY,
        ),
        # aws/aws-lambda-dotnet pull request 2165: NotResource.
        (
            policy(ALLOW_ALL, {"Action": "execute-api:Invoke", "Effect": "Deny", "NotResource": f"{API}/dev/GET/a"}),
            Verdict.EXPLICIT_DENY,
        ),
        (
            policy(ALLOW_ALL, {"Action": "execute-api:Invoke", "Effect": "Deny", "NotResource": f"{API}/dev/GET/*"}),
            Verdict.ALLOWED,
        ),
        # IAM user guide, "IP address condition operators".
        (policy(statement("Allow", "*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})), Verdict.ALLOWED),
        (
            policy(statement("Allow", "*", Condition={"IpAddress": {"aws:SourceIp": ["192.168.0.1/32"]}})),
            Verdict.IMPLICIT_DENY,
        ),
        (
            policy(ALLOW_ALL, statement("Deny", "*", Condition={"NotIpAddress": {"aws:SourceIp": "10.1.2.3"}})),
            Verdict.ALLOWED,
        ),
    ],
)
def test_a_policy_is_evaluated_on_the_method_as_iam_does(document: object, verdict: Verdict) -> None:
    assert evaluated(document, ARN, source_ip="10.1.2.3") == Evaluation(verdict=verdict)


IN, OUT = ({"IpAddress": {"aws:SourceIp": addresses}} for addresses in ("10.0.0.0/8", "192.168.0.1/32"))


@pytest.mark.parametrize(
    ("document", "unknown"),
    [
        (policy(statement("Allow", "*", Condition={"StringEquals": {"aws:x": "y"}})), ["StringEquals of aws:x"]),
        (policy(ALLOW_ALL, statement("Deny", "*", Condition={"Bool": {"aws:x": "y"}})), ["Bool of aws:x"]),
        (
            policy(statement("Allow", "*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8", "aws:x": "y"}})),
            ["IpAddress of aws:x"],
        ),
        (
            policy(statement("Allow", "*", Condition={"IpAddress": {"aws:SourceIp": 1.5}})),
            ["IpAddress of aws:SourceIp"],
        ),
        (
            policy(
                statement("Allow", "*", Condition={"StringLike": {"aws:a": "y"}}),
                statement("Deny", "*", Condition={"StringLike": {"aws:b": "y"}}),
            ),
            ["StringLike of aws:a", "StringLike of aws:b"],
        ),
    ],
)
def test_a_condition_that_is_not_evaluated_lets_nobody_pass_and_is_named(
    document: object, unknown: list[str]
) -> None:
    verdict = Verdict.UNKNOWN_CONDITION
    assert evaluated(document, ARN, source_ip="10.1.2.3") == Evaluation(verdict=verdict, unknown=tuple(unknown))


# IAM user guide, "IAM JSON policy elements: Condition": all of a statement's conditions have to be met.
@pytest.mark.parametrize(
    ("document", "verdict"),
    [
        (policy(ALLOW_ALL, statement("Allow", "*", Condition={"Bool": {"aws:x": "y"}})), Verdict.ALLOWED),
        (policy(ALLOW_ALL, statement("Deny", "*", Condition=OUT | {"Bool": {"aws:x": "y"}})), Verdict.ALLOWED),
        (policy(statement("Allow", "*", Condition={"Bool": {"aws:x": "y"}} | OUT)), Verdict.IMPLICIT_DENY),
        (
            policy(statement("Deny", "*", Condition={"Bool": {"aws:x": "y"}}), statement("Deny", "*", Condition=IN)),
            Verdict.EXPLICIT_DENY,
        ),
    ],
)
def test_a_condition_that_nothing_depends_on_need_not_be_known(document: object, verdict: Verdict) -> None:
    assert evaluated(document, ARN, source_ip="10.1.2.3") == Evaluation(verdict=verdict)


@pytest.mark.parametrize(
    "document",
    [
        None,
        "allow",
        {},
        policy({"Effect": "Allow", "Resource": "*"}),
        policy({"Action": "*", "Effect": "Allow"}),
        policy({"Action": "*", "Effect": "allow", "Resource": "*"}),
        policy(statement("Allow", 7)),
        policy(statement("Allow", "*", Condition="x")),
        policy(statement("Allow", "*", Condition={"IpAddress": "10.0.0.0/8"})),
        policy(statement("Allow", "*", Condition={"StringEquals": [{"aws:x": "y"}]})),
        policy(statement("Allow", "*", Condition={"StringEquals": {}})),
        {"Statement": ["x"]},
    ],
)
def test_what_is_no_policy_is_an_error(document: object) -> None:
    with pytest.raises(PolicyError):
        evaluated(document, ARN, source_ip="10.1.2.3")


PLAIN = st.none() | st.booleans() | st.integers() | st.text("*?ab:/", max_size=6)
JSON = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)
STATEMENTS = st.dictionaries(
    st.sampled_from(["Action", "NotAction", "Effect", "Resource", "NotResource", "Condition"]),
    JSON | st.sampled_from(["Allow", "Deny", "*", ARN]),
)


@given(st.lists(STATEMENTS | JSON, max_size=4))
def test_any_policy_has_a_verdict_or_is_an_error(statements: list[Any]) -> None:
    try:
        verdict = evaluated({"Statement": statements}, ARN, source_ip="10.1.2.3").verdict
    except PolicyError:
        return
    if verdict is Verdict.ALLOWED:
        assert any(isinstance(each, dict) and each.get("Effect") == "Allow" for each in statements)


@given(st.lists(st.tuples(st.sampled_from(["Allow", "Deny"]), st.sampled_from(["*", ARN, f"{API}/x"])), max_size=5))
def test_order_does_not_matter(rules: list[tuple[str, str]]) -> None:
    forward = policy(*(statement(effect, resource) for effect, resource in rules))
    backward = policy(*(statement(effect, resource) for effect, resource in reversed(rules)))
    assert evaluated(forward, ARN, source_ip="1.1.1.1") == evaluated(backward, ARN, source_ip="1.1.1.1")


@pytest.mark.parametrize(
    ("resource", "verdict"),
    [
        ("*" * 3000, Verdict.ALLOWED),
        (f"{'*' * 3000}x", Verdict.IMPLICIT_DENY),
        (f"{'*a' * 25}*x", Verdict.IMPLICIT_DENY),
        (f"{'*a' * 25}*", Verdict.ALLOWED),
        ("arn:*:us-?est-*2:*/*/GET/*a", Verdict.ALLOWED),
        ("arn:*:us-?est-*2:*/*/GET/*b", Verdict.IMPLICIT_DENY),
    ],
)
def test_a_policy_with_many_wildcards_comes_to_an_end(resource: str, verdict: Verdict) -> None:
    arn = ARN + "a" * 200
    assert evaluated(policy(statement("Allow", resource)), arn, source_ip="127.0.0.1").verdict is verdict
