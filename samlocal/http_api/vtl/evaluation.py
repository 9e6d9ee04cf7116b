"""A mapping template, evaluated by airspeed.

airspeed is Velocity's language in Python; what it lacks of Java's values is in ``values.py``. It is loaded when the
first template is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from samlocal.http_api.vtl.values import Nothing, wrapped

# What a ``#set`` sets.
_PLACE = re.compile(r"\s*\$([a-z_]\w*(?:\.[a-z_][\w-]*)*)", re.IGNORECASE | re.ASCII)


class TemplateFailedError(Exception):
    """``line`` is the template's own, from 1 on."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line


def evaluated(template: str, variables: Mapping[str, object]) -> str:
    """Raises TemplateFailedError for what cannot be evaluated. A text without directive or reference is itself."""
    if "#" not in template and "$" not in template:
        return template
    import airspeed

    try:
        made: str = _parsed(template).merge(_namespace()(_Top(variables)))
    except airspeed.TemplateSyntaxError as error:
        raise TemplateFailedError(error.line, str(error).partition(": ")[2]) from error
    except airspeed.TemplateExecutionError as error:
        element = error.element
        said = " ".join(element.my_text().split())
        line = element.full_text().count("\n", 0, element.start) + 1
        raise TemplateFailedError(line, f"{said[:80]}: {error.__cause__}") from error
    except RecursionError as error:
        raise TemplateFailedError(1, "it is nested too deeply") from error
    return made


@lru_cache(maxsize=256)
def _parsed(template: str) -> Any:
    import airspeed

    # Velocity's names may have hyphens (its user guide, "Variables"), as those of headers do.
    airspeed.SetDirective.PLACE = _PLACE
    parsed = airspeed.Template(template)
    parsed.ensure_compiled()
    return parsed


class _Top(dict[str, object]):
    """Where no name is unknown: API Gateway writes nothing for a variable that has not been set. Names with a ``#``
    are airspeed's macros."""

    def __missing__(self, name: str) -> object:
        if name.startswith("#"):
            raise KeyError(name)
        return Nothing()


@cache
def _namespace() -> Any:
    import airspeed

    class Namespace(airspeed.LocalNamespace):  # type: ignore[misc]
        """What a template sets is as Java has it, literals too."""

        def __setitem__(self, name: str, value: object) -> None:
            super().__setitem__(name, wrapped(value))

    return Namespace
