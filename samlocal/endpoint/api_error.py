"""What Lambda's API refuses, as AWS answers it: a type, a status, a body.

Types, statuses and the members of each body are those of botocore's model of Lambda (``data/lambda/2015-03-31``).
"""

from __future__ import annotations

from collections.abc import Mapping

from samlocal.errors import (
    AwsError,
    ConfigurationError,
    CredentialsError,
    EngineError,
    FunctionNotFoundError,
    RoleDeniedError,
    SamlocalError,
    UnforeseenError,
)
from samlocal.pool.throttle import ThrottleReason


class ApiError(Exception):
    """A refusal. ``body`` is the JSON that goes with it; the type goes into ``X-Amzn-ErrorType``.

    ``told`` says that the user hears of it as of an event that is over.
    """

    def __init__(self, status: int, error_type: str, body: Mapping[str, str | None]) -> None:
        self.message = body.get("message") or body.get("Message") or ""
        super().__init__(f"{error_type}: {self.message}")
        self.status = status
        self.error_type = error_type
        self.body = body
        self.told = False


def function_not_found(arn: str) -> ApiError:
    return resource_not_found(f"Function not found: {arn}")


def resource_not_found(message: str) -> ApiError:
    return ApiError(404, "ResourceNotFoundException", {"Type": "User", "Message": message})


def invalid_content(message: str, *, type_: str | None = "User") -> ApiError:
    return ApiError(400, "InvalidRequestContentException", {"Type": type_, "message": message})


def invalid_parameter(message: str) -> ApiError:
    return ApiError(400, "InvalidParameterValueException", {"Type": "User", "message": message})


def constraint(member: str, value: str, rule: str) -> ApiError:
    """A parameter that the model of the API itself does not allow."""
    return ApiError(
        400,
        "ValidationException",
        {
            "message": f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
            f"Member must {rule}"
        },
    )


def too_large(message: str) -> ApiError:
    """The model calls it RequestTooLargeException; this is the name that AWS sends (ASFHyP3/hyp3 issue 2241)."""
    return ApiError(413, "RequestEntityTooLargeException", {"Type": "User", "message": message})


def larger_than(bytes_: int) -> ApiError:
    return too_large(f"Request must be smaller than {bytes_} bytes for the InvokeFunction operation")


def throttled(reason: ThrottleReason) -> ApiError:
    return ApiError(
        429, "TooManyRequestsException", {"Reason": reason.value, "Type": "User", "message": "Rate Exceeded."}
    )


def recursive() -> ApiError:
    """The function is one of a loop (Lambda API reference, Invoke: RecursiveInvocationException)."""
    message = (
        "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services "
        "resources and stopped your function's invocation."
    )
    return ApiError(400, "RecursiveInvocationException", {"Type": "User", "Message": message})


def foreign(message: str) -> ApiError:
    """A browser's request, or one that was led here."""
    return ApiError(403, "AccessDeniedException", {"Message": message})


def bad_signature() -> ApiError:
    """Of keys that the caller has not (Lambda API reference, "Common errors")."""
    return ApiError(
        403,
        "InvalidSignatureException",
        {
            "message": "The request signature we calculated does not match the signature you provided. Check your "
            "AWS Secret Access Key and signing method. Consult the service documentation for details."
        },
    )


def unknown_operation(message: str) -> ApiError:
    return ApiError(404, "UnknownOperationException", {"message": message})


def of_samlocal(error: SamlocalError, *, arn: str) -> ApiError:
    """Why samlocal cannot run the function, as the nearest that AWS has.

    A function that cannot be made is one in the state ``Failed``, whose invocation AWS answers with a conflict: no
    SDK asks for that again, as it does after a 5xx. An engine or a network may be there at the next attempt.
    """
    told = f"samlocal: {error.message}" + (f" {error.tip}" if error.tip else "")
    match error:
        case FunctionNotFoundError():
            return function_not_found(arn)
        case RoleDeniedError() | CredentialsError():
            return ApiError(403, "AccessDeniedException", {"Message": told})
        case AwsError() | EngineError() | UnforeseenError():
            return service_error(told)
        case _:
            return ApiError(409, "ResourceConflictException", {"Type": "User", "message": told})


def of_tenancy(error: ConfigurationError) -> ApiError:
    """The tenant is missing, or one too many."""
    return invalid_parameter(error.message)


def service_error(message: str) -> ApiError:
    return ApiError(500, "ServiceException", {"Type": "Service", "Message": message})
