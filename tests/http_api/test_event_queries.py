"""Laws of what happens to a query."""

from __future__ import annotations

from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from samlocal.http_api.events import query

NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8)
PAIRS = st.lists(st.tuples(NAMES, st.text(st.characters(exclude_categories=("Cs",)), max_size=8)), max_size=6)


@given(PAIRS)
def test_decoding_undoes_encoding(pairs: list[tuple[str, str]]) -> None:
    assert query.decoded(urlencode(pairs)) == pairs
    assert query.decoded(urlencode(pairs), semicolons=True) == pairs


@given(PAIRS)
def test_every_value_is_kept_in_its_order(pairs: list[tuple[str, str]]) -> None:
    several = query.all_values(pairs)
    assert sum(len(values) for values in several.values()) == len(pairs)
    assert query.last_values(pairs) == {name: values[-1] for name, values in several.items()}
    assert query.joined_values(pairs) == {name: ",".join(values) for name, values in several.items()}


@given(PAIRS)
def test_a_load_balancer_leaves_the_encoding_to_the_function(pairs: list[tuple[str, str]]) -> None:
    sent = urlencode(pairs)
    assert urlencode([(name, value) for name, value in query.encoded(sent)], quote_via=lambda text, *_: text) == sent
