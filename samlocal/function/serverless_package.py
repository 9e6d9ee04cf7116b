"""The archives of a package of the Serverless Framework's, which lie beside its template until they are uploaded.

An archive that the user has made (``package.artifact``) stays where it is; what ``serverless package`` writes down of
the service says where.

Sources: serverless/serverless 3, ``lib/plugins/aws/package/compile/functions.js`` (a key ends in the archive's name)
and ``lib/plugins/aws/package/lib/save-service-state.js``; Serverless Framework, "Packaging", "Artifact".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from samlocal.function.package import LocalCode
from samlocal.template.model import Template

_STATE = "serverless-state.json"


def archive_at_hand(template: Template, key: str) -> LocalCode | None:
    """The archive that will be uploaded under this key, None where there is none."""
    name, files = key.rpartition("/")[2], template.document.files
    if Path(name).suffix not in (".zip", ".jar"):
        return None
    for path in (template.folder / name, *_made_elsewhere(template, name)):
        if files.is_file(path):
            return LocalCode(path=path)
    return None


def _made_elsewhere(template: Template, name: str) -> Iterator[Path]:
    files, state = template.document.files, template.folder / _STATE
    if not files.is_file(state):
        return
    try:
        service = json.loads(files.read(state)).get("service")
    except (OSError, ValueError, AttributeError, RecursionError):
        # Nobody's state: the archive is where its key says.
        return
    groups = [_member(service, "functions"), _member(service, "layers")]
    owners = [_member(service, "initialServerlessConfig"), *(each for group in groups for each in group.values())]
    for owner in owners:
        artifact = _member(owner, "package").get("artifact")
        if isinstance(artifact, str) and Path(artifact).name == name:
            # Of the service's folder, in which the template's lies.
            yield template.folder.parent / artifact


def _member(value: Any, name: str) -> dict[str, Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
