"""Rules of IoT: what is published at the local endpoint reaches their actions. moto keeps rules, and runs none.

Source: AWS IoT Core developer guide, "Rules for AWS IoT" and "AWS IoT rule actions". Tried with moto 5.2.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from samlocal.aws import Aws
from samlocal.dynamodb_json import typed
from samlocal.event_template import as_json
from samlocal.local.moto.targets import LOG, Targets
from samlocal.local.moto.topic_sql import TopicSqlError, filled_in, topic_sql
from samlocal.local.moto.topic_values import UNDEFINED, Message


def mend_topic_rules(targets: Targets, connect: Callable[[str], Aws]) -> None:
    """Called once, before the first request. ``connect`` gives the endpoint itself, in a region."""
    from moto.iot.exceptions import InvalidRequestException
    from moto.iot.models import IoTBackend
    from moto.iotdata.models import IoTDataPlaneBackend

    create, publish = IoTBackend.create_topic_rule, IoTDataPlaneBackend.publish
    actions = _Actions(targets, connect)

    def created(backend: IoTBackend, rule_name: str, sql: str, **more: Any) -> None:
        try:
            topic_sql(sql)
        except TopicSqlError as error:
            raise InvalidRequestException(str(error)) from error
        create(backend, rule_name, sql, **more)

    def published(backend: IoTDataPlaneBackend, topic: str, payload: bytes) -> None:
        publish(backend, topic, payload)
        for rule in list(backend.iot_backend.rules.values()):
            if not rule.rule_disabled:
                _run(rule, topic, payload, actions)

    setattr(IoTBackend, "create_topic_rule", created)  # noqa: B010 - mypy forbids it as an assignment
    setattr(IoTDataPlaneBackend, "publish", published)  # noqa: B010


def _run(rule: Any, topic: str, payload: bytes, actions: _Actions) -> None:
    sql = topic_sql(rule.sql)
    if not sql.listens_to(topic):
        return
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        LOG.warning("not delivered from %s: a message on %s is no JSON, which rules need here", rule.arn, topic)
        return
    message = Message(topic=topic, payload=value, account=rule.account_id)
    result = sql.result(message)
    if result is UNDEFINED:
        return
    for action in rule.actions:
        for kind, given in action.items():
            try:
                actions.act(kind, given, result, message, rule)
            except Exception as error:
                # What a template's author wrote there may be of any kind.
                LOG.warning("not delivered from %s by its action %s: %s", rule.arn, kind, error)


class _Actions:
    """What a rule does with its result."""

    def __init__(self, targets: Targets, connect: Callable[[str], Aws]) -> None:
        self._targets = targets
        self._connect = connect

    def act(self, kind: str, given: Mapping[str, Any], result: Any, message: Message, rule: Any) -> None:
        """Raises whatever the service that it leads to answers."""
        text, aws = as_json(result), self._connect(rule.region_name)

        def said(name: str) -> str:
            return filled_in(str(given[name]), message)

        match kind:
            case "lambda":
                self._targets.send(given["functionArn"], text, source=rule.arn)
            case "sqs":
                aws.call("sqs", "send_message", QueueUrl=said("queueUrl"), MessageBody=text)
            case "sns":
                aws.call("sns", "publish", TopicArn=said("targetArn"), Message=text)
            case "kinesis":
                key = said("partitionKey") if "partitionKey" in given else str(uuid.uuid4())
                aws.call("kinesis", "put_record", StreamName=said("streamName"), Data=text, PartitionKey=key)
            case "dynamoDBv2":
                table = filled_in(given["putItem"]["tableName"], message)
                item = {name: typed(value) for name, value in result.items()}
                aws.call("dynamodb", "put_item", TableName=table, Item=item)
            case _:
                LOG.warning("not delivered from %s: the local environment runs no action %s", rule.arn, kind)
