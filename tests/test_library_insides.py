"""What samlocal uses of libraries beyond their documented interfaces: each test fails first when one changes there.

A test names the file of samlocal that relies on it. pyproject.toml bounds the versions of these libraries.
"""

from __future__ import annotations

import inspect
import io
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def client() -> Iterator[Any]:
    import docker

    client = docker.APIClient(version="auto", **docker.utils.kwargs_from_env())
    yield client
    client.close()


@pytest.fixture
def container(client: Any) -> Iterator[str]:
    made = client.create_container("samlocal/lambda-provided:al2023", entrypoint=["/bin/cat"], stdin_open=True)["Id"]
    yield made
    client.remove_container(made, force=True)


@pytest.mark.docker
def test_dockers_stream_of_a_container_holds_its_response(client: Any, container: str) -> None:
    # engine/containers.py closes it: the stream's own end leaves the connection open.
    stream = client.attach(container, stdout=True, stderr=True, stream=True, demux=True)
    client.start(container)
    assert callable(stream._response.close)
    client.stop(container, timeout=0)
    assert list(stream) == []
    stream._response.close()


@pytest.mark.docker
def test_dockers_socket_to_a_container_holds_its_connection(client: Any, container: str) -> None:
    # engine/containers.py writes to it and closes both. Behind a Unix socket the SDK gives a reader around it.
    reader = client.attach_socket(container, params={"stdin": 1, "stream": 1})
    client.start(container)
    reader._sock.sendall(b"line\n")
    assert callable(reader._response.close)
    for part in (reader._response, reader._sock, reader):
        part.close()


@pytest.mark.docker
def test_dockers_client_is_a_requests_session_that_knows_its_base(client: Any) -> None:
    # engine/containers.py sends a removal whose answer it does not wait for.
    import requests

    assert isinstance(client, requests.Session)
    assert isinstance(client.timeout, int)
    answer = client.get(f"{client.base_url}/v{client.api_version}/_ping", timeout=5)
    assert answer.text == "OK"


def test_botocores_keys_that_end_say_when() -> None:
    # aws/caller.py: a sandbox is renewed before.
    import datetime

    from botocore.credentials import Credentials, RefreshableCredentials

    ends = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
    ending = RefreshableCredentials("key", "secret", "token", ends, refresh_using=dict, method="test")
    assert ending._expiry_time == ends
    assert not hasattr(Credentials("key", "secret"), "_expiry_time")


def test_botocore_decodes_iams_policies_in_a_handler_that_can_be_taken_out() -> None:
    # aws/__init__.py keeps policy documents as they were written.
    import botocore.awsrequest
    import botocore.session
    from botocore.handlers import json_decode_policies

    written = "%7B%22Version%22%3A%20%222012-10-17%22%7D"
    body = f"<R><GetRolePolicyResult><PolicyDocument>{written}</PolicyDocument></GetRolePolicyResult></R>".encode()

    class Raw(io.BytesIO):
        def stream(self) -> Iterator[bytes]:
            yield self.read()

    def answer(request: Any, **_: object) -> Any:
        return botocore.awsrequest.AWSResponse(request.url, 200, {}, Raw(body))

    client = botocore.session.Session().create_client(
        "iam", region_name="eu-west-1", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    client.meta.events.register("before-send.iam", answer)
    asked = {"RoleName": "role", "PolicyName": "policy"}
    assert client.get_role_policy(**asked)["PolicyDocument"] == {"Version": "2012-10-17"}
    client.meta.events.unregister("after-call.iam", json_decode_policies)
    assert client.get_role_policy(**asked)["PolicyDocument"] == written
    client.close()


def test_botocores_provider_of_assumed_roles_has_a_cache_that_can_be_replaced() -> None:
    # aws/sessions.py keeps a profile's sessions, as the AWS CLI does.
    import botocore.session

    provider = botocore.session.Session().get_component("credential_provider").get_provider("assume-role")
    assert hasattr(provider, "cache")


def test_botocores_session_for_http_takes_what_samlocal_gives_it() -> None:
    # aws/http.py reads signed URLs as botocore would.
    import botocore.awsrequest
    import botocore.httpsession
    import botocore.utils

    taken = inspect.signature(botocore.httpsession.URLLib3Session.__init__).parameters
    assert {"verify", "proxies", "timeout"} <= set(taken)
    assert botocore.utils.get_environ_proxies("http://127.0.0.1/") == {}
    request = botocore.awsrequest.AWSRequest(method="GET", url="http://127.0.0.1/", headers={}, stream_output=True)
    assert request.prepare().stream_output is True


def test_botocores_signer_asks_one_method_what_is_signed() -> None:
    # aws/signature.py computes what somebody else has signed.
    from botocore.auth import SigV4Auth

    assert list(inspect.signature(SigV4Auth.headers_to_sign).parameters) == ["self", "request"]
    assert "self.headers_to_sign(request)" in inspect.getsource(SigV4Auth.canonical_request)
    assert "request.context['timestamp']" in inspect.getsource(SigV4Auth.string_to_sign).replace('"', "'")


def test_botocores_settings_can_be_switched_off_by_name() -> None:
    # aws/caller.py: with an endpoint of this machine's nothing of the user's counts.
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as KNOWN

    from samlocal.aws.caller import _NO_SETTINGS

    assert set(_NO_SETTINGS) <= set(KNOWN)


def test_the_translators_compatibility_types_are_plain_json() -> None:
    # template/translate.py hands its template over in them and takes them back by way of JSON.
    from samtranslator.utils.py27hash_fix import Py27Dict, Py27UniStr, to_py27_compatible_template

    api = {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "v1", "Tags": {"a": 1 << 40}}}
    plain: dict[str, Any] = {"Resources": {"Api": api}}
    before = json.loads(json.dumps(plain))
    to_py27_compatible_template(plain, {})
    assert isinstance(plain["Resources"], Py27Dict)
    assert isinstance(plain["Resources"]["Api"]["Properties"]["StageName"], Py27UniStr)
    assert json.loads(json.dumps(plain)) == before


def test_the_translator_needs_no_more_of_a_session_than_its_region() -> None:
    # template/translate.py
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    class Region:
        region_name = "eu-west-1"

    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"Runtime": "python3.12", "Handler": "a.b", "CodeUri": "s3://bucket/key", "Policies": ["X"]},
    }
    translated = Translator({}, Parser(), boto_session=Region()).translate(
        {"Resources": {"Fn": function}}, {}, passthrough_metadata=True
    )
    assert set(translated["Resources"]) == {"Fn", "FnRole"}


def test_cfn_flips_constructor_makes_the_long_form_of_a_short_one() -> None:
    # template/reader.py
    import yaml
    from cfn_tools.yaml_loader import multi_constructor

    loader = yaml.SafeLoader("!GetAtt Queue.Arn")
    node = loader.get_single_node()
    assert multi_constructor(loader, "GetAtt", node) == {"Fn::GetAtt": ["Queue", "Arn"]}


def test_json_fives_model_keeps_white_space_and_comments_where_samlocal_puts_them() -> None:
    # ide/jsonc.py
    from json5.dumper import ModelDumper, dumps
    from json5.loader import ModelLoader, loads

    text = '// head\n{\n  "a": [1, /* one */ 2,],\n}\n'
    document = loads(text, loader=ModelLoader())
    assert dumps(document, dumper=ModelDumper()) == text
    root = document.value
    ((key, array),) = zip(root.keys, root.values, strict=True)
    assert key.characters == "a"
    assert [pair.key for pair in root.key_value_pairs] == [key]
    for part in (*array.values, array.trailing_comma):
        assert isinstance(part.wsc_before, list)
        assert isinstance(part.wsc_after, list)
    assert isinstance(array.leading_wsc, list)


def test_dotenvs_parser_gives_each_line_with_its_number_and_its_errors() -> None:
    # function/overrides.py
    from dotenv.parser import parse_stream

    first, second, third = parse_stream(io.StringIO("A=1\n\nB='2'\n= broken\n"))
    assert (first.key, first.value, first.original.line, first.error) == ("A", "1", 1, False)
    assert (second.key, second.value) == ("B", "2")
    assert third.error
    assert third.original.string.strip() == "= broken"


def test_debugpy_listens_in_its_own_process_and_leaves_marked_threads_alone() -> None:
    # sandbox/inside/debug_python.py
    import debugpy
    from debugpy._vendored import project_root

    assert "in_process_debug_adapter" in inspect.signature(debugpy.listen).parameters
    folder = Path(project_root("pydevd")) / "_pydevd_bundle"
    read = "".join(file.read_text(encoding="utf-8") for file in folder.glob("*.py"))
    for mark in ("pydev_do_not_trace", "is_pydev_daemon_thread"):
        assert mark in read


def test_watchfiles_look_out_is_ready_when_it_is_made_and_takes_what_samlocal_gives_it(tmp_path: Path) -> None:
    # reload/notifier.py
    import threading

    from watchfiles import Change, DefaultFilter
    from watchfiles._rust_notify import RustNotify

    watcher = RustNotify([str(tmp_path)], False, False, 400, True, False)
    assert watcher.watch(500, 10, 30, None) == "timeout"
    (tmp_path / "file").touch()
    heard = watcher.watch(500, 10, 5000, None)
    assert str(tmp_path / "file") in {path for _, path in heard}
    stopped = threading.Event()
    stopped.set()
    assert watcher.watch(500, 10, 0, stopped) == "stop"
    watcher.close()
    # reload/concern.py
    assert not DefaultFilter(ignore_dirs=())(Change.modified, "app.py~")


def test_airspeed_sets_in_a_namespace_that_can_be_given_and_says_where_it_fails() -> None:
    # http_api/vtl/velocity.py, references.py, directives.py
    import airspeed

    class Namespace(airspeed.LocalNamespace):  # type: ignore[misc]
        def __setitem__(self, name: str, value: object) -> None:
            super().__setitem__(name, f"<{value}>")

    class Full(io.StringIO):
        def write(self, text: str) -> int:
            return len(text) // text.count("\n")

    assert airspeed.Template("#set($a = 1)$a").merge(Namespace({})) == "<1>"
    assert Namespace(Namespace({"b": 1})).top() == {"b": 1}
    # It looks for the classes of its language by their names, and has room for directives of others.
    assert airspeed.Block.parse.__globals__ is vars(airspeed)
    assert isinstance(airspeed.UserDefinedDirective.DIRECTIVES, list)
    assert {"StringLiteral", "FormalReference", "Range", "Expression", "SetDirective"} <= vars(airspeed).keys()
    with pytest.raises(airspeed.TemplateSyntaxError) as syntax:
        airspeed.Template("\n#if(1)").ensure_compiled()
    assert syntax.value.line == 2
    with pytest.raises(airspeed.TemplateExecutionError) as execution:
        airspeed.Template("\n$a.b").merge_to({"a": {"b": 1}}, Full())
    element = execution.value.element
    assert element.my_text() == "$a.b"
    assert element.full_text().count("\n", 0, element.start) == 1
    assert isinstance(execution.value.__cause__, ZeroDivisionError)


def test_pips_markers_are_decided_by_a_function_that_can_be_replaced() -> None:
    # artifact/python_wheels.py, in the process of any Python's own pip.
    program = (
        "from pip._vendor.packaging import markers\n"
        "from pip._internal.cli.main import main\n"
        "own = markers.default_environment\n"
        "markers.default_environment = lambda: {**own(), 'python_version': '3.99'}\n"
        "print(markers.Marker('python_version == \"3.99\"').evaluate(), callable(main))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


def test_aws_lambda_builders_speaks_the_protocol_that_samlocal_asks_for() -> None:
    # artifact/builder.py
    from aws_lambda_builders import RPC_PROTOCOL_VERSION

    from samlocal.artifact.build.builder import PROTOCOL

    assert RPC_PROTOCOL_VERSION == PROTOCOL


_MADE = "logical_id resource_json resources_map account_id region_name"


@pytest.mark.parametrize(
    ("holder", "name", "parameters"),
    [
        (
            "moto.cloudformation.parsing",
            "parse_and_create_resource",
            _MADE,
        ),
        (
            "moto.cloudformation.parsing",
            "parse_and_update_resource",
            _MADE,
        ),
        ("moto.cloudformation.parsing", "parse_output", "output_logical_id output_json resources_map"),
        ("moto.cloudformation.parsing", "clean_json", "resource_json resources_map"),
        ("moto.cloudformation.parsing", "get_model_map", ""),
        ("moto.cloudformation.parsing.Export", "__init__", "self exporting_stack_id name value"),
        ("moto.cloudformation.parsing.ResourceMap", "validate_outputs", "self"),
        ("moto.cloudformation.parsing.ResourceMap", "update", "self template parameters"),
        ("moto.cloudformation.parsing.ResourceMap", "_delete_resource", "self parsed_resource resource_json"),
        ("moto.awslambda.models.LambdaFunction", "_invoke_lambda", "self event"),
        ("moto.stepfunctions.models.StateMachine", "get_cfn_attribute", "self attribute_name"),
    ],
)
def test_moto_has_what_samlocal_changes_of_it(holder: str, name: str, parameters: str) -> None:
    # local/moto_repairs.py
    assert " ".join(inspect.signature(getattr(pkgutil.resolve_name(holder), name)).parameters) == parameters


def test_motos_stacks_hold_what_samlocal_reads_of_them() -> None:
    # local/moto_repairs.py
    from moto.cloudformation.models import Stack, cloudformation_backends
    from moto.cloudformation.parsing import Export, OutputMap, ResourceMap

    resources = ResourceMap("id", "name", {}, {}, "eu-west-1", "123456789012", {"Resources": {"Q": {}}}, {})
    assert list(resources._resource_json_map) == ["Q"]
    assert "AWS::StackId" in resources._parsed_resources
    assert resources.resolved_parameters == {}
    outputs = OutputMap(resources, {"Outputs": {"Url": {"Value": "u"}}}, "id")
    assert outputs._output_json_map == {"Url": {"Value": "u"}}
    assert (outputs._resource_map, outputs._stack_id) == (resources, "id")
    assert Export("id", "name", "value").value == "value"
    for name in ("parameter_list", "physical_resource_id"):
        assert isinstance(inspect.getattr_static(Stack, name), property)
    assert isinstance(inspect.getattr_static(Stack, "create_from_cloudformation_json"), classmethod)
    assert callable(cloudformation_backends["123456789012"]["eu-west-1"].delete_stack)


def test_moto_finds_resource_types_among_the_subclasses_of_its_model() -> None:
    # local/moto_resources.py adds to them, once, before moto asks.
    from moto.cloudformation import parsing
    from moto.core.common_models import CloudFormationModel

    assert "__subclasses__" in inspect.getsource(parsing.get_model_list)
    for name in ("create_from_cloudformation_json", "update_from_cloudformation_json"):
        taken = inspect.signature(getattr(CloudFormationModel, name)).parameters
        assert {"cloudformation_json", "account_id", "region_name"} <= set(taken)


def test_uvicorns_server_takes_signals_in_one_method_that_can_be_left_out() -> None:
    # service/server.py leaves them to the command.
    import uvicorn

    taken = inspect.getsource(uvicorn.Server.serve)
    assert "self.capture_signals()" in taken
    assert "signal" not in taken.replace("capture_signals", "")


def test_uvicorn_on_h11_asks_its_connection_for_each_request_and_copies_its_state_into_the_scope() -> None:
    # service/http_protocol.py puts the names of headers there as they came.
    import h11
    from uvicorn.protocols.http.h11_impl import H11Protocol

    handled = inspect.getsource(H11Protocol.handle_events)
    assert handled.index("self.conn.next_event()") < handled.index('"state": self.app_state.copy()')
    assert "self.conn = h11.Connection(" in inspect.getsource(H11Protocol.__init__)
    request = h11.Request(method="GET", target="/", headers=[("Host", "a"), ("X-CaSed", "b")])
    assert request.headers.raw_items() == [(b"Host", b"a"), (b"X-CaSed", b"b")]


def test_uvicorn_on_httptools_makes_a_scope_for_each_request_and_ends_its_cycle_by_a_call() -> None:
    # service/http_protocol.py makes the cycle, and gives the parser one request at a time.
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

    begun = inspect.getsource(HttpToolsProtocol.on_message_begin)
    assert '"state": self.app_state.copy()' in begun
    assert "self.url = b" in begun
    made = set(inspect.signature(RequestResponseCycle.__init__).parameters) - {"self"}
    assert made == {
        "scope", "transport", "flow", "logger", "access_logger", "access_log", "default_headers", "message_event",
        "expect_100_continue", "keep_alive", "on_response",
    }  # fmt: skip
    assert "self.response_complete = True" in inspect.getsource(RequestResponseCycle.send)
    assert "on_response_complete" in vars(HttpToolsProtocol)


def test_uvicorn_on_httptools_sends_bodies_by_what_the_head_has_said_of_them() -> None:
    # service/response_cycle.py writes the heads.
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    sent = inspect.getsource(RequestResponseCycle.send)
    body = sent[sent.index("elif not self.response_complete") :]
    assert "elif self.chunked_encoding:" in body
    assert "num_bytes > self.expected_content_length" in body
    assert "if not self.keep_alive:" in body


def test_uvicorn_refuses_what_comes_too_late_on_a_websocket() -> None:
    # http_api/web/websocket.py takes that for a client that has gone.
    from uvicorn.protocols.utils import ClientDisconnected
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

    sent = inspect.getsource(WebSocketsSansIOProtocol.send)
    assert "websocket.http.response.start" in sent
    assert "raise ClientDisconnected()" in sent
    assert "raise RuntimeError(" in sent
    assert issubclass(ClientDisconnected, OSError)


def test_jsonpath_ng_asks_a_table_for_what_an_operator_does() -> None:
    # http_api/vtl/jsonpath.py
    from jsonpath_ng.ext import filter as filters

    assert callable(filters.OPERATOR_MAP["=~"])
