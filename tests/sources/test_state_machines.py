"""State machines of the environment on this machine run, and their tasks have functions run.

https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kit import eventually
from pushed_kit import Sent, client, named

from samlocal.aws import Aws
from samlocal.local.deploy import deploy
from samlocal.local.invocation import Answered, Invocation
from samlocal.local.runner import Runner
from samlocal.local.server import LocalServer
from samlocal.template.reader import read

Answers = Callable[[Any], Answered]

FUNCTION = {
    "Type": "AWS::Serverless::Function",
    "Properties": {"Runtime": "python3.11", "Handler": "index.handler", "InlineCode": ""},
}
DEFINITION = {
    "StartAt": "Direct",
    "States": {
        "Direct": {"Type": "Task", "Resource": "${Function}", "ResultPath": "$.direct", "Next": "Optimized"},
        "Optimized": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${Function}", "Payload": {"order.$": "$.order"}},
            "ResultSelector": {"payload.$": "$.Payload"},
            "ResultPath": "$.optimized",
            "Catch": [{"ErrorEquals": ["OutOfStock"], "Next": "Sorry"}],
            "End": True,
        },
        "Sorry": {"Type": "Pass", "Result": {"say": "sorry"}, "End": True},
    },
}


def succeeded(value: Any) -> Answered:
    return Answered(
        status=200, headers={"Content-Type": "application/json"}, payload=json.dumps({"heard": value}).encode()
    )


def failed(error_type: str) -> Answered:
    payload = json.dumps({"errorType": error_type, "errorMessage": "none left"}).encode()
    return Answered(status=200, headers={"X-Amz-Function-Error": "Unhandled"}, payload=payload)


@contextmanager
def functions(server: LocalServer, answers: Answers) -> Iterator[list[Invocation]]:
    """Runs functions, in place of ``samlocal up``; gives what has been run."""
    runner, ran, ends = Runner(server), [], threading.Event()

    def run() -> None:
        while not ends.is_set():
            for each in runner.fetch(wait=0.2).invocations:
                ran.append(each)
                runner.over(each.id, answers(json.loads(each.payload)))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield ran
    finally:
        ends.set()
        thread.join()
        runner.leave()


def machine(server: LocalServer, aws: Aws, folder: Any, **events: Any) -> str:
    resources = {
        "Fn": FUNCTION,
        "Machine": {
            "Type": "AWS::Serverless::StateMachine",
            "Properties": {
                "Definition": DEFINITION,
                "DefinitionSubstitutions": {"Function": {"Fn::GetAtt": ["Fn", "Arn"]}},
                "Events": events,
            },
        },
    }
    file = folder / "template.json"
    file.write_text(json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}))
    stack = f"machines-{uuid.uuid4().hex[:8]}"
    deploy(read(file), stack_name=stack, aws=aws, parameters={}, with_code=False)
    every = client(server, "stepfunctions").list_state_machines()["stateMachines"]
    return named([each["stateMachineArn"] for each in every], f"{stack}-Machine")


def ended(server: LocalServer, arn: str) -> Any:
    states = client(server, "stepfunctions")
    eventually(lambda: states.describe_execution(executionArn=arn)["status"] != "RUNNING", within=60)
    return states.describe_execution(executionArn=arn)


def test_the_tasks_of_a_state_machine_have_functions_run_and_go_on_with_their_answers(
    server: LocalServer, aws: Aws, tmp_path: Any
) -> None:
    arn = machine(server, aws, tmp_path)
    with functions(server, succeeded) as ran:
        begun = client(server, "stepfunctions").start_execution(stateMachineArn=arn, input='{"order": 7}')
        said = ended(server, begun["executionArn"])
    assert said["status"] == "SUCCEEDED", said
    assert json.loads(said["output"]) == {
        "order": 7,
        "direct": {"heard": {"order": 7}},
        "optimized": {"payload": {"heard": {"order": 7}}},
    }
    # The endpoint is other tests', too: their rules and schedules may still have events for their functions.
    stack = arn.rpartition(":")[2].partition("-Machine")[0]
    assert [each.waits for each in ran if stack in each.function] == [True, True]


def test_a_functions_error_is_the_tasks_and_can_be_caught_by_its_type(
    server: LocalServer, aws: Aws, tmp_path: Any
) -> None:
    arn = machine(server, aws, tmp_path)

    def answers(event: Any) -> Answered:
        # The second task's input has nothing but the order.
        return failed("OutOfStock") if event.get("direct") or "first" not in event else succeeded(event)

    states = client(server, "stepfunctions")
    with functions(server, answers):
        caught = states.start_execution(stateMachineArn=arn, input='{"order": 7, "first": true}')
        said = ended(server, caught["executionArn"])
        assert (said["status"], json.loads(said["output"])) == ("SUCCEEDED", {"say": "sorry"})
        not_caught = states.start_execution(stateMachineArn=arn, input='{"order": 7}')
        said = ended(server, not_caught["executionArn"])
    assert (said["status"], said["error"]) == ("FAILED", "OutOfStock")


def test_a_rule_starts_a_state_machine_with_its_event(server: LocalServer, aws: Aws, tmp_path: Any) -> None:
    source = f"shop-{uuid.uuid4().hex[:8]}"
    placed = {"Type": "EventBridgeRule", "Properties": {"Pattern": {"source": [source]}, "InputPath": "$.detail"}}
    arn = machine(server, aws, tmp_path, Placed=placed)
    states = client(server, "stepfunctions")
    with functions(server, succeeded):
        entry = {"Source": source, "DetailType": "Placed", "Detail": '{"order": 9}'}
        client(server, "events").put_events(Entries=[entry])
        (begun,) = states.list_executions(stateMachineArn=arn)["executions"]
        said = ended(server, begun["executionArn"])
    assert json.loads(said["input"]) == {"order": 9}
    assert said["status"] == "SUCCEEDED"


def test_a_definition_that_moto_cannot_read_is_no_reason_to_leave_the_state_machine_out(
    server: LocalServer, aws: Aws, tmp_path: Any
) -> None:
    resources = {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "DefinitionString": '{"StartAt": "A", "States": {"A": {"Type": "SomethingNewer"}}}',
            },
        },
    }
    file = tmp_path / "template.json"
    file.write_text(json.dumps({"Resources": resources}))
    stack = f"newer-{uuid.uuid4().hex[:8]}"
    deployed = deploy(read(file), stack_name=stack, aws=aws, parameters={}, with_code=False)
    assert [each.note for each in deployed.not_made] == []
    assert Sent(server).all() == []
