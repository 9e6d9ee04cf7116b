"""A mapping template, evaluated by airspeed.

airspeed is Velocity's language in Python; what it lacks of Java's values is in ``values.py``. It is loaded when the
first template is evaluated.

Sources: API Gateway developer guide, "Quotas for configuring and running a REST API" (1,000 turns of a loop, 300 KB
of template); Velocity's user guide, "Loops" (``directive.foreach.maxloops``, after which what follows the loop goes
on) and "Set".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from io import StringIO
from itertools import islice
from typing import Any

from msgspec import Struct

from samlocal.http_api.time_limit import time_left
from samlocal.http_api.vtl.values import Nothing, wrapped

_TURNS = 1000
_TEMPLATE_BYTES = 300 * 1024
# No API takes more, in either direction.
_TEXT_BYTES = 10 * 1024 * 1024

# What a ``#set`` sets.
_PLACE = re.compile(r"\s*\$([a-z_]\w*(?:\.[a-z_][\w-]*)*)", re.IGNORECASE | re.ASCII)


class TemplateFailedError(Exception):
    """``line`` is the template's own, from 1 on."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


class Evaluated(Struct, frozen=True, kw_only=True):
    """``remarks`` is what the text does not say, as ``line 3: …``."""

    text: str
    remarks: tuple[str, ...] = ()


def evaluated(template: str, variables: Mapping[str, object]) -> Evaluated:
    """Raises TemplateFailedError for what cannot be evaluated. A text without directive or reference is itself.

    It is work for ``time_limit.aside``.
    """
    if len(template.encode(errors="surrogatepass")) > _TEMPLATE_BYTES:
        raise TemplateFailedError(1, f"it is larger than the {_TEMPLATE_BYTES >> 10} KB that a template may have")
    if "#" not in template and "$" not in template:
        return Evaluated(text=template)
    airspeed, top, stream = _airspeed(), _Top(variables), _Written()
    try:
        _parsed(template).merge_to(airspeed.LocalNamespace(top), stream)
    except airspeed.TemplateSyntaxError as error:
        raise TemplateFailedError(error.line, str(error).partition(": ")[2]) from error
    except airspeed.TemplateExecutionError as error:
        element = error.element
        said = " ".join(element.my_text().split())
        raise TemplateFailedError(_line(element), f"{said[:80]}: {error.__cause__}") from error
    except RecursionError as error:
        raise TemplateFailedError(1, "it is nested too deeply") from error
    remarks = (
        f"line {line}: the loop ends after {_TURNS:,} turns, as on AWS: {length:,} are there"
        for line, length in top.cut_loops.items()
    )
    return Evaluated(text=stream.getvalue(), remarks=tuple(remarks))


@lru_cache(maxsize=256)
def _parsed(template: str) -> Any:
    parsed = _airspeed().Template(template)
    parsed.ensure_compiled()
    return parsed


class _Top(dict[str, object]):
    """Where no name is unknown: API Gateway writes nothing for a variable that has not been set. Names with a ``#``
    are airspeed's macros.

    ``cut_loops`` are those that have ended early: their lines, and how many turns they would have had.
    """

    def __init__(self, variables: Mapping[str, object]) -> None:
        super().__init__(variables)
        self.cut_loops: dict[int, int] = {}

    def __missing__(self, name: str) -> object:
        if name.startswith("#"):
            raise KeyError(name)
        return Nothing()


class _Written(StringIO):
    """What a template writes. airspeed sets ``stop``, after which nothing is written."""

    stop = False

    def write(self, text: str) -> int:
        if self.stop:
            return 0
        if self.tell() + len(text) > _TEXT_BYTES:
            raise ValueError(f"it writes more than {_TEXT_BYTES >> 20} MB")
        return super().write(text)


class _Turns:
    """What a loop goes through, as far as AWS lets it."""

    def __init__(self, items: Any) -> None:
        self._items = items

    def __iter__(self) -> Iterator[Any]:
        for item in islice(iter(self._items), _TURNS):
            time_left()
            yield item

    def __len__(self) -> int:
        return len(self._items)


class _Looped:
    """A loop's ``value``, in place of airspeed's own."""

    def __init__(self, value: Any, line: int) -> None:
        self._value = value
        self._line = line

    def calculate(self, namespace: Any, loader: Any) -> object:
        items = self._value.calculate(namespace, loader)
        if not hasattr(items, "__len__") or not hasattr(items, "__iter__"):
            return items
        if len(items) > _TURNS:
            namespace.top().cut_loops[self._line] = len(items)
        return _Turns(items.keys() if hasattr(items, "keys") else items)


@cache
def _airspeed() -> Any:
    """The library, as API Gateway's Velocity has it."""
    import airspeed

    # Velocity's names may have hyphens (its user guide, "Variables"), as those of headers do.
    airspeed.SetDirective.PLACE = _PLACE

    class Namespace(airspeed.LocalNamespace):  # type: ignore[misc]
        """What a template sets is as Java has it, literals too, and stays when its loop is over."""

        def __setitem__(self, name: str, value: object) -> None:
            if isinstance(value, str) and len(value) > _TEXT_BYTES:
                raise ValueError(f"${name} would be larger than {_TEXT_BYTES >> 20} MB")
            super().__setitem__(name, wrapped(value))

        def set_inherited(self, name: str, value: object) -> None:
            place = self.find_outermost(name)
            if place is None:
                place = self
                while isinstance(place.parent, Namespace):
                    place = place.parent
            place[name] = value

    class Foreach(airspeed.ForeachDirective):  # type: ignore[misc]
        def parse(self) -> None:
            super().parse()
            self.value: Any = _Looped(self.value, _line(self))

    airspeed.LocalNamespace = Namespace
    airspeed.ForeachDirective = Foreach
    return airspeed


def _line(element: Any) -> int:
    return int(element.full_text().count("\n", 0, element.start)) + 1
