"""A function that asks AWS without keys, since no environment gives it any: why, and the ways on."""

from __future__ import annotations

from collections.abc import Callable

from samlocal.project.credentials import RunsUnder
from samlocal.project.run_options import RunOptions
from samlocal.project.settings import Settings
from samlocal.sandbox.journal import Record

# What AWS's SDKs say whose every source of keys is empty: for Python, JavaScript (3 and 2), Java (2 and 1), Go, Ruby,
# .NET.
_SAID = (
    "Unable to locate credentials",
    "Could not load credentials from any providers",
    "Missing credentials in config",
    "Unable to load credentials from any of the providers in the chain",
    "Unable to load AWS credentials from any provider in the chain",
    "no EC2 IMDS role found",
    "unable to sign request without credentials set",
    "Unable to get IAM security credentials from EC2 Instance Metadata Service",
)

_WAYS_ON = (
    "the function has asked AWS without credentials, for no environment is named: -e ENV runs it under its own role, "
    "-e local in an environment on this machine, --no-assume-role under your own rights."
)


def telling_why(
    chosen: Settings, options: RunOptions, told: Callable[[str], None]
) -> Callable[[Record], None] | None:
    """What is to hear functions' logs, None where they have keys.

    It tells at an invocation's end: a line of samlocal's own would part the function's stack trace.
    """
    if chosen.stack_name is not None or options.rights.runs_under is RunsUnder.CALLER or options.rights.role_arn:
        return None

    has_asked = False

    def hears(record: Record) -> None:
        nonlocal has_asked
        if record.text is not None and any(words in record.text for words in _SAID):
            has_asked = True
        if has_asked and record.type == "platform.report":
            has_asked = False
            told(_WAYS_ON)

    return hears
