"""Deploys a template to the local endpoint, as a stack like any other."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct, field

from samlocal.aws import Aws, AwsCallError
from samlocal.deployed.place import Place
from samlocal.errors import CodeError, ConfigurationError, TemplateError, system_reason
from samlocal.local.code_archive import archive
from samlocal.local.moto.gaps import NO_DEFINITION, Fitted, StandIns, culprit, fit
from samlocal.local.server import ACCOUNT
from samlocal.local.stack import Action, Stack, StackDeployer
from samlocal.local.stack_parameters import MadeUp, stack_parameters
from samlocal.template import model
from samlocal.template.circle import circle
from samlocal.template.document import Document
from samlocal.template.expand import expand, needs_expanding
from samlocal.template.model import STACK_TYPES
from samlocal.template.nested import child_path
from samlocal.template.reader import read
from samlocal.template.translate import translate
from samlocal.template.uploads import CodeLocation, Plain, PutAside, prepare
from samlocal.template.values import ParameterValue

# An archive without files: the end record alone (PKWARE APPNOTE 4.3.16).
_EMPTY_ARCHIVE = b"PK\x05\x06" + bytes(18)
_CODE = ("CodeUri", "ContentUri", "Code", "Content")


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one resource of the translated template; ``Child/Queue`` is a nested stack's.

    ``note`` says why it was not made, or how it differs from what AWS would have made. ``physical_id`` is None for
    what was not made, and for the few kinds of resources to which the endpoint gives no id.
    """

    logical_id: str
    type: str
    made: bool
    physical_id: str | None
    note: str | None


class Deployment(Struct, frozen=True, kw_only=True):
    """A deployed stack.

    ``made_up`` are the parameters that it uses and nobody has given a value, ``files`` what was read.
    """

    stack_name: str
    stack_id: str
    action: Action
    outputs: Mapping[str, str]
    resources: tuple[Outcome, ...]
    made_up: tuple[MadeUp, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def not_made(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.resources if not outcome.made)

    @property
    def idle(self) -> Mapping[str, str]:
        """Of which resources nothing comes, and why, by logical id."""
        found = {each.logical_id: f"{each.logical_id} is not made: {each.note}" for each in self.not_made}
        for each in self.resources:
            if each.made and NO_DEFINITION in (each.note or ""):
                found[each.logical_id] = f"{each.logical_id}: {NO_DEFINITION}"
        return found

    def physical_id(self, logical_id: str) -> str | None:
        return next((one.physical_id for one in self.resources if one.logical_id == logical_id), None)


class _Part(Struct, frozen=True, kw_only=True):
    """A template, translated, with those of its nested stacks by logical id."""

    document: Document
    plain: Plain
    files: tuple[Path, ...]
    children: Mapping[str, _Part] = field(default_factory=dict)

    def check(self) -> None:
        """Raises TemplateError for what CloudFormation refuses and moto does not."""
        way = circle(self.plain["Resources"])
        if way is not None:
            written = model.template(self.document).resources
            # The translator's own resources stand nowhere in the file.
            line = next((written[name].line for name in way if name in written), 1)
            raise TemplateError(
                f"{self.document.path}:{line}: the resources refer to each other in a circle: {' → '.join(way)}.",
                tip="CloudFormation refuses such a template. Take out one of the references.",
            )
        for child in self.children.values():
            child.check()

    def body(self, path: str) -> object:
        """A resource as it was translated; ``Child/Queue`` is a nested stack's."""
        first, slash, rest = path.partition("/")
        if slash:
            return self.children[first].body(rest) if first in self.children else None
        return self.plain["Resources"].get(first)

    def all_files(self) -> Iterator[Path]:
        yield from self.files
        for child in self.children.values():
            yield from child.all_files()


def deploy(
    document: Document,
    *,
    stack_name: str,
    aws: Aws,
    parameters: Mapping[str, str] | None = None,
    with_code: bool = True,
    deadline: float = 60,
) -> Deployment:
    """Uploads the template's code, translates it, and creates or updates the stack.

    Without ``with_code`` an empty archive stands for the code, which nobody runs there. Parameters that have no value
    get one of the right form. ``deadline`` is in seconds, for the stack. Raises ConfigurationError when ``aws`` is
    not on this machine, TemplateError when the template does not translate, CodeError when code cannot be read,
    AwsError when the endpoint refuses the stack.
    """
    url = _only_local(aws)
    bucket = _bucket(aws)
    uploads = _Uploads(aws, bucket)
    understood = model.template(document)
    place = Place.in_region(aws.region, account=ACCOUNT)
    filled = stack_parameters(understood, parameters or {}, aws=aws, place=place)
    values = filled.values
    part = _translated(document, aws.region, values, uploads if with_code else None)
    part.check()
    types = _types(url)
    stands = StandIns(bucket=bucket, archive=uploads.put(_EMPTY_ARCHIVE), quietly=not with_code)
    deployer = StackDeployer(name=stack_name, aws=aws, until=time.monotonic() + deadline)
    before = deployer.template()
    # Written into the deployed template: known from the start the next time.
    unable = _still_unable(before or {}, part)
    while True:
        fitted = _fitted(part, uploads, stands, types, unable)
        own = {
            "Unable": {name: {"Reason": reason, "Body": _key(part.body(name))} for name, reason in unable.items()},
            "Parameters": _key([values, filled.resolved]),
        }
        metadata = {**(part.plain.get("Metadata") or {}), "samlocal": own}
        try:
            action, stack = deployer.deploy({**fitted[""].template, "Metadata": metadata}, parameters=values)
        except AwsCallError as error:
            found = culprit(error.message)
            if found is None or found[0] in unable:
                raise
            unable[found[0]] = found[1]
        else:
            return Deployment(
                stack_name=stack_name,
                stack_id=stack.id,
                action=Action.RECREATED if before and action is Action.CREATED else action,
                outputs=stack.outputs,
                resources=tuple(_outcomes(part, fitted, stack, aws)),
                made_up=filled.made_up,
                files=tuple(dict.fromkeys(part.all_files())),
            )


class _Uploads:
    """A bucket of the endpoint, where things are called by their hash.

    So code changes the template when it has changed itself, and only then.
    """

    def __init__(self, aws: Aws, bucket: str) -> None:
        self._aws = aws
        self._bucket = bucket

    def put(self, content: bytes, ending: str = "zip") -> CodeLocation:
        key = f"{hashlib.sha256(content).hexdigest()}.{ending}"
        self._aws.call("s3", "put_object", Bucket=self._bucket, Key=key, Body=content)
        return CodeLocation(bucket=self._bucket, key=key)


def _translated(document: Document, region: str, parameters: Mapping[str, str], uploads: _Uploads | None) -> _Part:
    if needs_expanding(document.root):
        known = {name: ParameterValue(text=value, origin="") for name, value in parameters.items()}
        document = expand(document, known)
    prepared = prepare(document, parameters=parameters)
    code = {}
    if uploads is not None:
        code = {
            aside.logical_id: uploads.put(content) for aside, content in _local_code(document, prepared.put_aside)
        }
    translated = translate(document, region=region, parameters=parameters, code=code).template
    understood = model.template(document)
    children = {}
    for resource in understood.resources.values():
        path = child_path(understood, resource) if resource.type in STACK_TYPES else None
        if path is not None:
            children[resource.logical_id] = _translated(read(path), region, {}, uploads)
    return _Part(
        document=document,
        plain=json.loads(json.dumps(translated)),
        files=(document.path, *prepared.files),
        children=children,
    )


def _fitted(
    part: _Part,
    uploads: _Uploads,
    stands: StandIns,
    types: frozenset[str] | None,
    unable: Mapping[str, str],
    prefix: str = "",
) -> dict[str, Fitted]:
    """The fitted templates of a stack and its nested ones, by prefix."""
    found: dict[str, Fitted] = {}
    nested: dict[str, str] = {}
    for logical_id, child in part.children.items():
        inner = f"{prefix}{logical_id}/"
        found |= _fitted(child, uploads, stands, types, unable, inner)
        place = uploads.put(json.dumps(found[inner].template, ensure_ascii=False).encode(), "json")
        nested[logical_id] = f"https://s3.amazonaws.com/{place.bucket}/{place.key}"
    own = {
        name.removeprefix(prefix): reason
        for name, reason in unable.items()
        if name.startswith(prefix) and "/" not in name.removeprefix(prefix)
    }
    here = StandIns(bucket=stands.bucket, archive=stands.archive, quietly=stands.quietly, nested=nested)
    found[prefix] = fit(part.plain, stands=here, types=types, unable=own)
    return found


def _only_local(aws: Aws) -> str:
    url = aws.endpoint_url()
    if url is None or urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ConfigurationError(
            f"Stacks are deployed to an endpoint on this machine only, not to {url or 'AWS'}.",
            tip="Deploy to AWS with `sam deploy`.",
        )
    return url


def _types(url: str) -> frozenset[str] | None:
    """The resource types that the endpoint makes, None where it does not say."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
    try:
        connection.request("GET", "/samlocal/types")
        answer = connection.getresponse()
        return frozenset(json.loads(answer.read())) if answer.status == 200 else None
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()


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


def _local_code(document: Document, put_aside: tuple[PutAside, ...]) -> Iterator[tuple[PutAside, bytes]]:
    for aside in put_aside:
        if aside.property not in _CODE or aside.path is None or not aside.path.exists():
            continue
        try:
            yield aside, archive(aside.path)
        except OSError as error:
            raise CodeError(
                f"{document.path}:{aside.line}: {aside.logical_id}: the code in {aside.path} cannot be read: "
                f"{system_reason(error)}.",
                tip="Give yourself the right to it.",
            ) from error


def _own_metadata(template: Plain) -> Plain:
    match template:
        case {"Metadata": {"samlocal": dict(own)}}:
            return own
    return {}


def _still_unable(before: Plain, part: _Part) -> dict[str, str]:
    """What could not be made the last time and has not changed since, and why."""
    return {
        name: known["Reason"]
        for name, known in _own_metadata(before).get("Unable", {}).items()
        if known["Body"] == _key(part.body(name))
    }


def _key(values: object) -> str:
    """Tells values from others without holding them: there may be secrets among them."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _outcomes(
    part: _Part, fitted: Mapping[str, Fitted], stack: Stack, aws: Aws, prefix: str = ""
) -> Iterator[Outcome]:
    own = fitted[prefix]
    for logical_id, body in part.plain["Resources"].items():
        type_ = str(body.get("Type")) if isinstance(body, dict) else logical_id
        made = logical_id in stack.resources
        note = own.left_out.get(logical_id) or own.notes.get(logical_id)
        if not made and logical_id not in own.left_out:
            condition = body.get("Condition") if isinstance(body, dict) else None
            note = f"its condition {condition} does not hold" if condition else "the endpoint does not say why"
        physical_id = stack.resources.get(logical_id) or None
        yield Outcome(logical_id=prefix + logical_id, type=type_, made=made, physical_id=physical_id, note=note)
        child = part.children.get(logical_id)
        if child is not None and physical_id is not None:
            inner = StackDeployer(name=physical_id, aws=aws, until=time.monotonic() + 10).stack()
            yield from _outcomes(child, fitted, inner, aws, f"{prefix}{logical_id}/")
