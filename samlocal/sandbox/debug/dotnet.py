"""vsdbg in a .NET function."""

from __future__ import annotations

import re

from samlocal.sandbox.debug.wiring import DEBUG_LABEL, DEBUGGER, Debugging, Wiring


def dotnet(wiring: Wiring) -> Debugging:
    """vsdbg of the user's, which the IDE starts in the container; the runtime client waits for it. Untried.

    The client itself waits ten minutes (aws-lambda-dotnet, RuntimeSupportDebugAttacher).
    """
    options = wiring.options
    if options.path is None:
        raise wiring.refused(
            ".NET is debugged with vsdbg, which its licence lets only you fetch.",
            tip="Get it (https://aka.ms/getvsdbgsh) and name its folder with --debugger-path.",
        )
    return Debugging(
        port=options.inside,
        entrance=options.port,
        wait=options.wait,
        clients=f"coreclr, attach, {DEBUGGER}/vsdbg by `docker exec` where the label is {DEBUG_LABEL}={options.port}",
        variables={"_AWS_LAMBDA_DOTNET_DEBUGGING": "1"} if options.wait else {},
        mounts=wiring.mounts(),
        capabilities=("SYS_PTRACE",),
        memory=256,
        listening=re.compile(r"Waiting for the debugger to attach\.\.\.$"),
    )
