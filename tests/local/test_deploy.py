"""Deployments to a real endpoint in a process of its own."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sample_kit import SAMPLE, document

from samlocal.aws import Aws
from samlocal.errors import ConfigurationError, TemplateError
from samlocal.local.code_archive import archive
from samlocal.local.deploy import Deployment, deploy
from samlocal.local.stack import Action
from samlocal.template.reader import read

FUNCTIONS = {
    "getEvent": "events-test-get-event",
    "putEvent": "events-test-put-event",
    "listEvents": "events-test-list-events",
    "healthCheck": "events-test-health-check",
    "relayChange": "events-test-relay-change",
    "archiveEvent": "events-test-archive-event",
    "announceEvent": "events-test-announce-event",
}
Client = Callable[[str], Any]


def test_the_stack_is_there_with_its_outputs(sample: Deployment, client: Client) -> None:
    (stack,) = client("cloudformation").describe_stacks(StackName="events-test")["Stacks"]
    assert stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    assert stack["StackId"] == sample.stack_id
    assert {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]} == sample.outputs
    assert sample.outputs.keys() == {"ApiUrl", "TableName"}


def test_the_table_has_a_name_that_only_the_stack_knows(sample: Deployment, client: Client) -> None:
    name = sample.physical_id("EventsTable")
    assert name is not None
    assert name != "EventsTable"
    assert name.startswith("events-test-EventsTable-")
    assert sample.outputs["TableName"] == name
    assert client("dynamodb").describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE"


@pytest.mark.parametrize("logical_id", FUNCTIONS)
def test_a_function_has_its_role_and_the_stacks_values(sample: Deployment, client: Client, logical_id: str) -> None:
    assert sample.physical_id(logical_id) == FUNCTIONS[logical_id]
    function = client("lambda").get_function_configuration(FunctionName=FUNCTIONS[logical_id])
    role = client("iam").get_role(RoleName=sample.physical_id(f"{logical_id}Role"))["Role"]
    table = client("dynamodb").describe_table(TableName=sample.outputs["TableName"])["Table"]

    assert function["Role"] == role["Arn"]
    variables = function["Environment"]["Variables"]
    assert variables["TABLE_NAME"] == table["TableName"]
    assert variables["TABLE_ARN"] == table["TableArn"]
    assert variables["STAGE"] == "test"


def trusted(client: Client, role: str | None) -> dict[str, str]:
    (statement,) = client("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    principal: dict[str, str] = statement["Principal"]
    return principal


def test_developers_may_take_on_the_roles_outside_production_only(
    sample: Deployment, aws: Aws, client: Client
) -> None:
    production = deploy(read(SAMPLE), stack_name="events-production", aws=aws, parameters={"Stage": "production"})

    developers = "arn:aws:iam::123456789012:root"
    assert trusted(client, sample.physical_id("getEventRole")) == {
        "Service": "lambda.amazonaws.com",
        "AWS": developers,
    }
    assert trusted(client, production.physical_id("getEventRole")) == {"Service": "lambda.amazonaws.com"}


def test_the_sample_is_made_whole(sample: Deployment, client: Client) -> None:
    assert [outcome.logical_id for outcome in sample.not_made] == []
    api = sample.physical_id("EventsApi")
    paths = {resource["path"] for resource in client("apigateway").get_resources(restApiId=api, limit=500)["items"]}
    assert paths >= {"/events", "/events/{id}", "/health"}
    (stage,) = client("apigateway").get_stages(restApiId=api)["item"]
    assert stage["stageName"] == "test"


def test_a_second_deployment_keeps_the_data(sample: Deployment, aws: Aws, client: Client) -> None:
    table = sample.outputs["TableName"]
    client("dynamodb").put_item(TableName=table, Item={"id": {"S": "kept"}})

    same = deploy(read(SAMPLE), stack_name="events-test", aws=aws, parameters={"Stage": "test"})
    louder = {"Stage": "test", "LogLevel": "DEBUG"}
    changed = deploy(read(SAMPLE), stack_name="events-test", aws=aws, parameters=louder)
    function = client("lambda").get_function_configuration(FunctionName=FUNCTIONS["getEvent"])
    back = deploy(read(SAMPLE), stack_name="events-test", aws=aws, parameters={"Stage": "test"})

    assert [same.action, changed.action, back.action] == [Action.UNCHANGED, Action.UPDATED, Action.UPDATED]
    assert function["Environment"]["Variables"]["LOG_LEVEL"] == "DEBUG"
    assert changed.outputs["TableName"] == table
    assert "Item" in client("dynamodb").get_item(TableName=table, Key={"id": {"S": "kept"}})


def test_a_changed_parameter_counts_in_texts_and_conditions_too(aws: Aws, client: Client, tmp_path: Path) -> None:
    template = document(
        """
Parameters: {Stage: {Type: String}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  Both: !And [Condition: IsProd, Condition: IsProd]
Resources:
  Parameter: {Type: AWS::SSM::Parameter, Properties: {Name: /conditional, Type: String, Value: !Sub "is-${Stage}"}}
  Sized: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: !If [Both, 60, 30]}}
  Extra: {Type: AWS::SQS::Queue, Condition: Both}
""",
        tmp_path,
    )

    def deployed(stage: str) -> tuple[str, str, bool]:
        made = deploy(template, stack_name="conditional", aws=aws, parameters={"Stage": stage})
        value = client("ssm").get_parameter(Name="/conditional")["Parameter"]["Value"]
        sized = client("sqs").get_queue_attributes(QueueUrl=made.physical_id("Sized"), AttributeNames=["All"])
        return value, sized["Attributes"]["VisibilityTimeout"], made.physical_id("Extra") is not None

    assert deployed("dev") == ("is-dev", "30", False)
    assert deployed("prod") == ("is-prod", "60", True)
    assert deployed("dev") == ("is-dev", "30", False)


def test_changed_code_is_deployed(aws: Aws, client: Client, tmp_path: Path) -> None:
    template = document(
        "Resources: {F: {Type: AWS::Serverless::Function,"
        " Properties: {CodeUri: src, Handler: a.b, Runtime: python3.11, FunctionName: changing}}}",
        tmp_path,
    )
    (tmp_path / "src").mkdir()
    hashes = []
    for source in ("x = 1", "x = 1", "x = 2"):
        (tmp_path / "src" / "a.py").write_text(source)
        deploy(template, stack_name="changing", aws=aws)
        hashes.append(client("lambda").get_function_configuration(FunctionName="changing")["CodeSha256"])
    assert hashes[0] == hashes[1] != hashes[2]


def test_code_that_is_not_there_is_said_so(aws: Aws, tmp_path: Path) -> None:
    template = document(
        "Resources: {F: {Type: AWS::Serverless::Function,"
        " Properties: {CodeUri: unbuilt, Handler: a.b, Runtime: python3.11}}}",
        tmp_path,
    )
    deployment = deploy(template, stack_name="unbuilt", aws=aws)
    (function,) = (outcome for outcome in deployment.resources if outcome.logical_id == "F")
    assert function.made
    assert "its code is not on this machine" in (function.note or "")


def test_what_the_endpoint_cannot_make_does_not_stop_the_rest(aws: Aws, tmp_path: Path) -> None:
    template = document(
        """
Conditions: {Never: !Equals [a, b]}
Resources:
  Seed:
    Type: Custom::Seed
    Properties: {ServiceToken: arn:aws:lambda:eu-west-1:123456789012:function:seed}
  App:
    Type: AWS::Amplify::App
  AboutApp:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !GetAtt App.Arn}
  AboutSeed:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !Sub "seeded ${Seed}"}
  Bad:
    Type: AWS::IAM::ManagedPolicy
    Properties: {PolicyDocument: {Version: none}}
  # moto falls over this one: its answer is a page of HTML.
  Worse:
    Type: AWS::Route53::RecordSetGroup
    Properties: {RecordSets: [{}]}
  Unwanted:
    Type: AWS::SQS::Queue
    Condition: Never
  Queue:
    Type: AWS::SQS::Queue
    DependsOn: Seed
Outputs:
  Queue: {Value: !GetAtt Queue.Arn}
  App: {Value: !Ref App}
""",
        tmp_path,
    )
    first = deploy(template, stack_name="partly", aws=aws)
    again = deploy(template, stack_name="partly", aws=aws)

    assert {outcome.logical_id for outcome in first.resources if outcome.made} == {"Queue"}
    reasons = {outcome.logical_id: outcome.note or "" for outcome in first.not_made}
    assert "custom resource" in reasons["Seed"]
    assert reasons["App"] == "the local endpoint makes no AWS::Amplify::App"
    assert reasons["AboutApp"] == "it refers to App, which is not made"
    assert reasons["AboutSeed"] == "it refers to Seed, which is not made"
    assert reasons["Bad"].startswith("MalformedPolicyDocument")
    assert "HostedZoneId" in reasons["Worse"]
    assert reasons["Unwanted"] == "its condition Never does not hold"
    assert first.outputs.keys() == {"Queue"}
    assert again.action is Action.UNCHANGED


def test_what_moto_falls_over_is_told_in_words(aws: Aws, tmp_path: Path) -> None:
    template = document(
        """
Resources:
  NoCode: {Type: AWS::Lambda::Function, Properties: {Handler: a, Runtime: python3.11, Role: x}}
  NoKeys: {Type: AWS::DynamoDB::Table, Properties: {BillingMode: PAY_PER_REQUEST}}
""",
        tmp_path,
    )
    made = deploy(template, stack_name="words", aws=aws)
    assert {outcome.logical_id: outcome.note for outcome in made.not_made} == {
        "NoCode": "the local endpoint needs Code, which is not given",
        "NoKeys": "moto cannot make it of these properties (its log says where it fell)",
    }


def test_loops_are_written_out(aws: Aws, tmp_path: Path) -> None:
    template = document(
        """
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Parameters: {Names: {Type: CommaDelimitedList, Default: "One,Two"}}
Resources:
  Fn::ForEach::Queues:
    - Name
    - !Ref Names
    - Queue${Name}: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "loop-${Name}"}}
""",
        tmp_path,
    )
    first = deploy(template, stack_name="loops", aws=aws)
    assert {outcome.logical_id for outcome in first.resources if outcome.made} == {"QueueOne", "QueueTwo"}
    more = deploy(template, stack_name="loops", aws=aws, parameters={"Names": "One,Three"})
    assert {outcome.logical_id for outcome in more.resources if outcome.made} == {"QueueOne", "QueueThree"}
    assert (more.physical_id("QueueOne") or "").endswith("/loop-One")


def test_fifo_queues_and_topics_and_mocks_need_say_no_more_than_on_aws(
    aws: Aws, client: Client, tmp_path: Path
) -> None:
    template = document(
        """
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}
  Topic: {Type: AWS::SNS::Topic, Properties: {FifoTopic: "true"}}
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: mocks}}
  Mock:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: OPTIONS
      AuthorizationType: NONE
      Integration: {Type: MOCK}
  Bare:
    Type: AWS::ApiGateway::Method
    Properties:
      {RestApiId: !Ref Api, ResourceId: !GetAtt Api.RootResourceId, HttpMethod: GET, AuthorizationType: NONE}
""",
        tmp_path,
    )
    made = deploy(template, stack_name="fifo", aws=aws)
    assert made.not_made == ()
    queue, topic = made.physical_id("Queue"), made.physical_id("Topic")
    attributes = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["FifoQueue"])["Attributes"]
    assert attributes == {"FifoQueue": "true"}
    assert client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["FifoTopic"] == "true"
    integration = client("apigateway").get_integration(
        restApiId=made.physical_id("Api"),
        resourceId=client("apigateway").get_resources(restApiId=made.physical_id("Api"))["items"][0]["id"],
        httpMethod="OPTIONS",
    )
    assert integration["type"] == "MOCK"


def test_a_function_is_made_without_what_refers_to_a_custom_resource(
    aws: Aws, client: Client, tmp_path: Path
) -> None:
    template = document(
        """
Resources:
  Custom: {Type: "Custom::Thing", Properties: {ServiceToken: arn:aws:lambda:eu-west-1:123456789012:function:x}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: x
      Handler: a.b
      Runtime: python3.11
      Policies: [{DynamoDBCrudPolicy: {TableName: !GetAtt Custom.Table}}]
      Environment: {Variables: {TABLE: !GetAtt Custom.Table, OTHER: there}}
""",
        tmp_path,
    )
    made = deploy(template, stack_name="custom", aws=aws)
    assert [outcome.logical_id for outcome in made.not_made] == ["Custom"]
    (note,) = (outcome.note for outcome in made.resources if outcome.logical_id == "Fn")
    assert note == "without TABLE: of what is not made"
    function = client("lambda").get_function_configuration(FunctionName=made.physical_id("Fn"))
    assert function["Environment"]["Variables"] == {"OTHER": "there"}


CIRCLE = """
Resources:
  Apart: {Type: AWS::SQS::Queue}
  One: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "x-${Two.QueueName}"}}
  Two: {Type: AWS::SQS::Queue, DependsOn: Three}
  Three: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref One}}
"""


def test_a_circle_is_named_and_leaves_nothing_once_it_is_mended(aws: Aws, tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"template.yaml:4: .* in a circle: One → Two → Three → One"):
        deploy(document(CIRCLE, tmp_path), stack_name="circle", aws=aws)
    mended = deploy(document(CIRCLE.replace("Value: !Ref One", "Value: x"), tmp_path), stack_name="circle", aws=aws)
    assert mended.action is Action.CREATED
    assert {outcome.logical_id: outcome.note for outcome in mended.resources} == dict.fromkeys(
        ("Apart", "One", "Two", "Three")
    )


def test_a_circle_that_only_a_condition_closes_is_no_error_of_the_template(aws: Aws, tmp_path: Path) -> None:
    text = """
Conditions: {Never: !Equals [a, b]}
Resources:
  One: {Type: AWS::SQS::Queue, Properties: {QueueName: !If [Never, !GetAtt Two.QueueName, one]}}
  Two: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "${One.QueueName}-two"}}
"""
    made = deploy(document(text, tmp_path), stack_name="half-circle", aws=aws)
    assert made.not_made == ()


def test_what_is_taken_out_of_the_template_and_put_back_is_made_anew(
    aws: Aws, client: Client, tmp_path: Path
) -> None:
    queue = {"Type": "AWS::SQS::Queue"}
    whole = {"Resources": {"Orders": queue, "Deep": queue}}
    part = {"Resources": {"Orders": queue}}

    def deployed(body: dict[str, Any]) -> Deployment:
        return deploy(document(json.dumps(body), tmp_path), stack_name="put-back", aws=aws)

    def queues() -> set[str]:
        given = client("sqs").list_queues(QueueNamePrefix="put-back-").get("QueueUrls", [])
        return {url.rpartition("/")[2].split("-")[2] for url in given}

    first = deployed(whole)
    deployed(part)
    assert queues() == {"Orders"}
    back = deployed(whole)
    assert queues() == {"Orders", "Deep"}
    assert back.physical_id("Deep") != first.physical_id("Deep")
    assert back.physical_id("Orders") == first.physical_id("Orders")
    # Nor is what is gone in the way of the next change.
    again = deployed(part)
    assert (again.action, queues()) == (Action.UPDATED, {"Orders"})
    assert again.physical_id("Orders") == first.physical_id("Orders")


def test_a_resource_that_turns_bad_costs_no_data(aws: Aws, client: Client, tmp_path: Path) -> None:
    def with_policy(version: str) -> Deployment:
        template = document(
            f"""
Resources:
  Queue: {{Type: AWS::SQS::Queue}}
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: {version}
        Statement: [{{Effect: Allow, Action: "sqs:*", Resource: "*"}}]
  {version}Queue: {{Type: AWS::SQS::Queue}}
""".replace("2012-10-17Queue", "GoodQueue"),
            tmp_path,
        )
        return deploy(template, stack_name="turning", aws=aws)

    good = with_policy("2012-10-17")
    queue = good.physical_id("Queue")
    client("sqs").send_message(QueueUrl=queue, MessageBody="kept")
    bad = with_policy("none")
    mended = with_policy("2012-10-17")

    assert [outcome.logical_id for outcome in bad.not_made] == ["Policy"]
    assert bad.physical_id("noneQueue") is not None
    assert mended.not_made == ()
    assert mended.physical_id("Queue") == queue
    assert client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "kept"


def test_what_motos_stacks_lack_is_made_through_the_api(aws: Aws, client: Client, tmp_path: Path) -> None:
    (tmp_path / "child.yaml").write_text(
        "Parameters: {Name: {Type: String}}\n"
        "Resources: {Inner: {Type: AWS::SQS::Queue}, Odd: {Type: AWS::Foo::Bar}}\n"
        "Outputs: {Url: {Value: !Ref Inner}}\n"
    )
    template = document(
        """
Transform: AWS::Serverless-2016-10-31
Parameters: {Password: {Type: String, NoEcho: true}}
Resources:
  Child:
    Type: AWS::Serverless::Application
    Properties: {Location: child.yaml, Parameters: {Name: !GetAtt Queue.QueueName}}
  Queue: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic}
  Subscription:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Topic
      Protocol: sqs
      Endpoint: !GetAtt Queue.Arn
      FilterPolicy: {kind: [order]}
  Secret: {Type: AWS::SecretsManager::Secret, Properties: {SecretString: !Ref Password}}
  Login:
    Type: AWS::SecretsManager::Secret
    Properties: {GenerateSecretString: {SecretStringTemplate: '{"user": "me"}', GenerateStringKey: password}}
  Pool: {Type: AWS::Cognito::UserPool}
  App: {Type: AWS::Cognito::UserPoolClient, Properties: {UserPoolId: !Ref Pool}}
  Api: {Type: AWS::Serverless::HttpApi}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: x
      Handler: a.b
      Runtime: python3.11
      Environment:
        Variables:
          SECRET: !Ref Secret
          POOL: !GetAtt Pool.Arn
          CHILD: !Sub "${Child.Outputs.Url}"
      Events: {Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /things, Method: get}}}
""",
        tmp_path,
    )
    made = deploy(template, stack_name="direct", aws=aws, parameters={"Password": "hunter2"})

    assert {outcome.logical_id: outcome.note for outcome in made.not_made} == {
        "Child/Odd": "the local endpoint makes no AWS::Foo::Bar"
    }
    secret = made.physical_id("Secret")
    assert client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"] == "hunter2"
    login = client("secretsmanager").get_secret_value(SecretId=made.physical_id("Login"))["SecretString"]
    assert json.loads(login).keys() == {"user", "password"}
    pool = client("cognito-idp").describe_user_pool(UserPoolId=made.physical_id("Pool"))["UserPool"]
    (subscription,) = client("sns").list_subscriptions_by_topic(TopicArn=made.physical_id("Topic"))["Subscriptions"]
    assert subscription["SubscriptionArn"] == made.physical_id("Subscription")
    (route,) = client("apigatewayv2").get_routes(ApiId=made.physical_id("Api"))["Items"]
    assert route["RouteKey"] == "GET /things"
    function = client("lambda").get_function_configuration(FunctionName=made.physical_id("Function"))
    assert function["Environment"]["Variables"] == {
        "SECRET": secret,
        "POOL": pool["Arn"],
        "CHILD": made.physical_id("Child/Inner"),
    }
    (stack,) = client("cloudformation").describe_stacks(StackName="direct")["Stacks"]
    assert stack["Parameters"] == [{"ParameterKey": "Password", "ParameterValue": "****"}]


def test_the_endpoint_does_not_run_functions(sample: Deployment, client: Client) -> None:
    answer = client("lambda").invoke(FunctionName=sample.physical_id("getEvent"), Payload=b"{}")
    assert "FunctionError" in answer
    assert b"samlocal invoke -e local" in answer["Payload"].read()


def test_a_name_is_given_where_the_endpoint_needs_one(aws: Aws, client: Client, tmp_path: Path) -> None:
    template = document("Resources: {P: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: v}}}", tmp_path)
    deployment = deploy(template, stack_name="nameless", aws=aws)
    assert client("ssm").get_parameter(Name=deployment.physical_id("P"))["Parameter"]["Value"] == "v"


def test_it_does_not_deploy_to_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    template = document("Resources: {Queue: {Type: AWS::SQS::Queue}}", tmp_path)
    with pytest.raises(ConfigurationError, match="on this machine only"):
        deploy(template, stack_name="far", aws=Aws(region="eu-west-1"))


def test_an_archive_is_the_same_for_the_same_files(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    for name in ("b.py", "a.py"):
        (folder / name).write_text(name)
    first = archive(folder)
    os.utime(folder / "a.py", (0, 0))
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.pyc").write_bytes(b"x")
    assert archive(folder) == first

    (folder / "a.py").chmod(0o755)
    assert archive(folder) != first


def test_an_archive_keeps_links_and_takes_ready_ones_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "lib.so.1").write_bytes(b"")
    (folder / "lib.so").symlink_to("lib.so.1")
    ready = tmp_path / "ready.zip"
    ready.write_bytes(archive(folder))

    assert archive(ready) == ready.read_bytes()
    with zipfile.ZipFile(ready) as zipped:
        link = zipped.getinfo("lib.so")
        assert stat.S_ISLNK(link.external_attr >> 16)
        assert zipped.read(link) == b"lib.so.1"


def test_attributes_are_known_of_what_moto_gives_none_for(aws: Aws, client: Client, tmp_path: Path) -> None:
    """The CloudFormation template reference, "Return values": ``!Ref`` and ``!GetAtt`` of each type."""
    template = document(
        """
Resources:
  Files: {Type: AWS::EFS::FileSystem}
  Access: {Type: AWS::EFS::AccessPoint, Properties: {FileSystemId: !Ref Files}}
  Policy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "*"}]
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: orders}}
  Setting: {Type: AWS::SSM::Parameter, Properties: {Name: /colour, Type: String, Value: blue}}
  Queue: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic}
  Network: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.9.0.0/16}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: ""
      Handler: index.handler
      Runtime: python3.11
      FileSystemConfigs: [{Arn: !GetAtt Access.Arn, LocalMountPath: /mnt/data}]
      Environment:
        Variables:
          FILES: !GetAtt Files.Arn
          ACCESS: !Ref Access
          ACCESS_ID: !GetAtt Access.AccessPointId
          POLICY: !GetAtt Policy.PolicyArn
          COLOUR: !GetAtt Setting.Value
          BUS: !Ref Bus
          QUEUE: !GetAtt Queue.QueueUrl
          TOPIC: !Sub "${Topic.TopicArn}"
          BLOCK: !GetAtt Network.CidrBlock
""",
        tmp_path,
    )
    made = deploy(template, stack_name="attributes", aws=aws)
    assert [outcome.logical_id for outcome in made.not_made] == []
    variables = client("lambda").get_function_configuration(FunctionName=made.physical_id("Fn"))["Environment"][
        "Variables"
    ]
    (files,) = client("efs").describe_file_systems(FileSystemId=made.physical_id("Files"))["FileSystems"]
    (access,) = client("efs").describe_access_points(FileSystemId=files["FileSystemId"])["AccessPoints"]
    assert made.physical_id("Access") == access["AccessPointId"]
    assert variables == {
        "FILES": files["FileSystemArn"],
        "ACCESS": access["AccessPointId"],
        "ACCESS_ID": access["AccessPointId"],
        "POLICY": made.physical_id("Policy"),
        "COLOUR": "blue",
        "BUS": "orders",
        "QUEUE": made.physical_id("Queue"),
        "TOPIC": made.physical_id("Topic"),
        "BLOCK": "10.9.0.0/16",
    }


def test_an_attribute_that_the_endpoint_does_not_know_is_named(aws: Aws, tmp_path: Path) -> None:
    template = document(
        """
Resources:
  Files: {Type: AWS::EFS::FileSystem}
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !GetAtt Files.Colour}}
""",
        tmp_path,
    )
    (queue,) = deploy(template, stack_name="unknown-attribute", aws=aws).not_made
    assert (queue.logical_id, queue.note) == (
        "Queue",
        "the local endpoint knows no Colour of an AWS::EFS::FileSystem",
    )


def test_a_queue_takes_up_all_that_a_template_changes_of_it_and_keeps_its_messages(
    aws: Aws, client: Client, tmp_path: Path
) -> None:
    """The CloudFormation template reference, AWS::SQS::Queue: these are updated with no interruption, and what is
    taken out is the default again."""
    sqs = client("sqs")

    def deployed(redrive: str, more: str) -> tuple[str, dict[str, str]]:
        template = document(
            f"""
Resources:
  Dead: {{Type: AWS::SQS::Queue}}
  Other: {{Type: AWS::SQS::Queue}}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties: {{Queues: [!Ref Orders], PolicyDocument: {{Statement: [{{Effect: Allow, Action: "sqs:*"}}]}}}}
  Orders: {{Type: AWS::SQS::Queue, Properties: {{{redrive} {more}}}}}
""",
            tmp_path,
        )
        made = deploy(template, stack_name="changed-queue", aws=aws)
        url = str(made.physical_id("Orders"))
        return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    def to(queue: str, count: int) -> str:
        return f"RedrivePolicy: {{deadLetterTargetArn: !GetAtt {queue}.Arn, maxReceiveCount: {count}}},"

    url, first = deployed(to("Dead", 3), "DelaySeconds: 5, VisibilityTimeout: 60")
    sqs.send_message(QueueUrl=url, MessageBody="stays", DelaySeconds=0)
    again, second = deployed(to("Other", 1), "VisibilityTimeout: 0, MessageRetentionPeriod: 600")
    assert again == url
    assert [json.loads(each["RedrivePolicy"])["maxReceiveCount"] for each in (first, second)] == [3, 1]
    assert second["VisibilityTimeout"] == "0"
    assert second["MessageRetentionPeriod"] == "600"
    assert second["DelaySeconds"] == "0"
    assert "Policy" in second
    # It is the other queue that gets what has been received once.
    assert [each["Body"] for each in sqs.receive_message(QueueUrl=url)["Messages"]] == ["stays"]
    assert sqs.receive_message(QueueUrl=url).get("Messages", []) == []
    others = next(each for each in sqs.list_queues()["QueueUrls"] if "changed-queue-Other" in each)
    assert [each["Body"] for each in sqs.receive_message(QueueUrl=others)["Messages"]] == ["stays"]
    _, third = deployed("", "DelaySeconds: 1")
    assert "RedrivePolicy" not in third
    assert third["VisibilityTimeout"] == "30"
