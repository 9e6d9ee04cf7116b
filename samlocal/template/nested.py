"""Nested stacks whose templates lie beside their parent's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from samlocal.errors import TemplateError
from samlocal.template.document import Map, Node, Problem
from samlocal.template.model import Resource, Template

# Where a nested stack's template is named, by the resource's type.
_LOCATIONS = {"AWS::Serverless::Application": "Location", "AWS::CloudFormation::Stack": "TemplateURL"}


def child_path(template: Template, resource: Resource) -> Path | None:
    """The file of a nested stack's template, None where it is not on this machine."""
    location = _location(resource)
    if location is None or "://" in location:
        return None
    path = template.folder / location
    return path if template.document.files.is_file(path) else None


def child_problem(template: Template, resource: Resource) -> Problem | None:
    """Why the functions of a nested stack cannot be seen, None when they can."""
    if child_path(template, resource) is not None:
        return None
    name = _LOCATIONS[resource.type]
    location = _location(resource)
    why = (
        f"there is no file {location}"
        if location and "://" not in location
        else "its template is not on this machine"
    )
    return Problem(
        path=template.path,
        line=resource.line_of(name),
        message=f"{resource.logical_id}: {why}; its functions are left out.",
    )


def check_nesting(template: Template, resource: Resource, path: Path, chain: tuple[Path, ...]) -> None:
    """Raises TemplateError where a nested stack's file is one of those that it is nested in, from the top."""
    if path.resolve() in chain:
        nested = " → ".join(os.path.relpath(there, chain[0].parent) for there in (*chain, path.resolve()))
        where = template.place(resource.line)
        raise TemplateError(
            f"{where}: {resource.logical_id}: a template is nested in itself: {nested}.", tip="Break the circle."
        )


def child_parameters(resource: Resource) -> Mapping[str, Node]:
    """The values a parent passes down, still as expressions."""
    parameters = resource.properties.get("Parameters")
    return parameters if isinstance(parameters, Map) else {}


def _location(resource: Resource) -> str | None:
    if resource.asset_path is not None:
        return resource.asset_path
    location = resource.properties.get(_LOCATIONS[resource.type])
    return location if isinstance(location, str) else None
