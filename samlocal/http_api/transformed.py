"""Integrations that are no proxies: what they get of a request, and a client of what they answer.

Sources: API Gateway developer guide, "Mapping template transformations for REST APIs", "Method request behavior for
payloads without mapping templates", "Set up an integration response", "Handle standard Lambda errors", "Override your
API's request and response parameters and status codes", "Mapping template and parameter mapping", "Set up
asynchronous invocation of the backend Lambda function".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from samlocal.http_api.answers.accepted import accepted_template
from samlocal.http_api.answers.payload import header_value, text_bytes
from samlocal.http_api.answers.refusal import INTERNAL_ERROR, UNSUPPORTED, Refusal, RefusalType
from samlocal.http_api.answers.rest import mapped_answer
from samlocal.http_api.caller import Caller
from samlocal.http_api.content import NotBase64Error, answer_content, request_content
from samlocal.http_api.events.body import media_type
from samlocal.http_api.exchange import Fields, HttpAnswer, HttpRequest, Matched
from samlocal.http_api.integration import IntegrationResponse, MappedIntegration
from samlocal.http_api.model import Api
from samlocal.http_api.regular_expression import PatternError, fits
from samlocal.http_api.request_values import RequestValues, in_body, static
from samlocal.http_api.server_request import OwnHeaderError, ServerRequest, server_request
from samlocal.http_api.time_limit import TimeLimitError
from samlocal.http_api.vtl.evaluation import TemplateFailedError, evaluated
from samlocal.http_api.vtl.members import member
from samlocal.http_api.vtl.values import Members
from samlocal.http_api.vtl.variables import Input, Parameters, Util, context_members
from samlocal.sandbox.result import error_message

_JSON = "application/json"
_STATUS = re.compile(rb"""["']?statusCode["']?\s*:\s*["']?(\d{3})""")
_HEADER = "method.response.header."
_BODY = "integration.response.body"
_ANSWERED = re.compile(r"integration\.response\.(multivalue)?header\.(.+)")
_OWN = ("context.", "stageVariables.")
_INVOCATION = "integration.request.header.x-amz-invocation-type"


class RefusedError(Exception):
    """The API answers by itself; the message says why, and is empty where the answer does."""

    def __init__(self, refusal: Refusal, remark: str = "") -> None:
        super().__init__(remark)
        self.refusal = refusal


class Transformation:
    """Of one request, through one integration.

    Its methods are work for ``time_limit.aside``, since templates and patterns may take their time. ``remarks`` is
    what there is to say of the templates that have been evaluated.
    """

    def __init__(
        self, api: Api, matched: Matched, request: HttpRequest, integration: MappedIntegration, caller: Caller
    ) -> None:
        self._api = api
        self._request = request
        self._integration = integration
        self._values = RequestValues(api, matched, request, caller)
        self.remarks: list[str] = []

    def payload(self) -> bytes:
        """What the integration gets. Raises RefusedError, BodyError."""
        return self._payload()[0]

    @property
    def waits(self) -> bool:
        """Whether a function's result is waited for: not where it is invoked by an event of its own."""
        for name, expression in self._integration.parameters.items():
            if name.lower() == _INVOCATION:
                text = static(expression)
                return (self._values.value(expression) if text is None else text) != "Event"
        return True

    def server_request(self) -> ServerRequest:
        """What a server gets. Raises RefusedError, BodyError."""
        body, overrides = self._payload()
        try:
            return server_request(
                self._api, self._request, self._values, self._integration.parameters, overrides, body
            )
        except OwnHeaderError as error:
            raise failed(str(error)) from error

    def _payload(self) -> tuple[bytes, Mapping[str, Mapping[str, str]]]:
        """The body, and what its template overrides, by part."""
        try:
            body = request_content(self._api, self._request, self._integration.content)
        except NotBase64Error as error:
            raise failed(f"the body is to be converted to binary, and is no base64: {error}") from error
        templates = {name.lower(): template for name, template in self._integration.templates.items()}
        template = templates.get(media_type(self._request.header("content-type")) or _JSON)
        if template is None:
            behaviour = self._integration.passthrough
            if behaviour == "NEVER" or (behaviour == "WHEN_NO_TEMPLATES" and templates):
                raise RefusedError(UNSUPPORTED)
            return body, {}
        made, context = self._evaluated("request template", template, body)
        overrides = context.get("requestOverride")
        return text_bytes(made), {part: _texts(member(overrides, part)) for part in ("header", "path", "querystring")}

    def event(self) -> bytes:
        """What a function gets, which is JSON: an object without members for a request without a body."""
        payload = self.payload().strip() or b"{}"
        try:
            json.loads(payload)
        except (ValueError, RecursionError) as error:
            refusal = Refusal(type=RefusalType.BAD_REQUEST_BODY, message="Could not parse request body into json")
            raise RefusedError(refusal, f"the function's event is no JSON: {error}") from error
        return payload

    def of_error(self, payload: bytes) -> HttpAnswer:
        """A function's error chooses by its message. Raises RefusedError."""
        return self._answer(error_message(payload) or "", payload, ())

    def of_success(self, payload: bytes) -> HttpAnswer:
        """Raises RefusedError."""
        return self._answer(None, payload, ())

    def of_server(self, said: HttpAnswer) -> HttpAnswer:
        """A server's status chooses. Raises RefusedError."""
        return self._answer(str(said.status), said.body, said.headers)

    def of_mock(self) -> HttpAnswer:
        """The request template names the status. Raises RefusedError."""
        asked = _STATUS.search(self.payload())
        if asked is None:
            raise failed("the request template of a MOCK integration names no statusCode")
        return self._answer(asked[1].decode(), b"", ())

    def _answer(self, said: str | None, payload: bytes, fields: Fields) -> HttpAnswer:
        """``fields`` are the headers that came with the payload, which without any is JSON."""
        chosen = self._chosen(said)
        body, overrides = self._content(chosen, payload, fields), Members()
        media, template = accepted_template(self._request, chosen.templates) or (_JSON, None)
        if template is not None:
            text, context = self._evaluated("response template", template, body)
            body, overrides = text_bytes(text), context.get("responseOverride")
        headers = {"Content-Type": media} | self._headers(chosen, payload, fields)
        for name, value in _texts(member(overrides, "header")).items():
            headers = {each: kept for each, kept in headers.items() if each.lower() != name.lower()}
            headers[name] = header_value(value)
        status = str(member(overrides, "status") or chosen.status)
        if not re.fullmatch("[2-5][0-9]{2}", status):
            raise failed(f"{status} is no status of an answer")
        return mapped_answer(self._api, self._request, status=int(status), headers=headers, body=body)

    def _content(self, chosen: IntegrationResponse, payload: bytes, fields: Fields) -> bytes:
        """What goes on of a payload. A function's is what it has returned, whatever the API takes for binary."""
        if not payload:
            return payload
        kind = next((value for name, value in fields if name.lower() == "content-type"), _JSON)
        try:
            return answer_content(self._api, self._request, payload, kind, chosen.content)
        except NotBase64Error as error:
            raise failed(f"the answer is to be converted to binary, and is no base64: {error}") from error

    def _chosen(self, said: str | None) -> IntegrationResponse:
        responses = self._integration.responses
        for each in responses:
            if each.pattern is None or said is None:
                continue
            try:
                if fits(each.pattern, said):
                    return each
            except (PatternError, TimeLimitError) as error:
                raise failed(f"a selection pattern: {error}") from error
        default = next((each for each in responses if each.pattern is None), None)
        if default is None:
            raise failed("none of its responses fits, and none is the default")
        return default

    def _headers(self, chosen: IntegrationResponse, payload: bytes, fields: Fields) -> dict[str, str]:
        headers = {}
        for name, expression in chosen.parameters.items():
            value = self._value(expression, payload, fields)
            if name.startswith(_HEADER) and value is not None:
                headers[name.removeprefix(_HEADER)] = header_value(value)
        return headers

    def _value(self, expression: str, payload: bytes, fields: Fields) -> str | None:
        text = static(expression)
        if text is not None:
            return text
        if expression.startswith(_BODY):
            return in_body(payload, expression.removeprefix(_BODY))
        if asked := _ANSWERED.fullmatch(expression):
            found = [value for name, value in fields if name.lower() == asked[2].lower()]
            return None if not found else ",".join(found) if asked[1] else found[-1]
        return self._values.value(expression) if expression.startswith(_OWN) else None

    def _evaluated(self, what: str, template: str, payload: bytes) -> tuple[str, Members]:
        """The text, and the context with what it overrides."""
        values = self._values
        context = context_members(values.context)
        parameters = Parameters(path=values.path, querystring=values.querystring, header=values.header)
        variables: Mapping[str, object] = {
            "input": Input(payload, parameters),
            "util": Util(),
            "context": context,
            "stageVariables": Members(self._api.stage_variables),
        }
        try:
            made = evaluated(template, variables)
        except TemplateFailedError as error:
            raise failed(f"{what}, {error}") from error
        self.remarks += [f"{what}, {remark}" for remark in made.remarks]
        return made.text, context


def _texts(members: Any) -> dict[str, str]:
    """A template's own, of whatever values."""
    return {str(name): str(value) for name, value in members.plain.items()} if isinstance(members, Members) else {}


def failed(remark: str) -> RefusedError:
    """500 {"message": "Internal server error"}."""
    return RefusedError(INTERNAL_ERROR, remark)
