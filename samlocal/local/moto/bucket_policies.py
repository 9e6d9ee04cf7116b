"""Bucket policies of the local endpoint count as far as it can know what they depend on.

moto decides by a policy without the values of its conditions, and refuses what a condition would let pass: with the
statement that denies what does not come by TLS, which many buckets have, nothing could be put into one. Source: IAM
user guide, "Policy evaluation logic": a statement counts where its condition holds. Tried with moto 5.2.
"""

from __future__ import annotations

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket


def mend_bucket_policies() -> None:
    """Called once."""
    setattr(FakeBucket, "get_permission", _permission)  # noqa: B010 - mypy forbids it as an assignment


def _permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    statements = _statements(bucket.policy)
    if not statements:
        return PermissionResult.NEUTRAL
    certain = json.dumps({"Statement": statements})
    return IAMPolicy({"policy_document": certain}).is_action_permitted(action, resource)


def _statements(policy: bytes | None) -> list[Any]:
    """Those without a condition."""
    if policy is None:
        return []
    found = json.loads(policy)["Statement"]
    return [each for each in (found if isinstance(found, list) else [found]) if not each.get("Condition")]
