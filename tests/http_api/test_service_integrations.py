"""AWS services behind an API, in the environment on this machine: what they got, and what the client does.

The templates are those of AWS's guide ("Tutorial: Create a REST API as an Amazon S3 proxy", "… as an Amazon Kinesis
proxy", "Integration subtype reference") and of its samples (aws-samples/serverless-patterns: apigw-sqs,
apigw-dynamodb, apigw-sns, apigw-sfn; aws-samples/sessions-with-aws-sam: http-api-direct-integration).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import kit
import pytest
from aws_client import aws_client
from served_apis_kit import ServedApis, served_apis

FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}


def uri(rest: str) -> dict[str, str]:
    return {"Fn::Sub": f"arn:aws:apigateway:${{AWS::Region}}:{rest}"}


def rest(
    place: str,
    template: str | None = None,
    *,
    method: str = "POST",
    parameters: dict[str, str] | None = None,
    answer: str | None = None,
) -> dict[str, Any]:
    """An operation. ``answer`` is the response's template."""
    ok: dict[str, Any] = {"statusCode": "200"}
    if answer is not None:
        ok["responseTemplates"] = {"application/json": answer}
    integration: dict[str, Any] = {
        "type": "aws",
        "httpMethod": method,
        "uri": uri(place),
        "credentials": {"Fn::GetAtt": ["Role", "Arn"]},
        "requestParameters": parameters or {},
        "responses": {"default": ok, r"4\d{2}": {"statusCode": "400"}},
    }
    if template is not None:
        integration["requestTemplates"] = {"application/json": {"Fn::Sub": template}}
    return {"x-amazon-apigateway-integration": integration}


PATHS = {
    "/queue": {
        "post": rest(
            "sqs:path/${AWS::AccountId}/${Queue.QueueName}",
            "Action=SendMessage&MessageBody=$util.urlEncode($input.body)",
            parameters=FORM,
            answer='{"message": "great success!"}',
        )
    },
    "/items/{id}": {
        "put": rest(
            "dynamodb:action/PutItem",
            '{"TableName": "${Table}", '
            '"Item": {"id": {"S": "$input.params("id")"}, "name": {"S": $input.json("$.name")}}}',
        ),
        "get": rest(
            "dynamodb:action/GetItem",
            '{"TableName": "${Table}", "Key": {"id": {"S": "$input.params("id")"}}}',
            answer='{"name": "$input.path("$.Item.name.S")"}',
        ),
    },
    "/broken": {"get": rest("dynamodb:action/GetItem", '{"TableName": "absent", "Key": {"id": {"S": "1"}}}')},
    "/topic": {
        "post": rest(
            "sns:action/Publish",
            parameters={
                "integration.request.querystring.TopicArn": "stageVariables.topic",
                "integration.request.querystring.Message": "method.request.querystring.message",
            },
        )
    },
    "/files/{key+}": {
        "put": rest(
            "s3:path/${Bucket}/{key}",
            method="PUT",
            parameters={"integration.request.path.key": "method.request.path.key"},
        ),
        "get": rest(
            "s3:path/${Bucket}/{key}",
            method="GET",
            parameters={"integration.request.path.key": "method.request.path.key"},
        ),
    },
    "/runs": {
        "post": rest(
            "states:action/StartExecution",
            '{"input": "$util.escapeJavaScript($input.body)", "stateMachineArn": "${Machine}"}',
            answer='{"arn": $input.json("$.executionArn")}',
        )
    },
    "/events": {
        "post": rest(
            "events:action/PutEvents",
            '{"Entries": [{"Source": "web", "DetailType": "said", "Detail": "$util.escapeJavaScript($input.body)"}]}',
            parameters={
                "integration.request.header.X-Amz-Target": "'AWSEvents.PutEvents'",
                "integration.request.header.Content-Type": "'application/x-amz-json-1.1'",
            },
            answer='{"failed": $input.json("$.FailedEntryCount")}',
        )
    },
    "/stream": {
        "post": rest(
            "kinesis:action/PutRecord",
            '{"StreamName": "${Stream}", "Data": "$util.base64Encode($input.json("$.data"))", "PartitionKey": "1"}',
        )
    },
}


def subtype(name: str, **parameters: Any) -> dict[str, Any]:
    return {
        "x-amazon-apigateway-integration": {
            "type": "AWS_PROXY",
            "integrationSubtype": name,
            "payloadFormatVersion": "1.0",
            "credentials": {"Fn::GetAtt": ["Role", "Arn"]},
            "requestParameters": parameters,
        }
    }


HTTP_PATHS = {
    "/send": {
        "post": subtype(
            "SQS-SendMessage",
            QueueUrl={"Ref": "Queue"},
            MessageBody="$request.body.message",
            MessageAttributes='{"who": {"DataType": "String", "StringValue": "${request.header.x-who}"}}',
        )
    },
    "/event": {
        "post": subtype(
            "EventBridge-PutEvents", Detail="$request.body.detail", DetailType="said", Source="$context.stage"
        )
    },
    "/record": {
        "post": subtype(
            "Kinesis-PutRecord", StreamName={"Ref": "Stream"}, Data="$request.body.data", PartitionKey="1"
        )
    },
    "/run": {
        "post": subtype("StepFunctions-StartExecution", StateMachineArn={"Ref": "Machine"}, Input="$request.body")
    },
    "/nowhere": {
        "post": subtype("Kinesis-PutRecord", StreamName="absent", Data="$request.body.data", PartitionKey="1")
    },
}

SERVICES = ("sqs", "dynamodb", "sns", "s3", "states", "events", "kinesis")
RESOURCES: dict[str, Any] = {
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Topic": {"Type": "AWS::SNS::Topic"},
    "Heard": {
        "Type": "AWS::SNS::Subscription",
        "Properties": {
            "TopicArn": {"Ref": "Topic"},
            "Protocol": "sqs",
            "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
            "RawMessageDelivery": True,
        },
    },
    "Table": {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    },
    "Bucket": {"Type": "AWS::S3::Bucket"},
    "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
    "Machine": {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "DefinitionString": json.dumps({"StartAt": "End", "States": {"End": {"Type": "Pass", "End": True}}}),
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        },
    },
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": ["apigateway.amazonaws.com", "states.amazonaws.com"]},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            "Policies": [
                {
                    "PolicyName": "own",
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {"Effect": "Allow", "Action": [f"{each}:*" for each in SERVICES], "Resource": "*"}
                        ],
                    },
                }
            ],
        },
    },
    "Fn": kit.function(Events={"E": {"Type": "Api", "Properties": {"Path": "/fn", "Method": "get"}}}),
    "Rest": {
        "Type": "AWS::Serverless::Api",
        "Properties": {
            "StageName": "live",
            "Variables": {"topic": {"Ref": "Topic"}},
            "DefinitionBody": {"openapi": "3.0.1", "info": {"title": "t"}, "paths": PATHS},
        },
    },
    "Http": {
        "Type": "AWS::Serverless::HttpApi",
        "Properties": {"DefinitionBody": {"openapi": "3.0.1", "info": {"title": "t"}, "paths": HTTP_PATHS}},
    },
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[kit.Project, ServedApis]]:
    files = {
        "template.json": kit.template(**RESOURCES),
        "code/app.py": "def handler(event, context):\n    return {}\n",
    }
    made = kit.make_project(tmp_path_factory.mktemp("services"), files)
    try:
        # A dozen services come up first.
        with served_apis(made, "-e", "local", within=120) as own:
            yield made, own
    finally:
        made.run("local", "stop")


def client(made: kit.Project, service: str) -> Any:
    (home,) = (made.cache / "local").iterdir()
    return aws_client(service, json.loads((home / "server.json").read_text())["url"])


def physical(made: kit.Project, logical_id: str) -> str:
    stack = client(made, "cloudformation")
    found = stack.describe_stack_resource(StackName="local", LogicalResourceId=logical_id)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def received(made: kit.Project) -> dict[str, Any]:
    """The next message of the queue."""
    queue = client(made, "sqs")
    url = physical(made, "Queue")

    def message() -> Any:
        found = queue.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages")
        return found[0] if found else None

    got: dict[str, Any] = kit.eventually(message, within=60)
    queue.delete_message(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
    return got


@pytest.mark.docker
def test_a_rest_api_asks_services_by_path_and_by_action(served: tuple[kit.Project, ServedApis]) -> None:
    made, own = served

    def ask(method: str, path: str, body: object = None) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {} if data is None else {"Content-Type": "application/json"}
        answer = own.ask(method, path, api="Rest", body=data, headers=headers)
        return answer.status, answer.json if answer.body.startswith(b"{") else answer.body

    assert ask("POST", "/queue", {"text": "a & b"}) == (200, {"message": "great success!"})
    message = received(made)
    assert json.loads(message["Body"]) == {"text": "a & b"}

    assert ask("PUT", "/items/7", {"name": "Ada"}) == (200, {})
    assert ask("GET", "/items/7") == (200, {"name": "Ada"})
    status, said = ask("GET", "/broken")
    assert (status, "ResourceNotFoundException" in said["__type"]) == (400, True)

    assert ask("POST", "/topic?message=all%20of%20you")[0] == 200
    assert received(made)["Body"] == "all of you"

    assert ask("PUT", "/files/a/b%20c.txt", b"content")[0] == 200
    stored = client(made, "s3")
    assert stored.get_object(Bucket=physical(made, "Bucket"), Key="a/b c.txt")["Body"].read() == b"content"
    assert ask("GET", "/files/a/b%20c.txt") == (200, b"content")

    status, said = ask("POST", "/runs", {"n": 1})
    assert (status, ":execution:" in said["arn"]) == (200, True)
    assert json.loads(client(made, "stepfunctions").describe_execution(executionArn=said["arn"])["input"]) == {"n": 1}

    assert ask("POST", "/events", {"n": 1}) == (200, {"failed": 0})
    status, said = ask("POST", "/stream", {"data": "x"})
    assert (status, said["ShardId"]) == (200, "shardId-000000000000")


@pytest.mark.docker
def test_an_http_api_asks_services_by_the_subtypes_of_its_integrations(
    served: tuple[kit.Project, ServedApis],
) -> None:
    made, own = served

    def ask(path: str, body: object, **headers: str) -> tuple[int, str | None, bytes]:
        answer = own.ask("POST", path, api="Http", body=json.dumps(body).encode(), headers=headers)
        return answer.status, answer.headers.get("content-type"), answer.body

    status, kind, said = ask("/send", {"message": "hello"}, **{"x-who": "me"})
    # SQS answers its query protocol in XML.
    assert (status, kind, b"<SendMessageResponse" in said) == (200, "text/xml", True)
    message = received(made)
    assert message["Body"] == "hello"
    assert message["MessageAttributes"]["who"]["StringValue"] == "me"

    status, _, said = ask("/event", {"detail": {"n": 1}})
    assert (status, json.loads(said)["FailedEntryCount"]) == (200, 0)

    data = base64.b64encode(b"record").decode()
    status, _, said = ask("/record", {"data": data})
    assert (status, json.loads(said)["ShardId"]) == (200, "shardId-000000000000")
    stream = client(made, "kinesis")
    shard = stream.get_shard_iterator(
        StreamName=physical(made, "Stream"), ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )
    records = stream.get_records(ShardIterator=shard["ShardIterator"])["Records"]
    assert b"record" in [each["Data"] for each in records]

    status, _, said = ask("/run", {"n": 2})
    assert status == 200
    run = client(made, "stepfunctions").describe_execution(executionArn=json.loads(said)["executionArn"])
    assert json.loads(run["input"]) == {"n": 2}

    # localstack/localstack, ``test_apigw_v2_http_kinesis_put_record_no_stream``, tried on AWS.
    assert ask("/record", {})[0] == 400
    own.running.has_logged("POST /record: Kinesis-PutRecord: Data has no value in this request.")
    assert ask("/nowhere", {"data": data})[::2] == (500, b'{"message":"Internal Server Error"}')
    own.running.has_logged("POST /nowhere: Kinesis-PutRecord: 400 ")
