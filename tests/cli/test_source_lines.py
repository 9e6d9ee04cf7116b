"""What people and machines hear of queues and streams that are read."""

from __future__ import annotations

from typing import Any

from requests_kit import Shown, run

from samlocal.cli.shown import said
from samlocal.cli.shown.served import ServedFunction, ServedSource
from samlocal.deployed.place import Place
from samlocal.endpoint.directory import Callee
from samlocal.errors import AwsError
from samlocal.sources.happening import BatchRun, Discarded, Doubtful, Filtered, Interrupted
from samlocal.sources.mapping import Mapping, SourceKind

PLACE = Place(region="eu-west-1", account="1")
ORDERS = Mapping(
    id="takeOrders",
    uuid="u",
    callee=Callee(path="take", logical_id="take", name="take-1X", place=PLACE),
    kind=SourceKind.QUEUE,
    source="arn:aws:sqs:eu-west-1:1:orders",
    batch_size=10,
)


def source(name: str, *, not_read: str | None = None) -> ServedSource:
    return ServedSource(id=name, function="take", source=f"arn:…:{name}", name=name, not_read=not_read)


def test_a_batch_stands_behind_the_request_that_it_became() -> None:
    async def test() -> None:
        async with Shown("take") as shown:
            one = shown.sandbox("take")
            for number, failed in enumerate((0, 1, 2)):
                one.runs(f"r{number}", f"says {number}")
                shown.requests.of_source(
                    BatchRun(mapping=ORDERS, request_id=f"r{number}", records=2, failed=failed, again="seen again")
                )
            assert await shown.lines() == [
                "00:00:00 take success  12.3 ms  38 MB  r0",
                "says 0",
                "00:00:00 take batch    2 records of orders",
                "00:00:00 take success  12.3 ms  38 MB  r1",
                "says 1",
                "00:00:00 take batch    2 records of orders: 1 failed, seen again",
                "00:00:00 take success  12.3 ms  38 MB  r2",
                "says 2",
                "00:00:00 take batch    2 records of orders: failed, seen again",
            ]

    run(test)


def test_what_no_function_has_had_or_not_to_its_end_is_said() -> None:
    async def test() -> None:
        given_up: dict[str, Any] = {"mapping": ORDERS, "records": 3, "condition": "RetryAttemptsExhausted"}
        async with Shown("take") as shown:
            shown.requests.of_source(Filtered(mapping=ORDERS, records=1))
            shown.requests.of_source(Discarded(**given_up, to=None))
            shown.requests.of_source(Discarded(**given_up, to="arn:dead"))
            shown.requests.of_source(Discarded(**given_up, to=None, problem="no such queue"))
            shown.requests.of_source(Doubtful(mapping=ORDERS, reason="the queue is too quick"))
            error = AwsError("The queue has gone.", tip="Deploy it.")
            shown.requests.of_source(Interrupted(mapping=ORDERS, error=error, seconds=2.0))
            assert await shown.lines() == [
                "00:00:00 take filtered 1 record of orders",
                "00:00:00 take given up 3 records of orders: RetryAttemptsExhausted",
                "00:00:00 take given up 3 records of orders: RetryAttemptsExhausted, told to arn:dead",
                "00:00:00 take given up 3 records of orders: RetryAttemptsExhausted, which could not be told: "
                "no such queue",
                "samlocal: takeOrders: AWS would not take this mapping: the queue is too quick.",
                "samlocal: orders is not read, and tried again in 2 s:",
                "Error: The queue has gone.",
                "Deploy it.",
            ]

    run(test)


def test_at_a_narrow_terminal_why_a_source_is_not_read_stands_below_it() -> None:
    async def test() -> None:
        narrow, sources = {"COLUMNS": "40", "NO_COLOR": "1"}, (source("clicks", not_read="it is another's"),)
        async with Shown("take", sources=sources, is_terminal=True, environ=narrow) as shown:
            at = shown.banner.index("Sources      clicks → take")
            assert shown.banner[at + 1 : at + 3] == ["               is not read: it is", "               another's"]

    run(test)


def test_the_banner_has_all_sources_and_what_comes_and_goes_is_said() -> None:
    async def test() -> None:
        sources = (source("orders"), source("clicks", not_read="it is another's"))
        async with Shown("take", sources=sources) as shown:
            assert "Sources      orders → take" in shown.banner
            assert "             clicks → take is not read: it is another's" in shown.banner
            serving = said.Serving(
                version="1",
                process=1,
                url=None,
                region="eu-west-1",
                environment=None,
                stack=None,
                reloads=False,
                functions=(ServedFunction(id="take", name="take-1X", arn="arn"),),
                sources=(source("orders", not_read="disabled"), source("clicks")),
            )
            shown.requests.serves(serving)
            assert await shown.lines() == [
                "samlocal: read, too: clicks for take",
                "samlocal: no longer read: orders for take",
            ]
        async with Shown("take", sources=()) as shown:
            assert "Sources      none in this template" in shown.banner
        async with Shown("take") as shown:
            assert not [line for line in shown.banner if line.startswith("Sources")]

    run(test)
