"""A session narrowed to a role's rights: what STS is asked for, and what does not fit."""

from __future__ import annotations

import json
import urllib.parse
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from aws_front import Answer, Front, error, session_policy
from callers import LAMBDA, as_session_of
from hypothesis import given
from hypothesis import strategies as st

from samlocal.aws import Aws
from samlocal.deployed.rights import session_policy as policies
from samlocal.deployed.rights.policy_document import parsed
from samlocal.deployed.rights.policy_statement import document_text, shortened, statements
from samlocal.deployed.rights.role_policies import read_managed, read_rights
from samlocal.deployed.rights.scope_down import narrowed_credentials
from samlocal.deployed.rights.session_policy import Policy, Rights, SessionPolicy
from samlocal.errors import AwsError, RoleDeniedError
from samlocal.records import decoded, encoded

TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/events"
READ = ["dynamodb:GetItem", "dynamodb:Query"]


def document(*given: Mapping[str, Any], version: str | None = "2012-10-17") -> dict[str, Any]:
    return ({"Version": version} if version else {}) | {"Statement": list(given)}


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def short(*documents: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements that these documents together become."""
    found = shortened(statement for each in documents for statement in statements(each))
    short: list[dict[str, Any]] = json.loads(document_text(found))["Statement"]
    return short


def many_managed(front: Front, count: int) -> tuple[str, ...]:
    with front.endpoint.client("iam") as iam:
        return tuple(
            iam.create_policy(
                PolicyName=f"p{uuid.uuid4().hex[:8]}",
                PolicyDocument=json.dumps(document(allow(f"s3:{'Get' * (index + 1)}"))),
            )["Policy"]["Arn"]
            for index in range(count)
        )


@pytest.fixture
def basic(front: Front) -> str:
    """The ARN of a managed policy; moto has none of AWS's own."""
    (arn,) = many_managed(front, 1)
    return arn


def policy_of(aws: Aws, role_arn: str) -> SessionPolicy:
    return policies.session_policy(read_rights(aws, role_arn), read_managed=lambda arn: read_managed(aws, arn))


# the session that STS is asked for


def test_a_user_gets_a_session_with_the_roles_policies(
    front: Front, aws: Aws, role: Callable[..., str], basic: str
) -> None:
    arn = role(
        [LAMBDA],
        inline={
            "read": document(allow(READ, [TABLE, f"{TABLE}/index/*"], Sid="Read")),
            "more": document(allow("sqs:SendMessage", "arn:aws:sqs:eu-west-1:123456789012:jobs")),
        },
        managed=(basic,),
    )

    credentials = narrowed_credentials(aws, policy_of(aws, arn), via_role=None)

    (asked,) = (call for call in front.calls if call.name == "sts:GetFederationToken")
    assert session_policy(asked) == (
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["dynamodb:GetItem", "dynamodb:Query"],
                    "Resource": [TABLE, f"{TABLE}/index/*"],
                },
                {
                    "Effect": "Allow",
                    "Action": "sqs:SendMessage",
                    "Resource": "arn:aws:sqs:eu-west-1:123456789012:jobs",
                },
            ],
        },
        [basic],
    )
    assert asked.parameters["Name"].startswith("samlocal-")
    assert len(asked.parameters["Name"]) <= 32
    assert credentials.session_token


def test_a_role_without_rights_gives_a_session_without_rights(
    front: Front, aws: Aws, role: Callable[..., str]
) -> None:
    narrowed_credentials(aws, policy_of(aws, role([LAMBDA])), via_role=None)

    (asked,) = (call for call in front.calls if call.name == "sts:GetFederationToken")
    nothing = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    assert session_policy(asked) == ({"Version": "2012-10-17", "Statement": [nothing]}, [])


def test_policies_without_a_statement_give_no_rights_and_no_empty_document(aws: Aws, basic: str) -> None:
    # A template's may be empty; IAM and STS take none that is.
    empty = Policy(name="empty", statements=statements(document()))

    def of(*managed: str) -> SessionPolicy:
        rights = Rights(source="template.yaml", inline=(empty,), managed=managed)
        return policies.session_policy(rights, read_managed=lambda arn: read_managed(aws, arn))

    assert json.loads(of().text or "")["Statement"] == [{"Effect": "Deny", "Action": "*", "Resource": "*"}]
    assert of(basic).arguments() == {"PolicyArns": [{"arn": basic}]}


def test_a_session_of_a_role_is_told_to_name_a_role(
    front: Front, aws: Aws, role: Callable[..., str], basic: str
) -> None:
    own, function = role(), role([LAMBDA], managed=(basic,))
    session = as_session_of(front, own)

    with pytest.raises(RoleDeniedError, match="a session of an assumed role, which cannot narrow itself") as refused:
        narrowed_credentials(session, policy_of(aws, function), via_role=None)

    assert "--via-role ARN" in (refused.value.tip or "")
    assert own in (refused.value.tip or "")
    assert "sts:GetFederationToken" not in front.names()


def test_a_session_of_a_role_is_narrowed_by_way_of_another(
    front: Front, aws: Aws, role: Callable[..., str], basic: str
) -> None:
    own, function = role(), role([LAMBDA], inline={"read": document(allow(READ, TABLE))}, managed=(basic,))
    session = as_session_of(front, own)

    narrowed_credentials(session, policy_of(aws, function), via_role=own)

    (asked,) = (call for call in front.calls if call.name == "sts:AssumeRole")
    assert asked.parameters["RoleArn"] == own
    assert session_policy(asked) == (
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": READ, "Resource": TABLE}]},
        [basic],
    )


def test_a_user_with_temporary_keys_is_told_why(front: Front, aws: Aws, role: Callable[..., str]) -> None:
    arn = role([LAMBDA])
    said = "Cannot call GetFederationToken with session credentials"
    front.rules["sts:GetFederationToken"] = lambda call: error("AccessDenied", said)

    with pytest.raises(RoleDeniedError, match=said) as refused:
        narrowed_credentials(aws, policy_of(aws, arn), via_role=None)

    assert "--via-role" in (refused.value.tip or "")


def test_a_policy_that_sts_cannot_pack_is_an_error(
    front: Front, aws: Aws, role: Callable[..., str], basic: str
) -> None:
    arn = role([LAMBDA], managed=(basic,))
    said = "Packed policy consumes 104% of allotted space, please use smaller policy."
    front.rules["sts:GetFederationToken"] = lambda call: error("PackedPolicyTooLarge", said, status=400)

    with pytest.raises(RoleDeniedError, match=r"do not fit into a session policy.*104%"):
        narrowed_credentials(aws, policy_of(aws, arn), via_role=None)


def test_a_permissions_boundary_is_seen(front: Front, aws: Aws, role: Callable[..., str], basic: str) -> None:
    assert read_rights(aws, role([LAMBDA], PermissionsBoundary=basic)).boundary == basic


def test_rights_are_the_same_after_a_rest_on_disk(aws: Aws, role: Callable[..., str], basic: str) -> None:
    condition = {"StringEquals": {"aws:PrincipalOrgID": ["o-1"]}}
    rights = read_rights(
        aws, role([LAMBDA], inline={"a": document(allow(READ, TABLE, Condition=condition))}, managed=(basic,))
    )

    assert decoded(encoded(rights), Rights) == rights


# the limits


def test_of_more_than_ten_managed_policies_the_shortest_are_written_out(
    front: Front, aws: Aws, role: Callable[..., str]
) -> None:
    arns = many_managed(front, 12)

    policy = policy_of(aws, role([LAMBDA], managed=arns))

    assert set(policy.arns) == set(arns[2:])
    assert json.loads(policy.text or "")["Statement"] == [allow(["s3:Get", "s3:GetGet"])]


def test_what_does_not_fit_is_named(aws: Aws, role: Callable[..., str]) -> None:
    long = [f"arn:aws:s3:::a-bucket-with-a-long-name-{index:03}/*" for index in range(60)]
    arn = role(
        [LAMBDA],
        inline={"small": document(allow(READ, TABLE)), "archive": document(allow("s3:GetObject", long))},
    )

    with pytest.raises(RoleDeniedError) as refused:
        policy_of(aws, arn)

    assert arn in refused.value.message
    assert "it holds 2,048 characters" in refused.value.message
    assert "What does not fit: archive (" in refused.value.message
    assert "small" not in refused.value.message


def test_what_is_long_only_as_it_is_written_fits(aws: Aws, role: Callable[..., str]) -> None:
    sqs = "arn:aws:sqs:eu-west-1:123456789012:jobs"
    spread = document(*(allow([f"sqs:Action{index}"], [sqs], Sid=f"Statement{index}") for index in range(40)))
    assert len(json.dumps(spread)) > 2 * 2048

    text = policy_of(aws, role([LAMBDA], inline={"spread": spread})).text or ""

    assert len(text) < 2048
    assert json.loads(text)["Statement"] == [allow(sorted(f"sqs:Action{index}" for index in range(40)), sqs)]


# shortening


def test_statements_of_one_resource_become_one() -> None:
    assert short(document(allow("s3:GetObject", "b"), allow(["s3:PutObject"], ["b"], Sid="Put"))) == [
        allow(["s3:GetObject", "s3:PutObject"], "b")
    ]


def test_statements_of_the_same_actions_become_one() -> None:
    assert short(document(allow(READ, "a")), document(allow(list(reversed(READ)), "b"))) == [allow(READ, ["a", "b"])]


def test_statements_that_say_the_same_count_once() -> None:
    condition = {"StringEquals": {"aws:RequestedRegion": ["eu-west-1"]}}
    alone = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    assert short(
        document(allow(READ, ["a"], Sid="One", Condition=condition)), document(allow(READ, "a", Condition=alone))
    ) == [allow(READ, "a", Condition=alone)]


def test_statements_that_become_alike_become_one() -> None:
    spread = document(*(allow(f"s3:{action}", bucket) for action in ("Get", "Put") for bucket in ("a", "b")))
    assert short(spread) == [allow(["s3:Get", "s3:Put"], ["a", "b"])]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"},
            {"Effect": "Deny", "NotAction": "sts:*", "Resource": "*"},
        ),
        (
            {"Effect": "Deny", "Action": "s3:*", "NotResource": "a"},
            {"Effect": "Deny", "Action": "s3:*", "NotResource": "b"},
        ),
    ],
)
def test_what_statements_leave_out_is_never_put_together(first: dict[str, Any], second: dict[str, Any]) -> None:
    # Together they would forbid less: each forbids what only the other leaves out.
    assert short(document(first, second, {**first, "Sid": "Again"})) == [first, second]


@pytest.mark.parametrize(
    "other",
    [
        {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "b"},
        allow("s3:PutObject", "b", Condition={"Bool": {"aws:SecureTransport": "true"}}),
        {"Effect": "Allow", "NotAction": "s3:PutObject", "Resource": "b"},
        {"Effect": "Allow", "Action": "s3:PutObject", "NotResource": "b"},
        allow("s3:PutObject", "c"),
    ],
)
def test_statements_that_mean_something_else_stay_apart(other: dict[str, Any]) -> None:
    assert sorted(map(json.dumps, short(document(allow("s3:GetObject", "b"), other)))) == sorted(
        map(json.dumps, [allow("s3:GetObject", "b"), other])
    )


def test_what_is_no_variable_in_the_older_version_stays_none() -> None:
    older = document(allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}"), version="2008-10-17")
    assert short(older) == [allow("s3:GetObject", "arn:aws:s3:::b/${$}{aws:username}")]


def test_variables_in_conditions_of_the_older_version_are_text_too_and_names_stay() -> None:
    condition = {"StringLike": {"aws:PrincipalTag/${x}": ["${aws:username}", "b"]}}
    older = document(allow("s3:GetObject", "*", Condition=condition), version=None)
    assert short(older) == [
        allow("s3:GetObject", Condition={"StringLike": {"aws:PrincipalTag/${x}": ["${$}{aws:username}", "b"]}})
    ]


def test_the_text_holds_only_what_a_policy_may_hold() -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/team": ["日本", "é"]}}
    text = document_text(statements(document(allow("s3:GetObject", Condition=condition))))
    assert text.isascii()
    assert json.loads(text)["Statement"] == [allow("s3:GetObject", Condition=condition)]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ({"Effect": "allow", "Action": "s3:GetObject", "Resource": "*"}, "allow"),
        ({"Effect": "Deny", "Action": "s3:GetObject"}, "Resource"),
        ({"Effect": "Deny", "Action": [], "Resource": "*"}, "Action"),
        ({"Effect": "Deny", "Action": "s3:*", "NotAction": "s3:GetObject", "Resource": "*"}, "NotAction"),
        ({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Conditions": {"Bool": {"a": "true"}}}, "Conditions"),
        ({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}, "Principal"),
        ({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": "true"}}, "object"),
        ("s3:*", "object"),
    ],
)
def test_a_statement_that_cannot_be_kept_whole_is_refused(statement: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        statements({"Version": "2012-10-17", "Statement": [statement]})


def test_a_policy_of_the_role_with_an_element_twice_is_refused_by_its_name(
    front: Front, aws: Aws, role: Callable[..., str]
) -> None:
    arn = role([LAMBDA], inline={"twice": document(allow(READ, TABLE))})
    twice = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Action":"s3:Get","Resource":"*"}}'
    front.rules["iam:GetRolePolicy"] = lambda call: Answer(
        status=200,
        body=f"<GetRolePolicyResponse><GetRolePolicyResult><RoleName>r</RoleName><PolicyName>twice</PolicyName>"
        f"<PolicyDocument>{urllib.parse.quote(twice)}</PolicyDocument></GetRolePolicyResult>"
        "</GetRolePolicyResponse>".encode(),
    )

    with pytest.raises(AwsError, match="The policy twice cannot be read: Action stands twice"):
        read_rights(aws, arn)


def test_numbers_in_conditions_keep_every_digit() -> None:
    text = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":'
        '{"NumericLessThan":{"s3:max-keys":12345678901234567890123},"NumericGreaterThan":{"x":0.10000000000000000001}}}}'
    )
    (statement,) = statements(parsed(text))
    assert statement.body()["Condition"] == {
        "NumericLessThan": {"s3:max-keys": 12345678901234567890123},
        # IAM user guide, "Grammar": a number may stand in quotation marks.
        "NumericGreaterThan": {"x": "0.10000000000000000001"},
    }


_ACTIONS = ["s:A", "s:Ab", "s:B", "t:A"]
_RESOURCES = ["r", "q"]


@st.composite
def _statements(draw: st.DrawFn) -> dict[str, Any]:
    action = draw(st.sampled_from(["Action", "NotAction"]))
    resource = draw(st.sampled_from(["Resource", "NotResource"]))
    actions = st.lists(st.sampled_from([*_ACTIONS, "s:*", "s:A*", "*"]), min_size=1, max_size=3)
    resources = st.lists(st.sampled_from([*_RESOURCES, "*"]), min_size=1, max_size=2)
    statement = {"Effect": draw(st.sampled_from(["Allow", "Deny"])), action: draw(actions), resource: draw(resources)}
    condition = draw(st.sampled_from([None, "c1", "c2"]))
    return statement | ({"Condition": {"Bool": {condition: ["true"]}}} if condition else {})


@given(st.lists(_statements(), min_size=1, max_size=5))
def test_shortened_statements_allow_exactly_the_same(given: list[dict[str, Any]]) -> None:
    after = short(document(*given))

    for action in _ACTIONS:
        for resource in _RESOURCES:
            for holding in (set(), {"c1"}, {"c2"}, {"c1", "c2"}):
                assert allowed(after, action, resource, holding) == allowed(given, action, resource, holding)


def allowed(policy: list[dict[str, Any]], action: str, resource: str, holding: set[str]) -> bool:
    """IAM's evaluation, as its user guide has it, over these few names."""

    def matches(names: str | list[str], name: str) -> bool:
        return any(
            name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1]))
            for pattern in ([names] if isinstance(names, str) else names)
        )

    def applies(statement: dict[str, Any]) -> bool:
        of_action = matches(statement.get("Action", statement.get("NotAction")), action) != ("NotAction" in statement)
        of_resource = matches(statement.get("Resource", statement.get("NotResource")), resource) != (
            "NotResource" in statement
        )
        return of_action and of_resource and set(statement.get("Condition", {}).get("Bool", {})) <= holding

    effects = {statement["Effect"] for statement in policy if applies(statement)}
    return effects == {"Allow"}
