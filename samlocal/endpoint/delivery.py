"""Brings records of asynchronous events to destinations, and events that are lost to dead-letter queues.

To functions of the template as events of their own, to everything else, deployed functions among it, under the rights
of the function that ran, as AWS does: the right to send is its role's.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable

from samlocal.aws import Aws
from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.destinations import Sending, ToFunction, ToService, Undeliverable, sendings
from samlocal.endpoint.directory import Callee, CurrentDirectory
from samlocal.endpoint.happening import Sent, Told
from samlocal.endpoint.invocation_record import InvocationRecord
from samlocal.errors import SamlocalError
from samlocal.sandbox.invocation import Request

# Threads are few, and a destination that is out of reach holds one for minutes.
_AT_ONCE = 3


class Delivery:
    """``caller`` gives AWS as a function calls it, None where it has no rights.

    ``told`` gets what was sent, ``warn`` what was not.
    """

    def __init__(
        self,
        functions: CurrentDirectory,
        caller: Callable[[Callee], Awaitable[Aws | None]],
        *,
        warn: Callable[[str], None],
        told: Told,
    ) -> None:
        self._functions = functions
        self._caller = caller
        self._warn = warn
        self._told = told
        self._sending = asyncio.Semaphore(_AT_ONCE)

    async def deliver(self, record: InvocationRecord, *, again: Callable[[Callee, Request], None]) -> None:
        """Sends all there is to send; ``again`` takes events for functions, and may raise
        SamlocalError. What fails is told, and no error."""
        for sending in sendings(record):
            try:
                problem = await self._send(record.callee, sending, again)
            except SamlocalError as error:
                problem = error.message
            if problem is not None:
                self._warn(f"{record.callee.path}: what came of its event is not delivered: {problem}")
            elif not isinstance(sending, Undeliverable):
                sent = Sent(callee=record.callee, request=record.request, condition=record.condition, to=sending.arn)
                self._told(sent)

    async def _send(self, callee: Callee, sending: Sending, again: Callable[[Callee, Request], None]) -> str | None:
        """Why it could not be sent."""
        match sending:
            case Undeliverable(what=what, reason=reason):
                return f"{what}: {reason}"
            case ToFunction(arn=arn, payload=payload):
                try:
                    called, reference = await self._functions.find(arn, None)
                except ApiError as error:
                    return await self._deployed(callee, arn, payload, otherwise=error.message)
                request = Request(payload=payload, request_id=str(uuid.uuid4()), qualifier=reference.qualifier)
                again(called, request)
                return None
            case ToService(arn=arn):
                aws = await self._caller(callee)
                if aws is None:
                    return f"{arn}: the function has no rights here; name an environment with -e or -n."
                async with self._sending:
                    await asyncio.to_thread(_call, aws, sending)
                return None

    async def _deployed(self, callee: Callee, arn: str, payload: bytes, *, otherwise: str) -> str | None:
        """To a function of the environment that is not the template's."""
        aws = await self._caller(callee)
        if aws is None:
            return otherwise
        async with self._sending:
            await asyncio.to_thread(
                aws.call, "lambda", "invoke", FunctionName=arn, InvocationType="Event", Payload=payload
            )
        return None


def _call(aws: Aws, sending: ToService) -> None:
    parameters = dict(sending.parameters)
    if sending.queue is not None:
        name, account = sending.queue
        found = aws.call(
            sending.service, "get_queue_url", region=sending.region, QueueName=name, QueueOwnerAWSAccountId=account
        )
        parameters["QueueUrl"] = found["QueueUrl"]
    aws.call(sending.service, sending.operation, region=sending.region, **parameters)
