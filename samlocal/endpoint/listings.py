"""The operations that read: ListFunctions, GetFunction, GetFunctionConfiguration, ListEventSourceMappings.

Source: Lambda API reference.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from samlocal.endpoint import api_error
from samlocal.endpoint.answer import Answer
from samlocal.endpoint.configuration import Document, configuration, function_document
from samlocal.endpoint.directory import CurrentDirectory, Directory
from samlocal.endpoint.event_source_mappings import event_source_mappings
from samlocal.errors import SamlocalError

T = TypeVar("T")

# What a page holds at most, whatever is asked for.
_FUNCTIONS = 50
_MAPPINGS = 100

_LARGEST_PAGE = 10_000


class Listings:
    """Reads the template as it is, in a thread: evaluating may ask AWS."""

    def __init__(self, functions: CurrentDirectory) -> None:
        self._functions = functions

    async def functions(self, _: str, query: Mapping[str, str]) -> Answer:
        """Versions are not told apart here: ``FunctionVersion=ALL`` shows the same."""

        def read(directory: Directory) -> Document:
            callees, marker = _page(list(directory), query, at_most=_FUNCTIONS)
            return {"Functions": [configuration(directory, callee) for callee in callees]} | marker

        return await self._read(read)

    async def function(self, name: str, query: Mapping[str, str]) -> Answer:
        return await self._read(
            lambda directory: function_document(directory, directory.find(name, query.get("Qualifier"))[0])
        )

    async def configuration(self, name: str, query: Mapping[str, str]) -> Answer:
        return await self._read(
            lambda directory: configuration(directory, directory.find(name, query.get("Qualifier"))[0])
        )

    async def mappings(self, _: str, query: Mapping[str, str]) -> Answer:
        def read(directory: Directory) -> Document:
            wanted = list(event_source_mappings(directory))
            if named := query.get("FunctionName"):
                arn = directory.find(named, None)[0].arn
                wanted = [each for each in wanted if each["FunctionArn"] == arn]
            if source := query.get("EventSourceArn"):
                wanted = [each for each in wanted if each.get("EventSourceArn") == source]
            page, marker = _page(wanted, query, at_most=_MAPPINGS)
            return {"EventSourceMappings": page} | marker

        return await self._read(read)

    async def _read(self, read: Callable[[Directory], Document]) -> Answer:
        try:
            self._functions.forget()
            directory = await self._functions.get()
            document = await asyncio.to_thread(read, directory)
        except SamlocalError as error:
            raise api_error.of_samlocal(error, arn="") from error
        body = json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")
        return Answer(status=200, headers={"Content-Type": "application/json"}, body=body)


def _page(items: Sequence[T], query: Mapping[str, str], *, at_most: int) -> tuple[Sequence[T], Document]:
    """The page that ``Marker`` begins, and the marker of the next one. Raises ApiError."""
    begin, size = _number(query, "Marker", default=0), _number(query, "MaxItems", default=at_most)
    if not 1 <= size <= _LARGEST_PAGE:
        rule = f"less than or equal to {_LARGEST_PAGE}" if size else "greater than or equal to 1"
        raise api_error.constraint("maxItems", str(size), f"have value {rule}")
    end = begin + min(size, at_most)
    return items[begin:end], ({"NextMarker": str(end)} if end < len(items) else {})


def _number(query: Mapping[str, str], name: str, *, default: int) -> int:
    given = query.get(name)
    if not given:
        return default
    if not given.isdecimal():
        raise api_error.invalid_parameter(f"{name} is no number that a listing has given: {given}")
    return int(given)
