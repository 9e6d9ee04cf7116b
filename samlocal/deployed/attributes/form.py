"""The form of a resource type's physical id, and what follows from it.

A form is text with fields in braces. The place gives ``{partition}``, ``{region}``, ``{account}``, ``{suffix}`` (the
DNS suffix) and ``{s3_website}``; the other fields of an id are ``{field:kind}`` or, where both are the same word,
``{kind}``, with the kinds of ``_KINDS``. Read one way a form takes a physical id apart, read the other way it makes
the physical id that a name gives, or a placeholder.

An id that does not have its type's form determines nothing: the caller asks AWS instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TypeAlias

from msgspec import Struct, field

from samlocal.deployed.place import Place

AttributeValue: TypeAlias = str | list[str]

_FIELD = re.compile(r"\{(\w+)(?::(\w+))?\}")
_PLACE = {
    "partition": r"aws[a-z-]*",
    "region": r"[a-z0-9-]+",
    "account": r"\d{12}",
    "suffix": r"[a-z0-9.-]+",
}

# What a field of each kind looks like, and what it is in a placeholder ("name": made from the resource's name).
# A name holds no ":" and no "|", so that an ARN or a composite id is never taken for a name.
_KINDS: Mapping[str, tuple[str, str]] = {
    "name": (r"[^:|]+", "{name}"),
    "lower": (r"[^:|]+", "{lower}"),
    "segment": (r"[^:|/]+", "{name}"),
    "path": (r"[^|]+", "{name}"),
    "short": (r"[a-z0-9]+", "{short}"),
    "upper": (r"[A-Z0-9]+", "{upper}"),
    "word": (r"\w+", "placeholder"),
    "hex": (r"[0-9a-z]+", "00000000000000000"),
    "uuid": (r"(?:mrk-)?[0-9a-f-]+", "00000000-0000-0000-0000-000000000000"),
    "number": (r"\d+", "1"),
    "tail": (r"[A-Za-z0-9]{6}", "AbCdEf"),
    "ip": (r"\d+\.\d+\.\d+\.\d+", "192.0.2.1"),
    "balancer": (r"app|net|gwy", "app"),
    "scope": (r"REGIONAL|CLOUDFRONT", "REGIONAL"),
}


class Form(Struct, frozen=True, kw_only=True):
    """What is true of every resource of one type.

    ``attributes`` follow from the id. ``placeholders`` do not: they stand in, where nothing is deployed, for what AWS
    would have to be asked. ``identifier`` is Cloud Control's; it may name properties of the template beside the id
    (``{UserPoolId}|{id}``), and is empty where it needs what nobody here knows. ``reads`` is a regular expression for
    ids that vary more than ``id`` says, ``otherwise`` the form of ids that do not have this one.
    """

    id: str = "{name}"
    name_property: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    placeholders: Mapping[str, AttributeValue] = field(default_factory=dict)
    identifier: str = "{id}"
    reads: str | None = None
    otherwise: Form | None = None

    def variants(self) -> Iterator[Form]:
        """This form and those that ids may have instead."""
        form: Form | None = self
        while form:
            yield form
            form = form.otherwise

    def read(self, physical_id: str, place: Place) -> tuple[Form, dict[str, str]] | None:
        """The variant an id has and its fields, None for an id of another form."""
        for form in self.variants():
            found = _pattern(form.reads or form.id, is_pattern=form.reads is not None).fullmatch(physical_id)
            if found:
                return form, _place_fields(place) | found.groupdict() | {"id": physical_id}
        return None

    def made_from_name(self, name: str, place: Place) -> str | None:
        """The physical id that a name in the template fixes, None where AWS adds something of its own."""
        fields = _place_fields(place) | {"name": name, "lower": name.lower()}
        if self.name_property is None or any(found[1] not in fields for found in _FIELD.finditer(self.id)):
            return None
        return _FIELD.sub(lambda found: fields[found[1]], self.id)

    def is_name(self) -> bool:
        """Whether the id is the name itself, letter for letter."""
        found = _FIELD.fullmatch(self.id)
        return found is not None and found[1] == "name"

    def cloud_control(self, fields: Mapping[str, str]) -> str:
        """Cloud Control's identifier of a resource. Raises KeyError with the name of a field that is wanting."""
        physical_id = fields["id"]
        # The newer types' ids have all the identifier's parts.
        whole = "|" in physical_id and physical_id.count("|") == self.identifier.count("|")
        return physical_id if whole else self.identifier.format_map(fields)

    def placeholder_id(self, fields: Mapping[str, str]) -> str:
        """An id of this form; ``fields`` are those of ``placeholder_fields``."""

        def fill(found: re.Match[str]) -> str:
            if found[1] in _PLACE:
                return fields[found[1]]
            return _KINDS[found[2] or found[1]][1].format_map(fields)

        return _FIELD.sub(fill, self.id)


def placeholder_fields(logical_id: str, place: Place, *, name: str | None) -> dict[str, str]:
    """The fields that placeholders are made of; ``name`` is the one that the template gives."""
    letters = re.sub(r"[^a-z0-9]", "", logical_id.lower())
    return _place_fields(place) | {
        "logical_id": logical_id,
        "name": name or logical_id,
        "lower": (name or logical_id).lower(),
        "short": f"{letters:0<10.10}",
        "upper": f"{letters.upper():0<10.10}",
        "hex": _KINDS["hex"][1],
        "uuid": _KINDS["uuid"][1],
    }


def _place_fields(place: Place) -> dict[str, str]:
    return {
        "partition": place.partition,
        "region": place.region,
        "account": place.account,
        "suffix": place.url_suffix,
        "s3_website": place.s3_website,
    }


@cache
def _pattern(text: str, *, is_pattern: bool) -> re.Pattern[str]:
    if is_pattern:
        return re.compile(text)
    parts, end = [], 0
    for found in _FIELD.finditer(text):
        expression = _PLACE.get(found[1]) or _KINDS[found[2] or found[1]][0]
        parts += [re.escape(text[end : found.start()]), f"(?P<{found[1]}>{expression})"]
        end = found.end()
    return re.compile("".join([*parts, re.escape(text[end:])]))
