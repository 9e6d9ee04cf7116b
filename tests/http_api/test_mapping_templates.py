"""Mapping templates of REST APIs: the examples of AWS's guide, and what Velocity's users write.

Sources: API Gateway developer guide, "Variables for data transformations", "Mapping template transformations for REST
APIs", "Method request behavior for payloads without mapping templates", "Set up mock integrations", "Handle standard
Lambda errors", "Override your API's request and response parameters and status codes".
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from typing import Any

import pytest
import yaml
from front_kit import FakePool, Heard, answered
from routes_kit import api, found, request

from samlocal.sandbox.result import FunctionError, Success

HEAD = """
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.11, Handler: app.handler, Code: src, Role: r}}
"""
PETS = [{"id": 1, "type": "dog", "price": 249.99}, {"id": 2, "type": "cat", "price": 124.99}]


def template(integration: dict[str, Any], path: str = "/things/{id}") -> str:
    """A REST API with one method, as an OpenAPI document."""
    operation = {"x-amazon-apigateway-integration": integration}
    body = {"openapi": "3.0.1", "info": {"title": "t"}, "paths": {path: {"post": operation}}}
    resources = {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}},
        "Deployment": {"Type": "AWS::ApiGateway::Deployment", "Properties": {"RestApiId": {"Ref": "Api"}}},
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "DeploymentId": {"Ref": "Deployment"},
                "StageName": "live",
                "Variables": {"colour": "blue"},
            },
        },
    }
    return textwrap.indent(yaml.safe_dump(resources, sort_keys=False), "  ")


def of_function(templates: dict[str, str], responses: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    uri = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"
    return {
        "type": "aws",
        "httpMethod": "POST",
        "uri": {"Fn::Sub": uri},
        "requestTemplates": templates,
        "responses": responses or {"default": {"statusCode": "200"}},
        **more,
    }


def asked(
    integration: dict[str, Any],
    *,
    body: object = None,
    pool: FakePool | None = None,
    heard: Heard | None = None,
    headers: dict[str, str] | None = None,
    query: str = "",
) -> tuple[int, dict[str, str], bytes]:
    sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return answered(
        api(template(integration), head=HEAD),
        request("POST", "/things/abc", body=sent, headers=headers or {}, query=query),
        pool or FakePool(Success(payload=b"{}")),
        heard=heard,
    )


def event_of(text: str, **how: Any) -> Any:
    pool = FakePool(Success(payload=b"{}"))
    heard = Heard()
    status, _, _ = asked(of_function({"application/json": text}), pool=pool, heard=heard, **how)
    assert (status, heard.remarks) == (200, [])
    ((function, event),) = pool.asked
    assert function == "Fn"
    return event


ALL_PARAMETERS = """\
#set($allParams = $input.params())
{
"params" : {
#foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
"$type" : {
    #foreach($paramName in $params.keySet())
    "$paramName" : "$util.escapeJavaScript($params.get($paramName))"
        #if($foreach.hasNext),#end
    #end
}
    #if($foreach.hasNext),#end
#end
}
}
"""


def test_all_parameters_of_a_request_reach_the_function_by_the_guides_template() -> None:
    sent = {"X-One": 'say "hi"', "user-agent": "curl", "Connection": "close"}

    params = event_of(ALL_PARAMETERS, query="a=1&b=x%20y;a=2", headers=sent)["params"]

    assert (params["path"], params["querystring"]) == ({"id": "abc"}, {"a": "2", "b": "x y"})
    # As the event of a proxy integration has them.
    header = params["header"]
    assert (header["X-One"], header["User-Agent"], header["X-Forwarded-For"]) == ('say "hi"', "curl", "127.0.0.1")
    assert "Connection" not in header


THINGS = {"things": {"1": {}, "2": {}, "3": {}}}


@pytest.mark.parametrize(
    ("text", "body", "event"),
    [
        # "Example request and response using $input"
        (
            '{"id": "$input.params(\'id\')", "count": "$input.path(\'$.things\').size()", '
            "\"things\": $input.json('$.things')}",
            THINGS,
            {"id": "abc", "count": "3", **THINGS},
        ),
        ('{"name": "$input.params(\'name\')", "body": $input.json(\'$\')}', PETS, {"name": "q", "body": PETS}),
        ("{\"body\": $input.json('$.mykey')}", {"mykey": [True, None]}, {"body": [True, None]}),
        # $util.parseJson
        (
            "#set ($errorMessageObj = $util.parseJson($input.path('$.errorMessage')))\n"
            '{"errorMessageObjKey2ArrVal" : $errorMessageObj.key2.arr[0]}',
            {"errorMessage": '{"key1":"var1","key2":{"arr":[1,2,3]}}'},
            {"errorMessageObjKey2ArrVal": 1},
        ),
        # escapeJavaScript, with the guide's way to make JSON of it
        (
            '{"said": "$util.escapeJavaScript($input.path(\'$.said\')).replaceAll("\\\\\'","\'")"}',
            {"said": 'it\'s "so"\n'},
            {"said": 'it\'s "so"\n'},
        ),
        ('{"raw": "$util.base64Encode($input.body)"}', {"a": 1}, {"raw": "eyJhIjogMX0="}),
        ('{"a": "$util.base64Decode(\'aGk=\')"}', {}, {"a": "hi"}),
        (
            '{"a": "$util.urlEncode(\'a b&c*~\')", "b": "$util.urlDecode(\'a+b%26c\')"}',
            {},
            {"a": "a+b%26c*%7E", "b": "a b&c"},
        ),
        ('{"a": "$stageVariables.colour", "b": "${stageVariables[\'colour\']}"}', {}, {"a": "blue", "b": "blue"}),
        (
            '{"stage": "$context.stage", "path": "$context.resourcePath", "ip": "$context.identity.sourceIp"}',
            {},
            {"stage": "live", "path": "/things/{id}", "ip": "127.0.0.1"},
        ),
        # What is not there is nothing.
        (
            '{"a": "$input.path(\'$.none\')", "b": "$context.authorizer.none", "c": "$nothing", '
            '"d": $input.json(\'$.none\'), "e": "$input.params(\'none\')"}',
            {},
            {"a": "", "b": "", "c": "", "d": "", "e": ""},
        ),
        (
            '{"a": "$input.path(\'$.x\').y.z()", "b": "$input.path(\'$\').s.none", "c": $input.path(\'$\').l, '
            '"d": "$input.path(\'$\').m", "e": $input.path(\'$\').l.size()}',
            {"x": None, "s": "text", "l": [None, {"on": True}], "m": {"a": 1, "b": "c"}},
            {"a": "", "b": "", "c": [None, {"on": True}], "d": "{a=1, b=c}", "e": 2},
        ),
        # A loop over a list, conditions, Java's true.
        (
            '#set($root = $input.path(\'$\'))[#foreach($pet in $root)#if($pet.price > 200){"pet": "$pet.type", '
            '"index": $foreach.index}#else$pet.id#end#if($foreach.hasNext),#end#end]',
            PETS,
            [{"pet": "dog", "index": 0}, 2],
        ),
        ('#set($yes = true){"a": $yes, "b": $input.path(\'$.on\')}', {"on": False}, {"a": True, "b": False}),
        ('#if($input.path(\'$.on\')){"is": 1}#else{"is": 0}#end', {"on": False}, {"is": 0}),
        # Texts have Java's methods.
        (
            '#set($s = $input.path(\'$.s\')){"a": "$s.toUpperCase()", "b": $s.length(), '
            '"c": "$s.split(\',\').get(1)", "d": $s.contains(\'a\'), "e": "$s.substring(1, 3)"}',
            {"s": "a,bc"},
            {"a": "A,BC", "b": 4, "c": "bc", "d": True, "e": ",b"},
        ),
        # Paths that can lead to one place alone, whatever signs are in names, give what is there.
        (
            '{"a": $input.json("$[\'custom:tenant\']"), "b": $input.json("$[\'a,b\'][1]"), '
            '"c": $input.json("$[\'a*\'].b"), "d": $input.json("$[\'x..y\']")}',
            {"custom:tenant": "x", "a,b": [1, 2], "a*": {"b": 3}},
            {"a": "x", "b": 2, "c": 3, "d": ""},
        ),
        # Paths that may lead to many give lists.
        (
            '{"a": $input.json("$.l[0,1]"), "b": $input.json("$.l[5:]"), "c": $input.json("$.m[\'x\',\'y\']"), '
            '"d": $input.json("$.m.*"), "e": $input.json("$..none")}',
            {"l": [1, 2], "m": {"x": 3}},
            {"a": [1, 2], "b": [], "c": [3], "d": [3], "e": []},
        ),
        ('{"ids": $input.json(\'$..id\'), "dogs": $input.json(\'$[?(@.type == "dog")].id\')}', PETS, None),
    ],
)
def test_a_template_makes_the_event_that_the_guide_says(text: str, body: object, event: object) -> None:
    wanted = {"ids": [1, 2], "dogs": [1]} if event is None else event

    assert event_of(text, body=body, query="name=q") == wanted


def test_a_templates_context_names_deployment_and_resource_as_a_proxys_event_does() -> None:
    # localstack/localstack, test_apigateway_lambda.snapshot.json: of the lengths recorded on AWS.
    ids = event_of('{"deployment": "$context.deploymentId", "resource": "$context.resourceId"}')

    assert [bool(re.fullmatch("[a-z0-9]{6}", ids[name])) for name in ("deployment", "resource")] == [True, True]
    assert len(set(ids.values())) == 2


# "Method request behavior for payloads without mapping templates", its tables.
@pytest.mark.parametrize(
    ("behaviour", "templates", "status"),
    [
        ("when_no_match", {"application/xml": "{}"}, 200),
        ("when_no_match", {}, 200),
        ("when_no_templates", {}, 200),
        ("when_no_templates", {"application/xml": "{}"}, 415),
        ("never", {}, 415),
        ("never", {"application/xml": "{}"}, 415),
    ],
)
def test_a_content_type_without_template_passes_or_is_refused(
    behaviour: str, templates: dict[str, str], status: int
) -> None:
    pool = FakePool(Success(payload=b"{}"))

    said, _, body = asked(of_function(templates, passthroughBehavior=behaviour), body={"a": 1}, pool=pool)

    assert said == status
    if status == 200:
        assert pool.asked == [("Fn", {"a": 1})]
    else:
        assert json.loads(body) == {"message": "Unsupported Media Type"}
        assert pool.asked == []


def test_the_content_type_chooses_the_template_and_json_stands_for_none() -> None:
    integration = of_function({"application/json": '{"of": "json"}', "text/plain": '{"of": "text"}'})
    pool = FakePool(Success(payload=b"{}"))

    asked(integration, pool=pool)
    asked(integration, pool=pool, headers={"Content-Type": "text/plain; charset=utf-8"})

    assert [event for _, event in pool.asked] == [{"of": "json"}, {"of": "text"}]


def test_a_request_without_body_or_template_is_an_empty_object() -> None:
    pool = FakePool(Success(payload=b"{}"))

    asked(of_function({}), pool=pool)

    assert pool.asked == [("Fn", {})]


def test_an_event_that_is_no_json_is_a_bad_request() -> None:
    heard = Heard()

    status, _, body = asked(of_function({}), body=b"no json", heard=heard)

    assert (status, json.loads(body)) == (400, {"message": "Could not parse request body into json"})
    assert "the function's event is no JSON" in heard.remarks[0]


# "Handle standard Lambda errors in API Gateway": the pattern is matched against errorMessage, of errors alone.
RESPONSES = {
    "default": {"statusCode": "200"},
    "Malformed.*": {
        "statusCode": "400",
        "responseTemplates": {"application/json": "{\"why\": $input.json('$.errorMessage')}"},
        "responseParameters": {
            "method.response.header.X-Static": "'yes'",
            "method.response.header.X-Type": "integration.response.body.errorType",
            "method.response.header.X-Stage": "context.stage",
            "method.response.header.X-Colour": "stageVariables.colour",
            "method.response.header.X-None": "integration.response.body.none",
        },
    },
    r"(\n|.)+": {"statusCode": "500"},
}


@pytest.mark.parametrize(
    ("result", "status", "body"),
    [
        (
            Success(payload=b'{"errorMessage": "Malformed, but returned"}'),
            200,
            {"errorMessage": "Malformed, but returned"},
        ),
        (Success(payload=b'"text"'), 200, "text"),
        (
            FunctionError(payload=b'{"errorMessage": "Malformed input", "errorType": "E"}'),
            400,
            {"why": "Malformed input"},
        ),
        (FunctionError(payload=b'{"errorMessage": "in two\\nlines"}'), 500, {"errorMessage": "in two\nlines"}),
    ],
)
def test_a_functions_error_chooses_the_integration_response(
    result: Success | FunctionError, status: int, body: object
) -> None:
    said, headers, content = asked(of_function({}, RESPONSES), pool=FakePool(result))

    assert (said, json.loads(content)) == (status, body)
    assert headers["content-type"] == "application/json"
    if status == 400:
        names = ("x-static", "x-type", "x-stage", "x-colour", "x-none")
        assert [headers.get(name) for name in names] == ["yes", "E", "live", "blue", None]


def test_an_error_that_no_pattern_fits_gets_the_default() -> None:
    responses = {"default": {"statusCode": "200"}, "Never": {"statusCode": "400"}}

    status, _, body = asked(
        of_function({}, responses), pool=FakePool(FunctionError(payload=b'{"errorMessage": "e"}'))
    )

    assert (status, json.loads(body)) == (200, {"errorMessage": "e"})


def test_a_response_template_overrides_status_and_headers() -> None:
    text = (
        "#set($context.responseOverride.status = 444)#set($context.responseOverride.header.xmine = 'own')"
        '{"was": "$input.path(\'$.was\')"}'
    )
    responses = {"default": {"statusCode": "200", "responseTemplates": {"application/json": text}}}

    status, headers, body = asked(of_function({}, responses), pool=FakePool(Success(payload=b'{"was": "here"}')))

    assert (status, headers["xmine"], json.loads(body)) == (444, "own", {"was": "here"})


# "Set up mock integrations", its example.
MOCK = {
    "type": "mock",
    "requestTemplates": {
        "application/json": '{#if( $input.params(\'scope\') == "internal" )"statusCode": 200'
        '#else"statusCode": 500#end}'
    },
    "responses": {
        "200": {"statusCode": "200", "responseTemplates": {"application/json": '{"stage": "$context.stage"}'}},
        "5\\d{2}": {
            "statusCode": "500",
            "responseTemplates": {"application/json": '{"id": "$input.params(\'id\')"}'},
        },
    },
}


@pytest.mark.parametrize(
    ("query", "status", "body"), [("scope=internal", 200, {"stage": "live"}), ("", 500, {"id": "abc"})]
)
def test_a_mocks_template_chooses_its_response(query: str, status: int, body: object) -> None:
    said, _, content = asked(MOCK, query=query)

    assert (said, json.loads(content)) == (status, body)


STATIC_MOCK = {
    "type": "mock",
    "requestTemplates": {"application/json": "{statusCode: 418}"},
    "responses": {
        "4\\d{2}": {
            "statusCode": "418",
            "responseParameters": {"method.response.header.X-A": "'1'"},
            "responseTemplates": {"text/html": "<p>tea</p>", "application/json": '{"tea": true}'},
        },
        "default": {"statusCode": "200"},
    },
}


@pytest.mark.parametrize(
    ("accept", "kind", "body"),
    [("*/*", "application/json", b'{"tea": true}'), ("text/html, */*", "text/html", b"<p>tea</p>")],
)
def test_a_mock_without_variables_answers_in_the_type_that_is_accepted(accept: str, kind: str, body: bytes) -> None:
    status, headers, content = asked(STATIC_MOCK, headers={"Accept": accept})

    assert (status, headers["content-type"], headers["x-a"], content) == (418, kind, "1", body)


@pytest.mark.parametrize(
    ("changed", "status", "remark"),
    [
        ({"requestTemplates": {"text/x": "{}"}, "passthroughBehavior": "NEVER"}, 415, None),
        ({"requestTemplates": {}}, 500, "the request template of a MOCK integration names no statusCode."),
        ({"responses": {}}, 500, "none of its responses fits, and none is the default."),
        ({"responses": {"4(": {"statusCode": "418"}}}, 500, "a selection pattern: 4( is no regular expression: "),
    ],
)
def test_a_mock_that_cannot_answer_is_refused_when_it_is_asked(
    changed: dict[str, Any], status: int, remark: str | None
) -> None:
    heard = Heard()

    said, _, _ = asked(STATIC_MOCK | changed, heard=heard)

    assert said == status
    assert [remark is not None and f"Api: POST /things/{{id}}: {remark}" in each for each in heard.remarks] == (
        [] if remark is None else [True]
    )


def test_a_mock_takes_its_status_from_a_body_that_passes_through_whatever_its_bytes_are() -> None:
    heard = Heard()
    mock = STATIC_MOCK | {"requestTemplates": {}}

    assert asked(mock, body=b'{"statusCode": 418, "raw": "\x80"}')[0] == 418
    assert asked(mock, body=b"\x80", heard=heard)[0] == 500
    assert ["names no statusCode" in each for each in heard.remarks] == [True]


def test_a_mocks_headers_may_be_variables() -> None:
    response = {"statusCode": "200", "responseParameters": {"method.response.header.X-Stage": "context.stage"}}
    mock = {"type": "mock", "requestTemplates": {"application/json": "{statusCode: 200}"}}

    status, headers, body = asked({**mock, "responses": {"default": response}})

    assert (status, headers["x-stage"], body) == (200, "live", b"")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{\n"a": "$input.path(\'$.s\').codePoints()"\n}', "line 2: $input.path('$.s').codePoints(): texts have no"),
        ("{\n\n#if($input.body)\n}", "line 4: expected"),
        ("{\n#foreach($a in [1, 2]", "line 2: expected"),
        ("\n\n{\"a\": $util.parseJson('{')}", "line 3: $util.parseJson('{'): "),
        ("{\"a\": $input.json('$[')}", "line 1: $input.json('$['): "),
    ],
)
def test_what_cannot_be_evaluated_is_named_by_its_line_and_answered_as_aws_does(text: str, named: str) -> None:
    heard, pool = Heard(), FakePool(Success(payload=b"{}"))

    status, _, body = asked(of_function({"application/json": text}), body={"s": "x"}, heard=heard, pool=pool)

    assert (status, json.loads(body)) == (500, {"message": "Internal server error"})
    (remark,) = heard.remarks
    assert f"request template, {named}" in remark
    assert remark.startswith("Api: POST /things/{id}: ")
    assert pool.asked == []


def test_what_has_no_integration_response_is_an_error_of_the_apis() -> None:
    heard = Heard()

    status, _, body = asked(of_function({}, {"x": {"statusCode": "200"}}), heard=heard)

    assert (status, json.loads(body)) == (500, {"message": "Internal server error"})
    assert heard.remarks == ["Api: POST /things/{id}: none of its responses fits, and none is the default."]


# "Set up asynchronous invocation of the backend Lambda function": by a fixed header, or by one of the client's.
@pytest.mark.parametrize(
    ("value", "headers", "body"),
    [
        ("'Event'", {}, b""),
        ("method.request.header.InvocationType", {"InvocationType": "Event"}, b""),
        ("method.request.header.InvocationType", {}, b'{"done": 1}'),
        ("'RequestResponse'", {}, b'{"done": 1}'),
    ],
)
def test_a_function_that_is_invoked_by_an_event_of_its_own_is_not_waited_for(
    value: str, headers: dict[str, str], body: bytes
) -> None:
    pool = FakePool(Success(payload=b'{"done": 1}'))
    mapped = {"integration.request.header.X-Amz-Invocation-Type": value}
    status, _, got = asked(of_function({}, requestParameters=mapped), body={"a": 1}, pool=pool, headers=headers)

    assert (status, got) == (200, body)
    assert pool.asked == [("Fn", {"a": 1})]


def test_a_plain_method_has_templates_too() -> None:
    one = api(
        """
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: a}}
  Thing: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId,
    PathPart: things}}
  Post:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Thing
      HttpMethod: POST
      AuthorizationType: NONE
      Integration:
        Type: AWS
        IntegrationHttpMethod: POST
        Uri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"
        PassthroughBehavior: NEVER
        RequestTemplates: {application/json: '{"of": "$context.httpMethod"}'}
        IntegrationResponses: [{StatusCode: 201}, {StatusCode: 404, SelectionPattern: "No.*"}]
""",
        head=HEAD,
    )
    pool = FakePool(FunctionError(payload=b'{"errorMessage": "No such thing"}'))

    assert answered(one, request("POST", "/things"), pool)[0] == 404
    assert answered(one, request("POST", "/things"), FakePool(Success(payload=b"1")))[0] == 201
    assert pool.asked == [("Fn", {"of": "POST"})]


def test_a_service_of_awss_is_named_as_not_run_without_an_environment() -> None:
    queue = {"type": "aws", "httpMethod": "POST", "uri": "arn:aws:apigateway:eu-west-1:sqs:path/1/q"}

    assert found(template(queue), head=HEAD).remarks == (
        "Api: POST /things/{id} is not run: sqs is asked in an environment alone: "
        "name one with -e or -n, or take -e local.",
    )


def test_an_api_without_templates_loads_nothing_that_evaluates_them() -> None:
    program = "import sys, samlocal.http_api.front; print(sorted({'airspeed', 'jsonpath_ng'} & set(sys.modules)))"

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"


def test_a_template_without_directive_or_reference_is_itself() -> None:
    program = (
        "import sys; from samlocal.http_api.vtl.evaluation import evaluated; "
        "print(evaluated('{\"a\": 1}\\\\', {}).text, 'airspeed' in sys.modules)"
    )

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout == '{"a": 1}\\ False\n'


def test_a_loop_ends_after_1000_turns_as_on_aws_and_that_is_said() -> None:
    text = '#foreach($n in [1..2500])#set($last = $n)#end{"last": $last, "n": #foreach($n in [1..1000])1#end}'
    pool, heard = FakePool(Success(payload=b"{}")), Heard()

    status, _, _ = asked(of_function({"application/json": text}), pool=pool, heard=heard)

    assert (status, pool.asked[0][1]) == (200, {"last": 1000, "n": int("1" * 1000)})
    said = "request template, line 1: the loop ends after 1,000 turns, as on AWS: 2,500 are there."
    assert heard.remarks == [f"Api: POST /things/{{id}}: {said}"]


NESTED = "#foreach($a in [1..1000])" * 4 + "#end" * 4
MUCH = '#set($text = "0123456789")#foreach($n in [1..40])#set($text = "$text$text")#end'


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        pytest.param(NESTED, "it does not come to an end within 2 s", id="loops in loops"),
        pytest.param(MUCH, "$text would be larger than 10 MB", id="a text that doubles"),
        pytest.param(
            '#set($text = "0123456789")#foreach($n in [1..17])#set($text = "$text$text")#end'
            "#foreach($n in [1..1000])$text#end",
            "it writes more than 10 MB",
            id="much that is written",
        ),
        pytest.param(
            "## " + "x" * 307_200, "it is larger than the 300 KB that a template may have", id="its own size"
        ),
    ],
)
def test_a_template_that_asks_for_too_much_is_500_and_says_so(text: str, remark: str) -> None:
    heard = Heard()

    status, _, body = asked(of_function({"application/json": text}), heard=heard)

    assert (status, json.loads(body)) == (500, {"message": "Internal server error"})
    assert [remark in each for each in heard.remarks] == [True]


def test_patterns_that_take_pythons_own_expressions_for_ever_come_to_an_end() -> None:
    hard, text = "^(a+)+$", "a" * 60 + "!"
    template = (
        '#set($t = $input.path("$.t")){"matches": $t.matches("^(a+)+$"), "replaced": "$t.replaceAll("^(a+)+$", "")",'
        ' "found": $input.json("$.several[?(@.t =~ \'^(a+)+$\')]")}'
    )

    event = event_of(template, body={"t": text, "several": [{"t": text}, {"t": "aa"}]})

    assert event == {"matches": False, "replaced": text, "found": [{"t": "aa"}]}
    responses = {"default": {"statusCode": "200"}, hard: {"statusCode": "409"}}
    failed = FakePool(FunctionError(payload=json.dumps({"errorMessage": text}).encode()))
    assert asked(of_function({}, responses), pool=failed)[0] == 200
