"""Changes of a role's trust policy: one statement at a time, with a copy of what was there before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from samlocal.aws import Aws, AwsCallError
from samlocal.deployed.rights.caller import session_name
from samlocal.deployed.rights.policy_document import written_document
from samlocal.deployed.rights.role import read_role, role_name
from samlocal.deployed.rights.trust_policy import TrustStatement, read_statements
from samlocal.errors import AwsError, ConfigurationError, RoleDeniedError, system_reason
from samlocal.records import put_private

# IAM says "seconds" (IAM user guide, "Changes that I make are not always immediately visible").
WAIT_SECONDS = 60.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 4.0

# IAM API reference, UpdateAssumeRolePolicy. White space does not count (IAM user guide, "IAM and AWS STS quotas").
_TIPS = {
    "LimitExceeded": "Take out a statement that nobody needs, or raise IAM's quota `Role trust policy length`.",
    "MalformedPolicyDocument": "The other statements are as they were. IAM takes none that names a user or role who "
    "has been deleted (an id that begins with AIDA or AROA), and no policy without a statement: mend that first.",
}


class Change(Struct, frozen=True, kw_only=True):
    """A trust policy before and after."""

    before: str
    after: str

    @property
    def is_none(self) -> bool:
        return self.before == self.after


class Trust:
    """A role's trust policy and one statement of it. ``copies`` is the folder for what was there before."""

    def __init__(self, aws: Aws, role_arn: str, statement: TrustStatement, *, copies: Path) -> None:
        self._aws = aws
        self.role_arn = role_arn
        self.statement = statement
        account = role_arn.split(":")[4]
        self.copy = copies / f"{account}-{role_name(role_arn)}" / f"{statement.sid}-before.json"

    def document(self) -> str:
        """The trust policy as it was written. Raises AwsError, also where it is none."""
        text = written_document(read_role(self._aws, self.role_arn)["AssumeRolePolicyDocument"])
        try:
            read_statements(text)
        except ValueError as error:
            raise AwsError(
                f"{self.role_arn}: its trust policy cannot be read: {error}.",
                tip="Write it anew: by the role's deployment, or with `aws iam update-assume-role-policy`.",
            ) from error
        return text

    def adding(self) -> Change:
        before = self.document()
        return Change(before=before, after=self.statement.added_to(before))

    def removing(self) -> Change:
        before = self.document()
        return Change(before=before, after=self.statement.removed_from(before))

    def make(self, change: Change) -> None:
        """Puts the change in force. The copy is on disk before IAM hears of it.

        Raises AwsError, and ConfigurationError where the copy cannot be kept or the policy has changed meanwhile.
        """
        if self.document() != change.before:
            raise ConfigurationError(
                f"The trust policy of {self.role_arn} has been changed by somebody else meanwhile.",
                tip="Run the command again, to see what is there now.",
            )
        if self.statement.is_in(change.after):
            self._keep(change.before)
        try:
            self._aws.call(
                "iam",
                "update_assume_role_policy",
                RoleName=role_name(self.role_arn),
                PolicyDocument=change.after,
            )
        except AwsCallError as error:
            if error.code not in _TIPS:
                raise
            raise AwsError(error.message, tip=_TIPS[error.code]) from error

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
                    "sts", "assume_role", RoleArn=self.role_arn, RoleSessionName=session_name(), DurationSeconds=900
                )
            except AwsCallError as error:
                if not error.denied:
                    raise
                if clock() - began + pause > deadline:
                    raise RoleDeniedError(
                        f"The trust policy names you, but {deadline:.0f} s later {self.role_arn} still cannot be "
                        f"assumed:\n  {error.message}",
                        tip="Something else denies it: your own policies, a permissions boundary, or your "
                        "organization's service control policies. `samlocal trust remove` takes the statement out.",
                    ) from error
            else:
                return clock() - began
            sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _keep(self, document: str) -> None:
        try:
            put_private(self.copy, document.encode())
        except OSError as error:
            raise ConfigurationError(
                f"No copy of the trust policy can be kept, so it stays as it is: {system_reason(error)}.",
                tip="Name another folder with SAMLOCAL_CACHE_DIR.",
            ) from error
