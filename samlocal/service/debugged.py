"""The one function of a service that is debugged, while its sandboxes are reloaded and replaced."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from samlocal.errors import ConfigurationError
from samlocal.project.run_options import RunOptions
from samlocal.sandbox.debug.options import DebugOptions
from samlocal.sandbox.debug.port import DebugPort
from samlocal.sandbox.layout import SandboxSpec
from samlocal.service.functions import Functions


class Debugging(Struct, frozen=True, kw_only=True):
    """What the user asks for; ``function`` is None for a template's only one."""

    function: str | None
    options: DebugOptions


class Debugged:
    """``id`` is the function's, ``port`` the one that debuggers come to."""

    def __init__(self, id: str, options: DebugOptions) -> None:  # noqa: A002 - the service's word
        self.id = id
        self.port = DebugPort(options.port)
        self.timeout = 0
        """The function's own, in seconds, as far as it has been planned."""

        self._options = replace(options, behind=self.port.inside)

    @classmethod
    async def of(cls, asked: Debugging, functions: Functions) -> Debugged:
        """Raises ConfigurationError where it is not clear which, FunctionNotFoundError, and what reading raises."""
        if asked.function is not None:
            return cls(await functions.id_of(asked.function), asked.options)
        ids = await functions.ids()
        if len(ids) != 1:
            raise ConfigurationError(
                "One function is debugged at a time, and the template has "
                + (f"{len(ids)}: {', '.join(ids)}." if ids else "none."),
                tip="Name it with --debug-function.",
            )
        return cls(ids[0], asked.options)

    def options_of(self, function_id: str, options: RunOptions) -> RunOptions:
        """How a function is run, this or another one."""
        if function_id != self.id:
            return options
        return replace(options, sandbox=replace(options.sandbox, debug=self._options))

    def planned(self, function_id: str, spec: SandboxSpec) -> None:
        if function_id == self.id:
            self.timeout = spec.function.timeout
