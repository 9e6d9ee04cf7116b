"""What `sam local generate-event` calls an event and its flags is called the same here.

Source: aws/aws-sam-cli samcli/lib/generated_sample_events/event-mapping.json. Not here are the twelve demonstrations
of CloudFront's, which are four kinds of events, and what is another event under a name of its own
(``rekognition s3-request``, ``kinesis analytics-compressed``, ``analytics-dynamodb``, ``analytics-kpl``).
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from events_kit import kind_of

_PLACE = ("account-id", "partition", "region")
_OF_SAM_CLI: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "alexa-skills-kit end-session", "alexa-skills-kit intent-answer", "alexa-skills-kit intent-getnewfact",
            "alexa-skills-kit intent-mycoloris", "alexa-skills-kit intent-recipe", "alexa-skills-kit start-session",
        ),
        ("session-id", "user-id", "application-id", "request-id"),
    ),
    "alexa-smart-home smart-home-control-turn-off-request": (),
    "alexa-smart-home smart-home-control-turn-on-request": (),
    "alexa-smart-home smart-home-discovery-request": (),
    "alb request": ("body", "method", "path", "account-id", "dns-suffix"),
    "apigateway authorizer": (*_PLACE, "stage", "method", "resource", "restApiId"),
    "apigateway request-authorizer": (*_PLACE, "stage", "method", "resource", "restApiId"),
    "apigateway aws-proxy": (
        "body", "stage", "method", "resource", "path", "querystringparameters", "account-id", "dns-suffix",
    ),
    "apigateway http-api-proxy": ("body", "stage", "method", "path", "account-id", "dns-suffix"),
    "appsync resolver": (),
    "batch get-job": (),
    "batch submit-job": (),
    "cloudformation create-request": (*_PLACE, "stack"),
    "cloudwatch logs": (),
    "cloudwatch scheduled-event": (*_PLACE, "rule"),
    "codecommit repository": (*_PLACE, "repository", "trigger", "custom-data"),
    "codepipeline job": ("account-id", "input-bucket", "input-key", "output-bucket", "output-key"),
    "cognito sync-trigger": ("region",),
    "config item-change-notification": _PLACE,
    "config oversized-item-change-notification": _PLACE,
    "config periodic-rule": _PLACE,
    "connect contact-flow-event": (*_PLACE, "contact-id", "phone-number"),
    "dynamodb update": (*_PLACE, "table"),
    "kinesis analytics": (*_PLACE, "application", "stream", "data"),
    "kinesis apachelog": ("region", "data"),
    "kinesis cloudwatch-logs-processor": _PLACE,
    "kinesis syslog": ("region", "data"),
    "kinesis get-records": ("region", "partition", "sequence", "data", "partition-key"),
    "kinesis kinesis-firehose": ("partition", "region", "data"),
    "kinesis streams-as-source": ("partition", "region", "partition-key", "data", "sequence"),
    "lex book-car": (),
    "lex book-hotel": (),
    "lex make-appointment": (),
    "lex order-flowers": (),
    "lex-v2 banking-bot": (),
    "lex-v2 book-car": (),
    "lex-v2 book-hotel": (),
    "s3 batch-invocation": ("bucket-arn", "key"),
    "s3 delete": ("region", "partition", "bucket", "key"),
    "s3 put": ("region", "partition", "bucket", "key"),
    "sagemaker ground-truth-annotation-consolidation": (
        *_PLACE, "labeling-job-name", "label-attribute-name", "s3-output-path", "execution-role",
        "iteration-object-timestamp",
    ),
    "sagemaker ground-truth-pre-human": (*_PLACE, "source-ref", "labeling-job-name"),
    "ses email-receiving": (*_PLACE, "dns-suffix"),
    "sns notification": (*_PLACE, "topic", "subject", "message"),
    "sqs receive-message": (*_PLACE, "queue-name", "body"),
    "stepfunctions error": ("error", "cause"),
    "workmail email": ("flow-direction", "mail-from", "sender"),
}  # fmt: skip


@pytest.mark.parametrize("name", _OF_SAM_CLI)
def test_an_event_of_sam_cli_has_its_name_and_flags_here(name: str) -> None:
    flags = {
        spelling
        for flag, each in kind_of(name).flags.items()
        if each.help is not None
        for spelling in (f"--{flag}", *each.also)
    }
    assert {f"--{flag}" for flag in _OF_SAM_CLI[name]} <= flags
