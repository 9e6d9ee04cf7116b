"""JDWP in a Java function."""

from __future__ import annotations

import re

from samlocal.sandbox.debug.wiring import LOOPBACK, Debugging, Wiring


def java(wiring: Wiring) -> Debugging:
    """JDWP. Up to Java 8 a port alone means every address, and ``*`` is not known."""
    options, runtime = wiring.options, wiring.spec.runtime or ""
    every = "" if runtime.startswith("java8") else "*:"
    address = f"{LOOPBACK}:{options.inside}" if wiring.host == LOOPBACK else f"{every}{options.inside}"
    suspend = "y" if options.wait else "n"
    agent = f"-agentlib:jdwp=transport=dt_socket,server=y,suspend={suspend},quiet=n,address={address}"
    words = (agent, *options.arguments)
    if runtime == "java8":
        # Its bootstrap knows no wrapper.
        own = wiring.own.get("JAVA_TOOL_OPTIONS", "")
        variables = {"JAVA_TOOL_OPTIONS": " ".join((own, *words)).strip()}
    else:
        variables = wiring.started(after=words)
    return Debugging(
        port=options.inside,
        entrance=options.port,
        wait=options.wait,
        clients="JDWP, attach",
        variables=variables,
        mounts=wiring.mounts(),
        listening=re.compile(r"^Listening for transport dt_socket at address: "),
    )
