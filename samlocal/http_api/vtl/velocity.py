"""Velocity's language, as API Gateway has it: airspeed's, and what that lacks or has otherwise.

airspeed looks for the classes of its language by their names: whoever imports this has put those of ``references.py``
and ``directives.py`` in the places of its own.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from io import StringIO
from typing import Any

import airspeed

from samlocal.http_api.vtl import directives, references

for _own in (
    references.StringLiteral,
    references.InterpolatedStringLiteral,
    references.NameOrCall,
    references.SubExpression,
    references.FormalReference,
    references.Range,
    references.BinaryOperator,
    references.Expression,
    directives.SetDirective,
    directives.ForeachDirective,
    directives.MacroCall,
    directives.MacroDefinition,
    directives.DefineDefinition,
    directives.EvaluateDirective,
):
    setattr(airspeed, _own.__name__, _own)
airspeed.LocalNamespace = references.Namespace
airspeed.UserDefinedDirective.DIRECTIVES = [
    directives.BreakDirective,
    directives.Unparsed,
    directives.MacroWithBody,
]
# It would take ``#[[`` and ``#@macro(`` for its own.
airspeed.Text.PLAIN = re.compile(
    r"((?:[^\\$#]+|\\[$#])+|\$[^!{a-z0-9_]|\$$|#$|#(?!\[\[|@\{?[a-z_][\w-]*\}?\s*\()[^{}a-zA-Z0-9#*$\\]+|\\.)",
    re.DOTALL | re.IGNORECASE,
)


def write(parsed: Any, names: Mapping[str, object], stream: StringIO) -> None:
    """What a parsed template makes of what it is given; what is written before a ``#break`` is all.

    Raises airspeed's TemplateExecutionError.
    """
    with contextlib.suppress(directives.Ended):
        parsed.merge_to(references.Namespace(names), stream, directives.NoFiles())
