"""Data for the local environment, from a file.

A file is JSON or YAML with any of these sections; names are logical ids of the template or real names:

    tables:      {EventsTable: [{id: a1, seats: 80, tags: [x]}]}
    buckets:     {Uploads: {notes.txt: "text", "a.json": {"any": "JSON"}, photo.png: {file: photo.png}}}
    queues:      {Orders: ["text", {"any": "JSON"}]}
    parameters:  {/app/flag: "on", "/app/key": {value: s3cret, type: SecureString}}
    secrets:     {DbPassword: "text or", Login: {user: me, password: "any JSON"}}

Items and JSON are written plainly, not in DynamoDB's typed form; ``file`` is read from beside the seed file. What is
there already under the same key is replaced; messages are added.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from samlocal.aws import Aws, AwsCallError
from samlocal.config import nearest, yaml_problem
from samlocal.dynamodb_json import typed
from samlocal.errors import ConfigurationError

_TYPES = {
    "tables": ("AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable"),
    "buckets": ("AWS::S3::Bucket",),
    "queues": ("AWS::SQS::Queue",),
    "parameters": ("AWS::SSM::Parameter",),
    "secrets": ("AWS::SecretsManager::Secret",),
}

_FORM = "`samlocal local seed --help` shows what each section holds."

_NOT_THERE = (
    "ResourceNotFoundException",
    "NoSuchBucket",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
)
"""What DynamoDB, S3 and SQS (by its two protocols) call what they do not have."""


class Seeded(Struct, frozen=True, kw_only=True):
    """What was put somewhere: how many, what, where."""

    count: int
    what: str
    where: str


class Seed(Struct, frozen=True, kw_only=True):
    """A seed file, read. ``sections`` hold what goes where, by section and name."""

    path: Path
    sections: Mapping[str, Mapping[str, Any]]


def read_seed(path: Path) -> Seed:
    """Raises ConfigurationError with what is wrong in the file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".json":
            content = json.loads(text)
        else:
            import yaml

            content = yaml.safe_load(text)
    except FileNotFoundError as error:
        raise ConfigurationError(f"{path}: there is no such seed file.", tip=_FORM) from error
    except OSError as error:
        raise ConfigurationError(
            f"{path}: the seed file cannot be read: {error.strerror}.", tip="Give yourself the right to read it."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{path}: the seed file is not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}.",
            tip="Store it as UTF-8.",
        ) from error
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{path}: not valid JSON: {error}.") from error
    except Exception as error:
        # yaml.YAMLError has no other base, and yaml is imported only where it is needed.
        raise ConfigurationError(f"{path}: not valid YAML: {yaml_problem(error)}.") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: a seed file is a mapping of {', '.join(_TYPES)}.")
    for section, things in content.items():
        if section not in _TYPES:
            raise ConfigurationError(
                f"{path}: there is no section {section!r}{nearest(str(section), _TYPES)}",
                tip=f"A seed file has {', '.join(_TYPES)}.",
            )
        if not isinstance(things, dict):
            raise ConfigurationError(f"{path}: {section} is a mapping of names; this is not.")
    return Seed(path=path, sections=content)


def sow(seed: Seed, aws: Aws, *, stack_name: str) -> Iterator[Seeded]:
    """Puts what a seed file says into the local environment.

    Raises ConfigurationError for a name that is not there and for content of the wrong form, AwsError.
    """
    names = _Names(aws, stack_name)
    for section, things in seed.sections.items():
        put = _PUT[section]
        for name, content in things.items():
            where = names.physical_id(str(name), section)
            try:
                yield Seeded(count=put(aws, where, content, seed.path.parent), what=section, where=str(name))
            except AwsCallError as error:
                if error.code in _NOT_THERE:
                    raise names.not_there(str(name), section, seed.path) from error
                raise ConfigurationError(f"{seed.path}: {section}: {name}: {error.message}") from error
            except (TypeError, ValueError) as error:
                raise ConfigurationError(f"{seed.path}: {section}: {name}: {error}.", tip=_FORM) from error


class _Names:
    """The stack's resources by logical id."""

    def __init__(self, aws: Aws, stack_name: str) -> None:
        pages = aws.pages("cloudformation", "list_stack_resources", StackName=stack_name)
        self._resources = {
            summary["LogicalResourceId"]: (summary["ResourceType"], summary["PhysicalResourceId"])
            for page in pages
            for summary in page["StackResourceSummaries"]
            if summary.get("PhysicalResourceId")
        }

    def physical_id(self, name: str, section: str) -> str:
        type_, physical_id = self._resources.get(name, ("", name))
        if type_ and type_ not in _TYPES[section]:
            raise ConfigurationError(f"{name} is no part of {section}: it is {type_}.")
        return str(physical_id)

    def not_there(self, name: str, section: str, path: Path) -> ConfigurationError:
        there = [known for known, (type_, _) in self._resources.items() if type_ in _TYPES[section]]
        return ConfigurationError(
            f"{path}: {section}: there is no {name}{nearest(name, there)}",
            tip=f"The stack has {', '.join(there) or 'none'}.",
        )


def _items(aws: Aws, table: str, content: Any, _: Path) -> int:
    for number, item in enumerate(_list(content), start=1):
        try:
            attributes = {str(key): typed(value) for key, value in _mapping(item).items()}
            aws.call("dynamodb", "put_item", TableName=table, Item=attributes)
        except AwsCallError as error:
            if error.code in _NOT_THERE:
                raise
            raise ValueError(f"item {number}: {error.message.rstrip('.')}") from error
        except (TypeError, ValueError) as error:
            raise ValueError(f"item {number}: {error}") from error
    return len(content)


def _objects(aws: Aws, bucket: str, content: Any, folder: Path) -> int:
    for key, body in _mapping(content).items():
        match body:
            case {"file": str(name), **more} if not more:
                try:
                    data = (folder / name).read_bytes()
                except OSError as error:
                    raise ValueError(f"{name} cannot be read: {error.strerror}") from error
            case _:
                data = _text(body).encode()
        aws.call("s3", "put_object", Bucket=bucket, Key=str(key), Body=data)
    return len(content)


def _messages(aws: Aws, queue: str, content: Any, _: Path) -> int:
    url = queue if "://" in queue else aws.call("sqs", "get_queue_url", QueueName=queue)["QueueUrl"]
    fifo = {"MessageGroupId": "seed"} if queue.endswith(".fifo") else {}
    for number, body in enumerate(_list(content)):
        more = fifo | ({"MessageDeduplicationId": f"seed-{number}"} if fifo else {})
        aws.call("sqs", "send_message", QueueUrl=url, MessageBody=_text(body), **more)
    return len(content)


def _parameter(aws: Aws, name: str, content: Any, _: Path) -> int:
    match content:
        case {"value": value, **more} if more.keys() <= {"type"}:
            type_ = str(more.get("type", "String"))
        case _:
            value, type_ = content, "StringList" if isinstance(content, list) else "String"
    text = ",".join(map(str, value)) if isinstance(value, list) else _text(value)
    aws.call("ssm", "put_parameter", Name=name, Value=text, Type=type_, Overwrite=True)
    return 1


def _secret(aws: Aws, name: str, content: Any, _: Path) -> int:
    try:
        aws.call("secretsmanager", "put_secret_value", SecretId=name, SecretString=_text(content))
    except AwsCallError as error:
        if error.code != "ResourceNotFoundException":
            raise
        aws.call("secretsmanager", "create_secret", Name=name, SecretString=_text(content))
    return 1


def _list(content: Any) -> list[Any]:
    if not isinstance(content, list):
        raise TypeError("this is to be a list, and is not")
    return content


def _mapping(content: Any) -> dict[Any, Any]:
    if not isinstance(content, dict):
        raise TypeError("this is to be a mapping, and is not")
    return content


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


_PUT: Mapping[str, Callable[[Aws, str, Any, Path], int]] = {
    "tables": _items,
    "buckets": _objects,
    "queues": _messages,
    "parameters": _parameter,
    "secrets": _secret,
}
