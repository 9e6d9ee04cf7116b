"""Public event-driven patterns, each with the first event that its own source sends in the local environment.

The templates come without their code: a handler that says what it is started with stands in for every function, and
definitions of state machines and nested templates that they lack are written here.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import corpus
from corpus_sources import FUNCTIONS, raw
from kit import eventually
from msgspec import Struct, field
from up_kit import Up

RECORDER = """
import json

def handler(event, context):
    print("heard", context.function_name, json.dumps(event))
    if "triggerSource" in event and event["triggerSource"].startswith("DefineAuthChallenge"):
        event["response"]["issueTokens"] = True
    return event
"""
"""Says what it is started with, and lets everybody in."""

# What a recorder is in place of a function's own.
_CODE = ("Architectures", "Code", "CodeUri", "Handler", "ImageConfig", "ImageUri", "InlineCode", "Layers")
_CODE += ("PackageType", "Runtime", "SnapStart", "FileSystemConfigs", "VpcConfig")
_RECORDS = {"Runtime": "python3.11", "Handler": "app.handler"}


class Deployed:
    """A pattern that is up: who sends, and what its functions have heard."""

    def __init__(self, own: Up) -> None:
        self.own = own

    def client(self, service: str) -> Any:
        return self.own.client(service)

    @cached_property
    def _ids(self) -> Mapping[str, str]:
        found = self.client("cloudformation").describe_stack_resources(StackName="local")["StackResources"]
        return {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in found}

    def id(self, logical_id: str) -> str:
        return self._ids[logical_id]

    def heard(self, function: str, holds: Callable[[Any], bool]) -> Any:
        """The first event of a function of which that is true."""
        found: list[Any] = []

        def comes() -> bool:
            said = re.findall(
                rf"\bheard {re.escape(self.id(function))} (.+)$", self.own.running.stderr(), re.MULTILINE
            )
            found[:] = [event for event in map(json.loads, said) if holds(event)]
            return bool(found)

        eventually(comes, within=90, told=self.own.running.stderr)
        return found[0]


class Start(Struct, frozen=True, kw_only=True):
    """How one source starts its function: ``sends`` has it happen, ``is_right`` knows the event by its shape."""

    function: str
    source: str
    sends: Callable[[Deployed], object]
    is_right: Callable[[Any], bool]


class Pattern(Struct, frozen=True, kw_only=True):
    """A public template by its number; ``files`` are those that it needs and comes without.

    ``args`` are those of ``samlocal up`` for values that nobody but a user can give.
    """

    number: str
    starts: tuple[Start, ...]
    files: Mapping[str, Any] = field(default_factory=dict)
    args: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return next(name for name in corpus.NAMES if name.startswith(self.number))

    def project_files(self) -> dict[str, Any]:
        return {"template.json": recording(raw(self.name)), "code/app.py": RECORDER, **self.files}

    def runs(self, own: Up) -> None:
        """Sends every event, and waits until its function has heard of it."""
        deployed = Deployed(own)
        for start in self.starts:
            start.sends(deployed)
            deployed.heard(start.function, start.is_right)


def recording(template: dict[str, Any]) -> dict[str, Any]:
    """The template with a recorder in place of every function's code."""
    own = template.get("Globals", {}).get("Function", {})
    for name in _CODE:
        own.pop(name, None)
    for body in template["Resources"].values():
        if body.get("Type") not in FUNCTIONS:
            continue
        properties = body["Properties"]
        for name in _CODE:
            properties.pop(name, None)
        code = "CodeUri" if body["Type"] == FUNCTIONS[0] else "Code"
        properties |= {**_RECORDS, code: "code/", "Timeout": 30}
    return template


# what happens at each kind of source


def put_object(bucket: str, key: str) -> Callable[[Deployed], object]:
    return lambda up: up.client("s3").put_object(Bucket=up.id(bucket), Key=key, Body=b"hello")


def publish(topic: str) -> Callable[[Deployed], object]:
    return lambda up: up.client("sns").publish(TopicArn=up.id(topic), Message="hello")


def publish_to_things(topic: str, **message: str) -> Callable[[Deployed], object]:
    return lambda up: up.client("iot-data").publish(topic=topic, payload=json.dumps(message).encode())


def send_message(queue: str, body: str = "hello") -> Callable[[Deployed], object]:
    return lambda up: up.client("sqs").send_message(QueueUrl=up.id(queue), MessageBody=body)


def put_record(stream: str) -> Callable[[Deployed], object]:
    return lambda up: up.client("kinesis").put_record(StreamName=up.id(stream), Data=b"hello", PartitionKey="1")


def put_item(table: str, **item: str) -> Callable[[Deployed], object]:
    def put(up: Deployed) -> object:
        typed = {name: {"S": value} for name, value in item.items()}
        return up.client("dynamodb").put_item(TableName=up.id(table), Item=typed)

    return put


def put_event(source: str, kind: str, *, bus: str = "default", **detail: str) -> Callable[[Deployed], object]:
    entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail), "EventBusName": bus}
    return lambda up: up.client("events").put_events(Entries=[entry])


def put_log(group: str, message: str) -> Callable[[Deployed], object]:
    def put(up: Deployed) -> object:
        logs, name = up.client("logs"), up.id(group)
        logs.create_log_stream(logGroupName=name, logStreamName="own")
        events = [{"timestamp": int(time.time() * 1000), "message": message}]
        return logs.put_log_events(logGroupName=name, logStreamName="own", logEvents=events)

    return put


def start_execution(machine: str, **given: str) -> Callable[[Deployed], object]:
    return lambda up: up.client("stepfunctions").start_execution(
        stateMachineArn=up.id(machine), input=json.dumps(given)
    )


def fire(schedule: str) -> Callable[[Deployed], object]:
    return lambda up: up.own.project.run("local", "fire", schedule).succeeded()


def sign_up(pool: str, name: str, attribute: str) -> Callable[[Deployed], object]:
    def sign(up: Deployed) -> object:
        cognito, pool_id = up.client("cognito-idp"), up.id(pool)
        client = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="web")["UserPoolClient"]["ClientId"]
        attributes = [{"Name": attribute, "Value": name}]
        return cognito.sign_up(ClientId=client, Username=name, Password="Example-1", UserAttributes=attributes)

    return sign


def sign_in_without_password(pool: str, name: str) -> Callable[[Deployed], object]:
    def sign(up: Deployed) -> object:
        cognito, pool_id = up.client("cognito-idp"), up.id(pool)
        cognito.admin_confirm_sign_up(UserPoolId=pool_id, Username=name)
        client = cognito.list_user_pool_clients(UserPoolId=pool_id)["UserPoolClients"][0]["ClientId"]
        given = {"USERNAME": name}
        signed_in = cognito.initiate_auth(ClientId=client, AuthFlow="CUSTOM_AUTH", AuthParameters=given)
        return signed_in["AuthenticationResult"]["IdToken"]

    return sign


# how each is known


def records(source: str, **holds: Any) -> Callable[[Any], bool]:
    """Records of that source whose first one holds, at these paths, such a value."""
    return lambda event: (
        (first := event["Records"][0])
        and (first.get("eventSource") or first.get("EventSource")) == source
        and all(_at(first, path) == value for path, value in holds.items())
    )


def _at(value: Any, path: str) -> Any:
    for name in path.split("__"):
        value = value[name]
    return value


def detail_type(source: str, kind: str) -> Callable[[Any], bool]:
    wanted = {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}
    return lambda event: set(event) == wanted and (event["source"], event["detail-type"]) == (source, kind)


def trigger(source: str) -> Callable[[Any], bool]:
    return lambda event: event["triggerSource"] == source and {"request", "response", "userPoolId"} <= set(event)


def log_lines(*messages: str) -> Callable[[Any], bool]:
    def right(event: Any) -> bool:
        read = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
        return [each["message"] for each in read["logEvents"]] == list(messages)

    return right


def equals(wanted: Any) -> Callable[[Any], bool]:
    return lambda event: event == wanted


DUE = detail_type("aws.events", "Scheduled Event")
HELLO = base64.b64encode(b"hello").decode()


def task(function: str, **more: Any) -> dict[str, Any]:
    """A state machine of one task, by the name that the template substitutes for its function."""
    return {
        "StartAt": "Task",
        "States": {"Task": {"Type": "Task", "Resource": f"${{{function}}}", "End": True, **more}},
    }


PATTERNS = (
    Pattern(
        number="001",
        starts=(
            Start(
                function="SecurityFairyCloudTrailAutoPartition",
                source="Schedule",
                sends=fire("SecurityFairyCloudTrailAutoPartition/DailyRun"),
                is_right=DUE,
            ),
        ),
    ),
    Pattern(
        number="009",
        starts=(
            Start(
                function="MyLambda",
                source="IoT rule",
                sends=publish_to_things("topic_2", colour="red"),
                is_right=equals({"colour": "red"}),
            ),
        ),
    ),
    Pattern(
        number="027",
        starts=(
            Start(
                function="SignUpFunction",
                source="Cognito",
                sends=sign_up("UserPool", "jane@example.com", "email"),
                is_right=trigger("PreSignUp_SignUp"),
            ),
        ),
    ),
    Pattern(
        number="029",
        starts=(
            Start(
                function="IngestUnicornRawDataFunction",
                source="S3",
                sends=put_object("DataBucket", "raw/a.json"),
                is_right=records("aws:s3", s3__object__key="raw/a.json"),
            ),
            Start(
                function="TransformAndMapDataFunction",
                source="Event source mapping",
                sends=send_message("IngestedRawDataFanOutQueue"),
                is_right=records("aws:sqs", body="hello"),
            ),
        ),
    ),
    Pattern(
        number="031",
        # Of a custom resource's.
        args=("--set", "IOT_DATA_ENDPOINT=iot.example.com"),
        starts=(
            Start(
                function="PublisherFunctionAdmin",
                source="EventBridge rule",
                sends=put_event("awsserverlessda.serverlesspresso", "ConfigService.Changed", bus="Serverlesspresso"),
                is_right=detail_type("awsserverlessda.serverlesspresso", "ConfigService.Changed"),
            ),
            Start(
                function="ConfigChangedFunction",
                source="DynamoDB stream",
                sends=put_item("ConfigTable", PK="config"),
                is_right=records("aws:dynamodb", eventName="INSERT", dynamodb__Keys={"PK": {"S": "config"}}),
            ),
        ),
    ),
    Pattern(
        number="032",
        starts=(
            Start(
                function="PreSignUp",
                source="Cognito",
                sends=sign_up("UserPool", "+12065550100", "phone_number"),
                is_right=trigger("PreSignUp_SignUp"),
            ),
            Start(
                function="DefineAuthChallenge",
                source="Cognito",
                sends=sign_in_without_password("UserPool", "+12065550100"),
                is_right=trigger("DefineAuthChallenge_Authentication"),
            ),
        ),
    ),
    Pattern(
        number="046",
        starts=(
            Start(
                function="LambdaFunction",
                source="CloudWatch Logs",
                sends=put_log("CloudwatchLogGroup", '{"userIdentity": {"type": "IAMUser"}}'),
                is_right=log_lines('{"userIdentity": {"type": "IAMUser"}}'),
            ),
        ),
    ),
    Pattern(
        number="058",
        # The host of a collection that moto does not make.
        args=("--set", "AOS_HOST=search.example.com"),
        starts=(
            Start(
                function="DocumentIngestionLambdaFunction",
                source="EventBridge rule",
                sends=put_object("SourceBucket", "a.pdf"),
                is_right=detail_type("aws.s3", "Object Created"),
            ),
        ),
    ),
    Pattern(
        number="061",
        files={
            "statemachine.asl.json": task("LambdaFunction"),
            "vpc.yaml": {
                "Resources": {"Own": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}},
                "Outputs": {name: {"Value": {"Ref": "Own"}} for name in ("Subnet1", "Subnet2", "SG")},
            },
        },
        starts=(
            Start(
                function="LambdaFunction",
                source="Step Functions",
                sends=put_object("S3Bucket", "a.txt"),
                is_right=detail_type("aws.s3", "Object Created"),
            ),
        ),
    ),
    Pattern(
        number="064",
        starts=(
            Start(
                function="ProcessEmployeeFunction",
                source="Kinesis stream",
                sends=put_record("EmployeeRecordsStream"),
                is_right=records("aws:kinesis", kinesis__data=HELLO),
            ),
        ),
    ),
    Pattern(
        number="067",
        starts=(
            Start(
                function="ProcessInputQueue",
                source="SQS",
                sends=send_message("InputQueue"),
                is_right=records("aws:sqs", body="hello"),
            ),
            Start(
                function="WriteTestResult",
                source="SQS",
                sends=send_message("OutputQueue", '{"data": {"type": "TEST"}}'),
                is_right=records("aws:sqs", body='{"data": {"type": "TEST"}}'),
            ),
        ),
    ),
    Pattern(
        number="068",
        files={"workflow/statemachine.asl.json": {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}},
        starts=(
            Start(
                function="PluginTaskSuccessFunction",
                source="EventBridge rule",
                sends=put_event("video.plugin.Own", "plugin-complete", token="1"),
                is_right=detail_type("video.plugin.Own", "plugin-complete"),
            ),
        ),
    ),
    Pattern(
        number="070",
        files={"statemachine/statemachine.asl.json": task("GenerateBatchJobArn")},
        starts=(
            Start(
                function="GenerateBatchJobMap",
                source="Step Functions",
                sends=start_execution("BatchJobWithLambdaStateMachine", jobs="2"),
                is_right=equals({"jobs": "2"}),
            ),
        ),
    ),
    Pattern(
        number="071",
        files={"statemachine/checkout_workflow.asl.json": task("PaymentServiceEndpointArn")},
        starts=(
            Start(
                function="PaymentServiceEndpoint",
                source="Step Functions",
                sends=start_execution("CheckoutStateMachine", cart="7"),
                is_right=equals({"cart": "7"}),
            ),
            Start(
                function="NotifyUserFunction",
                source="SQS",
                sends=put_event("CheckoutWorkflow", "PaymentFailed", bus="local-notification-bus"),
                is_right=lambda event: (
                    records("aws:sqs")(event)
                    and json.loads(event["Records"][0]["body"])["detail-type"] == "PaymentFailed"
                ),
            ),
        ),
    ),
    Pattern(
        number="073",
        starts=(
            Start(
                function="ReserveStockLambda",
                source="SQS",
                sends=send_message("ReserveStockQueue"),
                is_right=records("aws:sqs", body="hello"),
            ),
        ),
    ),
    Pattern(
        number="074",
        files={
            "statemachine/main.asl.json": task("SynthesisFunction"),
            "statemachine/worker.asl.json": task("WorkerAgentFunction"),
        },
        starts=(
            Start(
                function="WorkerAgentFunction",
                source="Step Functions",
                sends=start_execution("WorkerStateMachine", job="1"),
                is_right=equals({"job": "1"}),
            ),
            Start(
                function="SynthesisFunction",
                source="Pipe",
                sends=send_message("JobQueue"),
                # What a pipe gives is a list of its source's records (EventBridge user guide, "Pipes event sources").
                is_right=lambda event: records("aws:sqs", body="hello")({"Records": event}),
            ),
        ),
    ),
    Pattern(
        number="077",
        starts=(
            Start(
                function="MoveNewAccessLogsFn",
                source="S3",
                sends=put_object("CloudFrontAccessLogsBucket", "new/a.gz"),
                is_right=records("aws:s3", s3__object__key="new/a.gz"),
            ),
            Start(
                function="CreatePartFn",
                source="Schedule",
                sends=fire("CreatePartFn/HourlyEvt"),
                is_right=DUE,
            ),
        ),
    ),
    Pattern(
        number="079",
        starts=(
            Start(
                function="UncompressFunction",
                source="S3",
                sends=put_object("UncompressorSourceBucket", "a.zip"),
                is_right=records("aws:s3", s3__object__key="a.zip"),
            ),
        ),
        args=("--parameter-overrides", "SourceBucketName=from-here DestinationBucketName=to-there"),
    ),
    Pattern(
        number="082",
        starts=(
            Start(
                function="SNSPayloadLogger",
                source="SNS",
                sends=publish("SimpleTopic"),
                is_right=records("aws:sns", Sns__Message="hello"),
            ),
        ),
    ),
    Pattern(
        number="095",
        starts=(
            Start(
                function="MyAwesomeFunction",
                source="EventBridge rule",
                sends=put_event("aws.ec2", "EC2 Instance State-change Notification", state="terminated"),
                is_right=detail_type("aws.ec2", "EC2 Instance State-change Notification"),
            ),
            Start(
                function="MyAwesomeFunction",
                source="CloudWatch Logs",
                sends=put_log("CloudWatchLambdaLogsGroup", "My own pattern"),
                is_right=lambda event: "awslogs" in event and log_lines("My own pattern")(event),
            ),
            Start(
                function="MyAwesomeFunction",
                source="Schedule",
                sends=fire("MyAwesomeFunction/CWSchedule"),
                is_right=DUE,
            ),
        ),
    ),
    Pattern(
        number="100",
        starts=(
            Start(
                function="MyAwesomeFunction",
                source="S3",
                sends=put_object("Images", "a.png"),
                is_right=lambda event: "Records" in event and records("aws:s3", s3__object__key="a.png")(event),
            ),
            Start(
                function="MyAwesomeFunction",
                source="SNS",
                sends=publish("Notifications"),
                is_right=lambda event: records("aws:sns")(event),
            ),
            Start(
                function="MyAwesomeFunction",
                source="Kinesis stream",
                sends=put_record("MyStream"),
                is_right=lambda event: records("aws:kinesis")(event),
            ),
        ),
    ),
)
