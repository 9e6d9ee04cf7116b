"""A Python function's dependencies for another Python and platform than this machine's, as wheels.

For machines that lack a Python of the runtime's version: pip chooses wheels for any, and compiles nothing.
"""

from __future__ import annotations

import json

# glibc of the runtimes' operating system: Amazon Linux 2 up to Python 3.11, Amazon Linux 2023 from 3.12.
_AMAZON_LINUX_2 = 26
_AMAZON_LINUX_2023 = 34
_OLDEST_MANYLINUX = 5

# pip decides environment markers (`; python_version < "3.11"`) by the Python that it runs in, whatever
# --python-version says (pip issue 11664), so they are told the runtime's.
_PIP = """
import json, sys
from pip._vendor.packaging import markers
about = json.loads(sys.argv.pop(1))
own = markers.default_environment
markers.default_environment = lambda: {**own(), **about}
from pip._internal.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def install_command(python: str, *, runtime: str, architecture: str, manifest: str, folder: str) -> tuple[str, ...]:
    """The command that fills a folder with the wheels of a requirements file. ``python`` has pip, of any version."""
    version = runtime.removeprefix("python")
    minor = int(version.split(".")[1])
    machine = "aarch64" if architecture == "arm64" else "x86_64"
    glibc = _AMAZON_LINUX_2023 if minor >= 12 else _AMAZON_LINUX_2
    about = {
        "implementation_name": "cpython",
        "implementation_version": f"{version}.0",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{version}.0",
        "python_version": version,
        "sys_platform": "linux",
    }
    platforms = [f"manylinux_2_{number}_{machine}" for number in range(glibc, _OLDEST_MANYLINUX - 1, -1)]
    platforms += [f"manylinux2014_{machine}"]
    if machine == "x86_64":
        platforms += ["manylinux2010_x86_64", "manylinux1_x86_64"]
    platforms += [f"linux_{machine}"]
    return (
        python,
        "-c",
        _PIP,
        json.dumps(about),
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--no-compile",
        "--only-binary=:all:",
        "--implementation=cp",
        f"--python-version={version}",
        f"--abi=cp3{minor}",
        *(f"--platform={platform}" for platform in platforms),
        f"--target={folder}",
        f"--requirement={manifest}",
    )
