"""A template and its environment, joined: what every command that needs values starts from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from samlocal.deployed.environment import Environment
from samlocal.deployed.place import Place, partition_of
from samlocal.errors import FunctionNotFoundError
from samlocal.function import pseudo
from samlocal.function.deployed_values import with_deployed_values
from samlocal.function.environment import MissingVariable, Variable, declared_variables
from samlocal.function.names import DeployedNames, PlaceholderNames, placeholder_parameters
from samlocal.function.overrides import Overrides, check_matches, put_over
from samlocal.function.package import LocalLayer, local_layers
from samlocal.function.parameters import check_names, parameter_values
from samlocal.function.role import execution_role
from samlocal.function.spec import FunctionSpec, find_function, function_spec
from samlocal.template import model
from samlocal.template.expand import expand, needs_expanding
from samlocal.template.intrinsics import Evaluator
from samlocal.template.model import STACK_TYPES, Resource, Template
from samlocal.template.nested import child_parameters, child_path, child_problem
from samlocal.template.reader import Document, Map, Problem, read
from samlocal.template.values import Answer, Known, ParameterValue, Unknown, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
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
    _children: dict[str, Application | None] = field(default_factory=dict)

    def function(self, wanted: str) -> FunctionSpec:
        """A function by logical id, ``Child/Function``, or name, evaluated.

        Raises FunctionNotFoundError, UnresolvedError, TemplateError, and AwsError where AWS has to be asked.
        """
        owner, resource = self.find(wanted)
        return owner.specify(resource)

    def find(self, wanted: str) -> tuple[Application, Resource]:
        """The template that holds a function, and the function. Raises FunctionNotFoundError."""
        first, slash, rest = wanted.partition("/")
        if slash and first in self.template.resources:
            child = self.child(first)
            if child is not None:
                return child.find(rest)
        stack = self.environment.stack if self.environment else None
        try:
            return self, find_function(self.template, self.evaluator, wanted, stack=stack)
        except FunctionNotFoundError:
            for child in self.children():
                try:
                    return child.find(wanted)
                except FunctionNotFoundError:
                    continue
            raise

    def functions(self) -> Iterator[tuple[Application, Resource]]:
        """Every function of the template and of its nested ones, but for those under a false condition."""
        for resource in self.template.functions:
            if self.evaluator.holds(resource.condition) is not False:
                yield self, resource
        for child in self.children():
            yield from child.functions()

    def all_layers(self) -> Iterator[LocalLayer]:
        """The local layers of the template and of its nested ones."""
        yield from local_layers(self.template, self.evaluator).values()
        for child in self.children():
            yield from child.all_layers()

    def problems(self) -> Iterator[Problem]:
        """What is wrong in the template and in its nested ones, without stopping them."""
        yield from self.template.problems
        for resource in self._stacks():
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
            declared = with_deployed_values(resource, declared, self.environment)
        names = {resource.logical_id, self.path(resource), self.name(resource)}
        given = {variable.name: variable for overrides in self.overrides for variable in overrides.of(names)}
        return put_over(declared, given.values())

    def specify(self, resource: Resource) -> FunctionSpec:
        """A function of this very template, evaluated. Raises as ``function`` does."""
        stack = self.environment.stack if self.environment else None
        role = self.role(resource)
        return function_spec(
            self.template,
            resource,
            self.evaluator,
            place=self.place,
            stack=stack,
            role=role,
            variables=self.variables(resource),
            layers=self.layers | local_layers(self.template, self.evaluator),
            deployed_layers=lambda: self._deployed_layers(resource),
        )

    def _deployed_layers(self, resource: Resource) -> tuple[str, ...] | None:
        """The layer versions that the deployed function has, None where there is no such function."""
        if self.environment is None or resource.logical_id not in self.environment.stack.resources:
            return None
        return self.environment.function(self.environment.stack.resources[resource.logical_id].physical_id).layers

    def role(self, resource: Resource) -> str | Unknown:
        """The ARN of a function's execution role, or why there is none. Raises AwsError."""
        return execution_role(resource, self.evaluator, self.environment)

    def children(self) -> Iterator[Application]:
        for resource in self._stacks():
            child = self.child(resource.logical_id)
            if child is not None:
                yield child

    def child(self, logical_id: str) -> Application | None:
        """A nested stack's application, None where its template is not on this machine."""
        if logical_id not in self._children:
            self._children[logical_id] = self._read_child(self.template.resources[logical_id])
        return self._children[logical_id]

    def output(self, logical_id: str, name: str) -> Answer | None:
        """What a nested template says of one of its outputs, None where it says nothing."""
        child = self.child(logical_id)
        output = child.template.outputs.get(name) if child else None
        if child is None or not isinstance(output, dict):
            return None
        return child.evaluator.evaluate(output.get("Value"))

    def _stacks(self) -> Iterator[Resource]:
        for resource in self.template.resources.values():
            if resource.type in STACK_TYPES and self.evaluator.holds(resource.condition) is not False:
                yield resource

    def _read_child(self, resource: Resource) -> Application | None:
        path = child_path(self.template, resource) if resource.type in STACK_TYPES else None
        if path is None:
            return None
        environment = None
        if self.environment is not None:
            deployed = self.environment.stack.resources.get(resource.logical_id)
            environment = self.environment.child(deployed.physical_id) if deployed else None
        passed: dict[str, ParameterValue] = {}
        for name, node in child_parameters(resource).items():
            match self.evaluator.evaluate(node):
                case Known() as known:
                    value = ",".join(map(text, known.value)) if isinstance(known.value, list) else text(known.value)
                    passed[name] = ParameterValue(
                        text=value,
                        origin=f"{resource.logical_id}: {', '.join(origin.text for origin in known.origins) or name}",
                        resolved=value,
                        placeholder=known.placeholder,
                    )
        return _join(
            read(path),
            environment=environment,
            place=self.place,
            given=(passed,),
            overrides=self.overrides,
            prefix=f"{self.prefix}{resource.logical_id}/",
            layers=self.layers,
        )

    def name(self, resource: Resource) -> str:
        """The function's deployed name, else the one that the template gives it, else its logical id."""
        stack = self.environment.stack if self.environment else None
        if stack is not None and resource.logical_id in stack.resources:
            return stack.resources[resource.logical_id].physical_id
        answer = self.evaluator.evaluate(resource.properties.get("FunctionName"))
        return text(answer.value) if isinstance(answer, Known) and answer.value else resource.logical_id


def application(
    document: Document,
    *,
    environment: Environment | None,
    region: str,
    flags: Mapping[str, ParameterValue],
    configured: Mapping[str, ParameterValue],
    overrides: tuple[Overrides, ...] = (),
) -> Application:
    """Joins a template with its environment; ``region`` counts where there is no environment.

    ``flags`` are parameter values from the command line, ``configured`` from samconfig.toml: flags win, then the
    file, then the deployed stack's own values, then the template's defaults. Raises ConfigurationError, TemplateError
    and AwsError.
    """
    if environment is None:
        place = Place(partition=partition_of(region), region=region, account=pseudo.PLACEHOLDER_ACCOUNT)
    else:
        place = environment.place
    joined = _join(
        document,
        environment=environment,
        place=place,
        given=(flags, configured),
        overrides=overrides,
        prefix="",
        layers={},
    )
    check_names(joined.template.parameters, flags)
    if any(override.own for override in overrides):
        names = [
            name
            for owner, resource in joined.functions()
            for name in (resource.logical_id, owner.path(resource), owner.name(resource))
        ]
        for override in overrides:
            check_matches(override, tuple(dict.fromkeys(names)))
    return joined


def _join(
    document: Document,
    *,
    environment: Environment | None,
    place: Place,
    given: tuple[Mapping[str, ParameterValue], ...],
    overrides: tuple[Overrides, ...],
    prefix: str,
    layers: dict[str, LocalLayer],
) -> Application:
    deployed: dict[str, ParameterValue] = {}
    if environment is not None:
        stack = environment.stack
        deployed = {
            name: ParameterValue(
                text=value.value or "",
                resolved=value.resolved,
                origin=f"stack {stack.name}: parameter {name}",
                hidden=value.value is None,
            )
            for name, value in stack.parameters.items()
        }
        deployed |= {
            name: ParameterValue(
                text=value.value or "", resolved=value.resolved, origin=f"!Ref {name}", placeholder=True
            )
            for name, value in environment.made_up.items()
        }
    understood = model.template(document)
    values = parameter_values(understood.parameters, *given, deployed)
    if needs_expanding(document.root):
        understood = model.template(expand(document, values))
    children: dict[str, Application | None] = {}
    if environment is None:
        values = placeholder_parameters(understood.parameters, values, place) | values
        names: DeployedNames | PlaceholderNames = PlaceholderNames(
            place, understood, lambda logical_id, name: joined.output(logical_id, name)
        )
        known = pseudo.placeholders(place)
    else:
        names = DeployedNames(environment, understood)
        known = pseudo.of_stack(environment.stack)
    evaluator = Evaluator(understood, parameters=values, pseudo=known, names=names)
    joined = Application(
        template=understood,
        evaluator=evaluator,
        place=place,
        environment=environment,
        overrides=overrides,
        prefix=prefix,
        layers=layers,
        _children=children,
    )
    for logical_id, layer in local_layers(understood, evaluator).items():
        answer = evaluator.evaluate(Map({"Ref": logical_id}))
        if isinstance(answer, Known):
            layers[text(answer.value)] = layer
    return joined
