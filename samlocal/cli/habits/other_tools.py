"""Options of `aws lambda invoke` (AWS CLI command reference) and of `serverless invoke local` (its documentation)."""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.cli.habits.ways import Always, Instead, Means, Way

_INVOKE: Mapping[str, Way] = {
    "--function-name": Means("--function-id"),
    "--function": Means("--function-id"),
    "--payload": Means("--event"),
    "--path": Means("--event"),
    "-p": Means("--event"),
    "--stage": Means("--env-name"),
    "-s": Means("--env-name"),
    "--env": Instead("Give a variable with --set NAME=VALUE; -e names an environment."),
    "--cli-binary-format": Instead("An event is JSON as it is: leave it out."),
    "--log-type": Instead("The log goes to standard error, whole: leave it out."),
    "--invocation-type": Instead("`samlocal start-lambda` and `samlocal up` take asynchronous events, by any SDK."),
    "--qualifier": Instead("It is the working copy that runs; --code deployed runs the deployed package."),
    "--docker": Always("Functions run in containers."),
}

OPTIONS: Mapping[str, Mapping[str, Way]] = {"invoke": _INVOKE}
"""By samlocal's commands."""
