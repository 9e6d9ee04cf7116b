"""One HTTP request without a client of botocore's, whose answer may come in pieces."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from samlocal.aws.failures import AwsUnreachableError


class HttpAnswer:
    """``headers`` find a name however it is written. Close it, or use it as a context manager."""

    def __init__(self, session: Any, answer: Any) -> None:
        self._session = session
        self._answer = answer
        # One thread reads, and another may close.
        self._reading = threading.Lock()
        self.status = int(answer.status_code)
        self.headers: Mapping[str, str] = answer.headers
        # botocore has urllib3 take an end that comes early for the end of the answer.
        answer.raw.enforce_content_length = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self.close()

    def content(self) -> bytes:
        """All of it."""
        return bytes(self._answer.content)

    def pieces(self, size: int) -> Iterator[bytes]:
        """Each of that size, but the last. Raises AwsUnreachableError where the connection breaks."""
        return unbroken(self._alone(iter(lambda: self._answer.raw.read(size), b"")))

    def as_it_comes(self, size: int) -> Iterator[bytes]:
        """Of that size at most, still compressed if it is. Raises AwsUnreachableError where the connection breaks."""
        return unbroken(self._alone(self._answer.raw.stream(size, decode_content=False)))

    def close(self) -> None:
        """From any thread: for another one that reads the connection breaks then, with an older urllib3 than 2.3 at
        the next piece.
        """
        if shutdown := getattr(self._answer.raw, "shutdown", None):
            # It may have come to its end already.
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                shutdown()
        with self._reading:
            self._answer.raw.close()
            self._session.close()

    def _alone(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        while True:
            with self._reading:
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece


def sent(
    request: Any, *, verify: str | bool, direct: bool, timeout: float | tuple[float, float], streams: bool = False
) -> HttpAnswer:
    """The answer to botocore's ``AWSRequest``, of which ``streams`` leaves the body to be read.

    ``verify`` and ``timeout`` (seconds, or those to connect and those between two reads) are as botocore's HTTP
    session takes them. ``direct`` is for what is on this machine: no proxy stands before it. Raises botocore's own
    errors.
    """
    from botocore.httpsession import URLLib3Session
    from botocore.utils import get_environ_proxies

    session = URLLib3Session(
        verify=verify, proxies={} if direct else get_environ_proxies(request.url), timeout=timeout
    )
    request.stream_output = streams
    try:
        return HttpAnswer(session, session.send(request.prepare()))
    except BaseException:
        session.close()
        raise


def unbroken(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Raises AwsUnreachableError where the connection breaks: botocore's error for S3, urllib3's for other URLs."""
    import botocore.exceptions
    import urllib3.exceptions

    try:
        yield from pieces
    except (botocore.exceptions.BotoCoreError, urllib3.exceptions.HTTPError, OSError) as error:
        raise AwsUnreachableError(f"The connection broke: {error}") from error
