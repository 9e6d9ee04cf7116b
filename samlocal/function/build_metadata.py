"""How a function or a layer says that it is built: its Metadata, as SAM CLI reads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from samlocal.errors import TemplateError, UnresolvedError
from samlocal.template.values import Json, Known, Unknown, text

if TYPE_CHECKING:
    from samlocal.template.intrinsics import Evaluator
    from samlocal.template.model import Resource, Template


class BuildMetadata(Struct, frozen=True, kw_only=True):
    """A resource's build settings (SAM developer guide, "Building Lambda functions" and "Building layers").

    ``folder`` is where relative paths start, ``architecture`` a layer's own. ``skip`` says that there is nothing to
    build: SkipBuild, or an asset that CDK has bundled already.
    """

    template: Path
    location: str
    method: str | None = None
    properties: Mapping[str, Json] = field(default_factory=dict)
    project_root: Path | None = None
    context: Path | None = None
    working_directory: Path | None = None
    architecture: str | None = None
    skip: bool = False

    @property
    def folder(self) -> Path:
        return self.template.parent


def build_metadata(template: Template, resource: Resource, evaluator: Evaluator) -> BuildMetadata:
    """Raises TemplateError for settings of the wrong kind, UnresolvedError for those that cannot be known."""
    place = template.place(resource.line)

    def value(name: str) -> Json:
        match evaluator.evaluate(resource.metadata.get(name)):
            case Known(value=known):
                return known
            case Unknown() as unknown:
                raise UnresolvedError(
                    f"{place}: {resource.logical_id}: Metadata {name} = {unknown.expression}: {unknown.reason}.",
                    tip=unknown.tip,
                )
        return None

    def word(name: str) -> str | None:
        known = value(name)
        if isinstance(known, (list, dict)):
            raise TemplateError(f"{place}: {resource.logical_id}: Metadata {name} needs text.")
        return None if known is None else text(known)

    def path(name: str) -> Path | None:
        written = word(name)
        return None if written is None else template.folder / written

    properties = value("BuildProperties")
    if properties is not None and not isinstance(properties, dict):
        raise TemplateError(f"{place}: {resource.logical_id}: Metadata BuildProperties needs a mapping.")
    return BuildMetadata(
        template=template.path,
        location=place,
        method=word("BuildMethod"),
        properties=properties or {},
        project_root=path("ProjectRootDirectory"),
        context=path("ContextPath"),
        working_directory=path("WorkingDirectory"),
        architecture=word("BuildArchitecture"),
        skip="true" in ((word("SkipBuild") or "").lower(), (word("aws:asset:is-bundled") or "").lower()),
    )
