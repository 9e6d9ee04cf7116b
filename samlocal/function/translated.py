"""What the SAM translator generates from a template, asked only for names that nothing else knows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from samlocal.errors import TemplateError
from samlocal.template import model
from samlocal.template.document import Document
from samlocal.template.model import Resource, Template
from samlocal.template.values import ParameterValue


class TranslatedResources:
    """The resources that stand in the translated template only, such as ``FunctionEvent`` rules and stages."""

    def __init__(
        self, template: Template, *, region: str, parameters: Mapping[str, ParameterValue], prefix: str
    ) -> None:
        self._template = template
        self._region = region
        self._parameters = parameters
        self._prefix = prefix

    def find(self, logical_id: str) -> Resource | None:
        """A generated resource, None where there is none of this name."""
        return self._all.get(logical_id)

    @cached_property
    def _all(self) -> Mapping[str, Resource]:
        declared = self._template.resources
        if not any(resource.type.startswith("AWS::Serverless::") for resource in declared.values()):
            return {}
        from samlocal.template.translate import translate

        kept = kept_for(self._template, self._parameters, "template", self._prefix)
        values = known_texts(self._parameters)
        try:
            made = translate(self._template.document, region=self._region, parameters=values, kept=kept).template
            resources = model.template(Document(path=self._template.path, root=made)).resources
        except TemplateError:
            # What the translator refuses is for `sam validate` to say; the name is unknown either way.
            return {}
        return {name: resource for name, resource in resources.items() if name not in declared}


def known_texts(parameters: Mapping[str, ParameterValue]) -> dict[str, str]:
    """Those that the translator is told."""
    return {name: value.text for name, value in parameters.items() if value.known}


def kept_for(template: Template, parameters: Mapping[str, ParameterValue], use: str, prefix: str) -> Path | None:
    """The file for what the translator makes of a template, None where nobody keeps it.

    ``use`` tells apart whose parameters differ, ``prefix`` which nested stack it is. What a secret may stand in
    without being told from other texts is recorded by nobody else either.
    """
    files = template.document.files
    if any(parameter.no_echo for parameter in template.parameters.values()):
        files.may_be_recorded = False
    if any(value.secret for value in parameters.values()):
        # It is a parent's: no parameter of this template's says so.
        files.may_be_recorded = False
        return None
    return files.translation(use, prefix, str(template.path))
