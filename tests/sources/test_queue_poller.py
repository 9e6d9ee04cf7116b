"""Queues of the local endpoint, polled for a function: what AWS documents, and what happens beside ``documented.py``.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from queue_kit import Polling, Queue
from sources_kit import ANSWERS, RAISES, Function, of_queue, polled, run

from samlocal.aws import Aws
from samlocal.endpoint.recursion import counted
from samlocal.sandbox.invocation import Request
from samlocal.sources.happening import BatchRun, Doubtful, Filtered, Stopped
from samlocal.sources.mapping import Mapping
from samlocal.sources.queue_event import within_limit
from samlocal.sources.threads import Threads

Client = Callable[[str], Any]


def test_a_batch_has_batch_size_messages_at_most_and_what_is_handled_is_deleted(
    aws: Aws, threads: Threads, queue: Callable[..., Queue]
) -> None:
    own, function = queue(), Function()
    own.send(*(str(number) for number in range(7)))
    polling = Polling(aws, threads, of_queue(own.name, batch_size=3), function)
    polling.until(lambda: sum(len(batch) for batch in function.bodies) == 7)
    assert sorted(body for batch in function.bodies for body in batch) == [str(number) for number in range(7)]
    assert max(len(batch) for batch in function.bodies) <= 3
    assert own.count() == (0, 0)
    assert sum(each.records for each in polling.told.of(BatchRun)) == 7
    assert [each.failed for each in polling.told.of(BatchRun) if each.failed] == []


def test_a_message_that_its_function_has_sent_itself_16_times_is_not_run_and_goes_to_the_dead_letters(
    aws: Aws, threads: Threads, queue: Callable[..., Queue]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html"""
    dead = queue()
    arn = dead.sqs.get_queue_attributes(QueueUrl=dead.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    own, function = queue(RedrivePolicy=redrive, VisibilityTimeout="5"), Function()
    mapping = of_queue(own.name)
    lineages = {"looping": 15, "young": 3}
    for body, count in lineages.items():
        trace = f"Root=1-67f6cc3c-2501b4910e004349426d8006;Lineage=1:{_hash(mapping)}:{count}"
        header = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
        own.send(body, MessageSystemAttributes=header)
    own.send("free")
    polling = Polling(aws, threads, mapping, function)
    polling.until(lambda: dead.count()[0] == 1)
    assert sorted(body for batch in function.bodies for body in batch) == ["free", "young"]
    assert sum(each.records for each in polling.told.of(Stopped)) == 1
    assert dead.bodies() == ["looping"]
    # The event is of the chain that has come round most often.
    assert any(trace and trace.endswith(":3") for trace in function.traces)


def _hash(mapping: Mapping) -> str:
    """What a lineage calls the function of a mapping."""
    trace = counted(mapping.callee, Request(payload=b"")).trace_id
    return str(trace).rsplit(":", 2)[1]


def test_the_event_is_the_one_that_lambda_makes(aws: Aws, threads: Threads, queue: Callable[..., Queue]) -> None:
    own, function = queue(), Function()
    own.send(
        "hello",
        MessageAttributes={
            "text": {"DataType": "String", "StringValue": "x"},
            "data": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    )
    Polling(aws, threads, of_queue(own.name), function).until(lambda: function.events)
    ((record,),) = (event["Records"] for event in function.events)
    assert set(record) == {
        "messageId",
        "receiptHandle",
        "body",
        "attributes",
        "messageAttributes",
        "md5OfBody",
        "md5OfMessageAttributes",
        "eventSource",
        "eventSourceARN",
        "awsRegion",
    }
    assert record["body"] == "hello"
    assert record["md5OfBody"] == "5d41402abc4b2a76b9719d911017c592"
    assert (record["eventSource"], record["awsRegion"]) == ("aws:sqs", "us-east-1")
    assert record["eventSourceARN"] == f"arn:aws:sqs:us-east-1:123456789012:{own.name}"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert set(record["attributes"]) >= {"SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"}
    lists = {"stringListValues": [], "binaryListValues": []}
    assert record["messageAttributes"] == {
        "text": {"stringValue": "x", **lists, "dataType": "String"},
        "data": {"binaryValue": "AAE=", **lists, "dataType": "Binary"},
    }


def test_a_window_that_is_over_sends_what_there_is(aws: Aws, threads: Threads, queue: Callable[..., Queue]) -> None:
    own, function = queue(), Function()
    own.send("only")
    Polling(aws, threads, of_queue(own.name, batch_size=25, window=1), function).until(lambda: function.events)
    assert function.bodies == [["only"]]


def test_a_failed_batch_comes_back_after_the_visibility_timeout_and_the_queue_moves_it_to_its_dead_letters(
    aws: Aws, threads: Threads, queue: Callable[..., Queue]
) -> None:
    dead = queue()
    redrive = {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:123456789012:{dead.name}", "maxReceiveCount": "2"}
    own = queue(VisibilityTimeout="1", RedrivePolicy=json.dumps(redrive))
    function = Function(lambda _: RAISES)
    own.send("bad")
    polling = Polling(aws, threads, of_queue(own.name), function)
    polling.until(lambda: dead.count() == (1, 0))
    assert function.bodies == [["bad"], ["bad"]]
    counts = [event["Records"][0]["attributes"]["ApproximateReceiveCount"] for event in function.events]
    assert counts == ["1", "2"]
    assert own.count() == (0, 0)
    assert [(each.records, each.failed) for each in polling.told.of(BatchRun)] == [(1, 1), (1, 1)]


def test_a_message_that_no_filter_lets_through_is_deleted(
    aws: Aws, threads: Threads, queue: Callable[..., Queue]
) -> None:
    own, function = queue(), Function()
    own.send('{"n": 1}', "text", '{"n": 2}')
    polling = Polling(aws, threads, of_queue(own.name, filters=[{"body": {"n": [2]}}]), function)
    polling.until(lambda: function.events and own.count() == (0, 0))
    assert function.bodies == [['{"n": 2}']]
    assert sum(each.records for each in polling.told.of(Filtered)) == 2


def test_a_fifo_queues_groups_stay_in_order_also_behind_a_failure(
    aws: Aws, threads: Threads, queue: Callable[..., Queue]
) -> None:
    own = queue(fifo=True, VisibilityTimeout="4")
    failed: list[str] = []

    def answer(event: dict[str, Any]) -> Any:
        bodies = [record["body"] for record in event["Records"]]
        if "a2" in bodies and not failed:
            failed.append("a2")
            return RAISES
        return ANSWERS

    function = Function(answer)
    for number in range(1, 4):
        for group in ("a", "b"):
            own.send(f"{group}{number}", MessageGroupId=group)
    Polling(aws, threads, of_queue(own.name, batch_size=1), function).until(lambda: own.count() == (0, 0))
    runs = [batch[0] for batch in function.bodies]
    assert [each for each in runs if each.startswith("b")] == ["b1", "b2", "b3"]
    assert [each for each in runs if each.startswith("a")] == ["a1", "a2", "a2", "a3"]


def test_no_more_batches_run_at_once_than_may(aws: Aws, threads: Threads, queue: Callable[..., Queue]) -> None:
    own, function = queue(), Function()
    own.send(*(str(number) for number in range(8)))

    async def test() -> None:
        function.ready.clear()
        polling = Polling(aws, threads, of_queue(own.name, batch_size=1), function, at_once=2)
        running = asyncio.create_task(polled(polling.poller, polling.pace, lambda: len(function.events) == 8))
        async with asyncio.timeout(60):
            while function.running < 2:
                await asyncio.sleep(0.01)
        function.ready.set()
        await running

    run(test)
    assert function.most == 2
    assert own.count() == (0, 0)


def test_what_could_not_be_run_is_given_back_at_the_end(
    aws: Aws, threads: Threads, queue: Callable[..., Queue]
) -> None:
    own, function = queue(VisibilityTimeout="600"), Function(lambda _: None)
    own.send("kept")
    Polling(aws, threads, of_queue(own.name), function).until(lambda: function.events)
    assert own.bodies() == ["kept"]


def test_the_end_waits_for_the_batches_that_run(aws: Aws, threads: Threads, queue: Callable[..., Queue]) -> None:
    own, function = queue(), Function()
    own.send("runs")

    async def test() -> None:
        function.ready.clear()
        polling = Polling(aws, threads, of_queue(own.name), function)
        task = asyncio.create_task(polling.poller.poll())
        async with asyncio.timeout(60):
            while not function.running:
                await asyncio.sleep(0.01)
        polling.pace.stop()
        await asyncio.sleep(0)
        assert not task.done()
        function.ready.set()
        await task

    run(test)
    assert own.count() == (0, 0)


def test_a_batch_whose_event_would_be_larger_than_lambda_takes_is_cut() -> None:
    records: list[dict[str, Any]] = [{"body": "x" * 100, "messageId": str(number)} for number in range(10)]
    parts = list(within_limit(records, limit=500))
    assert [record for part in parts for record in part] == records
    assert len(parts) > 1
    assert all(len(json.dumps({"Records": part}, separators=(",", ":"))) <= 500 for part in parts)
    assert list(within_limit([{"body": "x" * 1000}], limit=500)) == [[{"body": "x" * 1000}]]


def test_messages_stay_hidden_while_their_event_waits_for_a_sandbox(
    aws: Aws, threads: Threads, queue: Callable[..., Queue]
) -> None:
    own, function = queue(VisibilityTimeout="4"), Function()
    own.send("slow")

    async def test() -> None:
        function.ready.clear()
        polling = Polling(aws, threads, of_queue(own.name), function)
        task = asyncio.create_task(polled(polling.poller, polling.pace, lambda: own.count() == (0, 0)))
        async with asyncio.timeout(60):
            while not function.running:
                await asyncio.sleep(0.01)
        # Far beyond the visibility timeout: nobody else may see it in all that time.
        for _ in range(60):
            assert not await threads(lambda: own.sqs.receive_message(QueueUrl=own.url).get("Messages"))
            await asyncio.sleep(0.1)
        function.ready.set()
        await task

    run(test)
    assert function.bodies == [["slow"]]


def test_a_function_that_may_run_longer_than_its_messages_are_hidden_is_one_that_aws_refuses(
    aws: Aws, threads: Threads, queue: Callable[..., Queue]
) -> None:
    for visibility, refused in (("0", True), ("1", False)):
        own, function = queue(VisibilityTimeout=visibility), Function()
        own.send("one")
        polling = Polling(aws, threads, of_queue(own.name), function)
        polling.until(lambda function=function: function.events)
        assert bool(polling.told.of(Doubtful)) is refused
