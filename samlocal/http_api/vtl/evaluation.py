"""A mapping template, evaluated by airspeed.

airspeed is Velocity's language in Python, ``velocity.py`` what it lacks of it, ``values.py`` what it lacks of Java's
values. All of it is loaded when the first template is evaluated.

Sources: API Gateway developer guide, "Quotas for configuring and running a REST API" (300 KB of template); Velocity's
user guide, "Loops" (``directive.foreach.maxloops``, after which what follows the loop goes on).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from io import StringIO
from typing import Any

from msgspec import Struct

from samlocal.http_api.vtl.values import TEXT_BYTES, Nothing

_TEMPLATE_BYTES = 300 * 1024


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
    import airspeed

    from samlocal.http_api.vtl.references import line
    from samlocal.http_api.vtl.velocity import write

    top, stream = _Top(variables), _Written()
    try:
        write(_parsed(template), top, stream)
    except airspeed.TemplateSyntaxError as error:
        raise TemplateFailedError(error.line, str(error).partition(": ")[2]) from error
    except airspeed.TemplateExecutionError as error:
        element = error.element
        said = " ".join(element.my_text().split())
        raise TemplateFailedError(line(element), f"{said[:80]}: {error.__cause__}") from error
    except RecursionError as error:
        raise TemplateFailedError(1, "it is nested too deeply") from error
    remarks = (f"line {number}: {text}" for number, text in sorted(top.remarks.items()))
    return Evaluated(text=stream.getvalue(), remarks=tuple(remarks))


@lru_cache(maxsize=256)
def _parsed(template: str) -> Any:
    import airspeed

    parsed = airspeed.Template(template)
    parsed.ensure_compiled()
    return parsed


class _Top(dict[str, object]):
    """Where no name is unknown: API Gateway writes nothing for a variable that has not been set. Names with a ``#``
    are airspeed's macros.

    ``remarks`` are what the text will not say, by the line.
    """

    def __init__(self, variables: Mapping[str, object]) -> None:
        super().__init__(variables)
        self.remarks: dict[int, str] = {}

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
        if self.tell() + len(text) > TEXT_BYTES:
            raise ValueError(f"it writes more than {TEXT_BYTES >> 20} MB")
        return super().write(text)
