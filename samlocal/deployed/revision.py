"""Whether a stack has been deployed since its answers were kept, asked beside the run by a process of its own.

One DescribeStacks tells. botocore takes longer to import than AWS to answer, and a thread would take that time from
the run; a process takes it from another processor. It asks where the kept answer came from, without a client.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import sys
import time
from collections.abc import Mapping
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from samlocal.aws import Aws
from samlocal.errors import AwsError, SamlocalError
from samlocal.records import MALFORMED, decoded, encoded

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

PATIENCE = 2.0
"""Seconds from its start that the answer is waited for: AWS in reach takes a fraction of that."""

# What a deployment changes of a stack's description. Stand-ins for AWS do not all tell the time of the last update.
_TOLD = ("StackId", "StackStatus")
_TIMES = ("CreationTime", "LastUpdatedTime")
_LISTS = {"Parameters": ("ParameterKey", "ParameterValue", "ResolvedValue"), "Outputs": ("OutputKey", "OutputValue")}
_API_VERSION = "2010-05-15"


def revision_of(described: Mapping[str, Any]) -> str:
    """Tells one deployment of a stack from another, by what DescribeStacks says of it."""
    told: list[object] = [described.get(name) for name in _TOLD]
    told += [_moment(described[name]) if name in described else None for name in _TIMES]
    told += [
        [[item.get(part) or "" for part in parts] for item in described.get(name) or ()]
        for name, parts in _LISTS.items()
    ]
    return hashlib.sha256(encoded(told)).hexdigest()[:32]


def _moment(time: datetime.datetime) -> str:
    return time.astimezone(datetime.UTC).isoformat(timespec="milliseconds")


def _described(answer: bytes) -> dict[str, Any]:
    """The stack in the XML of DescribeStacks' answer. Raises what a text of another form makes it raise."""
    from xml.etree import ElementTree

    # botocore reads AWS's answers with the same parser.
    root = ElementTree.fromstring(answer.decode())  # noqa: S314
    stack = next(each for each in root.iter() if _name(each) == "Stacks")[0]
    described: dict[str, Any] = {}
    for part in stack:
        name = _name(part)
        if name in _LISTS:
            described[name] = [{_name(field): field.text or "" for field in item} for item in part]
        elif name in _TIMES:
            described[name] = datetime.datetime.fromisoformat(part.text or "")
        else:
            described[name] = part.text
    return described


def _name(element: Element) -> str:
    """Without the namespace."""
    return element.tag.rpartition("}")[2]


class Standing(Enum):
    """What is known of a stack whose answers were kept."""

    SAME = auto()
    CHANGED = auto()
    NOT_ASKED = auto()
    UNKNOWN = auto()


class Question(Struct, frozen=True, kw_only=True):
    """Which stack, and where and as whom it is asked for; ``sessions`` is a folder, as ``Aws`` has it."""

    stack_name: str
    region: str
    endpoint_url: str
    profile: str | None
    sessions: str


class _Answer(Struct, frozen=True, kw_only=True):
    """One of the two."""

    revision: str = ""
    error: str = ""


class RevisionCheck:
    """The question, under way. ``environ`` is what the caller is known by."""

    def __init__(self, question: Question, *, environ: Mapping[str, str]) -> None:
        import subprocess

        self._until = time.monotonic() + PATIENCE
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "samlocal.deployed.revision", encoded(question).decode()],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Without a terminal nobody is asked for an MFA code, and Ctrl-C is the run's own affair.
            start_new_session=True,
        )

    def answer(self) -> str:
        """The stack's revision now. Raises AwsError where AWS does not tell it in time."""
        import subprocess

        try:
            told, _ = self._process.communicate(timeout=max(0.1, self._until - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise AwsError(f"AWS did not answer within {PATIENCE:g} s.") from error
        finally:
            self.close()
        try:
            answer = decoded(told, _Answer)
        except MALFORMED as error:
            raise AwsError("The process that asks AWS ended without an answer.") from error
        if answer.error:
            raise AwsError(answer.error)
        return answer.revision

    def close(self) -> None:
        """Ends the process, asked or not."""
        self._process.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()


def _told(question: Question) -> _Answer:
    aws = Aws(profile=question.profile, region=question.region, sessions=Path(question.sessions))
    try:
        answer = aws.query(
            question.endpoint_url,
            "cloudformation",
            region=question.region,
            Action="DescribeStacks",
            Version=_API_VERSION,
            StackName=question.stack_name,
        )
    except SamlocalError as error:
        return _Answer(error=error.message)
    return _Answer(revision=revision_of(_described(answer)))


if __name__ == "__main__":
    sys.stdout.buffer.write(encoded(_told(decoded(sys.argv[1], Question))))
    sys.stdout.flush()
    # Taking the interpreter apart is time that the run would wait.
    os._exit(0)
