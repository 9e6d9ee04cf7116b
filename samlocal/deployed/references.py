"""Values that live in other services: exports, SSM parameters, secrets, availability zones."""

from __future__ import annotations

import json

from samlocal.aws import Aws, AwsCallError
from samlocal.errors import AwsError


class ReferenceUnknownError(AwsError):
    """The referenced thing is not there or may not be read."""


def read_export(aws: Aws, name: str) -> str:
    """An export's value. Raises ReferenceUnknownError when no stack of the account and region exports it."""
    for page in aws.pages("cloudformation", "list_exports"):
        for export in page["Exports"]:
            if export["Name"] == name:
                return str(export["Value"])
    raise ReferenceUnknownError(
        f"no stack in {aws.region} exports {name}",
        tip="Deploy the stack that exports it, or give the value with --set.",
    )


def read_ssm_parameter(aws: Aws, key: str, *, decrypt: bool) -> str:
    """``/name`` or ``/name:version``; a StringList is its text with commas.

    Without ``decrypt`` a SecureString is refused, as CloudFormation refuses it in `{{resolve:ssm:…}}` and for
    parameters of an SSM type (CloudFormation user guide, "Get a plaintext value from Systems Manager Parameter
    Store"): what is there is ciphertext.
    """
    name = key.strip()
    try:
        answer = aws.call("ssm", "get_parameter", Name=name, WithDecryption=decrypt)
    except AwsCallError as error:
        raise _unreadable(
            f"the SSM parameter {name}", error, "ParameterNotFound", "ParameterVersionNotFound"
        ) from error
    parameter = answer["Parameter"]
    if parameter.get("Type") == "SecureString" and not decrypt:
        raise ReferenceUnknownError(
            f"the SSM parameter {name} is a SecureString, which CloudFormation does not read as plain text",
            tip=f"Write {{{{resolve:ssm-secure:{name}}}}} where CloudFormation takes it, let the function read it, "
            "or give the value with --set.",
        )
    return str(parameter["Value"])


def read_secret(aws: Aws, key: str) -> str:
    """``secret-id:SecretString:json-key:version-stage:version-id``, the last four optional.

    Source: CloudFormation user guide, "Get a secret or secret value from Secrets Manager". The id may be an ARN.
    """
    secret_id, json_key, stage, version = _secret_parts(key)
    which = {"VersionStage": stage} if stage else {"VersionId": version} if version else {}
    try:
        secret = str(aws.call("secretsmanager", "get_secret_value", SecretId=secret_id, **which)["SecretString"])
    except AwsCallError as error:
        raise _unreadable(f"the secret {secret_id}", error, "ResourceNotFoundException") from error
    except KeyError as error:
        raise ReferenceUnknownError(f"the secret {secret_id} holds bytes, not text") from error
    if not json_key:
        return secret
    try:
        value = json.loads(secret)[json_key]
    except (ValueError, KeyError, TypeError) as error:
        raise ReferenceUnknownError(f"the secret {secret_id} has no JSON key {json_key}") from error
    return value if isinstance(value, str) else json.dumps(value)


def read_zones(aws: Aws, region: str) -> list[str]:
    """The availability zones of a region, by name."""
    answer = aws.call("ec2", "describe_availability_zones", region=region)
    return sorted(str(zone["ZoneName"]) for zone in answer["AvailabilityZones"])


def _secret_parts(key: str) -> tuple[str, str, str, str]:
    parts = key.strip().split(":")
    # arn:aws:secretsmanager:region:account:secret:name is seven parts.
    length = 7 if parts[0] == "arn" else 1
    secret_id, rest = ":".join(parts[:length]), [*parts[length:], "", "", "", ""]
    return secret_id, rest[1], rest[2], rest[3]


def _unreadable(what: str, error: AwsCallError, *absent: str) -> ReferenceUnknownError:
    if error.code in absent:
        return ReferenceUnknownError(f"{what} is not there", tip="Create it, or give the value with --set.")
    return ReferenceUnknownError(f"{what} cannot be read: {error.message}", tip=error.tip)
