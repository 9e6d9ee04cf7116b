"""dlv, gdbserver or lldb-server round a program of its own."""

from __future__ import annotations

import re

from samlocal.sandbox.debug.wiring import DEBUGGER, Debugging, Wiring


def program(wiring: Wiring) -> Debugging:
    """A program of its own (Go, Rust, C++), started by the debugger that the user's folder holds."""
    options = wiring.options
    path = options.path
    there = {name: path / name for name in ("dlv", "gdbserver", "lldb-server")} if path else {}
    name = next((name for name, file in there.items() if file.is_file()), None)
    if name is None:
        raise wiring.refused(
            f"{wiring.spec.runtime or 'its image'} is debugged with a debugger of yours"
            + (f", and there is none of {', '.join(there)} in {path}." if path else "."),
            tip="Name its folder with --debugger-path. For Go: `CGO_ENABLED=0 GOBIN=$PWD/.dlv go install "
            "github.com/go-delve/delve/cmd/dlv@latest`, then --debugger-path .dlv.",
        )
    program = f"{DEBUGGER}/{name}"
    before: tuple[str, ...]
    after: tuple[str, ...] = ()
    if name == "dlv":
        before = (
            *(program, "exec", "--headless", f"--listen={wiring.address}", "--api-version=2", "--accept-multiclient"),
            # On the host's network the client is another user than the sandbox's.
            *("--only-same-user=false", "--check-go-version=false"),
            *(() if options.wait else ("--continue",)),
            *options.arguments,
        )
        after = ("--",)
        listening, clients = r"^API server listening at: ", "dlv, API 2, remote attach"
    elif name == "gdbserver":
        before = (program, *options.arguments, "--once", wiring.address)
        listening, clients = r"^Listening on port ", "gdb, target remote"
    else:
        before, after = (program, "gdbserver", *options.arguments, wiring.address, "--"), ()
        listening, clients = r"^Launched '|Listening", "lldb, gdb-remote"
    return Debugging(
        port=options.inside,
        entrance=options.port,
        wait=options.wait or name != "dlv",
        clients=clients,
        variables=wiring.started(before=before, after=after),
        mounts=wiring.mounts(),
        capabilities=("SYS_PTRACE",),
        # dlv reads the whole of the program's debug information.
        memory=512,
        listening=re.compile(listening),
        noise=re.compile(r"layer=(rpc|debugger) |^Process .* created; pid = "),
    )
