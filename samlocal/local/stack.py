"""One stack of the local endpoint: made, updated, or made anew where moto cannot update it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum, auto
from typing import Any

from msgspec import Struct

from samlocal.aws import Aws, AwsCallError
from samlocal.errors import AwsError, SamlocalError
from samlocal.local.moto.gaps import culprit
from samlocal.template.uploads import Plain

_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_COMPLETE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
_PAUSE = 0.1


class Action(Enum):
    """What became of a stack. A recreated one has lost its data."""

    CREATED = auto()
    UPDATED = auto()
    UNCHANGED = auto()
    RECREATED = auto()


class Stack(Struct, frozen=True, kw_only=True):
    """A stack as the endpoint describes it.

    ``resources`` maps logical to physical ids, which are empty where moto has none (permissions, layer versions).
    """

    id: str
    outputs: Mapping[str, str]
    resources: Mapping[str, str]


class StackDeployer(Struct, frozen=True, kw_only=True):
    """Makes one stack. ``until`` is when to give up, on the monotonic clock."""

    name: str
    aws: Aws
    until: float

    def template(self) -> Plain | None:
        """The template that is deployed now, None where there is no stack."""
        if self._described() is None:
            return None
        body = self.aws.call("cloudformation", "get_template", StackName=self.name)["TemplateBody"]
        # boto3 has parsed it when it was JSON.
        return body if isinstance(body, dict) else None

    def deploy(self, template: Plain, *, parameters: Mapping[str, str]) -> tuple[Action, Stack]:
        """Raises AwsError when the endpoint refuses the template; there is no half-made stack then."""
        before = self._described()
        if before is not None and before["StackStatus"].endswith("IN_PROGRESS"):
            # A run that was interrupted has asked for it, and the endpoint goes on.
            with suppress(AwsError):
                self._wait()
            before = self._described()
        if before is None:
            return Action.CREATED, self._create(template, parameters)
        if before["StackStatus"] in _COMPLETE:
            if self.template() == template:
                return Action.UNCHANGED, self.stack()
            expected = self.stack().resources.keys() & template["Resources"].keys()
            if self._updated(template, parameters) and expected <= (after := self.stack()).resources.keys():
                return Action.UPDATED, after
        self._delete()
        return Action.RECREATED, self._create(template, parameters)

    def _create(self, template: Plain, parameters: Mapping[str, str]) -> Stack:
        try:
            self._call("create_stack", template, parameters)
            self._wait()
        except AwsError:
            # What failed half-way keeps its name. Why it failed says more than why it cannot be deleted.
            with suppress(AwsError):
                self._delete()
            raise
        return self.stack()

    def _updated(self, template: Plain, parameters: Mapping[str, str]) -> bool:
        """Whether moto could update the stack: it cannot update every type that it makes."""
        try:
            self._call("update_stack", template, parameters)
            self._wait()
        except AwsError as error:
            if culprit(error.message):
                # Nothing is lost: without that resource the update goes on.
                raise
            return False
        return True

    def _call(self, operation: str, template: Plain, parameters: Mapping[str, str]) -> None:
        self._change(
            operation,
            # Not as ASCII: moto reads it as YAML, where the halves of an escaped emoji are two characters.
            TemplateBody=json.dumps(template, ensure_ascii=False),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=_CAPABILITIES,
        )

    def _change(self, operation: str, **parameters: Any) -> None:
        try:
            self.aws.call("cloudformation", operation, StackName=self.name, **parameters)
        except SamlocalError:
            raise
        except Exception as error:
            # moto's own faults are pages of HTML, its services' errors JSON: botocore can parse neither here.
            raise AwsError(
                f"The local endpoint (moto) failed on the stack {self.name}: {error}",
                tip="Leave the newest resources out of the template to find the one that it cannot make.",
            ) from error

    def _delete(self) -> None:
        self._change("delete_stack")
        while self._described() is not None:
            self._pause("deleted")

    def _wait(self) -> None:
        while True:
            stack = self._described()
            status = stack["StackStatus"] if stack else "absent"
            if status in _COMPLETE:
                return
            if not status.endswith("IN_PROGRESS"):
                reason = (stack or {}).get("StackStatusReason", "the endpoint gives no reason")
                raise AwsError(f"The stack {self.name} is {status}: {reason}.")
            self._pause("complete")

    def _pause(self, goal: str) -> None:
        if time.monotonic() > self.until:
            raise AwsError(f"The stack {self.name} was not {goal} in time. Last events:{self._events()}")
        time.sleep(_PAUSE)

    def _events(self) -> str:
        events = self.aws.call("cloudformation", "describe_stack_events", StackName=self.name)["StackEvents"]
        fields = ("LogicalResourceId", "ResourceStatus", "ResourceStatusReason")
        return "".join("\n  " + " ".join(event.get(field, "") for field in fields) for event in events[:5])

    def _described(self) -> Mapping[str, Any] | None:
        try:
            stacks = self.aws.call("cloudformation", "describe_stacks", StackName=self.name)["Stacks"]
        except AwsCallError as error:
            if "does not exist" in error.message:
                return None
            raise
        return next(iter(stacks), None)

    def stack(self) -> Stack:
        described = self._described() or {}
        pages = self.aws.pages("cloudformation", "list_stack_resources", StackName=self.name)
        return Stack(
            id=described["StackId"],
            outputs={output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", ())},
            resources={
                summary["LogicalResourceId"]: summary.get("PhysicalResourceId", "")
                for page in pages
                for summary in page["StackResourceSummaries"]
                # What moto has passed over is listed too, without a name.
                if summary.get("LogicalResourceId")
            },
        )
