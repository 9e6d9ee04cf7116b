"""The table of resource types: what it is made of, where it is, and when it is read."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from samlocal.deployed.attributes.resource_types import ResourceType, resource_type, table

ROOT = Path(__file__).parents[2]
MADE = sorted(table().types)
# What has a form, and with it a line in tools/attributes.
WRITTEN = [name for name in MADE if resource_type(name).form.reads != ".*"]
OTHERS = sorted(set(MADE) - set(WRITTEN))


def generated() -> str:
    program = ROOT / "tools" / "attributes" / "generate.py"
    done = subprocess.run([sys.executable, str(program), "--print"], capture_output=True, text=True, check=True)
    return done.stdout


def test_the_table_is_made_of_the_locked_schemas() -> None:
    lock = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    locked = re.search(r"^cfn-lint==(\S+)", lock, re.MULTILINE)
    assert locked
    assert table().source.startswith(f"cfn-lint {locked[1]}, schemas of 20"), "make attributes"


def test_the_table_is_what_its_sources_make() -> None:
    made = generated()
    if table().source.startswith(f"cfn-lint {importlib.metadata.version('cfn-lint')},"):
        kept = ROOT / "samlocal" / "deployed" / "attributes" / "resource_types.json"
        assert kept.read_text(encoding="utf-8") == made, "make attributes"
    else:
        # Newer schemas know more; what is written by hand stands all the same.
        assert set(WRITTEN) <= json.loads(made)["types"].keys()


def test_types_stand_in_order_one_a_line() -> None:
    lines = (ROOT / "samlocal" / "deployed" / "attributes" / "resource_types.json").read_text(encoding="utf-8")
    assert [line.partition('":')[0] for line in lines.splitlines()[1:-1]] == [f'"{name}' for name in MADE]


def registered(name: str) -> Any:
    return PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema


def test_cloud_control_s_identifiers_have_the_parts_that_the_registry_asks_for() -> None:
    for name in WRITTEN:
        type_ = resource_type(name)
        schema = registered(type_.becomes or name)
        parts = [pointer.rpartition("/")[2] for pointer in schema["primaryIdentifier"]]
        for variant in type_.form.variants():
            if variant.identifier and variant.id.count("|") != len(parts) - 1:
                fields = [field.strip("{}") for field in variant.identifier.split("|")]
                # What is not of the id is the property of that very place.
                wrong = {f for p, f in zip(parts, fields, strict=True) if f in schema["properties"] and f != p}
                assert not wrong, name


def test_of_other_types_the_table_says_only_how_cloud_control_finds_them() -> None:
    for name in OTHERS:
        form = resource_type(name).form
        assert resource_type(name) == ResourceType(form=form)
        schema = registered(name)
        parts = [pointer.split("/")[2] for pointer in schema["primaryIdentifier"]]
        fields = [field.strip("{}") for field in form.identifier.split("|")]
        assert fields.count("id") == 1, name
        given = {field for part, field in zip(parts, fields, strict=True) if field == part}
        assert {*given, "id"} == set(fields), name
        assert given <= set(schema["required"]), name


def test_the_attributes_that_open_something_are_marked() -> None:
    marked = {(name, secret) for name in WRITTEN for secret in resource_type(name).secrets}
    assert marked == {
        ("AWS::AppSync::ApiKey", "ApiKey"),
        ("AWS::Cognito::UserPoolClient", "ClientSecret"),
        ("AWS::IAM::AccessKey", "SecretAccessKey"),
    }


def test_the_table_is_read_when_the_first_type_is_asked_for() -> None:
    program = """if True:
        import sys
        from samlocal.deployed.attributes import lookup, resource_types
        assert resource_types.table.cache_info().currsize == 0
        assert lookup.name_property("AWS::SQS::Queue") == "QueueName"
        assert resource_types.table.cache_info().currsize == 1
        assert resource_types.resource_type.cache_info().currsize == 1
        assert not {"cfnlint", "yaml", "botocore"} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", program], check=True)
