"""Changes of a role's trust policy: one statement at a time, with a copy of what was there before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from samlocal.aws import Aws, AwsCallError
from samlocal.deployed.rights.caller import session_name
from samlocal.deployed.rights.role import read_role, role_name
from samlocal.deployed.rights.trust_policy import TrustStatement, same, written_document
from samlocal.errors import AwsError, ConfigurationError, RoleDeniedError
from samlocal.records import put_private, put_record, read_record

# IAM says "seconds" (IAM user guide, "Changes that I make are not always immediately visible").
WAIT_SECONDS = 60.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 4.0


class Change(Struct, frozen=True, kw_only=True):
    """A trust policy before and after. ``copy`` is the file that keeps the text of before."""

    role_arn: str
    before: str
    after: str
    copy: Path

    @property
    def is_none(self) -> bool:
        return self.before == self.after


class _Record(Struct, frozen=True, kw_only=True):
    """What samlocal has made of a role's trust policy."""

    role: str
    before: str
    written: str


class Trust:
    """One role's trust policy. ``copies`` is the folder for what was there before samlocal changed it."""

    def __init__(self, aws: Aws, role_arn: str, *, copies: Path) -> None:
        self._aws = aws
        self._role_arn = role_arn
        self._copies = copies / f"{role_arn.split(':')[4]}-{role_name(role_arn)}"

    def document(self) -> str:
        """The trust policy as it was written. Raises AwsError."""
        return written_document(read_role(self._aws, self._role_arn)["AssumeRolePolicyDocument"])

    def adding(self, statement: TrustStatement) -> Change:
        before = self.document()
        return self._change(statement, before, _edited(statement.added_to, before, self._role_arn))

    def removing(self, statement: TrustStatement) -> Change:
        """Takes the statement out.

        The text of before ``add`` comes back to the byte where nothing else has changed since; IAM may have set the
        document otherwise in between.
        """
        before = self.document()
        after = _edited(statement.removed_from, before, self._role_arn)
        kept = self._kept(statement)
        if after != before and kept is not None and same(before, kept.written):
            after = kept.before
        return self._change(statement, before, after)

    def make(self, change: Change, statement: TrustStatement) -> None:
        """Puts the change in force. The copy is on disk before IAM hears of it.

        Raises AwsError, and ConfigurationError where the copy cannot be kept or the policy has changed meanwhile.
        """
        if self.document() != change.before:
            raise ConfigurationError(
                f"The trust policy of {self._role_arn} has been changed by somebody else meanwhile.",
                tip="Run the command again, to see what is there now.",
            )
        if statement.is_in(change.after):
            self._keep(change, statement)
        try:
            self._aws.call(
                "iam",
                "update_assume_role_policy",
                RoleName=role_name(self._role_arn),
                PolicyDocument=change.after,
            )
        except AwsCallError as error:
            if error.code != "LimitExceeded":
                raise
            raise AwsError(
                error.message,
                tip="Take out a statement that nobody needs, or raise IAM's quota `Role trust policy length`.",
            ) from error

    def wait(
        self, *, clock: Callable[[], float], sleep: Callable[[float], None], deadline: float = WAIT_SECONDS
    ) -> float:
        """Waits until the role can be assumed; gives the seconds it took.

        ``clock`` is any that counts seconds. Raises RoleDeniedError at the deadline.
        """
        began = clock()
        pause = _FIRST_PAUSE
        while True:
            try:
                self._aws.call(
                    "sts", "assume_role", RoleArn=self._role_arn, RoleSessionName=session_name(), DurationSeconds=900
                )
            except AwsCallError as error:
                if not error.denied:
                    raise
                if clock() - began + pause > deadline:
                    raise RoleDeniedError(
                        f"The trust policy names you, but {deadline:.0f} s later {self._role_arn} still cannot be "
                        f"assumed:\n  {error.message}",
                        tip="Something else denies it: your own policies, a permissions boundary, or your "
                        "organization's service control policies. `samlocal trust remove` takes the statement out.",
                    ) from error
            else:
                return clock() - began
            sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _change(self, statement: TrustStatement, before: str, after: str) -> Change:
        copy = self._copies / f"{statement.sid}-before.json"
        return Change(role_arn=self._role_arn, before=before, after=after, copy=copy)

    def _record(self, statement: TrustStatement) -> Path:
        return self._copies / f"{statement.sid}.json"

    def _keep(self, change: Change, statement: TrustStatement) -> None:
        record = _Record(role=self._role_arn, before=change.before, written=change.after)
        try:
            put_private(change.copy, change.before.encode())
            put_record(self._record(statement), record)
        except OSError as error:
            raise ConfigurationError(
                f"No copy of the trust policy can be kept, so it stays as it is: {error}.",
                tip="Name another folder with SAMLOCAL_CACHE_DIR.",
            ) from error

    def _kept(self, statement: TrustStatement) -> _Record | None:
        kept = read_record(self._record(statement), _Record)
        return kept if kept is not None and kept.role == self._role_arn else None


def _edited(edit: Callable[[str], str], document: str, role_arn: str) -> str:
    try:
        return edit(document)
    except ValueError as error:
        raise AwsError(f"{role_arn}: its trust policy cannot be read: {error}.") from error
