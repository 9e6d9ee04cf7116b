"""What starts functions in the public templates: run by ``samlocal up``, or named by it with the reason.

``tests/corpus_sources.py`` says what there is, without samlocal's code; ``docs/patterns.md`` has the table.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import corpus
import kit
import pytest
from corpus_sources import REQUESTS, Source, raw, sources
from patterns import PATTERNS

from samlocal.cli.shown.sources import ReadSources
from samlocal.endpoint.directory import Directory
from samlocal.errors import SamlocalError
from samlocal.function.application import Application, application
from samlocal.http_api.model import LambdaAuthorizer
from samlocal.http_api.routes.apis import apis
from samlocal.local.deploy import deploy
from samlocal.local.server import LocalServer, serve
from samlocal.template.reader import read

pytestmark = corpus.needs_corpus

DOCUMENT = Path(__file__).parents[2] / "docs" / "patterns.md"
END = "<!-- end -->\n"

MADE = {
    "Cognito",
    "CloudWatch Logs",
    "DynamoDB stream",
    "EventBridge rule",
    "IoT rule",
    "Pipe",
    "S3",
    "SNS",
    "Schedule",
}
MADE |= {"Step Functions"}
"""What the local environment has to make, so that something comes of it."""


class Verdict(NamedTuple):
    """``why_not`` is what ``samlocal up`` says of a source that starts nothing, empty where it does."""

    source: Source
    why_not: str


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    """One of its own: among a hundred templates' rules and subscribers are some for anybody's events."""
    with serve(os.environ) as running:
        yield running


@pytest.mark.parametrize("name", corpus.NAMES)
def test_a_source_of_a_public_template_is_run_or_named_with_the_reason(name: str, server: LocalServer) -> None:
    found = verdicts(name, server)
    assert [each.source for each in found] == list(sources(name))


def test_the_table_of_the_public_templates_is_true(server: LocalServer) -> None:
    every = [verdict for name in corpus.NAMES for verdict in verdicts(name, server)]
    assert written("the corpus") == list(table(every)), "\n".join(table(every))


def test_the_table_of_the_patterns_that_are_started_is_true() -> None:
    assert written("the patterns") == list(table_of_patterns()), "\n".join(table_of_patterns())


def written(name: str) -> list[str]:
    """The lines of a table of the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    return text.partition(f"<!-- {name} -->\n")[2].partition(END)[0].splitlines()


@cache
def verdicts(name: str, server: LocalServer) -> list[Verdict]:
    """Of all sources of a template. Raises AssertionError for one of which ``samlocal up`` says nothing."""
    found = list(sources(name))
    if not found:
        return []
    with tempfile.TemporaryDirectory() as folder:
        document = read(_with_definitions(name, Path(folder)))
        own = application(document, environment=None, region="us-east-1", flags={}, configured={})
        idle: Mapping[str, str] = {}
        if any(each.kind in MADE for each in found):
            aws = server.aws("us-east-1")
            try:
                idle = deploy(document, stack_name=f"corpus{name[:3]}", aws=aws, with_code=False).idle
            except SamlocalError as error:
                why = error.message.splitlines()[0].replace(f"{folder}/", "")
                return [Verdict(each, f"AWS refuses the template: {why}") for each in found]
        said = _said(own, idle)
        requested = _requested(own)
        return [Verdict(each, _why_not(each, said, requested)) for each in found]


def _with_definitions(name: str, folder: Path) -> Path:
    """The template with what stands in for the definitions of its state machines, files that it comes without."""
    template = Path(shutil.copy(corpus.TEMPLATES / name, folder))
    for body in raw(name)["Resources"].values():
        uri = (body.get("Properties") or {}).get("DefinitionUri") if isinstance(body, dict) else None
        if isinstance(uri, str) and "StateMachine" in body["Type"] and "://" not in uri:
            kit.write(folder / uri, {"StartAt": "Own", "States": {"Own": {"Type": "Succeed"}}})
    return template


def _said(own: Application, idle: Mapping[str, str]) -> dict[tuple[str, str], list[str | None]]:
    """By function and source: why it is not read, None where it is."""
    read_sources = ReadSources.of(Directory(own), named=(), idle=idle)
    said = defaultdict(list)
    for each in read_sources.shown:
        said[each.function, each.id.removeprefix(f"{each.function}/")].append(each.not_read)
    return said


def _requested(own: Application) -> set[str]:
    """The functions that requests reach."""
    found = apis(own).apis
    routes = {route.function for api in found for route in api.routes}
    every = (each for api in found for each in api.authorizers.values())
    return {*filter(None, routes), *(each.function for each in every if isinstance(each, LambdaAuthorizer))}


def _why_not(source: Source, said: dict[tuple[str, str], list[str | None]], requested: set[str]) -> str:
    if source.kind in REQUESTS:
        return "" if source.function in requested else "its routes are not in the template"
    reasons = [
        reason
        for (function, name), reasons in said.items()
        # The translator names what it makes after what it makes it of: mappings, an API's resolvers. A pipe may have
        # another function, or none, in front.
        if (function == source.function or source.kind == "Pipe")
        and name.startswith((source.name, f"{function}{source.name}"))
        for reason in reasons
    ]
    assert reasons, f"samlocal says nothing of {source}"
    return "" if None in reasons else str(reasons[0])


def table(every: list[Verdict]) -> Iterator[str]:
    kinds = Counter(each.source.kind for each in every)
    yield "| Source | In the templates | Started | Not started, and why |"
    yield "|---|---|---|---|"
    for kind, count in sorted(kinds.items(), key=lambda item: (-item[1], item[0])):
        own = [each for each in every if each.source.kind == kind]
        reasons = defaultdict(list)
        for each in own:
            if each.why_not:
                reasons[_shortened(each.why_not)].append(each.source.template[:3])
        started = count - sum(map(len, reasons.values()))
        told = "; ".join(f"{len(where)}: {why} ({', '.join(dict.fromkeys(where))})" for why, where in reasons.items())
        yield f"| {kind} | {count} | {started} | {told} |"
    started = sum(not each.why_not for each in every)
    yield f"| all | {len(every)} | {started} | |"


def table_of_patterns() -> Iterator[str]:
    origins = json.loads((corpus.FOLDER / "expected.json").read_text(encoding="utf-8"))
    yield "| | Template | Source | Function that it starts |"
    yield "|---|---|---|---|"
    for pattern in PATTERNS:
        for start in pattern.starts:
            yield f"| {pattern.number} | {origins[pattern.name]['source']} | {start.source} | {start.function} |"


def _shortened(reason: str) -> str:
    """Without what is one template's alone, and Markdown's own characters."""
    if " is no queue, table's stream or Kinesis stream" in reason:
        return "no queue, table's stream or Kinesis stream, which alone are read"
    reason = re.sub(r"^\w+: (its definition)", r"\1", reason)
    return re.sub(r"arn:aws:([\w-]+):\S+", r"an ARN of \1", reason).replace("|", "/")
