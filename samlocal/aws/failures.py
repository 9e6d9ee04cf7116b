"""What goes wrong between samlocal and AWS, as errors that say what to do."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from samlocal.errors import AwsError, ConfigurationError, CredentialsError


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


_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "ForbiddenException", "UnauthorizedOperation", "NotAuthorized"}
)
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

# A signature is good for minutes (IAM user guide, "Troubleshooting AWS Signature Version 4 requests").
_SKEWED = frozenset({"RequestTimeTooSkewed", "RequestInTheFuture"})
_SKEWED_WORDS = re.compile(r"Signature (expired|not yet current)", re.IGNORECASE)
_CLOCK = "Set this machine's clock by the network: `sudo timedatectl set-ntp true`, or a Mac's Date & Time settings."

_NO_ANSWER = "Try again. If it stays so, look for what answers instead: a proxy, or AWS_ENDPOINT_URL."
_SETTINGS = "Mend --region, AWS_ENDPOINT_URL, or what the profile says in ~/.aws/config."

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


def iam_action(service: str, operation: str) -> str:
    """``cloudformation``, ``describe_stacks`` → ``cloudformation:DescribeStacks``."""
    name = "".join(part.capitalize() for part in operation.split("_"))
    return f"{_IAM_PREFIX.get(service, service)}:{name}"


@contextmanager
def translated(profile: str | None, service: str, operation: str) -> Iterator[None]:
    """What a call can come to, as samlocal's errors. ``operation`` is empty where no call was made yet."""
    import botocore.exceptions
    import botocore.parsers

    try:
        yield
    except botocore.exceptions.ClientError as error:
        raise client_error(error, profile, service, operation) from error
    except (botocore.exceptions.BotoCoreError, botocore.parsers.ResponseParserError) as error:
        raise botocore_error(error, profile, service, operation) from error
    except EOFError as error:
        raise no_terminal(profile) from error
    except (LookupError, TypeError, AttributeError) as error:
        # botocore takes any XML for the service's own.
        raise AwsError(
            f"{_what(service, operation)}: what answered is not AWS: its answer has no {error}.", tip=_NO_ANSWER
        ) from error
    except (OSError, ValueError) as error:
        # Of a setting that botocore takes as it is.
        raise AwsError(f"{_what(service, operation)}: {error}", tip=_SETTINGS) from error


@contextmanager
def translated_credentials(profile: str | None) -> Iterator[None]:
    """The same where the caller's keys are looked for: whatever is wrong, nobody signs."""
    import botocore.exceptions as known

    try:
        yield
    except known.ClientError as error:
        raise client_error(error, profile, "sts", "assume_role") from error
    except known.ConfigParseError as error:
        raise unreadable_config(error) from error
    except (known.EndpointConnectionError, known.HTTPClientError) as error:
        raise botocore_error(error, profile, "sts", "assume_role") from error
    except known.BotoCoreError as error:
        raised = botocore_error(error, profile, "sts", "assume_role")
        if isinstance(raised, CredentialsError):
            raise raised from error
        raise _no_keys(error, profile) from error
    except EOFError as error:
        raise no_terminal(profile) from error
    except ValueError as error:
        # What a program says and a kept token hold is JSON.
        raise _no_keys(f"credential_process or a kept token gives no JSON: {error}", profile) from error
    except (OSError, LookupError, TypeError) as error:
        raise _no_keys(error, profile) from error


def unreadable_config(error: Exception) -> ConfigurationError:
    """``~/.aws/config`` or ``credentials`` that is no INI file."""
    return ConfigurationError(f"{error}.", tip="Mend the file: `[profile NAME]`, then lines of `name = value`.")


def _words(said: str) -> str:
    """What a service says, in one line; a page that a proxy or a broken service sends is not quoted."""
    if re.search(r"<(!doctype|html|head|body)\b", said, re.IGNORECASE):
        title = re.search(r"<title>(.*?)</title>", said, re.IGNORECASE | re.DOTALL)
        named = f" with the title {' '.join(title[1].split())!r}" if title else ""
        return f"an HTML page{named} came instead of AWS's answer"
    return " ".join(said.split())


def _no_keys(said: object, profile: str | None) -> CredentialsError:
    return CredentialsError(f"The AWS credentials could not be had: {said}", tip=_login_tip(profile))


def _what(service: str, operation: str) -> str:
    return iam_action(service, operation) if operation else service


def client_error(error: Exception, profile: str | None, service: str, operation: str) -> AwsError | CredentialsError:
    """What AWS answered with an error code: expired or refused credentials, or a refused call."""
    details: Mapping[str, str] = getattr(error, "response", {}).get("Error", {})
    code = str(details.get("Code", "Unknown"))
    said = _words(str(details.get("Message", error)))
    action = iam_action(service, operation)
    if code in _SKEWED or _SKEWED_WORDS.search(said):
        return CredentialsError(
            f"AWS does not accept the time of this machine{_behind(error)} ({action}: {said}).", tip=_CLOCK
        )
    if code in _EXPIRED:
        return CredentialsError(f"The AWS credentials have expired ({action}: {said}).", tip=_login_tip(profile))
    if code in _INVALID:
        return CredentialsError(
            f"AWS does not accept the credentials ({action}: {code}: {said}).", tip=_login_tip(profile)
        )
    tip = f"The caller needs the IAM action {action}." if code in _DENIED else None
    return AwsCallError(f"{action}: {code}: {said}", code=code, action=action, tip=tip)


def _behind(error: Exception) -> str:
    """How far this machine's clock is from that of AWS's answer, where that says its time."""
    from email.utils import parsedate_to_datetime

    headers: Mapping[str, str] = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        there = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return ""
    minutes = round((time.time() - there.timestamp()) / 60)
    return f", whose clock is {abs(minutes)} minutes {'fast' if minutes > 0 else 'slow'}" if minutes else ""


def botocore_error(
    error: Exception, profile: str | None, service: str, operation: str
) -> AwsError | CredentialsError:
    """What went wrong before AWS answered. ``operation`` is empty where no client could be made."""
    import botocore.exceptions as known
    import botocore.parsers as known_parsers

    action = _what(service, operation)
    match error:
        case known.NoCredentialsError() | known.PartialCredentialsError():
            return no_credentials(profile)
        case known.SSOTokenLoadError() | known.UnauthorizedSSOTokenError() | known.TokenRetrievalError():
            return CredentialsError(
                f"The SSO session has ended: {error}", tip=f"Log in again: `aws sso login{_profile(profile)}`."
            )
        case _ if isinstance(error, getattr(known, "LoginError", ())):
            # `aws login`, which botocore knows since 1.41.
            return CredentialsError(
                f"The login session has ended: {error}", tip=f"Log in again: `aws login{_profile(profile)}`."
            )
        case known.CredentialRetrievalError():
            return CredentialsError(f"The AWS credentials could not be had: {error}", tip=_login_tip(profile))
        case known.ConnectionError() | known.HTTPClientError():
            return AwsUnreachableError(
                f"{action}: AWS cannot be reached: {error}",
                tip="Check the network, --region and AWS_ENDPOINT_URL.",
            )
    if isinstance(error, known_parsers.ResponseParserError):
        return AwsError(f"{action}: {_words(str(error))}", tip=_NO_ANSWER)
    return AwsError(f"{action}: {error}", tip=_SETTINGS)


class NoTerminalError(CredentialsError):
    """Nobody can be asked for the MFA code."""


def no_terminal(profile: str | None) -> NoTerminalError:
    return NoTerminalError(
        "The profile wants an MFA code, and there is no terminal to ask for it.",
        tip="Run samlocal once at a terminal: the session is kept until it ends. Or name another profile with "
        "--aws-profile."
        if profile
        else "Run samlocal once at a terminal: the session is kept until it ends.",
    )


def no_credentials(profile: str | None) -> CredentialsError:
    """Nobody signs."""
    return CredentialsError("There are no AWS credentials.", tip=_login_tip(profile))


def _login_tip(profile: str | None) -> str:
    return (
        f"Log in (`aws sso login{_profile(profile)}` or `aws configure{_profile(profile)}`), "
        "or name another profile with --aws-profile."
    )


def _profile(profile: str | None) -> str:
    return f" --profile {profile}" if profile else ""
