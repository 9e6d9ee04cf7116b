"""Who hears of the requests that come to the endpoint: the command line shows them."""

from __future__ import annotations

from typing import Protocol

from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.happening import Happening
from samlocal.reload.told import NotReloaded, Reloaded


class Hears(Protocol):
    """What becomes of requests and of saves, for the user."""

    def told(self, happening: Happening) -> None:
        """An event has begun, is over, or goes on."""

    def reloaded(self, save: Reloaded | NotReloaded) -> None:
        """What was saved is taken up, or cannot be."""

    def refused(self, request: str, error: ApiError) -> None:
        """A request has run nothing."""

    def failed(self, error: BaseException) -> None:
        """A fault of samlocal's own."""

    def passed_on(self, caller: str, request: str, status: int) -> None:
        """A function's own request was another's to answer."""
