"""An event of a function's own sources, by what its template says."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from events_kit import AT

from samlocal.errors import EventError
from samlocal.events.generation import Link, generate
from samlocal.events.triggers.trigger import Trigger
from samlocal.events.triggers.triggers import Triggers, chosen, triggers
from samlocal.function.application import application
from samlocal.template.reader import parse

HEAD = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.11, Handler: app.handler, CodeUri: src}}
Resources:
  Orders: {Type: AWS::SQS::Queue, Properties: {QueueName: orders}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: news}}
  Uploads: {Type: AWS::S3::Bucket, Properties: {BucketName: my-uploads}}
"""

ARN = "arn:aws:{}:eu-west-1:123456789012:{}"


def found(text: str, function: str = "Fn") -> Triggers:
    document = parse(HEAD + text, path=Path("template.yaml"))
    return triggers(application(document, environment=None, region="eu-west-1", flags={}, configured={}), function)


def with_event(event: str) -> str:
    return "  Fn: {Type: AWS::Serverless::Function, Properties: {Events: {It: " + event + "}}}\n"


def only(text: str) -> Trigger:
    (one,) = found(text).found
    return one


def event_of(trigger: Trigger) -> Any:
    given = {"region": ["eu-west-1"], **trigger.given}
    given = {name: values for name, values in given.items() if name in trigger.kind.flags}
    return generate([Link(kind=trigger.kind, given=given, over=trigger.over)], Random(1), now=AT)


def test_a_queue_is_named_by_its_arn() -> None:
    trigger = only(with_event("{Type: SQS, Properties: {Queue: !GetAtt Orders.Arn}}"))
    assert trigger.name == "It"
    (record,) = event_of(trigger)["Records"]
    assert record["eventSourceARN"] == ARN.format("sqs", "orders")
    assert record["awsRegion"] == "eu-west-1"


def test_an_event_source_mapping_of_plain_cloudformation_counts_as_much() -> None:
    text = """
  Fn: {Type: AWS::Serverless::Function}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Fn, EventSourceArn: !Sub "arn:aws:sqs:${AWS::Region}:1:my.fifo"}
"""
    trigger = only(text)
    assert (trigger.name, trigger.kind.name) == ("Mapping", "sqs receive-fifo-message")


def test_a_filters_first_pattern_is_followed() -> None:
    pattern = '{"body": {"type": ["order"], "total": [{"numeric": [">", 5, "<", 6]}]}}'
    filters = f"FilterCriteria: {{Filters: [{{Pattern: '{pattern}'}}]}}"
    event = event_of(only(with_event(f"{{Type: SQS, Properties: {{Queue: !GetAtt Orders.Arn, {filters}}}}}")))
    assert json.loads(event["Records"][0]["body"]) == {"type": "order", "total": 5.5}


TABLE = """
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: events
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: n, KeyType: RANGE}]
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: n, AttributeType: N}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
"""


def test_a_tables_change_has_its_keys_and_what_its_stream_shows() -> None:
    source = "{Type: DynamoDB, Properties: {Stream: !GetAtt Table.StreamArn, StartingPosition: LATEST}}"
    (record,) = event_of(only(TABLE + with_event(source)))["Records"]
    assert record["dynamodb"]["Keys"] == {"pk": {"S": "example"}, "n": {"N": "101"}}
    assert record["dynamodb"].keys() & {"NewImage", "OldImage"} == {"NewImage"}
    assert record["eventSourceARN"].startswith(ARN.format("dynamodb", "table/events/stream/"))


def test_a_filter_of_a_tables_stream_chooses_the_kind_of_change() -> None:
    pattern = '{"eventName": ["REMOVE"], "dynamodb": {"OldImage": {"kind": {"S": ["order"]}}}}'
    filters = f"FilterCriteria: {{Filters: [{{Pattern: '{pattern}'}}]}}"
    source = (
        f"{{Type: DynamoDB, Properties: {{Stream: !GetAtt Table.StreamArn, StartingPosition: LATEST, {filters}}}}}"
    )
    trigger = only(TABLE.replace("NEW_IMAGE", "NEW_AND_OLD_IMAGES") + with_event(source))
    assert trigger.kind.name == "dynamodb remove"
    (record,) = event_of(trigger)["Records"]
    assert record["eventName"] == "REMOVE"
    assert record["dynamodb"]["OldImage"]["kind"] == {"S": "order"}
    assert record["dynamodb"]["OldImage"]["pk"] == {"S": "example"}


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        ("s3:ObjectCreated:*", "s3 put"),
        ("s3:ObjectCreated:Copy", "s3 copy"),
        ("s3:ObjectRemoved:*", "s3 delete"),
        ("s3:ObjectRemoved:DeleteMarkerCreated", "s3 delete-marker"),
        ("s3:ObjectRestore:Completed", "s3 restore"),
    ],
)
def test_an_object_has_the_event_the_bucket_and_a_key_that_are_asked_for(events: str, kind: str) -> None:
    key = "Filter: {S3Key: {Rules: [{Name: prefix, Value: in/}, {Name: suffix, Value: .jpg}]}}"
    trigger = only(with_event(f"{{Type: S3, Properties: {{Bucket: !Ref Uploads, Events: '{events}', {key}}}}}"))
    assert (trigger.name, trigger.kind.name) == ("It", kind)
    s3 = event_of(trigger)["Records"][0]["s3"]
    assert s3["bucket"]["name"] == "my-uploads"
    assert s3["object"]["key"] == "in/example.jpg"


def test_a_notification_has_the_attributes_of_its_filter_policy() -> None:
    trigger = only(with_event("{Type: SNS, Properties: {Topic: !Ref Topic, FilterPolicy: {store: [a, b]}}}"))
    sns = event_of(trigger)["Records"][0]["Sns"]
    assert sns["TopicArn"] == ARN.format("sns", "news")
    assert sns["MessageAttributes"] == {"store": {"Type": "String", "Value": "a"}}


def test_an_event_of_a_bus_matches_its_rules_pattern() -> None:
    pattern = """{source: [my.app], detail-type: [Placed], account: ["1"],
      detail: {kind: [{prefix: vip}], total: [{numeric: [">=", 10]}], gone: [{exists: false}]}}"""
    event = event_of(only(with_event(f"{{Type: EventBridgeRule, Properties: {{Pattern: {pattern}}}}}")))
    assert (event["source"], event["detail-type"], event["account"]) == ("my.app", "Placed", "1")
    assert event["detail"] == {"kind": "vipexample", "total": 10}


def test_s3s_events_of_a_bus_are_whole() -> None:
    pattern = "{source: [aws.s3], detail-type: [Object Created], detail: {bucket: {name: [photos]}}}"
    event = event_of(only(with_event(f"{{Type: EventBridgeRule, Properties: {{Pattern: {pattern}}}}}")))
    assert event["detail"]["bucket"] == {"name": "photos"}
    assert event["detail"]["object"].keys() == {"key", "size", "etag", "sequencer"}


def test_a_schedule_names_its_rule_and_a_constant_is_the_whole_event() -> None:
    trigger = only(with_event("{Type: Schedule, Properties: {Schedule: rate(1 minute)}}"))
    assert event_of(trigger)["resources"] == [ARN.format("events", "rule/FnIt")]
    trigger = only(
        with_event("{Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 hour), Input: '{\"a\": 1}'}}")
    )
    assert trigger.constant == {"a": 1}


def test_lines_of_a_log_have_its_group_and_the_term_that_is_looked_for() -> None:
    trigger = only(with_event("{Type: CloudWatchLogs, Properties: {LogGroupName: /my/group, FilterPattern: ERROR}}"))
    lines = json.loads(gzip.decompress(base64.b64decode(event_of(trigger)["awslogs"]["data"])))
    assert lines["logGroup"] == "/my/group"
    assert lines["logEvents"][0]["message"] == "ERROR"


@pytest.mark.parametrize(
    ("event", "flags"),
    [
        (
            "{Type: Api, Properties: {Path: '/orders/{id}', Method: get}}",
            ("aws-proxy", "GET", "/orders/{id}", "Prod"),
        ),
        ("{Type: HttpApi, Properties: {Path: /x, Method: post}}", ("http-api-proxy", "POST", "/x", "$default")),
        (
            "{Type: HttpApi, Properties: {Path: /x, Method: any, PayloadFormatVersion: '1.0'}}",
            ("http-api-proxy-v1", "POST", "/x", "$default"),
        ),
    ],
)
def test_a_request_has_its_routes_method_path_and_stage(event: str, flags: tuple[str, ...]) -> None:
    trigger = only(with_event(event))
    made = event_of(trigger)
    context = made["requestContext"]
    method = made.get("httpMethod") or context["http"]["method"]
    route = made.get("resource") or made["routeKey"].partition(" ")[2]
    assert (trigger.kind.type, method, route, context["stage"]) == flags
    assert trigger.name == "It"


def test_a_url_is_a_source_of_its_function() -> None:
    text = "  Fn: {Type: AWS::Serverless::Function, Properties: {FunctionUrlConfig: {AuthType: NONE}}}\n"
    trigger = only(text)
    assert (trigger.name, trigger.kind.name) == ("FunctionUrl", "lambda-url request")


def test_an_authorizers_function_is_started_by_requests_to_judge() -> None:
    text = """
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      Auth: {DefaultAuthorizer: Mine, Authorizers: {Mine: {FunctionArn: !GetAtt Fn.Arn}}}
  Fn: {Type: AWS::Serverless::Function}
  Behind:
    Type: AWS::Serverless::Function
    Properties: {Events: {It: {Type: Api, Properties: {Path: /x, Method: get, RestApiId: !Ref Api}}}}
"""
    trigger = only(text)
    assert (trigger.name, trigger.kind.name) == ("Mine", "apigateway authorizer")
    assert "/live/" in event_of(trigger)["methodArn"]
    (behind,) = found(text, "Behind").found
    assert "authorizer" in event_of(behind)["requestContext"]


PLAIN: Mapping[str, tuple[str, str]] = {
    "a pool's trigger": (
        "{Type: AWS::Cognito::UserPool, Properties: {LambdaConfig: {PreSignUp: !GetAtt Fn.Arn}}}",
        "cognito pre-sign-up",
    ),
    "a custom resource": (
        "{Type: Custom::Thing, Properties: {ServiceToken: !GetAtt Fn.Arn, Size: 3}}",
        "cloudformation create-request",
    ),
    "a rotated secret": (
        "{Type: AWS::SecretsManager::RotationSchedule, Properties: {SecretId: s, RotationLambdaARN: !GetAtt Fn.Arn}}",
        "secretsmanager rotation",
    ),
    "a rule of Config": (
        "{Type: AWS::Config::ConfigRule, Properties: {Source: {Owner: CUSTOM_LAMBDA,"
        " SourceIdentifier: !GetAtt Fn.Arn}}}",
        "config item-change-notification",
    ),
    "a rule of IoT": (
        "{Type: AWS::IoT::TopicRule, Properties: {TopicRulePayload: {Sql: SELECT * FROM 'a',"
        " Actions: [{Lambda: {FunctionArn: !GetAtt Fn.Arn}}]}}}",
        "iot rule",
    ),
    "a topic with its subscription": (
        "{Type: AWS::SNS::Topic, Properties: {Subscription: [{Protocol: lambda, Endpoint: !GetAtt Fn.Arn}]}}",
        "sns notification",
    ),
    "a topic of Kafka": (
        "{Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: !Ref Fn, Topics: [t],"
        " EventSourceArn: 'arn:aws:kafka:eu-west-1:1:cluster/c/1'}}",
        "kafka msk",
    ),
    "a topic of one's own Kafka": (
        "{Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: !Ref Fn, Topics: [t],"
        " SelfManagedEventSource: {Endpoints: {KafkaBootstrapServers: ['k:9092']}}}}",
        "kafka self-managed",
    ),
    "an email": (
        "{Type: AWS::SES::ReceiptRule, Properties: {RuleSetName: r, Rule: {Recipients: [a@example.com],"
        " Actions: [{LambdaAction: {FunctionArn: !GetAtt Fn.Arn}}]}}}",
        "ses email-receiving",
    ),
    "an agent": (
        "{Type: AWS::Bedrock::Agent, Properties: {AgentName: a, ActionGroups: [{ActionGroupName: g,"
        " ActionGroupExecutor: {Lambda: !GetAtt Fn.Arn}, FunctionSchema: {Functions: [{Name: f}]}}]}}",
        "bedrock agent-function",
    ),
    "an alarm": (
        "{Type: AWS::CloudWatch::Alarm, Properties: {AlarmActions: [!GetAtt Fn.Arn], Namespace: N, MetricName: M}}",
        "cloudwatch alarm",
    ),
    "a state machine": (
        "{Type: AWS::StepFunctions::StateMachine, Properties: {DefinitionSubstitutions: {Fn: !GetAtt Fn.Arn}}}",
        "stepfunctions task",
    ),
}


@pytest.mark.parametrize("what", PLAIN)
def test_other_resources_that_name_the_function_start_it(what: str) -> None:
    resource, kind = PLAIN[what]
    trigger = only(f"  Fn: {{Type: AWS::Serverless::Function}}\n  It: {resource}\n")
    assert (trigger.name, trigger.kind.name) == ("It", kind)
    assert event_of(trigger)


def test_a_custom_resources_properties_are_its_own() -> None:
    resource, _ = PLAIN["a custom resource"]
    event = event_of(only(f"  Fn: {{Type: AWS::Serverless::Function}}\n  It: {resource}\n"))
    assert event["ResourceProperties"] == {"ServiceToken": event["ServiceToken"], "Size": 3}
    assert (event["LogicalResourceId"], event["ResourceType"]) == ("It", "Custom::Thing")


def test_another_functions_sources_are_not_taken() -> None:
    text = with_event("{Type: SQS, Properties: {Queue: !GetAtt Orders.Arn}}")
    assert found(f"{text}  Other: {{Type: AWS::Serverless::Function}}\n", "Other").found == ()


def test_a_permission_counts_where_nothing_else_says_what_starts_the_function() -> None:
    permission = "{Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Fn, Action: lambda:InvokeFunction,"
    text = f"""
  Fn: {{Type: AWS::Serverless::Function}}
  Lex: {permission} Principal: lexv2.amazonaws.com}}}}
"""
    assert only(text).kind.name == "lex-v2 book-car"
    text = f"""
  Fn: {{Type: AWS::Serverless::Function}}
  Tick:
    Type: AWS::Events::Rule
    Properties: {{ScheduleExpression: rate(1 hour), Targets: [{{Arn: !GetAtt Fn.Arn}}]}}
  May: {permission} Principal: events.amazonaws.com, SourceArn: !GetAtt Tick.Arn}}}}
"""
    assert only(text).kind.name == "cloudwatch scheduled-event"


def test_a_skill_is_a_source_of_its_function() -> None:
    assert only(with_event("{Type: AlexaSkill}")).kind.name == "alexa-skills-kit intent"


def test_a_rules_constant_is_the_message_that_it_puts_into_a_queue() -> None:
    text = """
  Rule:
    Type: AWS::Events::Rule
    Properties: {ScheduleExpression: rate(1 hour), Targets: [{Arn: !GetAtt Orders.Arn, Input: '{"do": "it"}'}]}
"""
    trigger = only(text + with_event("{Type: SQS, Properties: {Queue: !GetAtt Orders.Arn}}"))
    assert json.loads(event_of(trigger)["Records"][0]["body"]) == {"do": "it"}


def test_raw_message_delivery_of_a_subscription_is_known() -> None:
    text = """
  Subscription:
    Type: AWS::SNS::Subscription
    Properties: {Protocol: sqs, TopicArn: !Ref Topic, Endpoint: !GetAtt Orders.Arn, RawMessageDelivery: true}
"""
    trigger = only(text + with_event("{Type: SQS, Properties: {Queue: !GetAtt Orders.Arn}}"))
    assert trigger.held is not None
    assert trigger.held.given["raw"] == [True]


def test_one_of_several_sources_is_chosen_by_its_name() -> None:
    text = """
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Api: {Type: Api, Properties: {Path: /x, Method: get}}
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Orders.Arn}}
"""
    there = found(text).found
    assert [each.name for each in there] == ["Api", "Queue"]
    for name in ("Queue", "FnQueue", "sqs receive-message"):
        assert chosen(there, name, "Fn").name == "Queue"
    assert chosen(there, "GET /x", "Fn").name == "Api"
    with pytest.raises(EventError, match=r"2 sources: Api \(apigateway aws-proxy\); Queue \(sqs receive-message\)"):
        chosen(there, None, "Fn")
    with pytest.raises(EventError, match="no source Quee; did you mean Queue"):
        chosen(there, "Quee", "Fn")
    with pytest.raises(EventError, match="Nothing in the template starts Fn"):
        chosen((), None, "Fn")


def test_what_is_a_placeholder_and_what_is_not_followed_is_known() -> None:
    trigger = only(with_event("{Type: SQS, Properties: {Queue: !GetAtt Orders.Arn}}"))
    assert trigger.invented == {"queue-arn": "!GetAtt Orders.Arn"}
    trigger = only(with_event("{Type: IoTRule, Properties: {Sql: \"SELECT a FROM 'b'\"}}"))
    assert trigger.remarks == ("template.yaml:8: FnIt: TopicRulePayload.Sql is not followed.",)
