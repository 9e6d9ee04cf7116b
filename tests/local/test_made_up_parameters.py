"""Parameters of the template that nobody has given a value, under ``-e local``."""

from __future__ import annotations

from collections.abc import Callable

from kit import Outcome, Project

TEMPLATE = """
Parameters:
  Need: {Type: String}
  Unused: {Type: String}
  Key: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /app/key}
  BootstrapVersion: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /cdk-bootstrap/hnb659fds/version}
Rules:
  CheckBootstrapVersion:
    Assertions:
      - Assert: {'Fn::Not': [{'Fn::Contains': [['1', '2'], {Ref: BootstrapVersion}]}]}
        AssertDescription: Bootstrap stack version 6 required.
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "q-${Key}"}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: |
        def handler(event, context): return event
      Handler: index.handler
      Runtime: python3.11
      Environment: {Variables: {NEED: !Ref Need, KEY: !Ref Key, QUEUE: !Ref Queue}}
"""
Local = Callable[..., Project]


def values(outcome: Outcome) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in outcome.succeeded().payload}


def asked(project: Project, *args: str) -> Outcome:
    return project.run("env", "Fn", "-e", "local", "--output", "json", *args)


def test_each_run_says_anew_what_was_made_up(local: Local) -> None:
    project = local({"template.yaml": TEMPLATE})
    for _ in range(2):
        outcome = asked(project).succeeded()
        assert "parameters without a value got one made up: Need. Give them" in outcome.stderr
        made_up = {variable["name"] for variable in outcome.payload if variable["placeholder"]}
        # The queue is there, whatever its name is made of: its URL is the environment's own.
        assert made_up == {"NEED", "KEY"}
    given = asked(project, "--parameter-overrides", "Need=given")
    assert "without a value got one" not in given.stderr
    assert values(given)["NEED"] == "given"


def test_strict_refuses_what_was_made_up_in_every_run(local: Local) -> None:
    project = local({"template.yaml": TEMPLATE})
    for _ in range(2):
        refused = project.run("invoke", "Fn", "-e", "local", "--strict").ended(5)
        assert "nobody has given these: !Ref Need, !Ref Key" in refused.stderr


def test_a_parameter_of_ssm_is_named_with_its_line_for_a_seed_file_and_has_the_value_then(local: Local) -> None:
    project = local({"template.yaml": TEMPLATE, "seed.yaml": "parameters: {/app/key: real}"})
    before = asked(project)
    assert "/app/key (Key). Put `parameters: {/app/key: VALUE}` into a file" in before.stderr
    assert "Bootstrap" not in before.stderr

    project.run("local", "seed", "seed.yaml").succeeded()
    seeded = asked(project)
    assert values(seeded)["KEY"] == "real"
    assert "/app/key" not in seeded.stderr
    # CloudFormation looks it up for the resources too.
    assert values(seeded)["QUEUE"].endswith("/q-real")


def test_a_value_that_is_seeded_again_is_the_stacks(local: Local) -> None:
    project = local({"template.yaml": TEMPLATE})
    for value in ("one", "two"):
        (project.folder / "seed.yaml").write_text(f"parameters: {{/app/key: {value}}}")
        project.run("local", "seed", "seed.yaml").succeeded()
        assert values(asked(project))["KEY"] == value


def test_what_could_not_be_made_is_not_to_be_deployed_elsewhere(local: Local) -> None:
    template = TEMPLATE.replace("  Queue: {Type: AWS::SQS::Queue,", "  Queue: {Type: Custom::Queue,")
    refused = local({"template.yaml": template}).run("invoke", "Fn", "-e", "local").ended(5)
    assert "QUEUE" in refused.stderr
    assert "sam deploy" not in refused.stderr
    assert "`samlocal local reset`" in refused.stderr
