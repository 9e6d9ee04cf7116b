"""One route's path, segment by segment.

Both kinds of API Gateway's APIs take the most specific route that has the request's method: of the segments from the
left, one that is written out goes before a parameter, a parameter before a greedy one, and then the method itself
before ANY. A route of another method is none at all, so that ``/{proxy+}`` takes what ``/items`` has no method for.

An HTTP API takes any route without a greedy segment before all that have one.

Sources: API Gateway developer guide, "Route API requests" and "Set up a proxy integration with a proxy resource". For
REST APIs, what was measured on AWS: floci-io/floci pull request 3399, ministackorg/ministack pull request 1423,
localstack/localstack pull request 9208; parameters are never empty: aws/chalice pull request 588.
"""

from __future__ import annotations

from urllib.parse import unquote

from samlocal.http_api.integration import ANY
from samlocal.http_api.model import Route

_LITERAL, _PARAMETER, _GREEDY = range(3)


class Pattern:
    """A route that has a path."""

    __slots__ = ("_segments", "greedy", "rank", "route")

    def __init__(self, route: Route) -> None:
        self.route = route
        path = route.path.strip("/")
        self._segments = [_segment(each) for each in path.split("/")] if path else []
        kinds = [kind for kind, _ in self._segments]
        self.greedy = bool(kinds) and kinds[-1] == _GREEDY
        self.rank: tuple[int, ...] = (*kinds, route.method == ANY)
        """The smaller, the more specific; of two that take the same path."""

    def parameters(self, segments: list[str]) -> dict[str, str] | None:
        """What the parameters stand for in a path, as it is written there; None where the path is another one."""
        own = self._segments
        if len(segments) < len(own) or (len(segments) > len(own) and not self.greedy):
            return None
        found: dict[str, str] = {}
        for index, (kind, name) in enumerate(own):
            value = segments[index]
            match kind:
                case 0 if value != name and unquote(value) != name:
                    return None
                case 1 if not value:
                    return None
                case 1:
                    found[name] = value
                case 2:
                    found[name] = "/".join(segments[index:])
                    if not found[name]:
                        return None
        return found


def _segment(written: str) -> tuple[int, str]:
    if written.startswith("{") and written.endswith("+}"):
        return _GREEDY, written[1:-2]
    if written.startswith("{") and written.endswith("}"):
        return _PARAMETER, written[1:-1]
    return _LITERAL, written
