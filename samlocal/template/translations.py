"""What the SAM translator made of a template before, so that it need be neither imported nor asked again.

The translator is a function of what it is told: the template with what is read into it, the region, the parameters.
Secrets are never kept: what one has a part in is translated each time.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct

from samlocal import __version__
from samlocal.records import read_record, write_record
from samlocal.template.uploads import Plain


class Told(Struct, frozen=True, kw_only=True):
    """All that the translator goes by, as JSON: ``template`` is one section's text by its name."""

    template: dict[str, str]
    region: str
    parameters: str

    @classmethod
    def of(cls, template: Plain, *, region: str, parameters: object) -> Told:
        sections = {name: json.dumps(section) for name, section in template.items()}
        return cls(template=sections, region=region, parameters=json.dumps(parameters, sort_keys=True))


class Translation(Struct, frozen=True, kw_only=True):
    """A record: ``sections`` are those that the translator changed, ``order`` names all that it gave.

    ``told`` is the digest of what it went by, ``sha256`` that of the sections, which may have any shape.
    """

    told: str
    sha256: str
    order: tuple[str, ...]
    sections: dict[str, Any]


def kept_translation(file: Path, told: Told) -> Plain | None:
    """What the translator made of the same before, None where nothing is kept of that."""
    kept = read_record(file, Translation)
    if kept is None or kept.told != _digest_of(told) or kept.sha256 != _digest(kept.sections):
        return None
    return {
        name: kept.sections[name] if name in kept.sections else json.loads(told.template[name]) for name in kept.order
    }


def keep_translation(file: Path, told: Told, made: Plain, *, secrets: Iterable[str]) -> None:
    """Keeps what the translator made, in place of what it made of the file before, where no secret stands in it."""
    sections = {name: section for name, section in made.items() if not _is_as_told(name, section, told)}
    written = json.dumps(sections)
    if any(json.dumps(secret)[1:-1] in written for secret in secrets):
        return
    record = Translation(told=_digest_of(told), sha256=_digest(sections), order=tuple(made), sections=sections)
    write_record(file, record)


def _is_as_told(name: str, section: object, told: Told) -> bool:
    """Whether it is the template's own, which is not kept: parameters have secrets for their defaults."""
    own = told.template.get(name)
    return own is not None and json.dumps(json.loads(own), sort_keys=True) == json.dumps(section, sort_keys=True)


def _digest_of(told: Told) -> str:
    return _digest([_translator(), list(told.template.items()), told.region, told.parameters])


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _translator() -> list[object]:
    """What tells this translator from another one, and how samlocal asks it; importing it takes 0.3 s."""
    found = importlib.util.find_spec("samtranslator")
    files = [Path(__file__).with_name("translate.py"), *([Path(found.origin)] if found and found.origin else [])]
    return [__version__, [[str(file), file.stat().st_mtime_ns, file.stat().st_size] for file in files]]
