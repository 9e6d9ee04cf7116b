"""What the SAM translator generates from a template, asked only for names that nothing else knows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from samlocal.errors import TemplateError
from samlocal.template import model
from samlocal.template.document import Document
from samlocal.template.model import Resource, Template
from samlocal.template.values import ParameterValue


class TranslatedResources:
    """The resources that stand in the translated template only, such as ``FunctionEvent`` rules and stages."""

    def __init__(self, template: Template, *, region: str, parameters: Mapping[str, ParameterValue]) -> None:
        self._template = template
        self._region = region
        self._parameters = parameters

    def find(self, logical_id: str) -> Resource | None:
        """A generated resource, None where there is none of this name."""
        return self._all.get(logical_id)

    @cached_property
    def _all(self) -> Mapping[str, Resource]:
        declared = self._template.resources
        if not any(resource.type.startswith("AWS::Serverless::") for resource in declared.values()):
            return {}
        from samlocal.template.translate import translate

        self._template.document.files.may_be_recorded = False
        values = {name: value.text for name, value in self._parameters.items() if value.known}
        try:
            made = translate(self._template.document, region=self._region, parameters=values).template
            resources = model.template(Document(path=self._template.path, root=made)).resources
        except TemplateError:
            # What the translator refuses is for `sam validate` to say; the name is unknown either way.
            return {}
        return {name: resource for name, resource in resources.items() if name not in declared}
