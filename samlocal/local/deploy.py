"""Deploys a template to the local endpoint, as a stack like any other."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from samlocal.aws import Aws, AwsCallError
from samlocal.errors import CodeError, ConfigurationError
from samlocal.local.archive import archive
from samlocal.local.moto_gaps import Fitted, fit, not_made
from samlocal.local.stack import Action, Stack, StackDeployer
from samlocal.template.reader import Document
from samlocal.template.translate import translate
from samlocal.template.uploads import CodeLocation, Plain, PutAside, prepare

# An archive without files: the end record alone (PKWARE APPNOTE 4.3.16).
_EMPTY_ARCHIVE = b"PK\x05\x06" + bytes(18)
_UNDEFINED = re.compile(r"Fn::GetAtt references undefined resource (\w+)")
_CODE = ("CodeUri", "ContentUri", "Code", "Content")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one resource of the translated template.

    ``note`` says why it was not made, or how it differs from what AWS would have made. ``physical_id`` is None for
    what was not made, and for the few kinds of resources to which the endpoint gives no id.
    """

    logical_id: str
    type: str
    made: bool
    physical_id: str | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployed stack."""

    stack_name: str
    stack_id: str
    action: Action
    outputs: Mapping[str, str]
    resources: tuple[Outcome, ...]

    @property
    def not_made(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.resources if not outcome.made)

    def physical_id(self, logical_id: str) -> str | None:
        return next((one.physical_id for one in self.resources if one.logical_id == logical_id), None)


def deploy(
    document: Document,
    *,
    stack_name: str,
    aws: Aws,
    parameters: Mapping[str, str] | None = None,
    deadline: float = 60,
) -> Deployment:
    """Uploads the template's code, translates it, and creates or updates the stack.

    ``deadline`` is in seconds, for the stack. Raises ConfigurationError when ``aws`` is not on this machine,
    TemplateError when the template does not translate, CodeError when code cannot be read, AwsError when the
    endpoint refuses the stack.
    """
    _only_local(aws)
    parameters = parameters or {}
    bucket = _bucket(aws)
    code = {
        aside.logical_id: _upload(content, aws, bucket)
        for aside, content in _local_code(document, parameters=parameters)
    }
    translated = translate(document, region=aws.region, parameters=parameters, code=code).template
    plain: Plain = json.loads(json.dumps(translated))
    stand_in = _upload(_EMPTY_ARCHIVE, aws, bucket)
    deployer = StackDeployer(name=stack_name, aws=aws, until=time.monotonic() + deadline)
    before = deployer.template()
    # Written into the deployed template: known from the start the next time.
    unknown = set(_own_metadata(before or {}).get("UnknownTypes", ()))
    while True:
        fitted = fit(plain, bucket=bucket, stand_in=stand_in, unknown=unknown)
        own = {"UnknownTypes": sorted(unknown), "Parameters": dict(parameters)}
        metadata = {**(plain.get("Metadata") or {}), "samlocal": own}
        try:
            action, stack = deployer.deploy({**fitted.template, "Metadata": metadata}, parameters=parameters)
        except AwsCallError as error:
            type_ = _undefined_type(error, plain)
            if type_ is None or type_ in unknown:
                raise
            unknown.add(type_)
        else:
            return Deployment(
                stack_name=stack_name,
                stack_id=stack.id,
                action=Action.RECREATED if before and action is Action.CREATED else action,
                outputs=stack.outputs,
                resources=tuple(_outcomes(plain, fitted, stack)),
            )


def _only_local(aws: Aws) -> None:
    url = aws.endpoint_url()
    if url is None or urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ConfigurationError(
            f"Stacks are deployed to an endpoint on this machine only, not to {url or 'AWS'}.",
            tip="Deploy to AWS with `sam deploy`.",
        )


def _bucket(aws: Aws) -> str:
    account = aws.call("sts", "get_caller_identity")["Account"]
    name = f"samlocal-code-{account}-{aws.region}"
    place: dict[str, Any] = {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
    if aws.region == "us-east-1":
        # Where a bucket is without being told, and the one region that must not be told (S3's CreateBucket).
        place = {}
    try:
        aws.call("s3", "create_bucket", Bucket=name, **place)
    except AwsCallError as error:
        if error.code != "BucketAlreadyOwnedByYou":
            raise
    return name


def _local_code(document: Document, *, parameters: Mapping[str, str]) -> Iterator[tuple[PutAside, bytes]]:
    for aside in prepare(document, parameters=parameters).put_aside:
        if aside.property not in _CODE or aside.path is None or not aside.path.exists():
            continue
        try:
            yield aside, archive(aside.path)
        except OSError as error:
            raise CodeError(
                f"{document.path}:{aside.line}: {aside.logical_id}: the code in {aside.path} cannot be read: {error}."
            ) from error


def _upload(content: bytes, aws: Aws, bucket: str) -> CodeLocation:
    # Called by its hash, code changes the template when it has changed itself, and only then.
    key = f"{hashlib.sha256(content).hexdigest()}.zip"
    aws.call("s3", "put_object", Bucket=bucket, Key=key, Body=content)
    return CodeLocation(bucket=bucket, key=key)


def _own_metadata(template: Plain) -> Plain:
    match template:
        case {"Metadata": {"samlocal": dict(own)}}:
            return own
    return {}


def _undefined_type(error: AwsCallError, plain: Plain) -> str | None:
    """moto passes over a type that it does not know, and misses the resource where another one needs it."""
    found = _UNDEFINED.search(error.message)
    body = plain["Resources"].get(found[1]) if found else None
    return str(body["Type"]) if body else None


def _outcomes(plain: Plain, fitted: Fitted, stack: Stack) -> Iterator[Outcome]:
    for logical_id, body in plain["Resources"].items():
        type_ = str(body.get("Type")) if isinstance(body, dict) else logical_id
        made = logical_id in stack.resources
        note = fitted.left_out.get(logical_id) or fitted.notes.get(logical_id)
        if not made and logical_id not in fitted.left_out:
            note = not_made(type_)
            if condition := body.get("Condition"):
                note = f"its condition {condition} does not hold, or {note}"
        physical_id = stack.resources.get(logical_id) or None
        yield Outcome(logical_id=logical_id, type=type_, made=made, physical_id=physical_id, note=note)
