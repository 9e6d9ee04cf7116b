"""Buckets of the local endpoint tell of what happens in them, as the template has them configured.

moto's CloudFormation makes buckets without their notifications, and its events lack a part of what S3's have.
Sources: S3 user guide, "Event message structure" and "EventBridge event message structure"; CloudFormation template
reference, AWS::S3::Bucket NotificationConfiguration. Tried with moto 5.2.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TypeAlias
from urllib.parse import quote_plus

from moto.s3 import models, notifications
from moto.s3.models import FakeBucket, FakeDeleteMarker, S3Backend
from moto.s3.responses import S3Response

from samlocal.event_template import as_json
from samlocal.local.moto.buses import Buses
from samlocal.local.moto.targets import Targets

Json: TypeAlias = dict[str, Any]

# Later events of a key have greater ones.
_sequence = itertools.count(time.time_ns())

_tags_alone: ContextVar[bool] = ContextVar("_tags_alone", default=False)
"""Whether a request is to put tags, and nothing else."""

# The ETag of a delete marker, which has no content.
_NOTHING = "d41d8cd98f00b204e9800998ecf8427e"

# The property of a template, moto's word for it, and what names the destination: in a template, and for moto.
_CONFIGURATIONS = (
    ("LambdaConfigurations", "CloudFunctionConfiguration", "Function", "CloudFunction"),
    ("QueueConfigurations", "QueueConfiguration", "Queue", "Queue"),
    ("TopicConfigurations", "TopicConfiguration", "Topic", "Topic"),
)

# S3 user guide, "EventBridge event message structure": the operation behind it.
_REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
    "ObjectRemoved:Delete": "DeleteObject",
    "ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
    "LifecycleExpiration:Delete": "Lifecycle Expiration",
    "LifecycleExpiration:DeleteMarkerCreated": "Lifecycle Expiration",
}
_DETAIL_TYPES = {
    "ObjectCreated": "Object Created",
    "ObjectRemoved": "Object Deleted",
    "LifecycleExpiration": "Object Deleted",
    "ObjectRestore:Post": "Object Restore Initiated",
    "ObjectRestore:Completed": "Object Restore Completed",
    "ObjectRestore:Delete": "Object Restore Expired",
    "LifecycleTransition": "Object Storage Class Changed",
    "IntelligentTiering": "Object Access Tier Changed",
    "ObjectAcl": "Object ACL Updated",
    "ObjectTagging:Put": "Object Tags Added",
    "ObjectTagging:Delete": "Object Tags Deleted",
}


def mend_bucket_events(targets: Targets, buses: Buses) -> None:
    """Called once."""

    def send_event(account_id: str, event_name: Any, bucket: FakeBucket, key: Any) -> None:
        configuration = bucket.notification_configuration
        if configuration is None:
            return
        name = str(event_name.value).removeprefix("s3:")
        if name == "ObjectTagging:Put" and not _tags_alone.get():
            # moto says so of each object that is put.
            return
        happened = _Happened(name, bucket, key)
        for each in (*configuration.cloud_function, *configuration.queue, *configuration.topic):
            if each.matches(event_name.value, key.name):
                text = as_json(happened.notification(each.id))
                targets.send(each.arn, text, source=bucket.arn, target={"Subject": "Amazon S3 Notification"})
        if configuration.event_bridge is not None:
            buses.tell(account_id, bucket.region_name, happened.bus_event(account_id))

    def marked(backend: S3Backend, bucket_name: str, key_name: str) -> FakeDeleteMarker:
        marker = mark(backend, bucket_name, key_name)
        event = notifications.S3NotificationEvent.OBJECT_REMOVED_DELETE_MARKER_CREATED_EVENT
        send_event(backend.account_id, event, backend.get_bucket(bucket_name), marker)
        return marker

    def tagged(response: S3Response) -> Any:
        before = _tags_alone.set(True)
        try:
            return tag(response)
        finally:
            _tags_alone.reset(before)

    mark, tag = S3Backend._set_delete_marker, S3Response.put_object_tagging
    setattr(notifications, "send_event", send_event)  # noqa: B010 - mypy forbids it as an assignment
    # Of a new bucket moto tells rules in an event of its own making. On AWS it is CloudTrail that does.
    setattr(models, "events_send_notification", lambda *_, **__: None)  # noqa: B010
    setattr(S3Backend, "_set_delete_marker", marked)  # noqa: B010
    setattr(S3Response, "put_object_tagging", tagged)  # noqa: B010
    for name in ("create_from_cloudformation_json", "update_from_cloudformation_json"):
        setattr(FakeBucket, name, classmethod(_notifying(getattr(FakeBucket, name))))


class _Happened:
    """Something happened to an object."""

    def __init__(self, name: str, bucket: FakeBucket, key: Any) -> None:
        self._name = name
        self._bucket = bucket
        self._key = key
        self._at = datetime.now(UTC)
        self._request_id = uuid.uuid4().hex[:16].upper()
        self._sequencer = f"{next(_sequence):018X}"

    def notification(self, configuration_id: str) -> Json:
        key = quote_plus(self._key.name, safe="/")
        return {
            "Records": [
                {
                    "eventVersion": "2.1",
                    "eventSource": "aws:s3",
                    "awsRegion": self._bucket.region_name,
                    "eventTime": self._at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                    "eventName": self._name,
                    "userIdentity": {"principalId": f"AWS:{self._bucket.account_id}"},
                    "requestParameters": {"sourceIPAddress": "127.0.0.1"},
                    "responseElements": {
                        "x-amz-request-id": self._request_id,
                        "x-amz-id-2": f"{self._request_id}{self._sequencer}",
                    },
                    "s3": {
                        "s3SchemaVersion": "1.0",
                        "configurationId": configuration_id,
                        "bucket": {
                            "name": self._bucket.name,
                            "ownerIdentity": {"principalId": f"A{self._bucket.account_id}"},
                            "arn": self._bucket.arn,
                        },
                        "object": {"key": key, **self._object("eTag", "versionId")},
                    },
                }
            ]
        }

    def bus_event(self, account_id: str) -> Json:
        kind = self._name.partition(":")[0]
        removed = {}
        if kind in ("ObjectRemoved", "LifecycleExpiration"):
            marker = self._name.endswith("DeleteMarkerCreated")
            removed["deletion-type"] = "Delete Marker Created" if marker else "Permanently Deleted"
        reason = _REASONS.get(self._name)
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": _DETAIL_TYPES.get(self._name) or _DETAIL_TYPES[kind],
            "source": "aws.s3",
            "account": account_id,
            "time": self._at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._bucket.region_name,
            "resources": [self._bucket.arn],
            "detail": {
                "version": "0",
                "bucket": {"name": self._bucket.name},
                "object": {"key": self._key.name, **self._object("etag", "version-id")},
                "request-id": self._request_id,
                "requester": account_id,
                "source-ip-address": "127.0.0.1",
                **({} if reason is None else {"reason": reason}),
                **removed,
            },
        }

    def _object(self, etag: str, version_id: str) -> Json:
        """Of one that is gone nobody says how large it was."""
        facts: Json = {}
        if self._name != "ObjectRemoved:Delete":
            if hasattr(self._key, "size"):
                facts["size"] = self._key.size
            facts[etag] = self._key.etag.strip('"') if hasattr(self._key, "etag") else _NOTHING
        if self._bucket.is_versioned and self._key.version_id is not None:
            facts[version_id] = str(self._key.version_id)
        return {**facts, "sequencer": self._sequencer}


def _notifying(make: Callable[..., FakeBucket]) -> Callable[..., FakeBucket]:
    """A bucket of a template, with its notifications."""

    def made(_: type, *arguments: Any, **more: Any) -> FakeBucket:
        bucket = make(*arguments, **more)
        # Its JSON is the one argument that is an object.
        resource = next(each for each in (*arguments, *more.values()) if isinstance(each, Mapping))
        configuration = (resource.get("Properties") or {}).get("NotificationConfiguration") or {}
        bucket.set_notification_configuration(_configuration(configuration))
        return bucket

    return made


def _configuration(given: Mapping[str, Any]) -> Json:
    """A template's as the API has it."""
    found: Json = {}
    for property_, name, destination, known in _CONFIGURATIONS:
        some = [
            {known: each[destination], "Event": [each["Event"]], "Filter": _filter(each)}
            for each in given.get(property_) or ()
            if isinstance(each.get(destination), str)
        ]
        if some:
            found[name] = some
    bridge = given.get("EventBridgeConfiguration")
    if bridge is not None and str(bridge.get("EventBridgeEnabled", True)).lower() == "true":
        found["EventBridgeConfiguration"] = {}
    return found


def _filter(given: Mapping[str, Any]) -> Json | None:
    rules = ((given.get("Filter") or {}).get("S3Key") or {}).get("Rules") or ()
    if not rules:
        return None
    # Names of rules may be written in any case.
    return {"S3Key": {"FilterRule": [{"Name": str(r["Name"]).lower(), "Value": str(r["Value"])} for r in rules]}}
