"""A function ready to be run: each property with its real value, or an error at its line that says what to do."""

from __future__ import annotations

import operator
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kit import Project, template
from kit import function as sam_function

from samlocal.errors import ExitStatus, FunctionNotFoundError, SamlocalError, TemplateError, UnresolvedError
from samlocal.function import limits
from samlocal.function.application import Application, application
from samlocal.function.package import ImageCode, InlineCode, LocalCode, LocalLayer, S3Code
from samlocal.function.spec import FunctionSpec
from samlocal.template.reader import parse
from samlocal.template.values import ParameterValue

PATH = Path("app/template.yaml")
LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:shared"

SAM = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  T: {Type: Number, Default: 30}
  M: {Type: Number, Default: 512}
  Arch: {Type: String, Default: arm64}
  Archs: {Type: CommaDelimitedList, Default: arm64}
  Stage: {Type: String, Default: dev}
  Missing: {Type: String}
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
Globals:
  Function: {Runtime: python3.11, Handler: app.handler, CodeUri: src}
Resources:
  Layer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layers/own}}
  Table: {Type: AWS::DynamoDB::Table}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
"""
FIRST = len(SAM.splitlines()) + 1
"""The line where the function's properties start."""


def app(properties: str = "Timeout: 3", *, head: str = SAM, region: str = "eu-west-1", **given: str) -> Application:
    flags = {name: ParameterValue(text=text, origin=f"flag: {name}") for name, text in given.items()}
    text = head + textwrap.indent(textwrap.dedent(properties).strip("\n"), "      ") + "\n"
    return application(parse(text, path=PATH), environment=None, region=region, flags=flags, configured={})


def spec(properties: str = "Timeout: 3", **given: str) -> FunctionSpec:
    return app(properties, **given).function("Fn")


def plain(properties: str) -> FunctionSpec:
    """The same for a function of CloudFormation's own type."""
    head = "Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n"
    return app(properties, head=head).function("Fn")


def error(properties: str) -> SamlocalError:
    with pytest.raises(SamlocalError) as caught:
        spec(properties)
    return caught.value


def layers_of(found: FunctionSpec) -> list[object]:
    """Local layers by their id and path, others by their ARN."""
    return [(layer.logical_id, layer.path) if isinstance(layer, LocalLayer) else layer.arn for layer in found.layers]


# values


def test_a_function_has_lambdas_defaults_where_the_template_says_nothing() -> None:
    # Lambda API reference, CreateFunction.
    found = spec("Description: x")

    assert (found.timeout, found.memory, found.storage, found.architecture) == (3, 128, 512, "x86_64")
    assert (found.runtime, found.handler, found.code) == (
        "python3.11",
        "app.handler",
        LocalCode(path=Path("app/src")),
    )
    assert (found.function_name, found.logging.group, found.logging.format) == ("Fn", "/aws/lambda/Fn", "Text")
    assert (found.layers, found.variables) == ((), ())
    assert found.location == f"{PATH}:{FIRST - 3}"


def test_a_function_has_what_the_template_says() -> None:
    found = spec(f"""
        FunctionName: orders-get
        Runtime: nodejs22.x
        Handler: src/index.handler
        Timeout: 15
        MemorySize: 1769
        Architectures: [arm64]
        EphemeralStorage: {{Size: 2048}}
        CodeUri: dist/get.zip
        Layers: [!Ref Layer, "{LAYER}:3"]
        LoggingConfig: {{LogFormat: JSON, LogGroup: orders}}
        Environment: {{Variables: {{TABLE: orders, COUNT: 3, ON: true}}}}
    """)

    assert (found.function_name, found.runtime, found.handler) == ("orders-get", "nodejs22.x", "src/index.handler")
    assert (found.timeout, found.memory, found.storage, found.architecture) == (15, 1769, 2048, "arm64")
    assert found.code == LocalCode(path=Path("app/dist/get.zip"))
    assert layers_of(found) == [("Layer", Path("app/layers/own")), f"{LAYER}:3"]
    assert (found.logging.group, found.logging.format) == ("orders", "JSON")
    assert {variable.name: variable.value for variable in found.variables} == {
        "TABLE": "orders",
        "COUNT": "3",
        "ON": "true",
    }
    assert found.arn == "arn:aws:lambda:eu-west-1:123456789012:function:orders-get"


@pytest.mark.parametrize(
    ("properties", "field", "value"),
    [
        ("Timeout: !Ref T", "timeout", 30),
        ("Timeout: '30'", "timeout", 30),
        ("Timeout: !If [IsDev, 900, 30]", "timeout", 900),
        ("Timeout: !If [IsDev, !Ref AWS::NoValue, 30]", "timeout", 3),
        ("MemorySize: !Ref M", "memory", 512),
        ("MemorySize: !Sub '${M}'", "memory", 512),
        ("EphemeralStorage: {Size: !Ref M}", "storage", 512),
        ("EphemeralStorage: !If [IsDev, {Size: 10240}, !Ref AWS::NoValue]", "storage", 10240),
        ("Architectures: [!Ref Arch]", "architecture", "arm64"),
        ("Architectures: !Ref Archs", "architecture", "arm64"),
        ("Architectures: !If [IsDev, [x86_64], [arm64]]", "architecture", "x86_64"),
        ("Runtime: !Sub python3.${T}", "runtime", "python3.30"),
        ("Runtime: python3.99", "runtime", "python3.99"),
        ("Handler: !Join [., [app, main]]", "handler", "app.main"),
        ("FunctionName: !Sub '${AWS::StackName}-${Stage}'", "function_name", "samlocal-dev"),
        ("FunctionName: !Ref AWS::NoValue", "function_name", "Fn"),
        ("FunctionName: orders", "logging.group", "/aws/lambda/orders"),
        ("LoggingConfig: {LogGroup: !Sub '/x/${Stage}'}", "logging.group", "/x/dev"),
    ],
)
def test_any_property_may_be_an_expression(properties: str, field: str, value: object) -> None:
    assert operator.attrgetter(field)(spec(properties)) == value


def test_given_parameters_count_in_properties() -> None:
    assert spec("Timeout: !Ref T", T="60").timeout == 60


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ("CodeUri: ../src", LocalCode(path=Path("app/../src"))),
        ("CodeUri: .", LocalCode(path=Path("app"))),
        ("CodeUri: !Sub '${Stage}/src'", LocalCode(path=Path("app/dev/src"))),
        ("CodeUri: s3://bucket/some/key.zip", S3Code(bucket="bucket", key="some/key.zip")),
        ("CodeUri: {Bucket: b, Key: k}", S3Code(bucket="b", key="k")),
        ("CodeUri: {Bucket: !Ref Stage, Key: k, Version: 7}", S3Code(bucket="dev", key="k", version="7")),
        ("InlineCode: 'def handler(event, context): pass'", InlineCode(source="def handler(event, context): pass")),
        ("InlineCode: !Sub 'stage = \"${Stage}\"'", InlineCode(source='stage = "dev"')),
        ("{PackageType: Image, ImageUri: 'repo:tag'}", ImageCode(uri="repo:tag")),
        ("PackageType: Image", ImageCode(uri=None)),
    ],
)
def test_code_is_found_wherever_a_sam_template_may_have_it(properties: str, code: object) -> None:
    assert spec(properties).code == code


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("{ZipFile: 'x = 1'}", InlineCode(source="x = 1")),
        ("{S3Bucket: b, S3Key: k}", S3Code(bucket="b", key="k")),
        ("{S3Bucket: b, S3Key: k, S3ObjectVersion: '1'}", S3Code(bucket="b", key="k", version="1")),
        ("src", LocalCode(path=Path("app/src"))),
        ("{ImageUri: 'repo:tag'}", ImageCode(uri="repo:tag")),
    ],
)
def test_code_is_found_wherever_a_cloudformation_template_may_have_it(code: str, found: object) -> None:
    assert plain(f"Code: {code}\nRuntime: python3.11\nHandler: a.b").code == found


def test_cdks_metadata_says_where_the_code_lies() -> None:
    head = (
        "Resources:\n  HandlerF8A613CA:\n    Type: AWS::Lambda::Function\n"
        "    Metadata: {'aws:cdk:path': Stack/Widgets/Handler/Resource, 'aws:asset:path': asset.faa95a}\n"
        "    Properties:\n"
    )
    found = app("Code: {S3Bucket: b, S3Key: k}\nRuntime: python3.11\nHandler: a.b", head=head)

    assert found.function("HandlerF8A613CA").code == LocalCode(path=Path("app/asset.faa95a"))
    assert found.function("Handler").logical_id == "HandlerF8A613CA"


def test_an_image_has_neither_runtime_nor_handler_nor_layers() -> None:
    found = spec(f"PackageType: Image\nImageUri: repo:tag\nLayers: ['{LAYER}:1']")

    assert (found.runtime, found.handler, found.layers, found.is_image) == (None, None, (), True)


def test_a_provided_runtime_needs_no_handler() -> None:
    assert spec("Runtime: provided.al2023\nHandler: !Ref AWS::NoValue").handler == "bootstrap"
    assert spec("Runtime: provided.al2023\nHandler: main").handler == "main"


@pytest.mark.parametrize(
    ("region", "arn"),
    [
        ("cn-north-1", "arn:aws-cn:lambda:cn-north-1:123456789012:function:Fn"),
        ("us-gov-west-1", "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:Fn"),
    ],
)
def test_a_functions_arn_is_in_the_partition_of_its_region(region: str, arn: str) -> None:
    assert app(region=region).function("Fn").arn == arn


def test_placeholders_are_named_once() -> None:
    found = spec("Environment: {Variables: {ONE: !Ref Table, TWO: !Sub '${Table}-x', THREE: three}}")

    assert found.placeholders == ("!Ref Table",)


def test_a_variable_that_is_no_value_is_not_there() -> None:
    found = spec("Environment: {Variables: {KEPT: 1, GONE: !If [IsDev, !Ref AWS::NoValue, x]}}")

    assert [variable.name for variable in found.variables] == ["KEPT"]


def test_variables_behind_a_condition_are_those_of_the_branch_taken() -> None:
    found = spec("Environment: !If [IsDev, {Variables: {DEV: 1}}, {Variables: {PROD: 1}}]")

    assert [variable.name for variable in found.variables] == ["DEV"]


@pytest.mark.parametrize(
    ("properties", "number"),
    [
        ("ReservedConcurrentExecutions: 0", 0),
        ("ReservedConcurrentExecutions: !Ref T", 30),
        ("ReservedConcurrentExecutions: !If [IsDev, !Ref AWS::NoValue, 5]", None),
        ("Timeout: 3", None),
        # Nobody needs it who runs one event: what cannot be known stops nobody.
        ("ReservedConcurrentExecutions: !Ref Missing", None),
    ],
)
def test_a_function_has_the_concurrency_that_is_reserved_for_it(properties: str, number: int | None) -> None:
    assert spec(properties).reserved_concurrency == number


# limits


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("Timeout", 1, "timeout"),
        ("Timeout", 900, "timeout"),
        ("MemorySize", 128, "memory"),
        ("MemorySize", 10240, "memory"),
    ],
)
def test_what_lambda_allows_is_allowed(name: str, value: int, field: str) -> None:
    assert getattr(spec(f"{name}: {value}"), field) == value


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ("Timeout: 0", "Timeout is 1 to 900 seconds, got 0"),
        ("Timeout: 901", "Timeout is 1 to 900 seconds, got 901"),
        ("Timeout: -1", "Timeout is 1 to 900 seconds, got -1"),
        ("Timeout: half an hour", "Timeout needs a number of seconds, got 'half an hour'"),
        ("Timeout: 2.5", "Timeout needs a number of seconds, got '2.5'"),
        ("Timeout: ''", "Timeout needs a number of seconds, got ''"),
        ("Timeout: [3]", "Timeout needs text"),
        ("Timeout: !Ref Stage", "Timeout needs a number of seconds, got 'dev'"),
        ("MemorySize: 127", "MemorySize is 128 to 10240 MB, got 127"),
        ("MemorySize: 10241", "MemorySize is 128 to 10240 MB, got 10241"),
        ("MemorySize: 1 GB", "MemorySize needs a number of MB, got '1 GB'"),
        (
            "ReservedConcurrentExecutions: -1",
            "ReservedConcurrentExecutions is 0 to 2147483647 executions, got -1",
        ),
        ("EphemeralStorage: {Size: 511}", "EphemeralStorage is 512 to 10240 MB, got 511"),
        ("EphemeralStorage: {Size: 10241}", "EphemeralStorage is 512 to 10240 MB, got 10241"),
        ("EphemeralStorage: {Size: big}", "EphemeralStorage needs a number of MB, got 'big'"),
        ("EphemeralStorage: 512", "EphemeralStorage needs a mapping"),
        ("Architectures: [x86_64, arm64]", "Architectures is [x86_64] or [arm64], got [x86_64, arm64]"),
        ("Architectures: [mips]", "Architectures is [x86_64] or [arm64], got [mips]"),
        ("Architectures: arm64", "Architectures needs a list"),
        ("Architectures: !Ref Arch", "Architectures needs a list, got !Ref Arch"),
        ("Runtime: [python3.11]", "Runtime needs text"),
        ("Handler: {a: b}", "Handler needs text"),
        ("FunctionName: [a]", "FunctionName needs text"),
        ("Layers: some-layer", "Layers needs a list"),
        ("CodeUri: {Bucket: b}", "CodeUri is a path, an S3 location or inline source"),
    ],
)
def test_what_lambda_does_not_allow_is_an_error_at_its_line(properties: str, said: str) -> None:
    found = error(properties)

    assert isinstance(found, TemplateError)
    assert found.exit_status is ExitStatus.TEMPLATE
    assert found.message.startswith(f"{PATH}:{FIRST}: Fn: {said}")


def test_an_error_stands_at_the_line_of_globals_where_the_value_comes_from_there() -> None:
    head = (
        "Globals:\n  Function:\n    Timeout: soon\n"
        "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n"
    )
    with pytest.raises(TemplateError, match=rf"{PATH}:3: Fn: Timeout needs a number of seconds, got 'soon'"):
        app("{Runtime: python3.11, Handler: a.b}", head=head).function("Fn")


@pytest.mark.parametrize("name", ["Runtime", "Handler"])
@pytest.mark.parametrize("value", ["!Ref AWS::NoValue", "''", "null"])
def test_a_function_without_runtime_or_handler_is_an_error_that_says_so(name: str, value: str) -> None:
    found = error(f"{name}: {value}")

    assert found.message == f"{PATH}:{FIRST}: Fn: the function has no {name}."
    assert isinstance(found, TemplateError)


def test_a_function_that_never_names_a_runtime_is_an_error_at_the_functions_line() -> None:
    with pytest.raises(TemplateError, match=rf"{PATH}:2: Fn: the function has no Runtime"):
        plain("Code: {ZipFile: x}")


# layers


def test_five_layers_are_allowed_and_six_are_not() -> None:
    assert limits.LAYERS == 5  # Lambda developer guide, "Lambda quotas": function layers
    arns = [f"'{LAYER}-{number}:1'" for number in range(1, 7)]

    assert len(spec(f"Layers: [{', '.join(arns[:5])}]").layers) == 5
    found = error(f"Layers: [{', '.join(arns)}]")
    assert isinstance(found, TemplateError)
    assert found.message == f"{PATH}:{FIRST}: Fn: a function has at most 5 layers, this one 6."


def test_layers_keep_their_order() -> None:
    found = spec(f"Layers: ['{LAYER}:2', !Ref Layer, '{LAYER}-b:1']")

    assert layers_of(found) == [f"{LAYER}:2", ("Layer", Path("app/layers/own")), f"{LAYER}-b:1"]


@pytest.mark.parametrize("second", [f"'{LAYER}:2'", f"'{LAYER}:1'", f"!If [IsDev, '{LAYER}:2', x]"])
def test_two_versions_of_one_layer_are_an_error(second: str) -> None:
    # Lambda API reference, CreateFunction: "Two different versions of the same layer are not allowed".
    found = error(f"Layers: ['{LAYER}:1', {second}]")

    assert found.message.startswith(f"{PATH}:{FIRST}: Fn: ")
    assert LAYER in found.message


@pytest.mark.parametrize("layer", ["7", "my-layer", "arn:aws:s3:::bucket", "!Ref Stage"])
def test_what_is_no_layer_is_an_error_that_says_what_one_is(layer: str) -> None:
    found = error(f"Layers:\n  - {layer}")

    assert found.message.startswith(f"{PATH}:")
    assert "Layers needs an ARN, got " in found.message
    assert "!Ref MyLayer or a layer version ARN" in str(found.tip)


# variables


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_LAMBDA_FUNCTION_NAME", "_HANDLER", "LAMBDA_TASK_ROOT"])
def test_a_variable_that_is_lambdas_own_is_an_error_at_its_line(name: str) -> None:
    found = error(f"Environment:\n  Variables:\n    FINE: 1\n    {name}: x")

    assert isinstance(found, TemplateError)
    assert found.message == f"{PATH}:{FIRST + 3}: Fn: {name} is Lambda's own and cannot be set."


@pytest.mark.parametrize("name", ["1ST", "A", "MY-VAR", "MY.VAR", "'MY VAR'", "Ä_B", "_X"])
def test_a_name_that_lambda_does_not_take_is_an_error_at_its_line(name: str) -> None:
    found = error(f"Environment: {{Variables: {{{name}: x}}}}")

    assert found.message.startswith(f"{PATH}:{FIRST}: Fn: {name.strip(chr(39))} is no name for a variable")


def test_variables_that_cannot_be_known_are_all_named_at_their_lines() -> None:
    found = error("Environment:\n  Variables:\n    ONE: !Ref Nowhere\n    TWO: 2\n    THREE: !GetAtt Gone.Arn")

    assert isinstance(found, UnresolvedError)
    assert found.exit_status is ExitStatus.UNRESOLVED
    one, three = found.message.splitlines()
    assert one.startswith(f"{PATH}:{FIRST + 2}: Fn: ONE = !Ref Nowhere: ")
    assert three.startswith(f"{PATH}:{FIRST + 4}: Fn: THREE = !GetAtt Gone.Arn: ")


@pytest.mark.parametrize(
    "environment", ["{Variables: [A, B]}", "{Variables: text}", "[Variables]", "{Variables: {A_LIST: !Ref Nowhere}}"]
)
def test_an_environment_of_the_wrong_kind_is_an_error_at_its_line(environment: str) -> None:
    assert error(f"Environment: {environment}").message.startswith(f"{PATH}:{FIRST}: Fn: ")


def test_a_property_that_cannot_be_known_names_the_property_and_the_expression() -> None:
    found = error("Timeout: !ImportValue\n  Fn::Sub: ${Nowhere}")

    assert isinstance(found, UnresolvedError)
    assert found.message.startswith(f"{PATH}:{FIRST}: Fn: Timeout = !Ref Nowhere: ")


# names


def test_a_function_is_found_by_its_logical_id_and_by_its_name() -> None:
    found = app("FunctionName: !Sub '${Stage}-orders'")

    assert found.function("Fn").logical_id == "Fn"
    assert found.function("dev-orders").logical_id == "Fn"


FUNCTIONS = """
Globals: {Function: {Runtime: python3.11, Handler: a.b, CodeUri: src}}
Resources:
  GetEvent: {Type: AWS::Serverless::Function}
  PutEvent: {Type: AWS::Serverless::Function, Properties: {FunctionName: store-event}}
  Table: {Type: AWS::DynamoDB::Table}
"""


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [("GetEvnt", "GetEvent"), ("getevents", "GetEvent"), ("store-events", "store-event"), ("PUTEVNET", "PutEvent")],
)
def test_a_function_that_is_not_there_is_an_error_with_the_nearest_name(wanted: str, meant: str) -> None:
    found = application(parse(FUNCTIONS, path=PATH), environment=None, region="eu-west-1", flags={}, configured={})
    with pytest.raises(FunctionNotFoundError) as caught:
        found.function(wanted)

    assert caught.value.message == f"{PATH}: there is no function {wanted}; did you mean {meant}?"
    assert "GetEvent, PutEvent" in str(caught.value.tip)


@pytest.mark.parametrize("wanted", ["Table", "zzz", ""])
def test_what_is_no_function_is_an_error_that_lists_the_functions(wanted: str) -> None:
    found = application(parse(FUNCTIONS, path=PATH), environment=None, region="eu-west-1", flags={}, configured={})
    with pytest.raises(FunctionNotFoundError) as caught:
        found.function(wanted)

    assert "GetEvent, PutEvent" in str(caught.value.tip)


def test_a_template_without_functions_says_so() -> None:
    found = application(
        parse("Resources: {Table: {Type: AWS::DynamoDB::Table}}", path=PATH),
        environment=None,
        region="eu-west-1",
        flags={},
        configured={},
    )
    with pytest.raises(FunctionNotFoundError, match="the template has no functions"):
        found.function("Fn")


def test_one_function_that_is_wrong_does_not_stop_another() -> None:
    both = (
        "Globals: {Function: {Runtime: python3.11, Handler: a.b, CodeUri: src}}\n"
        "Resources:\n"
        "  Bad: {Type: AWS::Serverless::Function, Properties: {Timeout: soon}}\n"
        "  Worse: 7\n"
        "  Good: {Type: AWS::Serverless::Function}\n"
    )
    joined = application(parse(both, path=PATH), environment=None, region="eu-west-1", flags={}, configured={})

    assert joined.function("Good").timeout == 3
    with pytest.raises(TemplateError, match=":3: Bad: Timeout needs a number"):
        joined.function("Bad")
    assert [problem.line for problem in joined.problems()] == [4]


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"Handler": "app.\0handler"}, r"Handler is up to 128 characters without white space"),
        ({"Handler": "app. handler"}, r"Handler is up to 128 characters without white space"),
        ({"Handler": "a" * 129}, r"Handler is up to 128 characters"),
        ({"FunctionName": "a b"}, r"FunctionName is up to 64 letters"),
        ({"FunctionName": "ü"}, r"FunctionName is up to 64 letters"),
        ({"FunctionName": "a" * 65}, r"FunctionName is up to 64 letters"),
        ({"Environment": {"Variables": {"NAME": "a\0b"}}}, r"NAME holds a NUL character"),
    ],
    ids=str,
)
def test_what_lambda_takes_for_no_name_is_refused(
    project: Callable[..., Project], properties: dict[str, Any], says: str
) -> None:
    made = project({"template.json": template(Fn=sam_function(**properties)), "code/app.py": ""})
    outcome = made.run("invoke", "Fn", environ={"DOCKER_HOST": "unix:///nowhere.sock"}).ended(ExitStatus.TEMPLATE)
    assert re.search(says, outcome.stderr)
