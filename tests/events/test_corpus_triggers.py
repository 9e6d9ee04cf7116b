"""Whatever starts a function of a public template makes an event for it, by the name that the template has for it."""

from __future__ import annotations

from random import Random

import corpus
import pytest
from corpus_sources import REQUESTS, sources
from events_kit import AT

from samlocal.events.generation import Link, generate
from samlocal.events.triggers.trigger import Trigger
from samlocal.events.triggers.triggers import Reading
from samlocal.events.values import with_flags
from samlocal.function.application import application
from samlocal.template.reader import read

# The API's routes stand in a file that the template does not come with, or its API in another template.
_WITHOUT_API = {("026-products.yaml", "ValidateFunction"), ("010-rainmodules.yaml", "Handler")}


@corpus.needs_corpus
@pytest.mark.parametrize("name", corpus.NAMES)
def test_each_source_of_a_public_template_makes_an_event(name: str) -> None:
    joined = application(read(corpus.TEMPLATES / name), environment=None, region="eu-west-1", flags={}, configured={})
    reading = Reading(joined)
    for source in sources(name):
        found = reading.of(*joined.find(source.function)).found
        if (name, source.function) in _WITHOUT_API or source.kind == "Pipe":
            # What a pipe gives a function depends on the pipe's source.
            continue
        # The translator names what it makes after what it makes it of; routes are called by their paths.
        names = [name for each in found for name in each.names if name.startswith(source.name)]
        assert names or (source.kind in REQUESTS and source.type.startswith("AWS::") and found), source
        for each in found:
            assert _event(each) is not None


def _event(trigger: Trigger) -> object:
    known = {"region": ["eu-west-1"], "account-id": ["123456789012"], **trigger.given}
    link = Link(kind=trigger.kind, given=with_flags(trigger.kind, known, {}), over=trigger.over)
    return generate([link], Random(1), now=AT)
