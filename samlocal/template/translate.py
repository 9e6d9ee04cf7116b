"""What the SAM translator makes of a template: plain CloudFormation, with its roles, APIs and permissions.

The translator is the one that AWS runs behind ``Transform: AWS::Serverless-2016-10-31``. No network is used. Where
``translations.py`` has kept what it made of the same, it is not imported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from samlocal.errors import TemplateError
from samlocal.template import model
from samlocal.template.document import Document, Map, with_lines
from samlocal.template.translations import Told, keep_translation, kept_translation
from samlocal.template.uploads import CodeLocation, Plain, Prepared, PutAside, prepare

if TYPE_CHECKING:
    from samtranslator.model.exceptions import InvalidDocumentException

_NAMED = re.compile(r"\[(?P<id>[^\]]+)\]")


class RefusedError(TemplateError):
    """The translator refuses a template. ``resources`` are those that it names, by their logical ids."""

    def __init__(self, message: str, *, tip: str, resources: frozenset[str] = frozenset()) -> None:
        super().__init__(message, tip=tip)
        self.resources = resources


class Translated(Struct, frozen=True, kw_only=True):
    """Plain CloudFormation. A generated resource has the line of the one that it was generated for."""

    template: Map
    put_aside: tuple[PutAside, ...]


def translate(
    document: Document,
    *,
    region: str,
    parameters: Mapping[str, str] | None = None,
    code: Mapping[str, CodeLocation] | None = None,
    kept: Path | None = None,
) -> Translated:
    """Translates a document, which stays as it is.

    ``parameters`` go over the template's defaults; they count where SAM looks at a value (of CodeUri, for one).
    ``code`` says by logical id where the code of a function or layer was uploaded to; local paths without it are put
    aside. A template without SAM's resources passes through, but for its code. ``kept`` is the file for what is made,
    where another run has the same of it.

    Raises RefusedError with a line for every resource that the translator refuses.
    """
    prepared = prepare(document, parameters=parameters, code=code)
    plain = prepared.template
    if any(_is_sam(body) for body in plain["Resources"].values()):
        plain = _made(prepared, document, region=region, parameters=parameters or {}, kept=kept)
    return Translated(template=_lined(plain, document), put_aside=prepared.put_aside)


def _made(
    prepared: Prepared, document: Document, *, region: str, parameters: Mapping[str, str], kept: Path | None
) -> Plain:
    if kept is None:
        return _run(prepared, document, region=region, parameters=parameters)
    told = Told.of(prepared.template, region=region, parameters=dict(parameters))
    known = kept_translation(kept, told)
    if known is not None:
        return known
    made = _run(prepared, document, region=region, parameters=parameters)
    keep_translation(kept, told, made, secrets=_secrets(document, parameters))
    return made


def _secrets(document: Document, parameters: Mapping[str, str]) -> Iterator[str]:
    """The values of parameters that nobody is shown, which the translator writes where they are referred to."""
    for name, parameter in model.template(document).parameters.items():
        value = parameters.get(name, parameter.default)
        if parameter.no_echo and value not in (None, ""):
            yield str(value)


def _is_sam(body: object) -> bool:
    return isinstance(body, dict) and str(body.get("Type")).startswith("AWS::Serverless::")


class _Region:
    """All that the translator asks of a boto3 session."""

    def __init__(self, name: str) -> None:
        self.region_name = name


def _run(prepared: Prepared, document: Document, *, region: str, parameters: Mapping[str, str]) -> Plain:
    # 350-480 ms: this is why the translator is never on the way of an invocation.
    import logging

    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator
    from samtranslator.utils.py27hash_fix import to_py27_compatible_template

    # It logs for those who run it as a service; whoever configures logging still gets it.
    log = logging.getLogger("samtranslator")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    plain = prepared.template
    # Loops of AWS::LanguageExtensions are no resources yet; CloudFormation unrolls them itself.
    loops = {name: plain["Resources"].pop(name) for name in list(plain["Resources"]) if name.startswith("Fn::")}
    values: dict[str, Any] = dict(parameters)
    try:
        # As samtranslator.translator.transform.transform does it, but for the region, which that takes from the
        # process's environment, and the names of managed policies, which that asks IAM for: the translator's own
        # list has them.
        to_py27_compatible_template(plain, values)
        translator = Translator({}, Parser(), boto_session=_Region(region))
        translated = translator.translate(plain, values, passthrough_metadata=True)
    except InvalidDocumentException as error:
        raise _refused(error, document, prepared.put_aside) from error
    except Exception as error:
        # The translator checks most of what it is given, not all: a list where it expects a mapping makes it fall.
        raise RefusedError(
            f"{document.path}: the SAM translator cannot read this template: {type(error).__name__}: {error}",
            tip="`sam validate --lint` may say more.",
        ) from error
    # Its strings and mappings are of classes that keep Python 2's order; JSON makes them plain.
    result: Plain = json.loads(json.dumps(translated))
    result["Resources"] |= loops
    return result


def _refused(error: InvalidDocumentException, document: Document, put_aside: tuple[PutAside, ...]) -> RefusedError:
    causes = [_cause(str(cause.message), document) for cause in error.causes]
    # A definition that could not be read in is often what the translator stumbles over afterwards.
    causes += [
        (aside.line, f"{aside.logical_id}: {aside.property}: there is no file {aside.path}.")
        for aside in put_aside
        if aside.property == "DefinitionUri" and aside.path
    ]
    named = {name for cause in error.causes for name in _names(str(cause.message))}
    declared = document.root.get("Resources")
    return RefusedError(
        "\n".join(f"{document.path}:{line}: {text}" for line, text in sorted(causes)),
        resources=frozenset(named & set(declared if isinstance(declared, Map) else ())),
        tip="The SAM specification has the properties of each resource: "
        "https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification.html",
    )


def _cause(message: str, document: Document) -> tuple[int, str]:
    """A line of the file, and what is wrong there.

    The translator says "Resource with id [getEvent] is invalid. Event with id [Get] is invalid. Property …".
    """
    said = re.sub(r"^(?:Resource|Event) with id \[([^\]]+)\] is invalid\. ", r"\1: ", message)
    said = re.sub(r"^(\w+: )Event with id \[([^\]]+)\] is invalid\. ", r"\1event \2: ", said)
    names = _names(message)
    words = set(re.findall(r"\w+", said))
    return _line_of(names, words, document.root), said


def _names(message: str) -> list[str]:
    return [name.strip(" '\"") for found in _NAMED.finditer(message) for name in found["id"].split(",")]


def _line_of(names: list[str], words: set[str], root: Map) -> int:
    """Where the innermost of the things stands that are named: resources, events and properties of theirs."""
    line = root.line_of("Resources") or 1
    resources = root.get("Resources")
    if not isinstance(resources, Map):
        return line
    named = {name: resources[name] for name in names if name in resources}
    for logical_id, body in named.items():
        line = resources.line_of(logical_id)
        match body:
            case {"Properties": Map() as properties}:
                line = next((properties.line_of(name) for name in properties if name in words), line)
    for logical_id, body in (named or resources).items():
        match body:
            case {"Properties": {"Events": Map() as events}}:
                for event in events:
                    # The translator may call it by its function's name and its own in one word.
                    if event in names or logical_id + event in names:
                        return events.line_of(event)
    return line


def _lined(plain: Plain, document: Document) -> Map:
    root = document.root
    written = root.get("Resources")
    known = written.lines if isinstance(written, Map) else {}
    result = Map(line=root.line)
    for section, value in plain.items():
        line = root.line_of(section)
        result.lines[section] = line
        if section != "Resources":
            result[section] = with_lines(value, line=line)
            continue
        resources = Map(line=line)
        for logical_id, body in value.items():
            resources.lines[logical_id] = _origin(logical_id, known) or line
            resources[logical_id] = with_lines(body, line=resources.lines[logical_id])
        result[section] = resources
    return result


def _origin(logical_id: str, known: Mapping[str, int]) -> int | None:
    """What the translator generates is called after what it is for: ``getEventRole`` after ``getEvent``."""
    longest = max((name for name in known if logical_id.startswith(name)), key=len, default="")
    return known.get(longest)
