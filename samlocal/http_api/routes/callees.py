"""Which function an integration or an authorizer names, by whatever expression it does so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

from samlocal.function.application import Application
from samlocal.http_api.integration import NotRun
from samlocal.http_api.routes.stack import Stack
from samlocal.template.document import Node, with_lines
from samlocal.template.model import FUNCTION_TYPES, Resource
from samlocal.template.references import references
from samlocal.template.values import Known, text

_VERSIONED = ("AWS::Lambda::Alias", "AWS::Lambda::Version")
_NAME = re.compile(r":function:([^:/]+)")
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")


def with_stage_variables(uri: str, variables: Mapping[str, str]) -> str:
    """``${stageVariables.name}`` as the stage has it; one that it does not have is empty (API Gateway guide)."""
    return _STAGE_VARIABLE.sub(lambda found: variables.get(found[1], ""), uri)


class Callees:
    """The functions of a template and of its nested ones."""

    def __init__(self, top: Application) -> None:
        self._top = top

    def find(self, stack: Stack, node: Node, variables: Mapping[str, str]) -> str | NotRun:
        """A function's way from the top template, by the URI or the ARN that an expression gives."""
        for name in dict.fromkeys(references(node)):
            resource = stack.application.template.resources.get(name)
            function = self._behind(stack, resource) if resource is not None else None
            if function is not None:
                absent = stack.application.absence(function)
                if absent is not None:
                    return NotRun(reason=f"the function {name} is not deployed: {absent.reason}")
                return stack.path(function)
        uri = stack.text(node)
        if uri is None:
            return NotRun(reason="which function it runs cannot be known")
        found = _NAME.search(with_stage_variables(uri, variables))
        called = found[1] if found else ""
        if called in self._by_name:
            return self._by_name[called]
        return NotRun(reason=f"the function {called} is not in this template" if called else f"{uri} is no function")

    def _behind(self, stack: Stack, resource: Resource) -> Resource | None:
        """The function that a resource is, or that an alias or a version is of."""
        seen: set[str] = set()
        while resource.type in _VERSIONED and resource.logical_id not in seen:
            seen.add(resource.logical_id)
            behind = stack.referred(resource.properties.get("FunctionName"))
            if behind is None:
                return None
            resource = behind
        return resource if resource.type in FUNCTION_TYPES else None

    @cached_property
    def _by_name(self) -> dict[str, str]:
        """Ways by the names that ARNs have."""
        found: dict[str, str] = {}
        for owner, resource in self._top.functions():
            arn = owner.evaluator.evaluate(with_lines({"Fn::GetAtt": [resource.logical_id, "Arn"]}, line=0))
            named = _NAME.search(text(arn.value)) if isinstance(arn, Known) else None
            for name in filter(None, (named and named[1], owner.name(resource))):
                found.setdefault(name, owner.path(resource))
        return found
