"""rdbg in a Ruby function."""

from __future__ import annotations

import re

from samlocal.sandbox.debug.wiring import Debugging, Wiring


def ruby(wiring: Wiring) -> Debugging:
    """The debug gem of Ruby's own distribution (ruby/debug, "Remote debugging"). Untried."""
    options = wiring.options
    own = wiring.own.get("RUBYOPT", "")
    return Debugging(
        port=options.inside,
        entrance=options.port,
        wait=options.wait,
        clients="rdbg, attach",
        variables={
            "RUBYOPT": " ".join((own, "-rdebug/open", *options.arguments)).strip(),
            "RUBY_DEBUG_HOST": wiring.host,
            "RUBY_DEBUG_PORT": str(options.inside),
            **({} if options.wait else {"RUBY_DEBUG_NONSTOP": "1"}),
        },
        listening=re.compile(r"^DEBUGGER: Debugger can attach via TCP/IP"),
        attached=re.compile(r"^DEBUGGER: Connected"),
        noise=re.compile(r"^DEBUGGER: wait for debugger connection"),
    )
