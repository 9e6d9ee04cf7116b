"""State machines of the local endpoint run, by the interpreter of their language that moto has and does not use.

Their tasks call functions at the endpoint, and so have them run where `samlocal up` is. Source: CloudFormation
template reference, AWS::StepFunctions::StateMachine (a definition as an object, and its substitutions). Tried with
moto 5.2, whose interpreter evaluates no JSONata.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from moto.stepfunctions import models, responses
from moto.stepfunctions.models import StateMachine

from samlocal.local.moto.targets import LOG


def mend_state_machines() -> None:
    """Called once."""
    setattr(models, "stepfunctions_backends", _Interpreting())  # noqa: B010 - mypy forbids it as an assignment
    setattr(responses, "get_backend", lambda account, region: _backends()[account][region])  # noqa: B010
    create = _defined(StateMachine.create_from_cloudformation_json)
    update = _defined(StateMachine.update_from_cloudformation_json)
    setattr(StateMachine, "create_from_cloudformation_json", classmethod(create))  # noqa: B010
    setattr(StateMachine, "update_from_cloudformation_json", classmethod(update))  # noqa: B010


class _Interpreting:
    """The backends that interpret, imported when somebody asks for them: it is a second's work."""

    def __getitem__(self, account: str) -> Any:
        return _backends()[account]


@cache
def _backends() -> Any:
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends

    start = StepFunctionsParserBackend.start_execution

    def started(backend: Any, state_machine_arn: str, name: str | None = None, *more: Any, **named: Any) -> Any:
        """Step Functions API reference, StartExecution: without a name it gets one that nobody else has."""
        return start(backend, state_machine_arn, name or str(uuid.uuid4()), *more, **named)

    setattr(StepFunctionsParserBackend, "start_execution", started)  # noqa: B010 - mypy forbids it as an assignment
    setattr(StepFunctionsParserBackend, "_validate_definition", staticmethod(_look_at))  # noqa: B010
    return stepfunctions_parser_backends


def _look_at(definition: str) -> None:
    """What moto cannot read may be right on AWS: it is there, and fails when it is run."""
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

    try:
        AmazonStateLanguageParser.parse(definition)
    except Exception as error:
        # Of whatever kind: the interpreter falls over what its grammar does not know.
        LOG.warning("moto cannot read the definition of a state machine, and will not run it: %r", error)


def _defined(make: Callable[..., StateMachine]) -> Callable[..., StateMachine]:
    """With the definition as text, whose substitutions are made."""

    def made(_: type, *arguments: Any, **more: Any) -> StateMachine:
        resource = next(each for each in arguments if isinstance(each, Mapping))
        properties = resource["Properties"]
        definition = properties.get("DefinitionString") or properties.get("Definition") or {}
        text = definition if isinstance(definition, str) else json.dumps(definition)
        for name, value in (properties.get("DefinitionSubstitutions") or {}).items():
            text = text.replace(f"${{{name}}}", str(value))
        properties["DefinitionString"] = text
        return make(*arguments, **more)

    return made
