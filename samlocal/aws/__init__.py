"""The only user of botocore: one caller in one region, with errors that say what to do."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from samlocal.aws.download import Body, opened_object, opened_url
from samlocal.aws.failures import (
    AwsCallError,
    AwsUnreachableError,
    iam_action,
    no_credentials,
    translated,
    translated_credentials,
    unreadable_config,
)
from samlocal.aws.identity import caller_key
from samlocal.aws.sessions import keep_sessions
from samlocal.aws.signed_query import signed_query
from samlocal.errors import ConfigurationError

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

SESSIONS_FOLDER = "aws-sessions"
"""Of the cache folder: what ``Aws`` keeps there as ``sessions``."""

# botocore's own variables: no profile and no file is read (None: from neither a file nor the environment).
_NO_SETTINGS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
    "ca_bundle": (None, None, None, None),
}


class Credentials(Struct, frozen=True, kw_only=True):
    """Keys that sign requests. ``expires`` is in epoch seconds, None for keys that do not end.

    ``endpoint_url`` is what stands in for AWS where these keys are good; None for AWS itself.
    """

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None
    expires: float | None = None
    endpoint_url: str | None = None

    def __repr__(self) -> str:
        return f"Credentials({self.access_key_id[:4]}…)"


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
        self.profile = profile
        self._region = region
        self._own = credentials
        self._sessions = sessions
        self._endpoint_url = endpoint_url
        self._clients: dict[tuple[str, str], Any] = {}
        # Threads share one caller, and botocore makes one client at a time only.
        self._making = threading.Lock()

    @cached_property
    def _core(self) -> Any:
        """botocore's session, which reads the profile."""
        import botocore.exceptions
        import botocore.session

        core = botocore.session.Session(
            profile=self.profile, session_vars=_NO_SETTINGS if self._endpoint_url else None
        )
        try:
            if self._sessions is not None and self._own is None:
                keep_sessions(core, self._sessions)
            core.get_scoped_config()
        except botocore.exceptions.ConfigParseError as error:
            raise unreadable_config(error) from error
        except botocore.exceptions.ProfileNotFound as error:
            raise ConfigurationError(
                f"The AWS profile {self.profile or os.environ.get('AWS_PROFILE')!r} is not configured.",
                tip="`aws configure list-profiles` shows those that are; name one with --aws-profile.",
            ) from error
        return core

    @cached_property
    def _session(self) -> Any:
        """The same, as this caller in this region.

        boto3's own session would add what samlocal has no use for, and the time to import it.
        """
        core = self._core
        if self._region:
            core.set_config_variable("region", self._region)
        if self._own:
            core.set_credentials(self._own.access_key_id, self._own.secret_access_key, self._own.session_token)
        return core

    @cached_property
    def region(self) -> str:
        """The region, from the flag, the environment or the profile."""
        region = self._region or self._session.get_config_variable("region")
        if not region:
            raise ConfigurationError(
                "No AWS region is set.",
                tip="Give --region, put `region` beside `stack_name` in samconfig.toml, or set AWS_REGION.",
            )
        return str(region)

    @cached_property
    def _keys(self) -> Any:
        """botocore's credentials, which renew themselves. Raises CredentialsError where there are none."""
        with translated_credentials(self.profile):
            found = self._session.get_credentials()
            if found is not None:
                # Roles and tokens of the web are asked for here, not at the first call.
                found.get_frozen_credentials()
        if found is None:
            raise no_credentials(self.profile)
        return found

    def credentials(self) -> Credentials:
        """The caller's own keys.

        Raises CredentialsError when there are none or they cannot be renewed.
        """
        found = self._keys
        with translated_credentials(self.profile):
            frozen = found.get_frozen_credentials()
        expiry = getattr(found, "_expiry_time", None)
        return Credentials(
            access_key_id=frozen.access_key,
            secret_access_key=frozen.secret_key,
            session_token=frozen.token,
            expires=expiry.timestamp() if expiry else None,
            endpoint_url=self.endpoint_url(),
        )

    def endpoint_url(self) -> str | None:
        """What stands in for all of AWS, if anything does (AWS SDKs guide, "Service-specific endpoints")."""
        if self._endpoint_url:
            return self._endpoint_url
        if self._core.get_config_variable("ignore_configured_endpoint_urls"):
            return None
        url = os.environ.get("AWS_ENDPOINT_URL") or self._core.get_scoped_config().get("endpoint_url")
        return str(url) if url else None

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
        keys, trusted = self._keys, self._trusted()
        with translated_credentials(self.profile):
            frozen = keys.get_frozen_credentials()
        with translated(self.profile, service, ""):
            return signed_query(
                frozen, endpoint_url, service, region, parameters, verify=trusted, direct=self._direct
            )

    def send(
        self,
        service: str,
        *,
        region: str,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Reply:
        """Somebody's request, as this caller's own; ``target`` is its path with the query.

        Raises CredentialsError and AwsError, AwsUnreachableError also while the pieces are read.
        """
        from samlocal.aws.signed_request import signed_request

        url = f"{self.endpoint_of(service, region=region).rstrip('/')}{target}"
        with translated_credentials(self.profile):
            frozen = self._keys.get_frozen_credentials()
        with translated(self.profile, service, ""):
            return signed_request(
                frozen,
                service,
                region,
                method=method,
                url=url,
                headers=headers,
                body=body,
                verify=self._trusted(),
                direct=self._direct,
            )

    def endpoint_of(self, service: str, *, region: str | None = None) -> str:
        """Where the service is asked."""
        return str(self._client(service, region or self.region).meta.endpoint_url)

    @property
    def _direct(self) -> bool:
        """No proxy stands between this machine and itself."""
        return self._endpoint_url is not None

    def _trusted(self) -> str | bool:
        """The certificates that servers are checked by. Raises ConfigurationError where they are not there."""
        named = {
            "AWS_CA_BUNDLE (ca_bundle in ~/.aws/config)": self._core.get_config_variable("ca_bundle"),
            "REQUESTS_CA_BUNDLE": os.environ.get("REQUESTS_CA_BUNDLE"),
        }
        for setting, path in named.items():
            if path and not Path(path).exists():
                raise ConfigurationError(
                    f"{setting} names {path}, which is not there.", tip="Name a file of certificates, or unset it."
                )
            if path:
                return str(path)
        return True

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
        return opened_url(url, start=start, verify=self._trusted(), direct=self._direct)

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

    def _client(self, service: str, region: str) -> Any:
        key = (service, region)
        with self._making:
            if key not in self._clients:
                self._clients[key] = self._made(service, region)
            return self._clients[key]

    def _made(self, service: str, region: str) -> Any:
        import botocore.config

        # What is wrong with the keys or the certificates has words of its own.
        _ = self._keys
        self._trusted()
        config = botocore.config.Config(
            connect_timeout=10,
            read_timeout=30,
            retries={"mode": "standard", "max_attempts": 3},
            proxies={} if self._direct else None,
            s3={"addressing_style": "path"} if self._endpoint_url else None,
        )
        with translated(self.profile, service, ""):
            client = self._session.create_client(
                service, region_name=region, config=config, endpoint_url=self._endpoint_url
            )
        if service == "iam":
            _keep_documents_as_written(client)
        return client


def _keep_documents_as_written(client: Any) -> None:
    """Policy documents stay the URL-encoded text that IAM sends: botocore's mappings forget how they were written."""
    import botocore.handlers

    client.meta.events.unregister("after-call.iam", botocore.handlers.json_decode_policies)
