"""The only user of botocore: one caller in one region, with errors that say what to do."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samlocal.aws.call_log import is_heard, logged
from samlocal.aws.caller import Caller, Credentials
from samlocal.aws.download import Body, opened_object, opened_url
from samlocal.aws.failures import AwsCallError, AwsUnreachableError, iam_action, translated
from samlocal.aws.identity import caller_key
from samlocal.aws.signed_query import signed_query

if TYPE_CHECKING:
    # It is for the endpoint alone.
    from samlocal.aws.signed_request import Reply

__all__ = [
    "SESSIONS_FOLDER",
    "Aws",
    "AwsCallError",
    "AwsUnreachableError",
    "Body",
    "Credentials",
    "caller_key",
    "iam_action",
]

_CONNECTIONS = 64

SESSIONS_FOLDER = "aws-sessions"
"""Of the cache folder: what ``Aws`` keeps there as ``sessions``."""


class Aws:
    """Calls AWS as one caller in one region.

    Nothing is imported or opened before the first call. ``environ`` is read by botocore itself from the process.
    ``sessions`` is the folder where the sessions of profiles with a role are kept, as the AWS CLI keeps them: who is
    asked for an MFA code is asked once in a session. With ``endpoint_url``, which stands in for AWS on this machine,
    nothing of the user's own AWS settings counts.
    """

    def __init__(
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        credentials: Credentials | None = None,
        sessions: Path | None = None,
        endpoint_url: str | None = None,
    ) -> None:
        self._caller = Caller(
            profile=profile, region=region, credentials=credentials, sessions=sessions, endpoint_url=endpoint_url
        )
        self._clients: dict[tuple[str, str], Any] = {}
        # Threads share one caller, and botocore makes one client at a time only.
        self._making = threading.Lock()

    @property
    def profile(self) -> str | None:
        return self._caller.profile

    @property
    def region(self) -> str:
        """The region, from the flag, the environment or the profile. Raises ConfigurationError where none is set."""
        return self._caller.region

    def credentials(self) -> Credentials:
        """The caller's own keys.

        Raises CredentialsError when there are none or they cannot be renewed.
        """
        return self._caller.credentials()

    def endpoint_url(self) -> str | None:
        """What stands in for all of AWS, if anything does."""
        return self._caller.endpoint_url()

    def call(
        self, service: str, operation: str, *, region: str | None = None, **parameters: object
    ) -> dict[str, Any]:
        """One call; ``operation`` is boto3's method name.

        Raises AwsCallError with the service's code when AWS refuses, CredentialsError when nobody signs,
        AwsError when AWS cannot be reached.
        """
        client = self._client(service, region or self.region)
        with translated(self.profile, service, operation):
            answer: dict[str, Any] = getattr(client, operation)(**parameters)
        return answer

    def query(self, endpoint_url: str, service: str, *, region: str, **parameters: str) -> bytes:
        """One call to an endpoint that is known, as XML; quicker than the first ``call``, and tried once only.

        Raises AwsCallError, CredentialsError and AwsError.
        """
        keys, trusted = self._caller.keys(), self._caller.trusted()
        with translated(self.profile, service, ""), self._logged(service, parameters.get("Action", ""), region):
            return signed_query(keys, endpoint_url, service, region, parameters, verify=trusted, direct=self._direct)

    def send(
        self,
        service: str,
        *,
        region: str,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
        subdomain: str = "",
        seconds: float | None = None,
    ) -> Reply:
        """Somebody's request, as this caller's own; ``target`` is its path with the query, the names of ``headers``
        are in small letters.

        ``subdomain`` stands before the service's host (``sync-``), where that is AWS's own; the answer may take
        ``seconds``. Raises CredentialsError and AwsError, AwsUnreachableError also while the pieces are read.
        """
        from samlocal.aws.signed_request import signed_request

        client = self._client(service, region)
        scheme, _, host = self.endpoint_of(service, region=region).rstrip("/").partition("://")
        url = f"{scheme}://{'' if self.endpoint_url() else subdomain}{host}{target}"
        keys, trusted = self._caller.keys(), self._caller.trusted()
        with translated(self.profile, service, ""), self._logged(service, f"{method} {_path(target)}", region):
            return signed_request(
                keys,
                client.meta.service_model.signing_name,
                region,
                method=method,
                url=url,
                headers=headers,
                body=body,
                verify=trusted,
                direct=self._direct,
                **({} if seconds is None else {"seconds": seconds}),
            )

    def target_of(self, service: str, action: str, *, region: str) -> tuple[str, str] | None:
        """How a service of JSON is told of an action, and the content type that says so; None of any other."""
        known = self._client(service, region).meta.service_model.metadata
        prefix, version = known.get("targetPrefix"), known.get("jsonVersion", "1.0")
        return (f"{prefix}.{action}", f"application/x-amz-json-{version}") if prefix else None

    def endpoint_of(self, service: str, *, region: str | None = None) -> str:
        """Where the service is asked."""
        return str(self._client(service, region or self.region).meta.endpoint_url)

    @property
    def _direct(self) -> bool:
        """No proxy stands between this machine and itself."""
        return self._caller.own_endpoint_url is not None

    def pages(
        self, service: str, operation: str, *, region: str | None = None, **parameters: object
    ) -> Iterator[dict[str, Any]]:
        """All pages of a listing call. Raises as ``call`` does."""
        client = self._client(service, region or self.region)
        with translated(self.profile, service, operation):
            yield from client.get_paginator(operation).paginate(**parameters)

    def open_url(self, url: str, *, start: int) -> AbstractContextManager[Body]:
        """What lies behind a signed URL, from ``start`` on where the server can, else from its beginning.

        Raises AwsCallError with the HTTP status as its code, AwsUnreachableError where the connection breaks, also
        while the pieces are read.
        """
        return opened_url(url, start=start, verify=self._caller.trusted(), direct=self._direct)

    @contextmanager
    def open_object(
        self,
        bucket: str,
        key: str,
        *,
        version: str | None,
        start: int,
        region: str | None = None,
        etag: str | None = None,
    ) -> Iterator[Body]:
        """An object of S3, from ``start`` on. Raises as ``open_url`` does, with S3's own codes.

        With ``etag`` S3 refuses another content than that (``PreconditionFailed``).
        """
        given = {"VersionId": version} if version else {}
        if etag is not None:
            given["IfMatch"] = etag
        if start:
            given["Range"] = f"bytes={start}-"
        answer = self.call("s3", "get_object", region=region, Bucket=bucket, Key=key, **given)
        with opened_object(answer, start=start) as body:
            yield body

    def input_shape(self, service: str, operation: str) -> Any:
        """What an operation takes, as botocore's model describes it; None where the service has no such operation."""
        model = self._client(service, self.region).meta
        name = model.method_to_api_mapping.get(operation)
        return model.service_model.operation_model(name).input_shape if name else None

    def client(self, service: str) -> Any:
        """boto3's client of a service, for whoever knows those."""
        return self._client(service, self.region)

    def _logged(self, service: str, operation: str, region: str) -> AbstractContextManager[None]:
        if not is_heard():
            return nullcontext()
        return logged(service, operation, region, whom=self._caller.whom)

    def _client(self, service: str, region: str) -> Any:
        key = (service, region)
        with self._making:
            if key not in self._clients:
                self._clients[key] = self._made(service, region)
            return self._clients[key]

    def _made(self, service: str, region: str) -> Any:
        import botocore.config

        # What is wrong with the keys or the certificates has words of its own.
        self._caller.keys()
        self._caller.trusted()
        config = botocore.config.Config(
            connect_timeout=10,
            read_timeout=30,
            # Threads share a client, and one that finds no room for its connection says so on standard error.
            max_pool_connections=_CONNECTIONS,
            retries={"mode": "standard", "max_attempts": 3},
            proxies={} if self._direct else None,
            s3={"addressing_style": "path"} if self._direct else None,
        )
        with translated(self.profile, service, ""):
            client = self._caller.session.create_client(
                service, region_name=region, config=config, endpoint_url=self._caller.own_endpoint_url
            )
        if service == "iam":
            _keep_documents_as_written(client)
        return client


def _path(target: str) -> str:
    """Without its query, which may hold a signature."""
    return target.partition("?")[0]


def _keep_documents_as_written(client: Any) -> None:
    """Policy documents stay the URL-encoded text that IAM sends: botocore's mappings forget how they were written."""
    import botocore.handlers

    client.meta.events.unregister("after-call.iam", botocore.handlers.json_decode_policies)
