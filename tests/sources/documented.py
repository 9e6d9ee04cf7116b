"""What AWS documents of event sources, row by row, and what happens here: ``docs/sources.md`` is made of it.

``make sources-table`` writes that file, ``test_documented.py`` runs each row and holds it equal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import documented_runs as runs
from pipes_kit import ENRICHED, answers, pipe
from sources_kit import ANSWERS, RAISES, failures
from stream_kit import fails_at, reports

from samlocal.pool.throttle import Throttled, ThrottleReason

FILE = Path(__file__).parents[2] / "docs" / "sources.md"

_GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg/"
_PIPES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/"
_FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:Fn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``happens`` is what ``run`` gives."""

    source: str
    about: str
    documented: str
    address: str
    happens: str
    run: Callable[[runs.World], str]


def rows() -> Iterator[Row]:
    def of(
        source: str, about: str, documented: str, address: str, happens: str, run: Callable[[runs.World], str]
    ) -> Row:
        return Row(source=source, about=about, documented=documented, address=address, happens=happens, run=run)

    sqs, stream, later, flow = "SQS", "DynamoDB and Kinesis streams", "SNS, S3, EventBridge, schedules, IoT", "Pipes"
    configure, errors = f"{_GUIDE}services-sqs-configure.html", f"{_GUIDE}services-sqs-errorhandling.html"
    only_with = "and AWS takes that of a queue only with MaximumBatchingWindowInSeconds of 1 or more"
    yield of(
        sqs, "batch size", "10 where nothing is said", configure, "batches of 10", lambda w: runs.mapping(w, "SQS")
    )
    yield of(
        sqs,
        "large batches",
        "more than 10 only with a batching window",
        configure,
        f"not read: BatchSize 11 is more than 10, {only_with}",
        lambda w: runs.mapping(w, "SQS", BatchSize=11),
    )
    yield of(
        sqs,
        "batches",
        "no more than the batch size; what is handled is deleted",
        f"{_GUIDE}with-sqs.html",
        "7 handled and deleted, 3 at most in a batch",
        runs.batches,
    )
    yield of(
        sqs, "batching window", "a batch is collected until it is whole", configure, "a batch of 25", runs.window
    )
    yield of(
        sqs,
        "filters",
        "what no filter lets through is deleted; text is none of a body's members",
        f"{_GUIDE}with-sqs-filtering.html",
        'run with {"n": 2}; the others are deleted',
        runs.filtered,
    )
    yield of(
        sqs,
        "failures, dead letters",
        "seen again after the visibility timeout, then the queue's own redrive policy",
        errors,
        "run 2 times, then in the dead letters: bad",
        runs.dead_letters,
    )
    yield of(
        sqs, "partial failures", "only what is reported is seen again", errors, "a 1, b 2, c 1 times", runs.reported
    )
    for named, happens in ((("",), "id1, id2"), ((None,), "id1, id2"), (("id9",), "id1, id2"), ((), "none")):
        what = json.dumps([{"itemIdentifier": each} for each in named])
        said = "an empty list is a success" if not named else "an empty, null or unknown identifier fails the batch"
        yield of(sqs, f"`batchItemFailures` {what}", said, errors, f"failed: {happens}", runs.failed(*named))
    yield of(
        sqs,
        "throttles",
        "tried again until the visibility timeout is over",
        errors,
        "tried 3 times, received 1 time",
        runs.throttled,
    )

    failed = f"{_GUIDE}kinesis-on-failure-destination.html"
    partial = f"{_GUIDE}services-kinesis-batchfailurereporting.html"
    windows = f"{_GUIDE}services-kinesis-windows.html"
    exhausted, old = "RetryAttemptsExhausted", "RecordAgeExceeded"
    yield of(
        stream,
        "batch size",
        "100 where nothing is said",
        f"{_GUIDE}services-kinesis-parameters.html",
        "batches of 100",
        lambda w: runs.mapping(w, "Kinesis", StartingPosition="LATEST"),
    )
    yield of(
        stream,
        "retries",
        "without end where nothing is said",
        failed,
        "8 tries, 1, 2, 4, 8, 16, 30, 30 s apart",
        runs.until_it_succeeds,
    )
    yield of(
        stream,
        "`MaximumRetryAttempts: 2`",
        "so many times more, then given up, which the destination is told",
        failed,
        f"run with 1234, 1234, 1234; 1234 given up and told: {exhausted}",
        runs.batch(fails_at("3"), retries=2),
    )
    yield of(
        stream,
        "`BisectBatchOnFunctionError`",
        "split in two, which uses no retry",
        failed,
        f"run with 1234, 12, 34, 3, 4; 3 given up and told: {exhausted}",
        runs.batch(fails_at("3"), retries=0, bisects=True),
    )
    yield of(
        stream,
        "`MaximumRecordAgeInSeconds: 60`",
        "older records are given up without being run",
        failed,
        f"run with 34; 12 given up and told: {old}",
        runs.batch(fails_at(), age=60, ages={1: 120, 2: 61}),
    )
    yield of(
        stream,
        "partial failures",
        "the lowest reported is where it goes on",
        partial,
        f"run with 1234, 34; 34 given up and told: {exhausted}",
        runs.batch(reports("3", "4"), reports=True, retries=1),
    )
    yield of(
        stream,
        "partial failures and bisecting",
        "split at what is reported",
        partial,
        f"run with 1234, 34, 3, 4; 3 given up and told: {exhausted}",
        runs.batch(reports("3"), reports=True, retries=0, bisects=True),
    )
    yield of(
        stream,
        "tumbling windows",
        "each answer's state is the next event's; the last event of a window says so",
        windows,
        '1 with {}; nothing with {"1": 1}, final; 2 with {}; nothing with {"2": 1}, final',
        runs.windows([0, 12], ends=40),
    )
    yield of(
        stream,
        "the end of a shard",
        "ends its window early",
        windows,
        '1 with {}; nothing with {"1": 1}, final early',
        runs.windows([0], ends=2),
    )

    asynchronous = f"{_GUIDE}invocation-async-error-handling.html"
    yield of(
        later,
        "filter policies of SNS",
        "a subscription has the messages that its policy lets through",
        "https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html",
        "run with wanted",
        runs.topic_filter,
    )
    yield of(
        later,
        "key filters of S3",
        "a notification is for the keys of its prefix and its suffix",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html",
        "run with in/a",
        runs.key_filter,
    )
    yield of(
        later,
        "patterns and inputs of EventBridge",
        "a rule is for the events that its pattern fits, and its target gets what its transformer makes of them",
        f"{_PIPES}eb-transform-target-input.html",
        'run with {"number": 2}',
        runs.rule_pattern,
    )
    yield of(
        later,
        "retries",
        "twice, after one minute and after two, then the destination and the dead letters",
        asynchronous,
        "3 tries, 60, 120 s apart; RetriesExhausted",
        runs.event(RAISES),
    )
    yield of(
        later,
        "throttles",
        "no attempts; later each time",
        asynchronous,
        "4 tries, 1, 2, 4 s apart; Success",
        runs.event(*3 * [Throttled(reason=ThrottleReason.CONCURRENT)], ANSWERS),
    )
    yield of(
        later,
        "loops",
        "stopped after about 16 times in one chain of requests (with SQS, SNS, S3 and Lambda)",
        f"{_GUIDE}invocation-recursion.html",
        "not run; RecursiveInvocationException",
        runs.event(ANSWERS, rounds=16),
    )

    batching = f"{_PIPES}eb-pipes-batching-concurrency.html"
    yield of(
        flow,
        "batches",
        "an array, also of one",
        batching,
        'Fn gets [{"messageId": "id1", "body": "1"}]; failed: none',
        runs.piped(pipe(), [runs.few(1)]),
    )
    yield of(
        flow,
        "partial failures",
        "by `messageId`, or by a stream record's `eventID`; the rest is done with",
        batching,
        'Fn gets [{"messageId": "id1", "body": "1"}, {"messageId": "id2", "body": "2"}]; failed: id2',
        runs.piped(pipe(), [runs.few(1), runs.few(2)], failures("id2")),
    )
    yield of(
        flow,
        "enrichment",
        "what it answers is the target's",
        f"{_PIPES}pipes-enrichment.html",
        'Enrich gets [{"n": 1}], Fn gets [{"n": 1, "more": true}]; failed: none',
        runs.piped(ENRICHED, [runs.few(1)], answers([{"n": 1, "more": True}])),
    )
    yield of(
        flow,
        "empty enrichment",
        "an empty answer invokes no target",
        f"{_PIPES}pipes-enrichment.html",
        'Enrich gets [{"n": 1}]; failed: none',
        runs.piped(ENRICHED, [runs.few(1)], answers([])),
    )


def document() -> str:
    """The file's whole text."""
    parts = [
        "# Event sources: what AWS documents, and what happens here",
        "",
        "Each row is run by `tests/sources/test_documented.py`: the last column is what it sees. "
        "`make sources-table` writes this file.",
    ]
    source = None
    for row in rows():
        if row.source != source:
            source = row.source
            parts += ["", f"## {source}", "", "| | AWS documents | Here |", "|---|---|---|"]
        parts.append(
            f"| {row.about} | [{row.documented}]({row.address}) | {row.happens.replace('|', chr(92) + '|')} |"
        )
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(document(), encoding="utf-8")
