"""The only user of boto3: one caller in one region, with errors that say what to do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from samlocal.errors import AwsError, ConfigurationError, CredentialsError

if TYPE_CHECKING:
    import boto3


class AwsCallError(AwsError):
    """AWS refused a call; ``code`` is the service's own error code, ``action`` the IAM action it needs."""

    def __init__(self, message: str, *, code: str, action: str, tip: str | None = None) -> None:
        super().__init__(message, tip=tip)
        self.code = code
        self.action = action

    @property
    def denied(self) -> bool:
        return self.code in _DENIED


class AwsUnreachableError(AwsError):
    """AWS did not answer at all."""


_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"})
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_INVALID = frozenset(
    {
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "AuthFailure",
    }
)

# The IAM prefix of a service where it is not the name boto3 gives it (Service Authorization Reference).
_IAM_PREFIX = {
    "apigatewayv2": "apigateway",
    "cloudcontrol": "cloudformation",
    "docdb": "rds",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "neptune": "rds",
    "opensearch": "es",
    "opensearchserverless": "aoss",
    "stepfunctions": "states",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Keys that sign requests. ``expires`` is in epoch seconds, None for keys that do not end."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None
    expires: float | None = None

    def __repr__(self) -> str:
        return f"Credentials({self.access_key_id[:4]}…)"


class Aws:
    """Calls AWS as one caller in one region.

    Nothing is imported or opened before the first call. ``environ`` is read by botocore itself from the process.
    """

    def __init__(
        self,
        *,
        profile: str | None = None,
        region: str | None = None,
        credentials: Credentials | None = None,
    ) -> None:
        self.profile = profile
        self._region = region
        self._own = credentials
        self._clients: dict[tuple[str, str], Any] = {}

    @cached_property
    def _session(self) -> boto3.Session:
        import boto3
        import botocore.exceptions

        keys: dict[str, str | None] = {}
        if self._own:
            keys = {
                "aws_access_key_id": self._own.access_key_id,
                "aws_secret_access_key": self._own.secret_access_key,
                "aws_session_token": self._own.session_token,
            }
        try:
            return boto3.Session(profile_name=self.profile, region_name=self._region, **keys)
        except botocore.exceptions.ProfileNotFound as error:
            raise ConfigurationError(
                f"The AWS profile {self.profile!r} is not configured.",
                tip="`aws configure list-profiles` shows those that are; name one with --aws-profile.",
            ) from error

    @cached_property
    def region(self) -> str:
        """The region, from the flag, the environment or the profile."""
        region = self._region or self._session.region_name
        if not region:
            raise ConfigurationError(
                "No AWS region is set.",
                tip="Give --region, put `region` beside `stack_name` in samconfig.toml, or set AWS_REGION.",
            )
        return str(region)

    def credentials(self) -> Credentials:
        """The caller's own keys.

        Raises CredentialsError when there are none or they cannot be renewed.
        """
        import botocore.exceptions

        try:
            found = self._session.get_credentials()
            if found is None:
                raise _no_credentials(self.profile)
            frozen = found.get_frozen_credentials()
        except botocore.exceptions.BotoCoreError as error:
            raise _botocore_error(error, self.profile, "sts", "GetCallerIdentity") from error
        expiry = getattr(found, "_expiry_time", None)
        return Credentials(
            access_key_id=frozen.access_key,
            secret_access_key=frozen.secret_key,
            session_token=frozen.token,
            expires=expiry.timestamp() if expiry else None,
        )

    def endpoint_url(self) -> str | None:
        """The endpoint that stands in for every AWS service (AWS_ENDPOINT_URL or the profile's), if one does."""
        url = str(self._client("sts", self.region).meta.endpoint_url)
        return None if "amazonaws." in url else url

    def call(
        self, service: str, operation: str, *, region: str | None = None, **parameters: object
    ) -> dict[str, Any]:
        """One call; ``operation`` is boto3's method name.

        Raises AwsCallError with the service's code when AWS refuses, CredentialsError when nobody signs,
        AwsError when AWS cannot be reached.
        """
        import botocore.exceptions
        import botocore.parsers

        client = self._client(service, region or self.region)
        try:
            answer: dict[str, Any] = getattr(client, operation)(**parameters)
        except botocore.exceptions.ClientError as error:
            raise _client_error(error, self.profile, service, operation) from error
        except (botocore.exceptions.BotoCoreError, botocore.parsers.ResponseParserError) as error:
            raise _botocore_error(error, self.profile, service, operation) from error
        return answer

    def pages(
        self, service: str, operation: str, *, region: str | None = None, **parameters: object
    ) -> Iterator[dict[str, Any]]:
        """All pages of a listing call. Raises as ``call`` does."""
        import botocore.exceptions
        import botocore.parsers

        client = self._client(service, region or self.region)
        try:
            yield from client.get_paginator(operation).paginate(**parameters)
        except botocore.exceptions.ClientError as error:
            raise _client_error(error, self.profile, service, operation) from error
        except (botocore.exceptions.BotoCoreError, botocore.parsers.ResponseParserError) as error:
            raise _botocore_error(error, self.profile, service, operation) from error

    def _client(self, service: str, region: str) -> Any:
        import botocore.config
        import botocore.exceptions

        key = (service, region)
        if key not in self._clients:
            config = botocore.config.Config(
                connect_timeout=10, read_timeout=30, retries={"mode": "standard", "max_attempts": 3}
            )
            try:
                self._clients[key] = self._session.client(service, region_name=region, config=config)
            except (botocore.exceptions.BotoCoreError, ValueError) as error:
                raise _botocore_error(error, self.profile, service, "") from error
        return self._clients[key]


def caller_key(environ: Mapping[str, str], *, profile: str | None, region: str | None) -> str:
    """Tells one caller's cached answers from another's, without asking anyone who the caller is."""
    named = (
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_ENDPOINT_URL",
        "AWS_CONFIG_FILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    )
    parts = [profile or "", region or "", *(environ.get(name, "") for name in named)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def iam_action(service: str, operation: str) -> str:
    """``cloudformation``, ``describe_stacks`` → ``cloudformation:DescribeStacks``."""
    name = "".join(part.capitalize() for part in operation.split("_"))
    return f"{_IAM_PREFIX.get(service, service)}:{name}"


def _client_error(error: Exception, profile: str | None, service: str, operation: str) -> AwsError | CredentialsError:
    details: Mapping[str, str] = getattr(error, "response", {}).get("Error", {})
    code = str(details.get("Code", "Unknown"))
    said = str(details.get("Message", error)).strip()
    action = iam_action(service, operation)
    if code in _EXPIRED:
        return CredentialsError(f"The AWS credentials have expired ({action}: {said}).", tip=_login_tip(profile))
    if code in _INVALID:
        return CredentialsError(
            f"AWS does not accept the credentials ({action}: {code}: {said}).", tip=_login_tip(profile)
        )
    tip = f"The caller needs the IAM action {action}." if code in _DENIED else None
    return AwsCallError(f"{action}: {code}: {said}", code=code, action=action, tip=tip)


def _botocore_error(
    error: Exception, profile: str | None, service: str, operation: str
) -> AwsError | CredentialsError:
    import botocore.exceptions as known

    action = iam_action(service, operation) if operation else service
    match error:
        case known.NoCredentialsError() | known.PartialCredentialsError():
            return _no_credentials(profile)
        case known.SSOTokenLoadError() | known.UnauthorizedSSOTokenError() | known.TokenRetrievalError():
            return CredentialsError(
                f"The SSO session has ended: {error}", tip=f"Log in again: aws sso login{_profile(profile)}"
            )
        case known.CredentialRetrievalError():
            return CredentialsError(f"The AWS credentials could not be had: {error}", tip=_login_tip(profile))
        case (
            known.EndpointConnectionError()
            | known.ConnectTimeoutError()
            | known.ReadTimeoutError()
            | known.ConnectionError()
        ):
            return AwsUnreachableError(
                f"{action}: AWS cannot be reached: {error}",
                tip="Check the network, --region and AWS_ENDPOINT_URL.",
            )
    return AwsError(f"{action}: {error}")


def _no_credentials(profile: str | None) -> CredentialsError:
    return CredentialsError("There are no AWS credentials.", tip=_login_tip(profile))


def _login_tip(profile: str | None) -> str:
    return (
        f"Log in (`aws sso login{_profile(profile)}` or `aws configure{_profile(profile)}`), "
        "or name another profile with --aws-profile."
    )


def _profile(profile: str | None) -> str:
    return f" --profile {profile}" if profile else ""
