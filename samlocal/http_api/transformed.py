"""Integrations that are no proxies: what a function gets of a request, and a client of what it returns.

Sources: API Gateway developer guide, "Mapping template transformations for REST APIs", "Method request behavior for
payloads without mapping templates", "Set up an integration response", "Handle standard Lambda errors", "Override your
API's request and response parameters and status codes", "Mapping template and parameter mapping".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from samlocal.http_api.answers.accepted import accepted_template
from samlocal.http_api.answers.payload import header_value, text_bytes
from samlocal.http_api.answers.refusal import UNSUPPORTED, Refusal, RefusalType
from samlocal.http_api.answers.rest import mapped_answer
from samlocal.http_api.caller import Caller
from samlocal.http_api.events.body import event_body, media_type
from samlocal.http_api.exchange import HttpAnswer, HttpRequest, Matched
from samlocal.http_api.model import Api, IntegrationResponse, MappedIntegration
from samlocal.http_api.request_values import RequestValues, in_body, static
from samlocal.http_api.vtl.evaluation import TemplateFailedError, evaluated
from samlocal.http_api.vtl.values import Members
from samlocal.http_api.vtl.variables import Input, Parameters, Util, context_members
from samlocal.sandbox.result import error_message

_JSON = "application/json"
_STATUS = re.compile(r"""["']?statusCode["']?\s*:\s*["']?(\d{3})""")
_HEADER = "method.response.header."
_BODY = "integration.response.body"
_OWN = ("context.", "stageVariables.")


class RefusedError(Exception):
    """The API answers by itself; the message says why, and is empty where the answer does."""

    def __init__(self, refusal: Refusal, remark: str = "") -> None:
        super().__init__(remark)
        self.refusal = refusal


class Transformation:
    """Of one request, through one integration."""

    def __init__(
        self, api: Api, matched: Matched, request: HttpRequest, integration: MappedIntegration, caller: Caller
    ) -> None:
        self._api = api
        self._request = request
        self._integration = integration
        self._values = RequestValues(api, matched, request, caller)

    def payload(self) -> bytes:
        """What the integration gets. Raises RefusedError, UnsupportedEncodingError."""
        body = (event_body(self._api, self._request).text or "").encode()
        templates = {name.lower(): template for name, template in self._integration.templates.items()}
        template = templates.get(media_type(self._request.header("content-type")) or _JSON)
        if template is None:
            behaviour = self._integration.passthrough
            if behaviour == "NEVER" or (behaviour == "WHEN_NO_TEMPLATES" and templates):
                raise RefusedError(UNSUPPORTED)
            return body
        made, _ = self._evaluated("request template", template, body)
        return text_bytes(made)

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
        return self._answer(error_message(payload) or "", payload)

    def of_success(self, payload: bytes) -> HttpAnswer:
        """Raises RefusedError."""
        return self._answer(None, payload)

    def of_mock(self) -> HttpAnswer:
        """The request template names the status. Raises RefusedError."""
        asked = _STATUS.search(self.payload().decode())
        if asked is None:
            raise _failed("the request template of a MOCK integration names no statusCode")
        return self._answer(asked[1], b"")

    def _answer(self, said: str | None, payload: bytes) -> HttpAnswer:
        chosen = self._chosen(said)
        media, template = accepted_template(self._request, chosen.templates) or (_JSON, None)
        if template is None:
            text, overrides = payload.decode(errors="replace"), Members()
        else:
            text, overrides = self._evaluated("response template", template, payload)
        headers = {"Content-Type": media} | self._headers(chosen, payload)
        for name, value in overrides["header"].plain.items() if template is not None else ():
            headers = {each: kept for each, kept in headers.items() if each.lower() != name.lower()}
            headers[str(name)] = header_value(str(value))
        status = str(overrides["status"] or chosen.status)
        if not re.fullmatch("[2-5][0-9]{2}", status):
            raise _failed(f"{status} is no status of an answer")
        return mapped_answer(self._api, self._request, status=int(status), headers=headers, body=text)

    def _chosen(self, said: str | None) -> IntegrationResponse:
        responses = self._integration.responses
        for each in responses:
            if each.pattern is None or said is None:
                continue
            try:
                fits = re.fullmatch(each.pattern, said)
            except re.error as error:
                raise _failed(f"the selection pattern {each.pattern} cannot be read: {error}") from error
            if fits:
                return each
        default = next((each for each in responses if each.pattern is None), None)
        if default is None:
            raise _failed("none of its responses fits, and none is the default")
        return default

    def _headers(self, chosen: IntegrationResponse, payload: bytes) -> dict[str, str]:
        headers = {}
        for name, expression in chosen.parameters.items():
            value = self._value(expression, payload)
            if name.startswith(_HEADER) and value is not None:
                headers[name.removeprefix(_HEADER)] = header_value(value)
        return headers

    def _value(self, expression: str, payload: bytes) -> str | None:
        """A function's answer has no headers, so ``integration.response.header`` is nothing."""
        text = static(expression)
        if text is not None:
            return text
        if expression.startswith(_BODY):
            return in_body(payload, expression.removeprefix(_BODY))
        return self._values.value(expression) if expression.startswith(_OWN) else None

    def _evaluated(self, what: str, template: str, payload: bytes) -> tuple[str, Members]:
        """The text, and what of the response it overrides."""
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
            return evaluated(template, variables), context["responseOverride"]
        except TemplateFailedError as error:
            raise _failed(f"{what}, {error}") from error


def _failed(remark: str) -> RefusedError:
    """500 {"message": "Internal server error"}."""
    return RefusedError(Refusal(type=RefusalType.API_CONFIGURATION_ERROR), remark)
