"""Every event that the public templates declare for their functions is a source, and makes an event."""

from __future__ import annotations

from random import Random

import corpus
import pytest
from events_kit import AT

from samlocal.events.generation import Link, generate
from samlocal.events.triggers.trigger import Trigger
from samlocal.events.triggers.triggers import triggers
from samlocal.events.values import with_flags
from samlocal.function.application import application
from samlocal.template.model import Resource
from samlocal.template.reader import Map, read

# The API's routes stand in a file that the template does not come with.
_NOT_FOUND = {("026-products.yaml", "ValidateFunction"): 1}


@corpus.needs_corpus
@pytest.mark.parametrize("name", corpus.NAMES)
def test_each_declared_event_of_a_public_template_is_a_source(name: str) -> None:
    path = corpus.TEMPLATES / name
    joined = application(read(path), environment=None, region="eu-west-1", flags={}, configured={})
    for owner, function in joined.functions():
        found = triggers(joined, owner.path(function)).found
        declared = _declared(function)
        lacking = [event for event in declared if not any(event in each.names for each in found)]
        assert len(lacking) == _NOT_FOUND.get((name, function.logical_id), 0), lacking
        for each in found:
            assert _event(each) is not None


def _declared(function: Resource) -> list[str]:
    events = function.properties.get("Events")
    return list(events) if isinstance(events, Map) else []


def _event(trigger: Trigger) -> object:
    known = {"region": ["eu-west-1"], "account-id": ["123456789012"], **trigger.given}
    link = Link(kind=trigger.kind, given=with_flags(trigger.kind, known, {}), over=trigger.over)
    return generate([link], Random(1), now=AT)
