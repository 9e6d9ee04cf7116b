"""What the local endpoint's own services send to one another, and to functions.

Sources: EventBridge user guide, "Event bus targets"; moto's own services stand behind the ARNs. Tried with moto 5.2.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from typing import Any

from moto.core.utils import unix_time_millis

from samlocal.local.invocation import Invocation
from samlocal.local.moto.invocations import FullError, Invocations
from samlocal.local.moto.tracing import trace_headers

LOG = logging.getLogger("samlocal")
"""What has a warning's level is told where functions run, too (``remarks.py``)."""


class _UndeliverableError(Exception):
    """Nothing here takes what is sent to such a service."""


class Targets:
    """Sends on behalf of a service. What cannot be sent is logged, and goes to the target's dead letters.

    AWS would try it again before, and nobody waits for that here.
    """

    def __init__(self, invocations: Invocations) -> None:
        self._invocations = invocations

    def send(
        self,
        arn: str,
        text: str,
        *,
        source: str,
        target: Mapping[str, Any] | None = None,
        event: str | None = None,
    ) -> None:
        """``text`` is JSON for all of them. ``target`` says more, as a rule's target does.

        ``event`` is what dead letters get of it, where that is not the text.
        """
        try:
            self._send(arn, text, source, target or {})
        except FullError:
            LOG.warning("an event of %s for %s is lost: nobody ran functions, and no more could wait", source, arn)
        except Exception as error:
            LOG.warning("not delivered from %s to %s: %s", source, arn, error)
            dead_letters = ((target or {}).get("DeadLetterConfig") or {}).get("Arn")
            if dead_letters:
                self._keep(dead_letters, event or text, source=source, arn=arn, why=str(error))

    @staticmethod
    def _keep(queue: str, text: str, *, source: str, arn: str, why: str) -> None:
        """EventBridge user guide, "Using dead-letter queues to process undelivered events", and Scheduler's own."""
        from moto.sqs.models import sqs_backends

        _, _, _, region, account, name = queue.split(":", 5)
        own = "SCHEDULE_ARN" if ":scheduler:" in source else "RULE_ARN"
        told = {own: source, "TARGET_ARN": arn, "ERROR_MESSAGE": why}
        attributes = {key: {"DataType": "String", "StringValue": value} for key, value in told.items()}
        try:
            sqs_backends[account][region].send_message(name, text, message_attributes=attributes)
        except Exception as error:
            LOG.warning("nor to its dead letters %s: %s", queue, error)

    def _send(self, arn: str, text: str, source: str, target: Mapping[str, Any]) -> None:
        _, _, service, region, account, resource = arn.split(":", 5)
        match service:
            case "lambda":
                self._invocations.put(
                    Invocation(function=arn, payload=text.encode(), source=source, headers=trace_headers())
                )
            case "sqs":
                from moto.sqs.models import sqs_backends

                group = (target.get("SqsParameters") or {}).get("MessageGroupId")
                sqs_backends[account][region].send_message(queue_name=resource, message_body=text, group_id=group)
            case "sns":
                from moto.sns.models import sns_backends

                sns_backends[account][region].publish(arn=arn, message=text, subject=target.get("Subject"))
            case "states":
                from moto.stepfunctions.responses import get_backend

                get_backend(account, region).start_execution(
                    state_machine_arn=arn, name=str(uuid.uuid4()), execution_input=text
                )
            case "kinesis":
                self._put_record(account, region, arn, text)
            case "firehose":
                from moto.firehose.models import firehose_backends

                firehose_backends[account][region].put_record(resource.partition("/")[2], {"Data": text.encode()})
            case "logs":
                self._log(account, region, resource.split(":")[1], text)
            case _:
                raise _UndeliverableError(f"the local environment delivers nothing to {service}")

    @staticmethod
    def _put_record(account: str, region: str, arn: str, text: str) -> None:
        import base64

        from moto.kinesis.models import kinesis_backends

        kinesis_backends[account][region].put_record(
            stream_arn=arn,
            stream_name="",
            partition_key=str(uuid.uuid4()),
            explicit_hash_key="",
            data=base64.b64encode(text.encode()).decode(),
        )

    @staticmethod
    def _log(account: str, region: str, group: str, text: str) -> None:
        from moto.logs.models import logs_backends

        backend, stream = logs_backends[account][region], str(uuid.uuid4())
        backend.create_log_stream(group, stream)
        backend.put_log_events(group, stream, [{"timestamp": unix_time_millis(), "message": text}])
