"""What starts functions in the public templates, read from the raw files without any of samlocal's code.

A resource that names a function starts it, unless its type is known for naming functions without that. So a kind of
source that nobody has thought of shows as a type that is in neither table.

Sources: SAM specification, ``EventSource``; CloudFormation template reference, the page of each type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import corpus
import yaml

FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")

_OF_A_FUNCTION = ("AWS::Lambda::Alias", "AWS::Lambda::Version")

STARTING: Mapping[str, str] = {
    "AWS::ApiGateway::Authorizer": "API",
    "AWS::ApiGateway::Method": "API",
    "AWS::ApiGateway::RestApi": "API",
    "AWS::ApiGatewayV2::Api": "API",
    "AWS::ApiGatewayV2::Authorizer": "API",
    "AWS::ApiGatewayV2::Integration": "API",
    "AWS::AppSync::Api": "AppSync",
    "AWS::AppSync::DataSource": "AppSync",
    "AWS::Bedrock::Agent": "Bedrock agent",
    "AWS::BedrockAgentCore::GatewayTarget": "AgentCore gateway",
    "AWS::CloudFormation::CustomResource": "Custom resource",
    "AWS::CloudFormation::Macro": "CloudFormation macro",
    "AWS::Cognito::UserPool": "Cognito",
    "AWS::Config::ConfigRule": "Config rule",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "Load balancer",
    "AWS::Events::Rule": "EventBridge rule",
    "AWS::IoT::TopicRule": "IoT rule",
    "AWS::KinesisFirehose::DeliveryStream": "Firehose",
    "AWS::Lambda::EventSourceMapping": "Event source mapping",
    "AWS::Lambda::Url": "Function URL",
    "AWS::Logs::SubscriptionFilter": "CloudWatch Logs",
    "AWS::Pipes::Pipe": "Pipe",
    "AWS::S3::Bucket": "S3",
    "AWS::SES::ReceiptRule": "SES",
    "AWS::SNS::Subscription": "SNS",
    "AWS::SNS::Topic": "SNS",
    "AWS::Scheduler::Schedule": "Schedule",
    "AWS::SecretsManager::RotationSchedule": "Secret's rotation",
    "AWS::Serverless::Api": "API",
    "AWS::Serverless::GraphQLApi": "AppSync",
    "AWS::Serverless::HttpApi": "API",
    "AWS::Serverless::StateMachine": "Step Functions",
    "AWS::Serverless::WebSocketApi": "API",
    "AWS::StepFunctions::StateMachine": "Step Functions",
    "AWS::Transfer::Workflow": "Transfer workflow",
    "AWS::VpcLattice::TargetGroup": "VPC Lattice",
}
"""The kind of source, by the type of a resource that names a function."""

NAMING = frozenset(
    {
        "AWS-Events",  # as a template has it; there is no such type
        "AWS::CloudFormation::Stack",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::Greengrass::FunctionDefinition",  # a device runs the function itself
        "AWS::Greengrass::SubscriptionDefinition",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::SSM::Parameter",
        "AWS::Serverless::Connector",
        *_OF_A_FUNCTION,
    }
)
"""Types that name functions and start none: their rights, their metrics, their logs, their names."""

REQUESTS = frozenset({"API", "Function URL", "Load balancer"})
"""The kinds of source that are requests by HTTP, or connections."""

EVENTS: Mapping[str, str] = {
    "AlexaSkill": "Alexa skill",
    "Api": "API",
    "CloudWatchEvent": "EventBridge rule",
    "CloudWatchLogs": "CloudWatch Logs",
    "Cognito": "Cognito",
    "DocumentDB": "DocumentDB",
    "DynamoDB": "DynamoDB stream",
    "EventBridgeRule": "EventBridge rule",
    "HttpApi": "API",
    "IoTRule": "IoT rule",
    "Kinesis": "Kinesis stream",
    "MQ": "Amazon MQ",
    "MSK": "Kafka",
    "S3": "S3",
    "SNS": "SNS",
    "SQS": "SQS",
    "Schedule": "Schedule",
    "ScheduleV2": "Schedule",
    "SelfManagedKafka": "Kafka",
}
"""The kind of source, by SAM's type of an event."""


class Source(NamedTuple):
    """``name`` is the function's event, or else the resource that names the function; ``type`` is that one's."""

    template: str
    function: str
    name: str
    type: str
    kind: str


def raw(name: str) -> dict[str, Any]:
    """A template as plain YAML has it, with tags as CloudFormation's long forms."""
    text = (corpus.TEMPLATES / name).read_bytes().decode("utf-8-sig")
    return dict(yaml.load(text, _Loader))


def sources(name: str) -> Iterator[Source]:
    """All of one template. Raises KeyError for a type of which nobody knows whether it starts functions."""
    template = raw(name)
    resources = {key: body for key, body in template["Resources"].items() if isinstance(body, dict)}
    for function, body in _with_types(resources, *FUNCTIONS):
        if body["Type"] == FUNCTIONS[0]:
            events = (body.get("Properties") or {}).get("Events") or {}
            for event, said in events.items():
                yield Source(name, function, event, said["Type"], EVENTS[said["Type"]])
            if "FunctionUrlConfig" in (body.get("Properties") or {}):
                yield Source(name, function, "FunctionUrl", "FunctionUrlConfig", "Function URL")
    for key, body in resources.items():
        type_ = str(body.get("Type"))
        named = {each for each in names(body.get("Properties")) if each in resources}
        named = {_function_behind(each, resources) for each in named}
        for function in sorted(each for each in named if resources[each].get("Type") in FUNCTIONS and each != key):
            if type_ in FUNCTIONS or type_ in NAMING:
                continue
            kind = "Custom resource" if type_.startswith("Custom::") else STARTING[type_]
            if kind != "S3" or key not in set(names((resources[function].get("Properties") or {}).get("Events"))):
                # A bucket's notification is what the function's event of the same bucket is.
                yield Source(name, function, key, type_, kind)


def names(node: Any) -> Iterator[str]:
    """The resources and parameters that an expression names."""
    match node:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": str(path)}:
            yield path.partition(".")[0]
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": [str(text), dict(more)]}:
            yield from _placed(text)
            yield from names(more)
        case {"Fn::Sub": str(text)}:
            yield from _placed(text)
        case dict():
            for each in node.values():
                yield from names(each)
        case list():
            for each in node:
                yield from names(each)


def _placed(text: str) -> Iterator[str]:
    return (found.partition(".")[0] for found in re.findall(r"\$\{([\w.]+)\}", text))


def _with_types(resources: Mapping[str, Any], *types: str) -> Iterator[tuple[str, Any]]:
    return ((key, body) for key, body in resources.items() if body.get("Type") in types)


def _function_behind(name: str, resources: Mapping[str, Any]) -> str:
    body = resources[name]
    if body.get("Type") in _OF_A_FUNCTION:
        return next((each for each in names(body["Properties"]["FunctionName"]) if each in resources), name)
    return name


class _Loader(yaml.SafeLoader):
    pass


def _tagged(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    match node:
        case yaml.ScalarNode():
            value: Any = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _tagged)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", yaml.SafeLoader.construct_yaml_str)
