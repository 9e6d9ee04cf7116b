"""The SAM translator as judge of what Globals make of each function of the corpus, property by property.

The translator is the one that AWS runs. What a SAM property is called in CloudFormation is written down here from the
SAM specification; everything else has to be equal as it stands, intrinsics included.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from corpus import NAMES, TEMPLATES, needs_corpus

from samlocal.template.document import Document
from samlocal.template.model import Resource, template
from samlocal.template.reader import read
from samlocal.template.translate import translate
from samlocal.template.uploads import PLACEHOLDER_BUCKET

# What SAM makes resources, versions and aliases of: no part of the function itself (SAM specification,
# AWS::Serverless::Function; each says "doesn't have an AWS CloudFormation equivalent", or names another resource).
OTHER_RESOURCES = frozenset(
    {
        "AssumeRolePolicyDocument",
        "AutoPublishAlias",
        "AutoPublishAliasAllProperties",
        "AutoPublishCodeSha256",
        "DeploymentPreference",
        "EventInvokeConfig",
        "Events",
        "FunctionUrlConfig",
        "PermissionsBoundary",
        "Policies",
        "PropagateTags",
        "ProvisionedConcurrencyConfig",
        "RolePath",
        "VersionDeletionPolicy",
        "VersionDescription",
    }
)

CODE = ("CodeUri", "InlineCode", "ImageUri", "SourceKMSKeyArn")


@needs_corpus
@pytest.mark.parametrize("name", NAMES)
def test_each_function_has_the_properties_that_the_translator_gives_it(name: str) -> None:
    document = read(TEMPLATES / name)
    translated = plain(translate(document, region="us-east-1").template["Resources"])
    layers = hashed_layers(translated, document)
    judged = {
        logical_id: original_names(body["Properties"], layers)
        for logical_id, body in translated.items()
        if body["Type"] == "AWS::Lambda::Function"
    }
    merged = {function.logical_id: as_cloudformation(function) for function in template(document).functions}

    assert set(merged) == set(judged)
    differences = [
        (logical_id, name, properties.get(name), judged[logical_id].get(name))
        for logical_id, properties in merged.items()
        for name in sorted(properties | judged[logical_id])
        if properties.get(name) != judged[logical_id].get(name)
    ]
    assert differences == []


@needs_corpus
def test_globals_of_every_kind_are_among_the_judged() -> None:
    given = {
        property_
        for name in NAMES
        for property_ in (plain(read(TEMPLATES / name).root).get("Globals") or {}).get("Function", {})
    }
    assert {"Architectures", "Environment", "Layers", "LoggingConfig", "MemorySize", "Tags", "Timeout"} <= given


def as_cloudformation(function: Resource) -> dict[str, Any]:
    """A merged function's properties under CloudFormation's names."""
    properties = plain(function.properties)
    if function.type == "AWS::Lambda::Function":
        code = properties.get("Code")
        if isinstance(code, str):
            properties["Code"] = put_aside(function, "Code")
        return properties
    result = {name: value for name, value in properties.items() if name not in OTHER_RESOURCES and name not in CODE}
    result["Code"] = code_of(function, properties)
    result.setdefault("Role", {"Fn::GetAtt": [f"{function.logical_id}Role", "Arn"]})
    # SAM specification, Tags: a map there, a list here, with one of SAM's own, but where PropagateTags puts the
    # template's tags on everything that SAM generates for the function, the function's own resource included.
    propagated = properties.get("PropagateTags") is True and bool(result.get("Tags"))
    tags = ({} if propagated else {"lambda:createdBy": "SAM"}) | (result.get("Tags") or {})
    result["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    if "Tracing" in result:
        result["TracingConfig"] = {"Mode": result.pop("Tracing")}
    if "DeadLetterQueue" in result:
        result["DeadLetterConfig"] = {"TargetArn": result.pop("DeadLetterQueue")["TargetArn"]}
    if "CapacityProviderConfig" in result:
        provider = dict(result["CapacityProviderConfig"])
        provider["CapacityProviderArn"] = provider.pop("Arn")
        result["CapacityProviderConfig"] = {"LambdaManagedInstancesCapacityProviderConfig": provider}
    return result


def code_of(function: Resource, properties: dict[str, Any]) -> dict[str, Any]:
    key = {"SourceKMSKeyArn": properties["SourceKMSKeyArn"]} if "SourceKMSKeyArn" in properties else {}
    match properties:
        case {"InlineCode": source}:
            return {"ZipFile": source}
        case {"PackageType": "Image", "ImageUri": uri}:
            return {"ImageUri": uri}
        case {"PackageType": "Image"}:
            return {"ImageUri": f"{PLACEHOLDER_BUCKET}:{function.logical_id.lower()}"}
        case {"CodeUri": {"Bucket": bucket, "Key": name}}:
            return {"S3Bucket": bucket, "S3Key": name} | key
        case {"CodeUri": str(uri)} if uri.startswith("s3://"):
            bucket, _, name = uri.removeprefix("s3://").partition("/")
            return {"S3Bucket": bucket, "S3Key": name} | key
    return put_aside(function, "CodeUri") | key


def put_aside(function: Resource, name: str) -> dict[str, Any]:
    """What stands for a local path, which `sam package` would have uploaded."""
    return {"S3Bucket": PLACEHOLDER_BUCKET, "S3Key": f"{function.logical_id}/{name}"}


def hashed_layers(translated: dict[str, Any], document: Document) -> dict[str, str]:
    """The template's layers by the ids that SAM makes of them: the id and ten hex digits of a hash."""
    own = {layer.logical_id for layer in template(document).layers}
    return {
        logical_id: logical_id[:-10]
        for logical_id, body in translated.items()
        if body["Type"] == "AWS::Lambda::LayerVersion" and logical_id not in own and logical_id[:-10] in own
    }


def original_names(node: Any, names: dict[str, str]) -> Any:
    match node:
        case {"Ref": str(name)} if len(node) == 1:
            return {"Ref": names.get(name, name)}
        case dict():
            return {key: original_names(value, names) for key, value in node.items()}
        case list():
            return [original_names(item, names) for item in node]
    return node


def plain(node: object) -> Any:
    return json.loads(json.dumps(node))
