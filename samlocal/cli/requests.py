"""What a command that stays says of the requests that it serves: their logs, and a line for each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeAlias

from samlocal.cli.output import Output
from samlocal.endpoint.api_error import ApiError
from samlocal.endpoint.run import Ended
from samlocal.errors import SamlocalError
from samlocal.pool.throttle import Throttled
from samlocal.sandbox.invocation import Invocation
from samlocal.sandbox.journal import Record, Remark
from samlocal.sandbox.outlet import Outlet
from samlocal.sandbox.result import outcome

if TYPE_CHECKING:
    from samlocal.endpoint.directory import Directory

_Item: TypeAlias = Record | Remark | Ended


class Requests:
    """``log`` is where sandboxes write. An event's line stands behind the end of its log."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self.log: Outlet[_Item] = Outlet(self._write)
        # Both are the outlet's thread's: who has ended before their log has, and the other way round.
        self._ended: dict[str, Ended] = {}
        self._logged: set[str] = set()

    def banner(self, directory: Directory, url: str) -> None:
        """What is served, and a line to paste."""
        self._output.facts(["Function", "Name"], [[callee.path, callee.name] for callee in directory])
        first = next(iter(directory), None)
        self._output.notice(
            f"Lambda is served at {url}, to whoever reaches it: signatures are not checked. Ctrl-C ends it."
        )
        if first is not None:
            self._output.plain(
                f"aws lambda invoke --endpoint-url {url} --function-name {first.name} --payload '{{}}' /dev/stdout"
            )

    def told(self, ended: Ended) -> None:
        """An event is over."""
        self.log.put(ended)

    def refused(self, request: str, error: ApiError) -> None:
        """A request that ran nothing."""
        self._output.plain(f"{time.strftime('%H:%M:%S')} {request} {error.status} {error}")

    def passed_on(self, caller: str, request: str, status: int) -> None:
        """A function's own request was AWS's to answer."""
        self._output.plain(f"{time.strftime('%H:%M:%S')} {caller} asked AWS: {request} {status}")

    def failed(self, error: Exception) -> None:
        """A fault of samlocal's own, or what broke an answer off."""
        if isinstance(error, SamlocalError):
            self._output.error(error)
            return
        self._output.warning(f"a request has failed by a fault of samlocal's own: {type(error).__name__}: {error}")

    def _write(self, item: _Item) -> None:
        match item:
            case Ended(outcome=Invocation(request_id=request_id)):
                if request_id in self._logged:
                    self._logged.remove(request_id)
                    self._show(item)
                else:
                    self._ended[request_id] = item
            case Ended():
                self._show(item)
            case Record(type="platform.report", request_id=str(request_id)):
                self._output.said(item)
                if request_id in self._ended:
                    self._show(self._ended.pop(request_id))
                else:
                    self._logged.add(request_id)
            case _:
                self._output.said(item)

    def _show(self, ended: Ended) -> None:
        self._output.plain(f"{time.strftime('%H:%M:%S')} {ended.callee.path} {_line(ended)}")
        if isinstance(ended.failure, SamlocalError):
            self._output.error(ended.failure)


def _line(ended: Ended) -> str:
    match ended.outcome:
        case None:
            return "was not run"
        case Throttled(reason=reason):
            return f"throttled: {reason.value}"
        case Invocation(result=result, report=report):
            status, error_type = outcome(result)
            said = [status or "success", error_type, f"{report.duration:.2f} ms"]
            if report.init_duration is not None:
                said.append(f"init {report.init_duration:.2f} ms")
            if report.max_memory_used is not None:
                said.append(f"{report.max_memory_used} MB")
            return " · ".join(filter(None, said))
