"""The log of a local environment's functions, read on from where it was left, also where its process is a new one."""

from __future__ import annotations

from samlocal.errors import AwsError
from samlocal.local.log_line import LogLines
from samlocal.local.project import LocalProject
from samlocal.local.runner import Runner
from samlocal.local.server import LocalServer


class LogReader:
    """One project's."""

    def __init__(self, project: LocalProject) -> None:
        self._project = project
        self._server: LocalServer | None = None
        self._after = 0

    def server(self) -> LocalServer:
        """The one that is up now; another one than before is read from its beginning. Raises AwsError."""
        server = self._project.running()
        if server is None:
            raise AwsError(
                "The local environment is not up.", tip="`samlocal up` starts it, and runs its functions there."
            )
        if self._server is None or server.token != self._server.token:
            self._server, self._after = server, 0
        return server

    def read(self, *, wait: float) -> LogLines:
        """The next lines, as soon as there are some; none behind so many seconds. Raises AwsError."""
        read = Runner(self.server()).log(after=self._after, wait=wait)
        if read.lines:
            self._after = read.lines[-1].number
        return read
