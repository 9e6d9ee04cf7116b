"""Changes of a trust policy: every other statement stays as it is, in its order."""

from __future__ import annotations

import json
import stat
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_front import Answer, Front, error
from callers import LAMBDA, as_session_of, as_user, trust_text
from hypothesis import given
from hypothesis import strategies as st

from samlocal.aws import Aws, AwsUnreachableError
from samlocal.deployed.rights.caller import Caller, principal, read_caller
from samlocal.deployed.rights.trust import Trust
from samlocal.deployed.rights.trust_policy import TrustStatement, principals
from samlocal.errors import AwsError, ConfigurationError, CredentialsError, RoleDeniedError

JANE = TrustStatement(principal="arn:aws:iam::123456789012:user/jane")
JOHN = TrustStatement(principal="arn:aws:iam::123456789012:user/john")

# Three statements, conditions, an order that nobody would write, white space of all kinds.
ODD = """{ "Statement" : [
    {"Principal":{"Service":"lambda.amazonaws.com"}, "Action":"sts:AssumeRole","Effect":"Allow"},
\t{ "Effect": "Allow",
      "Sid": "ci",  "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": ["repo:a/b:*"]},
      "Bool":{"aws:MultiFactorAuthPresent" : "true"}}, "Action": "sts:AssumeRoleWithWebIdentity",
      "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"} } ,
  {"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Principal":{"AWS":"arn:aws:iam::123456789012:role\\/d\\u0065ploy"}}
  ]  , "Version":"2012-10-17"
}
"""


@pytest.fixture
def trust_of(aws: Aws, tmp_path: Path) -> Callable[..., Trust]:
    return lambda role_arn, statement=JANE: Trust(aws, role_arn, statement, copies=tmp_path / "trust")


def add(trust: Trust) -> None:
    change = trust.adding()
    if not change.is_none:
        trust.make(change)


def remove(trust: Trust) -> None:
    trust.make(trust.removing())


def sids(document: str) -> list[str | None]:
    return [statement.get("Sid") for statement in json.loads(document)["Statement"]]


def in_order(document: str) -> Any:
    """A document's value in which the order of an object's members counts too."""
    return json.loads(document, object_pairs_hook=list)


def set_trust(front: Front, role_arn: str, document: str) -> None:
    with front.endpoint.client("iam") as iam:
        iam.update_assume_role_policy(RoleName=role_arn.rpartition("/")[2], PolicyDocument=document)


def test_every_other_statement_is_as_it_was_after_add_and_remove(
    front: Front, role: Callable[..., str], trust_of: Callable[..., Trust]
) -> None:
    arn = role(ODD)

    add(trust_of(arn))
    added = trust_text(front, arn)
    assert sids(added) == [None, "ci", None, JANE.sid]
    assert json.loads(added)["Statement"][3] == {
        "Sid": JANE.sid,
        "Effect": "Allow",
        "Principal": {"AWS": JANE.principal},
        "Action": "sts:AssumeRole",
    }
    (name, statements), version = in_order(added)
    assert [(name, statements[:3]), version] == in_order(ODD)

    remove(trust_of(arn))
    assert in_order(trust_text(front, arn)) == in_order(ODD)


def test_two_adds_leave_one_statement(front: Front, role: Callable[..., str], trust_of: Callable[..., Trust]) -> None:
    arn = role(ODD)

    add(trust_of(arn))
    front.names()
    add(trust_of(arn))

    assert sids(trust_text(front, arn)).count(JANE.sid) == 1
    assert "iam:UpdateAssumeRolePolicy" not in front.names()


def test_a_single_statement_that_is_no_list_becomes_the_first_of_one(
    front: Front, role: Callable[..., str], trust_of: Callable[..., Trust]
) -> None:
    arn = role(json.dumps({"Version": "2012-10-17", "Statement": LAMBDA}))

    add(trust_of(arn))
    assert sids(trust_text(front, arn)) == [None, JANE.sid]
    remove(trust_of(arn))

    # IAM, "Statement": one statement, or an array of them.
    assert json.loads(trust_text(front, arn)) == {"Version": "2012-10-17", "Statement": [LAMBDA]}


def test_what_somebody_else_added_meanwhile_stays(
    front: Front, aws: Aws, role: Callable[..., str], trust_of: Callable[..., Trust]
) -> None:
    arn = role(ODD)
    add(trust_of(arn, JANE))
    add(trust_of(arn, JOHN))

    remove(trust_of(arn, JANE))
    assert sids(trust_text(front, arn)) == [None, "ci", None, JOHN.sid]
    remove(trust_of(arn, JOHN))
    assert in_order(trust_text(front, arn)) == in_order(ODD)


def test_a_change_between_the_question_and_the_answer_is_not_overwritten(
    front: Front, role: Callable[..., str], trust_of: Callable[..., Trust]
) -> None:
    arn = role(ODD)
    change = trust_of(arn).adding()
    add(trust_of(arn, JOHN))

    with pytest.raises(ConfigurationError, match="changed by somebody else"):
        trust_of(arn).make(change)

    assert sids(trust_text(front, arn)) == [None, "ci", None, JOHN.sid]


@pytest.mark.parametrize("arrived", [False, True])
def test_an_add_that_is_interrupted_loses_nothing(
    front: Front, aws: Aws, role: Callable[..., str], trust_of: Callable[..., Trust], *, arrived: bool
) -> None:
    arn = role(ODD)
    change = trust_of(arn).adding()
    # Broken off on the way there, or on the way back.
    if arrived:
        front.broken_after.add("iam:UpdateAssumeRolePolicy")
    else:
        front.refuse("iam:UpdateAssumeRolePolicy")
        front.broken_after.add("iam:UpdateAssumeRolePolicy")
    with pytest.raises(AwsUnreachableError):
        trust_of(arn).make(change)

    assert trust_text(front, arn) == (change.after if arrived else ODD)
    assert trust_of(arn).copy.read_text() == ODD
    front.rules.clear()
    front.broken_after.clear()
    add(trust_of(arn))
    assert sids(trust_text(front, arn)) == [None, "ci", None, JANE.sid]
    remove(trust_of(arn))
    assert in_order(trust_text(front, arn)) == in_order(ODD)


def test_the_copy_is_for_its_owner_only(role: Callable[..., str], trust_of: Callable[..., Trust]) -> None:
    trust = trust_of(role(ODD))
    change = trust.adding()
    trust.make(change)

    for file in trust.copy.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_a_copy_nothing_is_changed(front: Front, aws: Aws, role: Callable[..., str], tmp_path: Path) -> None:
    arn = role(ODD)
    (tmp_path / "file").touch()
    trust = Trust(aws, arn, JANE, copies=tmp_path / "file")

    with pytest.raises(ConfigurationError, match="No copy"):
        trust.make(trust.adding())

    assert trust_text(front, arn) == ODD


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ('{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Effect":"Allow"}]}', "Effect stands twice"),
        ('{"Statement":[],"Version":"2012-10-17","Statement":[]}', "Statement stands twice"),
        ('{"Version":"2012-10-17"}', "no Statement"),
        ('{"Version":"2012-10-17","Statement":"none"}', "no Statement"),
        ("[]", "no JSON object"),
        ('{"Version":"2012-10-17","Statement":[{"Condition":{"NumericEquals":{"a":NaN}}}]}', "NaN is no JSON"),
        ('{"Version":"2012-10-17","Statement":[{}', "line 1 column 40"),
    ],
)
def test_a_document_that_could_not_be_written_back_is_refused(
    front: Front, role: Callable[..., str], trust_of: Callable[..., Trust], document: str, said: str
) -> None:
    arn = role()
    front.rules["iam:GetRole"] = lambda call: Answer(
        status=200,
        body="<GetRoleResponse><GetRoleResult><Role><Path>/</Path><RoleName>r</RoleName><RoleId>AROA1</RoleId>"
        f"<Arn>{arn}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate><AssumeRolePolicyDocument>"
        f"{urllib.parse.quote(document)}</AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>".encode(),
    )

    with pytest.raises(AwsError, match=f"{arn}: its trust policy cannot be read: .*{said}") as refused:
        trust_of(arn).adding()

    assert "aws iam update-assume-role-policy" in (refused.value.tip or "")


def test_a_statement_that_names_a_deleted_user_is_replaced(
    front: Front, role: Callable[..., str], trust_of: Callable[..., Trust]
) -> None:
    arn = role([LAMBDA])
    add(trust_of(arn))
    # IAM user guide, "Principal": of a user who was deleted the id is left, even where the name is in use again.
    set_trust(front, arn, trust_text(front, arn).replace(JANE.principal, "AIDAJQABLZS4A3QDU576Q"))

    assert not JANE.is_in(trust_text(front, arn))
    add(trust_of(arn))

    assert sids(trust_text(front, arn)) == [None, JANE.sid]
    assert principals(trust_text(front, arn)) == ["lambda.amazonaws.com", JANE.principal]


def test_what_iam_does_not_take_is_told_with_what_to_mend(
    front: Front, role: Callable[..., str], trust_of: Callable[..., Trust]
) -> None:
    arn = role(ODD)
    said = 'Invalid principal in policy: "AWS":"AROAJQABLZS4A3QDU576Q"'
    front.rules["iam:UpdateAssumeRolePolicy"] = lambda call: error("MalformedPolicyDocument", said, status=400)

    with pytest.raises(AwsError, match="AROAJQABLZS4A3QDU576Q") as refused:
        add(trust_of(arn))

    assert "has been deleted" in (refused.value.tip or "")
    assert trust_text(front, arn) == ODD


@pytest.mark.parametrize(
    ("principal_element", "named"),
    [
        ("*", ["*"]),
        ({"AWS": "*"}, ["*"]),
        ({"AWS": ["123456789012", "AROAJQABLZS4A3QDU576Q"], "Service": "lambda.amazonaws.com"}, None),
        ({"Federated": "cognito-identity.amazonaws.com"}, ["cognito-identity.amazonaws.com"]),
    ],
)
def test_principals_of_every_form_are_named(principal_element: Any, named: list[str] | None) -> None:
    for statement in ({"Principal": principal_element}, {"NotPrincipal": principal_element}):
        for form in (statement, [statement, statement]):
            assert principals(json.dumps({"Statement": form})) == (
                named or ["123456789012", "AROAJQABLZS4A3QDU576Q", "lambda.amazonaws.com"]
            )


class Time:
    """A clock that only sleep moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_it_waits_until_the_role_can_be_assumed(
    front: Front, role: Callable[..., str], trust_of: Callable[..., Trust]
) -> None:
    trust = trust_of(role(ODD))
    add(trust)
    front.refusals = 3
    time = Time()

    assert trust.wait(clock=time.clock, sleep=time.sleep) == 0.5 + 1 + 2


def test_the_wait_has_an_end(front: Front, role: Callable[..., str], trust_of: Callable[..., Trust]) -> None:
    trust = trust_of(role(ODD))
    time = Time()

    with pytest.raises(RoleDeniedError, match=r"60 s later .* still cannot be assumed"):
        trust.wait(clock=time.clock, sleep=time.sleep)

    assert time.now <= 60


# who is named


def test_a_user_is_named_by_the_arn(aws: Aws) -> None:
    assert principal(aws, read_caller(aws)) == "arn:aws:iam::123456789012:user/jane"


def test_of_a_roles_session_the_role_is_named_with_its_path(front: Front, role: Callable[..., str]) -> None:
    arn = role(Path="/teams/web/")
    aws = as_session_of(front, arn, session="botocore-session-1700000000")

    assert "/teams/web/" in arn
    assert principal(aws, read_caller(aws)) == arn


def test_a_person_of_identity_center_is_named_alone(front: Front) -> None:
    aws = as_user(front, "jane")
    arn = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Developer_0123456789abcdef/jane@example.com"

    assert principal(aws, Caller(arn=arn)) == arn


def test_root_can_assume_no_role(aws: Aws) -> None:
    with pytest.raises(CredentialsError, match="root"):
        principal(aws, Caller(arn="arn:aws:iam::123456789012:root"))


# any document

_NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
_VALUES = st.recursive(
    st.text(max_size=5) | st.booleans() | st.none() | _NUMBERS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_STATEMENTS = st.dictionaries(st.text(max_size=5) | st.sampled_from(["Principal", "Condition"]), _VALUES, max_size=4)


@given(
    statements=st.lists(_STATEMENTS, min_size=1, max_size=4) | _STATEMENTS,
    before=st.dictionaries(st.text(max_size=5), _VALUES, max_size=2),
    after=st.dictionaries(st.text(max_size=5), _VALUES, max_size=2),
    indent=st.none() | st.integers(0, 3),
    escaped=st.booleans(),
)
def test_any_documents_other_statements_survive_one_that_comes_and_goes(
    statements: Any, before: dict[str, Any], after: dict[str, Any], *, indent: int | None, escaped: bool
) -> None:
    members = {**before, "Statement": statements, **after}
    text = json.dumps(members, indent=indent, ensure_ascii=escaped)
    several = statements if isinstance(statements, list) else [statements]

    added = JANE.added_to(text)
    taken_out = JANE.removed_from(added)

    own = json.loads(JANE.added_to('{"Statement":[]}'))["Statement"]
    assert in_order(added) == in_order(json.dumps({**members, "Statement": several + own}))
    assert in_order(taken_out) == in_order(json.dumps({**members, "Statement": several}))
    assert JANE.added_to(added) == added
    assert JANE.removed_from(taken_out) == taken_out
    assert JANE.removed_from(text) == text


@pytest.mark.parametrize("number", ["1.10", "1e400", "0.12345678901234567890", "123456789012345678901", "-0.0"])
def test_a_number_keeps_every_digit(number: str) -> None:
    condition = f'{{"NumericEquals":{{"a":{number}}}}}'
    text = f'{{"Version":"2012-10-17","Statement":{{"Condition":{condition}}}}}'

    assert condition in JANE.removed_from(JANE.added_to(text))
