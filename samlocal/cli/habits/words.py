"""Commands of SAM CLI and of other tools that samlocal calls otherwise, or has not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from samlocal.cli.habits.ways import Instead

Words = tuple[str, ...]

TAKEN: Mapping[Words, Words] = {
    ("sam",): (),
    ("local", "invoke"): ("invoke",),
    ("local", "start-api"): ("start-api",),
    ("local", "start-lambda"): ("start-lambda",),
    ("local", "generate-event"): ("event", "generate"),
    ("generate-event",): ("event", "generate"),
    ("list", "endpoints"): ("list",),
    ("list", "resources"): ("list",),
}
"""What is typed, and what it is here."""

_DURABLE = Instead("samlocal runs no durable executions.")
_DEPLOYS = Instead("samlocal deploys nothing to AWS: `sam deploy` does; then `samlocal invoke -e ENV`.")

REFUSED: Mapping[Words, Instead] = {
    ("local", "execution"): _DURABLE,
    ("local", "callback"): _DURABLE,
    ("remote", "execution"): _DURABLE,
    ("remote", "callback"): _DURABLE,
    ("remote", "invoke"): Instead(
        "`samlocal invoke FUNCTION -n STACK --code deployed` runs the deployed package here. In AWS itself "
        "`sam remote invoke` and `aws lambda invoke` run it."
    ),
    ("remote",): Instead("samlocal runs functions on this machine; `sam remote` does in AWS."),
    ("remote", "test-event"): Instead("`samlocal event share list FUNCTION -n STACK` shows them; get, put, delete."),
    ("deploy",): _DEPLOYS,
    ("package",): _DEPLOYS,
    ("publish",): _DEPLOYS,
    ("delete",): Instead("samlocal deletes nothing in AWS: `sam delete` does. `samlocal local stop` ends -e local."),
    ("pipeline",): Instead("samlocal sets up no pipeline: `sam pipeline` does."),
    ("init",): Instead("samlocal makes no projects: `sam init` does; then `samlocal invoke` in its folder."),
    ("docs",): Instead("`samlocal help COMMAND` shows a command's help, `man samlocal` all of them."),
    ("logs",): Instead(
        "A run's log is on standard error; `samlocal local tail` follows those of `samlocal up`. Those of deployed "
        "functions: `sam logs`, or `aws logs tail /aws/lambda/NAME --follow`."
    ),
    ("traces",): Instead("samlocal keeps no traces: those of deployed functions `sam traces` shows."),
    ("sync",): Instead(
        "samlocal takes up what is saved without deploying it: `samlocal watch FUNCTION`, `samlocal up`. `sam sync` "
        "changes the deployed stack."
    ),
    ("validate",): Instead(
        "`samlocal list` reads the whole template and says what is wrong with it. `sam validate --lint` and cfn-lint "
        "know more of CloudFormation."
    ),
    ("list", "stack-outputs"): Instead(
        "`aws cloudformation describe-stacks --stack-name STACK` shows them; what functions get of them, "
        "`samlocal env FUNCTION -n STACK`."
    ),
    ("dev",): Instead("`samlocal up` runs the whole application, and takes up what is saved."),
    ("offline",): Instead("`samlocal up` runs the whole application; `samlocal start-api` its APIs alone."),
    ("run",): Instead("`samlocal invoke FUNCTION` runs a function once, `samlocal up` the whole application."),
    ("synth",): Instead("Run `cdk synth`, then samlocal with -t cdk.out/STACK.template.json."),
    ("diff",): Instead("`cdk diff` compares stacks; `samlocal env FUNCTION -e ENV` shows a function's values."),
    ("test",): Instead("samlocal's pytest plugin runs functions in tests: `pytest` has its fixtures by itself."),
}  # fmt: skip
"""What samlocal has not, and the way on."""

_LONGEST = 2
"""Words of what is looked up."""


def own_words(args: Sequence[str]) -> list[str]:
    """The command line in samlocal's own words. Raises click.UsageError for a command that it has not."""
    words = list(args)
    while True:
        for count in range(_LONGEST, 0, -1):
            typed = tuple(words[:count])
            if typed in REFUSED:
                raise click.UsageError(f"There is no command {' '.join(typed)}. {REFUSED[typed].text}")
            if typed in TAKEN:
                words[:count] = TAKEN[typed]
                break
        else:
            return words
