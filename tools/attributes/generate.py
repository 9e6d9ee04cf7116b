"""Makes samlocal/deployed/attributes/resource_types.json: `make attributes`.

Made of two things. The schemas of CloudFormation's registry, as cfn-lint ships them, say which attributes `!GetAtt`
knows of a type and what identifies its resources. The YAML files beside this one say what the schemas do not:

    id            the form of the physical id, ``{name}`` where nothing is said (deployed/attributes/form.py)
    reads         a regular expression for ids that vary more than ``id`` says
    otherwise     the form of ids that do not have this one, with words of its own
    name          the property that names a resource, where it is not the one that identifies it
    attributes    what follows from the id
    placeholders  what stands in, where nothing is deployed, for what AWS would have to be asked
    identifier    Cloud Control's, where it is another than the schema and the id's form make
    calls         what the service itself is asked: ``tells`` are paths in the response, below ``under``
    becomes       what the SAM transform makes of the type; all that is not said here is as there
    names         attributes that SAM adds without a value of their own
    secrets       attributes that open something

``arn:SERVICE:RESOURCE`` is short for an ARN in the resource's own region and account.

Sources: CloudFormation's template reference, "Return values" of each type and the tables under `Ref` and `Fn::GetAtt`
(awsdocs/aws-cloudformation-user-guide); botocore's models for ARNs, calls and responses; the SAM specification,
"Generated CloudFormation resources". `Ref` is the physical id for every type. That Cloud Control takes the primary
identifier's parts with a bar between them: Cloud Control API user guide, "Identifying resources", read back live by
go-to-k/cdk-real-drift (src/read/router.ts).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import yaml
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from cfnlint.version import __version__ as cfn_lint

Json: TypeAlias = dict[str, Any]

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "samlocal" / "deployed" / "attributes" / "resource_types.json"

_ARN = re.compile(r"arn:([a-z0-9-]+):(.*)")
_NAMES = re.compile(r"\{(?:name|lower|name:lower)\}")
_MERGED = ("attributes", "placeholders")


class Schema(NamedTuple):
    """What the registry says of a type. ``names`` is None where anything may be an attribute."""

    names: frozenset[str] | None = None
    identifier: tuple[str, ...] = ()
    required: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()

    @classmethod
    def of(cls, resource_type: str) -> Schema:
        found = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type)
        attributes = set(found.get_atts)
        return cls(
            # A pattern stands for names that the template makes up; `!GetAtt` goes into no list's items.
            names=None
            if any("\\" in name for name in attributes)
            else frozenset(n for n in attributes if "*" not in n),
            identifier=tuple(map(_property, found.schema.get("primaryIdentifier", ()))),
            required=frozenset(found.schema.get("required", ())),
            read_only=frozenset(map(_property, found.schema.get("readOnlyProperties", ()))),
        )

    def cloud_control(self, id_form: str) -> str:
        """The identifier for resources of a physical id; just the id where nobody can tell what else."""
        if id_form.count("|") == len(self.identifier) - 1:
            return "{id}"
        given = [f"{{{part}}}" if part in self.required - self.read_only else "{id}" for part in self.identifier]
        return "|".join(given) if given.count("{id}") == 1 else "{id}"

    def in_identifier(self, identifier: str) -> str | None:
        """The attribute or property that the physical id is."""
        parts = identifier.split("|")
        return self.identifier[parts.index("{id}")] if len(parts) == len(self.identifier) else None


def _property(pointer: str) -> str:
    return ".".join(pointer.split("/")[2:])


def described(said: Json, schema: Schema) -> Json:
    """One type as the table holds it, of what the YAML says and of its schema."""
    form = _form(said, schema)
    names = None
    if schema.names is not None:
        forms = (form, form.get("otherwise", {}))
        ours = [name for each in forms for group in _MERGED for name in each.get(group, ())]
        names = sorted({*schema.names, *ours, *said.get("names", ())})
    return _without_nothing(
        becomes=said.get("becomes"),
        form=form,
        names=names,
        secrets=said.get("secrets"),
        calls=[_call(each) for each in said["calls"]] if "calls" in said else None,
    )


def _form(said: Json, schema: Schema) -> Json:
    id_form = _long(said.get("id", "{name}"))
    own = len(schema.identifier) == 1 and schema.read_only.isdisjoint(schema.identifier)
    name = said.get("name", schema.identifier[0] if own else None)
    natural = schema.cloud_control(id_form)
    again = schema.in_identifier(natural)
    # A name for an id says nothing of an id that AWS makes beside it.
    is_attribute = again in (schema.names or ()) and (again == name or not _NAMES.fullmatch(id_form))
    attributes = ({again: "{id}"} if is_attribute else {}) | said.get("attributes", {})
    identifier = said.get("identifier", natural)
    return _without_nothing(
        id=None if id_form == "{name}" else id_form,
        reads=said.get("reads"),
        name_property=name,
        identifier=None if identifier == "{id}" else identifier,
        attributes=_sorted(attributes),
        placeholders=_sorted(said.get("placeholders", {})),
        otherwise=_form(said["otherwise"], schema) if "otherwise" in said else None,
    )


def _call(said: Json) -> Json:
    service, _, operation = said["call"].partition(".")
    under = f"{said['under']}." if "under" in said else ""
    answers = {name: re.sub(r"[^|:]+", lambda part: under + part[0], path) for name, path in said["tells"].items()}
    return {"service": service, "operation": operation, "parameters": said["with"], "answers": answers}


def _sorted(said: Mapping[str, str | list[str]]) -> Json:
    return {
        name: _long(value) if isinstance(value, str) else [_long(item) for item in value]
        for name, value in sorted(said.items())
    }


def _long(text: str) -> str:
    short = _ARN.fullmatch(text)
    return f"arn:{{partition}}:{short[1]}:{{region}}:{{account}}:{short[2]}" if short else text


def _without_nothing(**values: Any) -> Json:
    """Without what is not said: a list of no names says something, and so does an identifier that is nothing."""
    return {key: value for key, value in values.items() if value is not None and value != {}}


def table() -> str:
    """The whole file: one type a line, in order."""
    said: dict[str, Json] = {}
    for file in sorted(HERE.glob("*.yaml")):
        said |= yaml.safe_load(file.read_text(encoding="utf-8"))
    for body in said.values():
        origin = said.get(body.get("becomes", ""), {})
        body |= origin | body | {key: {**origin.get(key, {}), **body.get(key, {})} for key in _MERGED}
    types = {name: described(body, Schema.of(body.get("becomes", name))) for name, body in said.items()}
    for name in set(PROVIDER_SCHEMA_MANAGER.get_resource_types("us-east-1")) - said.keys():
        # Of the others only how Cloud Control finds them, where that is not by the physical id.
        if name.startswith("AWS::") and (identifier := Schema.of(name).cloud_control("")) != "{id}":
            types[name] = {"form": {"reads": ".*", "identifier": identifier}}
    lines = [f"{json.dumps(name)}:{_compact(types[name])}" for name in sorted(types)]
    return f'{{"source":{json.dumps(_source())},"types":{{\n' + ",\n".join(lines) + "\n}}\n"


def _compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _source() -> str:
    import cfnlint

    data = Path(cfnlint.__file__).parent / "data" / "schemas" / "version.json"
    return f"cfn-lint {cfn_lint}, schemas of {json.loads(data.read_text())['schema_date']}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(table())
    else:
        TABLE.write_text(table(), encoding="utf-8")
