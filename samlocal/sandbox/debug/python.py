"""debugpy in a Python function."""

from __future__ import annotations

import re
from pathlib import Path

from samlocal.engine import Mount
from samlocal.sandbox.debug.wiring import INSIDE, OWN_FOLDER, Debugging, Wiring


def python(wiring: Wiring) -> Debugging:
    """debugpy, samlocal's own copy, in the runtime's process: debug_python.py starts it before the bootstrap."""
    import importlib.metadata
    import importlib.util

    found = importlib.util.find_spec("debugpy")
    if found is None or found.origin is None:
        raise wiring.refused(
            "debugpy is not in samlocal's environment.", tip="Install it there: `python -m pip install debugpy`."
        )
    needed = re.search(r">=3\.(\d+)", importlib.metadata.metadata("debugpy")["Requires-Python"] or "")
    version = re.fullmatch(r"python([23])\.(\d+)", wiring.spec.runtime or "")
    if needed and version and (version[1] != "3" or int(version[2]) < int(needed[1])):
        raise wiring.refused(
            f"debugpy {importlib.metadata.version('debugpy')} knows Python 3.{needed[1]} and later, "
            f"not {wiring.spec.runtime}.",
            tip=f"Run the function on python3.{needed[1]} or later, or install an older debugpy beside samlocal.",
        )
    options = wiring.options
    script = f"{OWN_FOLDER}/debug_python.py"
    folder = f"{OWN_FOLDER}/debugpy"
    words = (folder, wiring.host, str(options.inside), "wait" if options.wait else "go", *options.arguments, "--")
    return Debugging(
        port=options.inside,
        entrance=options.port,
        wait=options.wait,
        clients="debugpy, attach",
        # Else debugpy warns that it may miss breakpoints in the standard library.
        variables=wiring.started(after=("-Xfrozen_modules=off", script, *words)),
        mounts=wiring.mounts(
            Mount(source=INSIDE / "debug_python.py", target=script),
            Mount(source=Path(found.origin).parent, target=f"{folder}/debugpy"),
        ),
        listening=re.compile(r"^samlocal: debugpy listens$"),
        attached=re.compile(r"^samlocal: debugpy is attached to$"),
    )
