"""Changes of a trust policy: everything else in it stays, to the byte."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from aws_front import Front
from callers import LAMBDA, as_session_of, as_user, trust_text
from hypothesis import given
from hypothesis import strategies as st

from samlocal.aws import Aws, AwsUnreachableError
from samlocal.deployed.rights.caller import Caller, principal, read_caller
from samlocal.deployed.rights.document_text import with_statement, without_statement
from samlocal.deployed.rights.trust import Trust
from samlocal.deployed.rights.trust_policy import TrustStatement
from samlocal.errors import ConfigurationError, CredentialsError, RoleDeniedError

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
def trust_of(aws: Aws, tmp_path: Path) -> Callable[[str], Trust]:
    return lambda role_arn: Trust(aws, role_arn, copies=tmp_path / "trust")


def add(trust: Trust, statement: TrustStatement = JANE) -> None:
    change = trust.adding(statement)
    if not change.is_none:
        trust.make(change, statement)


def remove(trust: Trust, statement: TrustStatement = JANE) -> None:
    trust.make(trust.removing(statement), statement)


def sids(document: str) -> list[str | None]:
    return [statement.get("Sid") for statement in json.loads(document)["Statement"]]


def test_a_document_is_the_same_to_the_byte_after_add_and_remove(
    front: Front, role: Callable[..., str], trust_of: Callable[[str], Trust]
) -> None:
    arn = role(ODD)
    assert trust_text(front, arn) == ODD

    add(trust_of(arn))
    added = trust_text(front, arn)
    assert sids(added) == [None, "ci", None, JANE.sid]
    assert json.loads(added)["Statement"][3]["Principal"] == {"AWS": JANE.principal}
    # Every other statement, and all between them, as it was.
    assert added.startswith(ODD[: ODD.index("\n  ]  , ")])
    assert added.endswith(ODD[ODD.index("\n  ]  , ") :])

    remove(trust_of(arn))
    assert trust_text(front, arn) == ODD


def test_two_adds_leave_one_statement(
    front: Front, role: Callable[..., str], trust_of: Callable[[str], Trust]
) -> None:
    arn = role(ODD)

    add(trust_of(arn))
    front.names()
    add(trust_of(arn))

    assert sids(trust_text(front, arn)).count(JANE.sid) == 1
    assert "iam:UpdateAssumeRolePolicy" not in front.names()


def test_a_single_statement_that_is_no_list_comes_back_as_it_was(
    front: Front, role: Callable[..., str], trust_of: Callable[[str], Trust]
) -> None:
    alone = json.dumps({"Version": "2012-10-17", "Statement": LAMBDA}, indent=3)
    arn = role(alone)

    add(trust_of(arn))
    assert sids(trust_text(front, arn)) == [None, JANE.sid]
    remove(trust_of(arn))

    assert trust_text(front, arn) == alone


def test_a_document_that_iam_has_set_otherwise_comes_back_as_it_was(
    front: Front, role: Callable[..., str], trust_of: Callable[[str], Trust]
) -> None:
    arn = role(ODD)
    add(trust_of(arn))
    set_otherwise = json.dumps(json.loads(trust_text(front, arn)), sort_keys=True)
    with front.endpoint.client("iam") as iam:
        iam.update_assume_role_policy(RoleName=arn.rpartition("/")[2], PolicyDocument=set_otherwise)

    remove(trust_of(arn))

    assert trust_text(front, arn) == ODD


def test_what_somebody_else_added_meanwhile_stays(
    front: Front, aws: Aws, role: Callable[..., str], trust_of: Callable[[str], Trust]
) -> None:
    arn = role(ODD)
    trust = trust_of(arn)
    add(trust, JANE)
    add(trust, JOHN)

    remove(trust, JANE)
    assert sids(trust_text(front, arn)) == [None, "ci", None, JOHN.sid]
    remove(trust, JOHN)
    assert trust_text(front, arn) == ODD


def test_a_change_between_the_question_and_the_answer_is_not_overwritten(
    front: Front, role: Callable[..., str], trust_of: Callable[[str], Trust]
) -> None:
    arn = role(ODD)
    change = trust_of(arn).adding(JANE)
    add(trust_of(arn), JOHN)

    with pytest.raises(ConfigurationError, match="changed by somebody else"):
        trust_of(arn).make(change, JANE)

    assert sids(trust_text(front, arn)) == [None, "ci", None, JOHN.sid]


@pytest.mark.parametrize("arrived", [False, True])
def test_an_add_that_is_interrupted_loses_nothing(
    front: Front, aws: Aws, role: Callable[..., str], trust_of: Callable[[str], Trust], *, arrived: bool
) -> None:
    arn = role(ODD)
    change = trust_of(arn).adding(JANE)
    # Broken off on the way there, or on the way back.
    if arrived:
        front.broken_after.add("iam:UpdateAssumeRolePolicy")
    else:
        front.refuse("iam:UpdateAssumeRolePolicy")
        front.broken_after.add("iam:UpdateAssumeRolePolicy")
    with pytest.raises(AwsUnreachableError):
        trust_of(arn).make(change, JANE)

    assert trust_text(front, arn) == (change.after if arrived else ODD)
    assert change.copy.read_text() == ODD
    front.rules.clear()
    front.broken_after.clear()
    add(trust_of(arn))
    assert sids(trust_text(front, arn)) == [None, "ci", None, JANE.sid]
    remove(trust_of(arn))
    assert trust_text(front, arn) == ODD


def test_the_copy_is_for_its_owner_only(role: Callable[..., str], trust_of: Callable[[str], Trust]) -> None:
    trust = trust_of(role(ODD))
    change = trust.adding(JANE)
    trust.make(change, JANE)

    for file in change.copy.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_a_copy_nothing_is_changed(front: Front, aws: Aws, role: Callable[..., str], tmp_path: Path) -> None:
    arn = role(ODD)
    (tmp_path / "file").touch()
    trust = Trust(aws, arn, copies=tmp_path / "file")

    with pytest.raises(ConfigurationError, match="No copy"):
        trust.make(trust.adding(JANE), JANE)

    assert trust_text(front, arn) == ODD


class Time:
    """A clock that only sleep moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_it_waits_until_the_role_can_be_assumed(
    front: Front, role: Callable[..., str], trust_of: Callable[[str], Trust]
) -> None:
    trust = trust_of(role(ODD))
    add(trust)
    front.refusals = 3
    time = Time()

    assert trust.wait(clock=time.clock, sleep=time.sleep) == 0.5 + 1 + 2


def test_the_wait_has_an_end(front: Front, role: Callable[..., str], trust_of: Callable[[str], Trust]) -> None:
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


def _objects(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.dictionaries(st.text(max_size=5), values, max_size=3)


_VALUES = st.recursive(
    st.text(max_size=5) | st.booleans(), lambda inner: st.lists(inner, max_size=2) | _objects(inner), max_leaves=4
)
_SPACE = st.text(alphabet=" \t\r\n", max_size=3)


@given(
    statements=st.lists(_objects(_VALUES), min_size=1, max_size=4),
    space=st.lists(_SPACE, min_size=8, max_size=8),
    escaped=st.booleans(),
    rest=_objects(_VALUES),
)
def test_any_documents_text_survives_a_statement_that_comes_and_goes(
    statements: list[object], space: list[str], rest: dict[str, object], *, escaped: bool
) -> None:
    each = [json.dumps(statement, ensure_ascii=escaped) for statement in statements]
    array = f"[{space[0]}" + f"{space[1]},{space[2]}".join(each) + f"{space[3]}]"
    others = "".join(
        f"{json.dumps(name)}{space[4]}:{json.dumps(value)}{space[5]}, "
        for name, value in rest.items()
        if name != "Statement"
    )
    text = f'{space[6]}{{{others}"Statement"{space[4]}:{space[5]}{array}{space[7]}}}{space[6]}'
    json.loads(text)

    added = with_statement(text, JANE.text())

    assert json.loads(added)["Statement"] == [*json.loads(text)["Statement"], json.loads(JANE.text())]
    assert without_statement(added, JANE.sid) == text
