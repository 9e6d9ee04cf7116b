"""Request validators and models, in the words of AWS's guide on them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from front_kit import FakePool, Heard, answered
from routes_kit import api, request

# "Tutorial: Create an API with request validation", the guide's OpenAPI document, in its essence.
DOCUMENT = """
openapi: 3.0.0
info: {title: ReqValidators Sample, version: "1"}
x-amazon-apigateway-request-validators:
  all: {validateRequestBody: true, validateRequestParameters: true}
  params-only: {validateRequestBody: false, validateRequestParameters: true}
x-amazon-apigateway-request-validator: params-only
components:
  schemas:
    RequestBodyModel:
      type: object
      required: [name, price, type]
      properties:
        id: {type: integer}
        type: {type: string, enum: [dog, cat, fish]}
        name: {$ref: "#/components/schemas/Name"}
        price: {type: number, minimum: 25.0, maximum: 500.0}
    Name: {type: string}
  parameters: {Header: {name: h1, in: header, required: true, schema: {type: string}}}
paths:
  /validation:
    post:
      x-amazon-apigateway-request-validator: all
      parameters: [{$ref: "#/components/parameters/Header"}]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/RequestBodyModel"}}}}
      x-amazon-apigateway-integration: &function {type: aws_proxy, httpMethod: POST, uri: !Sub
        "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"}
    get:
      parameters: [{name: q1, in: query, required: true, schema: {type: string}},
        {name: q2, in: query, schema: {type: string}}]
      x-amazon-apigateway-integration: *function
"""
TEMPLATE = """
  Fn: {Type: AWS::Serverless::Function}
  Web: {Type: AWS::Serverless::Api, Properties: {StageName: p, DefinitionUri: api.yaml}}
"""
GOOD = b'{"name": "Rex", "type": "dog", "price": 99}'


@pytest.mark.parametrize(
    ("method", "query", "headers", "body", "status", "message"),
    [
        ("POST", "", {"h1": "v1"}, GOOD, 200, None),
        ("POST", "", {}, GOOD, 400, "Missing required request parameters: [h1]"),
        ("POST", "", {"h1": " "}, GOOD, 400, "Missing required request parameters: [h1]"),
        ("POST", "", {"h1": "v1"}, b'{"name": "Rex", "type": "dog"}', 400, "Invalid request body"),
        ("POST", "", {"h1": "v1"}, b'{"name": 7, "type": "dog", "price": 99}', 400, "Invalid request body"),
        ("POST", "", {"h1": "v1"}, b'{"name": "R", "type": "dog", "price": 1}', 400, "Invalid request body"),
        ("POST", "", {"h1": "v1"}, b"", 400, "Invalid request body"),
        ("POST", "", {"h1": "v1"}, b"{", 400, "Invalid request body"),
        # A content type without a model is not looked at.
        ("POST", "", {"h1": "v1", "Content-Type": "text/plain"}, b"{", 200, None),
        ("POST", "", {"h1": "v", "Content-Type": "application/json; charset=x"}, b"{", 400, "Invalid request body"),
        ("GET", "q1=a", {}, b"", 200, None),
        ("GET", "q1=", {}, b"", 400, "Missing required request parameters: [q1]"),
        ("GET", "q2=a", {}, b"", 400, "Missing required request parameters: [q1]"),
    ],
)  # fmt: skip
def test_a_document_says_which_requests_pass(
    tmp_path: Path, method: str, query: str, headers: dict[str, str], body: bytes, status: int, message: str | None
) -> None:
    (tmp_path / "api.yaml").write_text(DOCUMENT)
    pool = FakePool()
    asked = request(method, "/validation", query=query, headers=headers, body=body)

    said, _, content = answered(api(TEMPLATE, folder=tmp_path), asked, pool)

    assert said == status
    if message is not None:
        assert json.loads(content) == {"message": message}
    assert bool(pool.asked) == (status == 200)


RESOURCES = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.11, Handler: a.b}}
  Api: {Type: AWS::ApiGateway::RestApi}
  Validator: {Type: AWS::ApiGateway::RequestValidator, Properties: {RestApiId: !Ref Api, ValidateRequestBody: true,
    ValidateRequestParameters: true}}
  Person: {Type: AWS::ApiGateway::Model, Properties: {RestApiId: !Ref Api, Name: Person,
    ContentType: application/json,
    Schema: {"$schema": "https://json-schema.org/draft/2020-12/schema", type: object, required: [firstName, pet],
      properties: {firstName: {type: string}, pet: {"$ref": !Sub
        "https://apigateway.amazonaws.com/restapis/${Api}/models/Pet"}}}}}
  Pet: {Type: AWS::ApiGateway::Model, Properties: {RestApiId: !Ref Api, Name: Pet, ContentType: application/json,
    Schema: {type: object, required: [kind]}}}
  Post:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: POST
      RequestValidatorId: !Ref Validator
      RequestModels: {$default: !Ref Person}
      RequestParameters: {method.request.querystring.q: true, method.request.header.h: false}
      Integration: {Type: AWS_PROXY, Uri: !GetAtt Fn.Arn}
"""


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("q=1", b'{"firstName": "A", "pet": {"kind": "dog"}}', 200),
        ("", b'{"firstName": "A", "pet": {"kind": "dog"}}', 400),
        ("q=1", b'{"firstName": "A", "pet": {}}', 400),
        ("q=1", b'{"pet": {"kind": "dog"}}', 400),
    ],
)
def test_resources_say_which_requests_pass(query: str, body: bytes, status: int) -> None:
    asked = request("POST", "/", query=query, body=body, headers={"Content-Type": "anything/else"})

    assert answered(api(RESOURCES, head=""), asked)[0] == status


@pytest.mark.parametrize("schema", ['{"$ref": "http://127.0.0.1:9/schema.json"}', '{"pattern": "("}'])
def test_a_model_that_cannot_be_read_lets_nothing_pass_and_fetches_nothing(schema: str) -> None:
    text = RESOURCES.replace("type: object, required: [kind]", schema.strip("{}"))
    asked = request("POST", "/", query="q=1", body=b'{"firstName": "A", "pet": "x"}')

    assert answered(api(text, head=""), asked)[0] == 400


def test_a_body_that_is_nested_too_deeply_for_a_model_of_itself_is_refused() -> None:
    text = RESOURCES.replace("type: object, required: [kind]", '"properties": {"pet": {"$ref": "#"}}')
    deep = b'{"pet":' * 400 + b"{}" + b"}" * 400

    assert (
        answered(api(text, head=""), request("POST", "/", query="q=1", body=b'{"firstName": "A", "pet": {}}'))[0]
        == 200
    )
    status, _, content = answered(
        api(text, head=""), request("POST", "/", query="q=1", body=b'{"firstName": "A", "pet": ' + deep + b"}")
    )
    assert (status, json.loads(content)) == (400, {"message": "Invalid request body"})


def test_sam_writes_models_and_parameters_into_its_document() -> None:
    one = api("""
  Web: {Type: AWS::Serverless::Api, Properties: {StageName: p, Models: {User: {type: object, required: [name]}}}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        A: {Type: Api, Properties: {RestApiId: !Ref Web, Path: /a, Method: post,
            RequestModel: {Model: User, Required: true, ValidateBody: true, ValidateParameters: true},
            RequestParameters: [method.request.header.X-A: {Required: true}]}}
""")

    assert answered(one, request("POST", "/a", headers={"X-A": "1"}, body=b'{"name": 1}'))[0] == 200
    assert answered(one, request("POST", "/a", headers={"X-A": "1"}, body=b"{}"))[0] == 400
    assert answered(one, request("POST", "/a", body=b'{"name": 1}'))[0] == 400


HARD = "a" * 60 + "!"


@pytest.mark.parametrize(
    ("schema", "pet", "status"),
    [
        ('"pattern": "^(a+)+$"', "aaa", 200),
        ('"pattern": "^(a+)+$"', HARD, 400),
        ('"patternProperties": {"^(a+)+$": {"type": "string"}}', {"aa": 1}, 400),
        ('"patternProperties": {"^(a+)+$": {"type": "string"}}', {HARD: 1}, 200),
        ('"patternProperties": {"^(a+)+$": {}}, "additionalProperties": false', {"aa": 1}, 200),
        ('"patternProperties": {"^(a+)+$": {}}, "additionalProperties": false', {HARD: 1}, 400),
        ('"properties": {"b": {}}, "additionalProperties": {"type": "string"}', {"b": 1, "c": "d"}, 200),
        ('"properties": {"b": {}}, "additionalProperties": {"type": "string"}', {"c": 1}, 400),
    ],
)
def test_patterns_of_a_model_come_to_an_end_with_every_body(schema: str, pet: object, status: int) -> None:
    text = RESOURCES.replace("type: object, required: [kind]", schema)
    body = json.dumps({"firstName": "A", "pet": pet}).encode()

    assert answered(api(text, head=""), request("POST", "/", query="q=1", body=body))[0] == status


@pytest.mark.parametrize(
    ("pet", "status"),
    [
        ([1, True, "1", [1], {"a": 1}, None, 0, False], 200),
        ([1, 1.0], 400),
        ([{"a": 1, "b": [2]}, {"b": [2.0], "a": 1}], 400),
        ([[1], [True]], 200),
        # One by one these would be compared for minutes.
        ([{"a": number} for number in range(60_000)], 200),
    ],
)  # fmt: skip
def test_items_are_unique_as_json_schema_takes_them(pet: list[object], status: int) -> None:
    text = RESOURCES.replace("type: object, required: [kind]", '"uniqueItems": true')
    body = json.dumps({"firstName": "A", "pet": pet}).encode()

    assert answered(api(text, head=""), request("POST", "/", query="q=1", body=body))[0] == status


def test_a_model_is_tried_on_what_a_compressed_body_says() -> None:
    text = RESOURCES.replace(
        "AWS::ApiGateway::RestApi}", "AWS::ApiGateway::RestApi, Properties: {MinimumCompressionSize: 0}}"
    )

    def status(body: bytes) -> int:
        sent = request("POST", "/", query="q=1", body=body, headers={"Content-Encoding": "gzip"})
        return answered(api(text, head=""), sent)[0]

    assert status(gzip.compress(b'{"firstName": "A", "pet": {"kind": "dog"}}')) == 200
    assert status(gzip.compress(b'{"firstName": "A", "pet": {}}')) == 400
    assert status(b"no gzip") == 415
    assert status(gzip.compress(bytes(10 * 1024 * 1024 + 1))) == 413


def test_a_model_that_does_not_come_to_an_end_with_a_body_is_500_and_says_so() -> None:
    text = RESOURCES.replace("type: object, required: [kind]", '"pattern": "(a|aa)+$"')
    body = json.dumps({"firstName": "A", "pet": "a" * 100 + "!"}).encode()
    heard = Heard()

    status, _, content = answered(api(text, head=""), request("POST", "/", query="q=1", body=body), heard=heard)

    assert (status, json.loads(content)) == (500, {"message": "Internal server error"})
    said = "Api: POST /: its model, tried on the body: (a|aa)+$ does not come to an end within 2 s."
    assert heard.remarks == [said]
