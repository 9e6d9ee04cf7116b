"""Who calls AWS: a profile or somebody's own keys, a region, and what stands in for AWS, as botocore reads them."""

from __future__ import annotations

import os
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from msgspec import Struct

from samlocal.aws.call_log import log_calls, shortened
from samlocal.aws.failures import no_credentials, translated_credentials, unreadable_config
from samlocal.aws.sessions import keep_sessions
from samlocal.errors import ConfigurationError

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


class Caller:
    """One caller in one region. Nothing is imported or read before it is asked for.

    What it is made of is ``Aws``'s, of the same names.
    """

    def __init__(
        self,
        *,
        profile: str | None,
        region: str | None,
        credentials: Credentials | None,
        sessions: Path | None,
        endpoint_url: str | None,
    ) -> None:
        self.profile = profile
        self.own_endpoint_url = endpoint_url
        """What stands in for AWS on this machine."""

        self._region = region
        self._own = credentials
        self._sessions = sessions

    @cached_property
    def _core(self) -> Any:
        """botocore's session, which reads the profile."""
        import botocore.exceptions
        import botocore.session

        core = botocore.session.Session(
            profile=self.profile, session_vars=_NO_SETTINGS if self.own_endpoint_url else None
        )
        log_calls(core, whom=self.whom)
        try:
            if self._sessions is not None and self._own is None:
                keep_sessions(core, self._sessions)
            core.get_scoped_config()
            core.register_component("data_loader", _models(core.get_config_variable("data_path")))
        except botocore.exceptions.ConfigParseError as error:
            raise unreadable_config(error) from error
        except botocore.exceptions.ProfileNotFound as error:
            raise ConfigurationError(
                f"The AWS profile {self.profile or os.environ.get('AWS_PROFILE')!r} is not configured.",
                tip="`aws configure list-profiles` shows those that are; name one with --aws-profile.",
            ) from error
        return core

    @cached_property
    def session(self) -> Any:
        """botocore's, as this caller in this region.

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
        region = self._region or self.session.get_config_variable("region")
        if not region:
            raise ConfigurationError(
                "No AWS region is set.",
                tip="Give --region, put `region` beside `stack_name` in samconfig.toml, or set AWS_REGION.",
            )
        return str(region)

    @property
    def whom(self) -> str:
        """Who that is, in a few words without a secret."""
        profile = self.profile or os.environ.get("AWS_PROFILE")
        key_id = self._own.access_key_id if self._own else None
        if key_id is None and not profile:
            key_id = os.environ.get("AWS_ACCESS_KEY_ID")
        if key_id is not None:
            return f"key {shortened(key_id)}"
        return f"profile {profile or 'default'}"

    @cached_property
    def _keys(self) -> Any:
        """botocore's credentials, which renew themselves."""
        with translated_credentials(self.profile):
            found = self.session.get_credentials()
            if found is not None:
                # Roles and tokens of the web are asked for here, not at the first call.
                found.get_frozen_credentials()
        if found is None:
            raise no_credentials(self.profile)
        return found

    def keys(self) -> Any:
        """Those of now, as botocore signs with them.

        Raises CredentialsError when there are none or they cannot be renewed.
        """
        renewing = self._keys
        with translated_credentials(self.profile):
            return renewing.get_frozen_credentials()

    def credentials(self) -> Credentials:
        """The same, with their end. Raises CredentialsError."""
        keys = self.keys()
        expiry = getattr(self._keys, "_expiry_time", None)
        return Credentials(
            access_key_id=keys.access_key,
            secret_access_key=keys.secret_key,
            session_token=keys.token,
            expires=expiry.timestamp() if expiry else None,
            endpoint_url=self.endpoint_url(),
        )

    def endpoint_url(self) -> str | None:
        """What stands in for all of AWS, if anything does (AWS SDKs guide, "Service-specific endpoints")."""
        if self.own_endpoint_url:
            return self.own_endpoint_url
        if self._core.get_config_variable("ignore_configured_endpoint_urls"):
            return None
        url = os.environ.get("AWS_ENDPOINT_URL") or self._core.get_scoped_config().get("endpoint_url")
        return str(url) if url else None

    def trusted(self) -> str | bool:
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


@cache
def _models(data_path: str | None) -> Any:
    """What botocore knows of the services, read once in a process: a document of each, in a folder of 400.

    Its own sessions share nothing, and whoever asks an environment anew has another one. ``data_path`` is the setting
    for models beside botocore's.
    """
    import botocore.loaders

    return botocore.loaders.create_loader(data_path)
