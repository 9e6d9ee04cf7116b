"""Who hears of the requests that come to the endpoint: the command line shows them."""

from __future__ import annotations

from typing import Protocol

from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.run import Ended


class Hears(Protocol):
    """What becomes of requests, for the user."""

    def told(self, ended: Ended) -> None:
        """An event is over."""

    def refused(self, request: str, error: ApiError) -> None:
        """A request has run nothing."""

    def failed(self, error: Exception) -> None:
        """A fault of samlocal's own."""

    def passed_on(self, caller: str, request: str, status: int) -> None:
        """A function's own request was another's to answer."""
