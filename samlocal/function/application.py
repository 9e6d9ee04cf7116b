"""A template and its environment, joined: what every command that needs values starts from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field

from samlocal.deployed.environment import Environment
from samlocal.deployed.place import Place, partition_of
from samlocal.function import pseudo
from samlocal.function.absence import Absence, absence, check_condition
from samlocal.function.circles import circles
from samlocal.function.declared_variables import declared_variables
from samlocal.function.deployed_values import with_deployed_values
from samlocal.function.evaluation import function_spec
from samlocal.function.execution_role import execution_role
from samlocal.function.expressions import evaluator_of, template_with_values
from samlocal.function.function_names import FunctionNames, exactly, name_in_arn, nearly
from samlocal.function.overrides import Overrides, check_matches, put_over
from samlocal.function.package import LocalLayer
from samlocal.function.parameters import check_names
from samlocal.function.passed_parameters import passed_parameters
from samlocal.function.spec import FunctionSpec
from samlocal.function.template_package import local_layers
from samlocal.function.variables import MissingVariable, Variable
from samlocal.template.document import Document, Map, Problem
from samlocal.template.files import Files
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import STACK_TYPES, Resource, Template
from samlocal.template.nested import check_nesting, child_path, child_problem
from samlocal.template.reader import read
from samlocal.template.values import Answer, Known, ParameterValue, Unknown, text


class Application(Struct, frozen=True, kw_only=True):
    """A template with all that its expressions stand for. ``environment`` is None without a deployed stack.

    ``prefix`` is the way to a nested stack, such as ``Child/``; ``layers`` are the local layers of the whole tree by
    the ARNs that references to them give.
    """

    template: Template
    evaluator: Evaluator
    place: Place
    environment: Environment | None
    overrides: tuple[Overrides, ...] = ()
    prefix: str = ""
    layers: dict[str, LocalLayer] = field(default_factory=dict)
    given: Mapping[str, ParameterValue] = field(default_factory=dict)
    """The template's parameters that have a value beside their defaults."""

    absent: Absence | None = None
    """The false condition of the nested stack that this template is, or of one round it."""

    region_known: bool = True
    """Whether somebody said which region; the fallback is a placeholder."""

    chain: tuple[Path, ...] = ()
    """The files that nest one another, from the top to this one."""

    _local: dict[str, LocalLayer] = field(default_factory=dict)
    _children: dict[str, Application | None] = field(default_factory=dict)

    @property
    def files(self) -> Files:
        """What the whole tree was read from."""
        return self.template.document.files

    def function(self, wanted: str) -> FunctionSpec:
        """A function by logical id, ``Child/Function``, or name, evaluated.

        Raises FunctionNotFoundError, UnresolvedError, TemplateError, and AwsError where AWS has to be asked.
        """
        owner, resource = self.find(wanted)
        owner.check_deployed(resource)
        return owner.specify(resource)

    def check_deployed(self, resource: Resource) -> None:
        """Raises FunctionNotFoundError where a false condition keeps a function out of the stack.

        Raises UnresolvedError where the stack does not have it and its condition cannot be known.
        """
        absent = self.absence(resource)
        if absent is not None:
            raise absent.refusal()
        if self.environment is not None and resource.logical_id not in self.environment.stack.resources:
            check_condition(self.template, resource, self.evaluator)

    def absence(self, resource: Resource) -> Absence | None:
        """The false condition that keeps a resource out of the stack, its own or that of a stack round it."""
        return self.absent or absence(self.template, resource, self.evaluator)

    def find(self, wanted: str) -> tuple[Application, Resource]:
        """The template that holds a function, and the function.

        By its logical id, ``Child/Fn``, the deployed name or ARN, the name that the template gives it, or CDK's path;
        where nothing is called so, by the same in any case, or by the beginning of what one function alone is called.
        Raises FunctionNotFoundError, which names the nearest, or those that begin so.
        """
        found = self._called(wanted)
        if found is None:
            name = name_in_arn(wanted, place=self.place, is_deployed=self.environment is not None)
            found = None if name is None else self._called(name)
        if found is None:
            functions = list(self.functions(absent=True))
            names = [owner.names(resource) for owner, resource in functions]
            found = functions[nearly(names, wanted, template=self.template.path)]
        return found

    def _called(self, wanted: str) -> tuple[Application, Resource] | None:
        """The function that is called exactly so."""
        first, slash, rest = wanted.partition("/")
        if slash and first in self.template.resources:
            child = self.child(first)
            if child is not None:
                return child._called(rest)
        functions = self.template.functions
        for resource in functions:
            if resource.logical_id == wanted:
                return self, resource
        index = exactly([self.names(resource) for resource in functions], wanted)
        if index is not None:
            return self, functions[index]
        return next(filter(None, (child._called(wanted) for child in self.children(absent=True))), None)

    def functions(self, *, absent: bool = False) -> Iterator[tuple[Application, Resource]]:
        """Every function of the template and of its nested ones; those under a false condition if ``absent``."""
        for resource in self.template.functions:
            if absent or self.evaluator.holds(resource.condition) is not False:
                yield self, resource
        for child in self.children(absent=absent):
            yield from child.functions(absent=absent)

    @property
    def local_layers(self) -> Mapping[str, LocalLayer]:
        """The local layers by logical id, for this template, and by ARN, for the whole tree."""
        return {**self.layers, **self._local}

    def all_layers(self) -> Iterator[LocalLayer]:
        """The local layers of the template and of its nested ones."""
        yield from self._local.values()
        for child in self.children():
            yield from child.all_layers()

    def problems(self) -> Iterator[Problem]:
        """What is wrong in the template and in its nested ones, without stopping them."""
        yield from self.template.problems
        yield from circles(self.template, self.evaluator)
        for resource in self.stacks():
            problem = child_problem(self.template, resource)
            if problem is not None:
                yield problem
        for child in self.children():
            yield from child.problems()

    def path(self, resource: Resource) -> str:
        """``Child/Function``, the way to a function from the top."""
        return self.prefix + resource.logical_id

    def variables(self, resource: Resource) -> tuple[Variable | MissingVariable, ...]:
        """A function's variables, overrides put over the template's; those that cannot be known say why."""
        declared = declared_variables(self.template, resource, self.evaluator)
        if self.environment is not None:
            declared = with_deployed_values(self.template, resource, declared, self.environment, self.given)
        names = {resource.logical_id, self.path(resource), self.name(resource)}
        given = {variable.name: variable for overrides in self.overrides for variable in overrides.of(names)}
        return put_over(declared, given.values())

    def specify(self, resource: Resource) -> FunctionSpec:
        """A function of this very template, evaluated. Raises as ``function`` does."""
        return function_spec(
            self.template,
            resource,
            self.evaluator,
            place=self.place,
            stack=self.environment.stack if self.environment else None,
            role=self.role(resource),
            variables=self.variables(resource),
            layers=self.local_layers,
            deployed_layers=lambda: self._deployed_layers(resource),
            region_known=self.region_known,
        )

    def _deployed_layers(self, resource: Resource) -> tuple[str, ...] | None:
        """The layer versions that the deployed function has, None where there is no such function."""
        if self.environment is None or resource.logical_id not in self.environment.stack.resources:
            return None
        return self.environment.function(self.environment.stack.resources[resource.logical_id].physical_id).layers

    def role(self, resource: Resource) -> str | Unknown:
        """The ARN of a function's execution role, or why there is none. Raises AwsError."""
        return execution_role(resource, self.evaluator, self.environment)

    def children(self, *, absent: bool = False) -> Iterator[Application]:
        """The nested stacks; those under a false condition, too, if ``absent``."""
        for resource in self.stacks(absent=absent):
            child = self.child(resource.logical_id)
            if child is not None:
                yield child

    def child(self, logical_id: str) -> Application | None:
        """A nested stack's application, None where its template is not on this machine."""
        if logical_id not in self._children:
            # Whoever comes first, where several threads ask.
            self._children.setdefault(logical_id, self._read_child(self.template.resources[logical_id]))
        return self._children[logical_id]

    def output(self, logical_id: str, name: str) -> Answer | None:
        """What a nested template says of one of its outputs, None where it says nothing."""
        child = self.child(logical_id)
        output = child.template.outputs.get(name) if child else None
        if child is None or not isinstance(output, dict):
            return None
        return child.evaluator.evaluate(output.get("Value"))

    def stacks(self, *, absent: bool = False) -> Iterator[Resource]:
        """The resources that are nested stacks; those under a false condition, too, if ``absent``."""
        for resource in self.template.resources.values():
            if resource.type in STACK_TYPES and (absent or self.evaluator.holds(resource.condition) is not False):
                yield resource

    def _read_child(self, resource: Resource) -> Application | None:
        path = child_path(self.template, resource) if resource.type in STACK_TYPES else None
        if path is None:
            return None
        check_nesting(self.template, resource, path, self.chain)
        return join(
            read(path, self.files),
            environment=self.environment.child(resource.logical_id) if self.environment is not None else None,
            place=self.place,
            given=(
                passed_parameters(
                    self.template,
                    resource,
                    self.evaluator,
                    environment=self.environment,
                    given=self.given,
                    prefix=self.prefix,
                ),
            ),
            overrides=self.overrides,
            prefix=f"{self.prefix}{resource.logical_id}/",
            layers=self.layers,
            absent=self.absence(resource),
            region_known=self.region_known,
            chain=self.chain,
        )

    def name(self, resource: Resource) -> str:
        """The function's deployed name, else the one that the template gives it, else its logical id."""
        return self.names(resource).called

    def names(self, resource: Resource) -> FunctionNames:
        """All that a function of this very template is called."""
        stack = self.environment.stack if self.environment else None
        return FunctionNames.of(resource, path=self.path(resource), evaluator=self.evaluator, stack=stack)


def application(
    document: Document,
    *,
    environment: Environment | None,
    region: str,
    flags: Mapping[str, ParameterValue],
    configured: Mapping[str, ParameterValue],
    overrides: tuple[Overrides, ...] = (),
    region_known: bool = True,
) -> Application:
    """Joins a template with its environment; ``region`` counts without one, and is not known where nobody has set it.

    ``flags`` are parameter values from the command line, ``configured`` from samconfig.toml: flags win, then the
    file, then the deployed stack's own values, then the template's defaults. Raises ConfigurationError, TemplateError
    and AwsError.
    """
    if environment is None:
        place = Place(partition=partition_of(region), region=region, account=pseudo.PLACEHOLDER_ACCOUNT)
    else:
        place = environment.place
    joined = join(
        document,
        environment=environment,
        place=place,
        given=(flags, configured),
        overrides=overrides,
        prefix="",
        layers={},
        region_known=region_known or environment is not None,
    )
    check_names(joined.template.parameters, flags)
    if any(override.own for override in overrides):
        names = [
            name
            for owner, resource in joined.functions(absent=True)
            for name in (resource.logical_id, owner.path(resource), owner.name(resource))
        ]
        for override in overrides:
            check_matches(override, tuple(dict.fromkeys(names)))
    return joined


def join(
    document: Document,
    *,
    environment: Environment | None,
    place: Place,
    given: tuple[Mapping[str, ParameterValue], ...],
    overrides: tuple[Overrides, ...],
    prefix: str,
    layers: dict[str, LocalLayer],
    absent: Absence | None = None,
    region_known: bool = True,
    chain: tuple[Path, ...] = (),
    children: Mapping[str, Application | None] | None = None,
) -> Application:
    """Joins one template of a tree with what is known of it; ``children`` are nested stacks that are joined already.

    The other arguments are an Application's; its local layers are added to ``layers``.
    """
    template, values = template_with_values(document, given, environment)
    evaluator = evaluator_of(
        template,
        values,
        lambda logical_id, name: joined.output(logical_id, name),
        environment=environment,
        place=place,
        region_known=region_known,
        prefix=prefix,
    )
    joined = Application(
        template=template,
        evaluator=evaluator,
        place=place,
        environment=environment,
        overrides=overrides,
        prefix=prefix,
        layers=layers,
        given=values,
        absent=absent,
        region_known=region_known,
        chain=(*chain, document.path.resolve()),
        _local=local_layers(template, evaluator),
        _children=dict(children or {}),
    )
    for logical_id, layer in joined._local.items():
        answer = evaluator.evaluate(Map({"Ref": logical_id}))
        if isinstance(answer, Known):
            layers[text(answer.value)] = layer
    return joined
