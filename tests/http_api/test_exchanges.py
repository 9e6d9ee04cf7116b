"""What AWS makes of a request and of what its function returns, by the table ``exchanges.yaml``, from end to end.

Each group of rows names where AWS's own event or answer is found. What a table cannot hold well, such as whole events
and ids, is in test_recorded_events.py and test_api_answers.py.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from api_kit import api_of, request_of, route_of
from front_kit import FakePool, Heard, ran

from samlocal.http_api.exchange import HttpAnswer
from samlocal.http_api.front import Front
from samlocal.http_api.integration import PayloadFormat
from samlocal.http_api.model import DEFAULT_ROUTE, Api, ApiKind
from samlocal.sandbox.result import Success

GROUPS: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("exchanges.yaml").read_text(encoding="utf-8"))
ROWS = [row for group in GROUPS for row in group["rows"]]


def api(row: dict[str, Any]) -> Api:
    kind = ApiKind(row["kind"])
    path = DEFAULT_ROUTE if kind is ApiKind.FUNCTION_URL else "/{proxy+}"
    members = {name: tuple(value) if isinstance(value, list) else value for name, value in row.get("api", {}).items()}
    return api_of(kind, route_of("ANY", path, payload_format=PayloadFormat(row.get("format", "2.0"))), **members)


def exchanged(row: dict[str, Any], heard: Heard) -> tuple[dict[str, Any], HttpAnswer]:
    """The event, and the answer."""
    returned = row["returns_text"] if "returns_text" in row else json.dumps(row["returns"])
    pool = FakePool(Success(payload=returned.encode()))
    method, _, target = row["ask"].partition(" ")
    path, _, query = target.partition("?")
    headers = {"Host": "example.com", **row.get("headers", {})}

    async def main() -> HttpAnswer:
        front = Front(api(row), pool, heard, None)
        answer = await front.answer(request_of(method, path, query, headers, body=row.get("sent", "").encode()))
        await front.close()
        return answer

    answer = ran(main())
    ((function, event),) = pool.asked
    assert function == "Fn"
    return event, answer


def member(event: dict[str, Any], way: str) -> Any:
    found: Any = event
    for name in way.split("."):
        found = found[name]
    return found


@pytest.mark.parametrize("row", ROWS, ids=[f"{number}-{row['kind']}" for number, row in enumerate(ROWS)])
def test_the_function_sees_and_the_client_gets_what_aws_makes_of_it(row: dict[str, Any]) -> None:
    heard = Heard()
    event, answer = exchanged(row, heard)

    assert {way: member(event, way) for way in row["event"]} == row["event"]
    assert not set(row.get("absent", ())) & set(event)
    body = base64.b64decode(row["body_base64"]) if "body_base64" in row else row["body"].encode()
    assert (answer.status, answer.body) == (row["status"], body)
    for name, wanted in row.get("answer", {}).items():
        got = [value for each, value in answer.headers if each.lower() == name]
        assert got == (wanted if isinstance(wanted, list) else [wanted])
    if "remark" in row:
        (said,) = heard.remarks
        assert said.startswith(row["remark"])


def test_the_table_has_every_kind_of_api_and_says_where_each_row_is_from() -> None:
    assert {row["kind"] for row in ROWS} == {"REST", "HTTP", "FUNCTION_URL", "ALB"}
    assert all(group["source"] and group["rows"] for group in GROUPS)
