"""samlocal as a contender: a wheel of a checkout with its bytecode, in a virtual environment of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = "requirements-dev.txt"

_OURS = ROOT / ".venv-bench-samlocal"


def plain(environ: Mapping[str, str]) -> dict[str, str]:
    """Without what changes how every Python program runs: PYTHONDONTWRITEBYTECODE would have some compiled anew."""
    return {name: value for name, value in environ.items() if not name.startswith("PYTHON")}


def ours(*, tell: Callable[[str], None]) -> Path:
    """The path of this checkout's ``samlocal``, with an AWS of its own, and with pytest for its plugin."""
    return install(ROOT, _OURS, extra="[local]", beside=("pytest",), tell=tell)


def install(
    source: Path, folder: Path, *, extra: str = "", beside: Sequence[str] = (), tell: Callable[[str], None]
) -> Path:
    """The path of ``samlocal``, made from the checkout ``source`` into the virtual environment ``folder``, with the
    packages that are to lie ``beside`` it.

    Its libraries are the locked ones, installed once and when they have changed. A checkout older than the lock takes
    this one's versions, and what that does not name in the newest.
    """
    environ = plain(os.environ)
    lock = source / LOCK if (source / LOCK).is_file() else ROOT / LOCK
    locked = re.findall(r"^([\w.-]+==[^\\\n]*)", lock.read_text(encoding="utf-8"), re.MULTILINE)
    constraints = "".join(f"{requirement.strip()}\n" for requirement in locked)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    stamp = folder / ".set-up"
    with tempfile.TemporaryDirectory(prefix="samlocal-wheel-") as scratch:
        build = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel", str(source)]
        # With the build system that is installed, and no network.
        without = ["--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", scratch]
        subprocess.run([*build, *without], env=environ, check=True)
        (wheel,) = Path(scratch).glob("samlocal-*.whl")
        wanted = "".join((constraints, _required(wheel), *(f"{package}\n" for package in beside)))
        if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted):
            tell(f"installing samlocal's libraries into {folder.name}")
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], env=environ, check=True)
            file = Path(scratch) / "constraints.txt"
            file.write_text(constraints, encoding="utf-8")
            subprocess.run(
                [*pip, "install", "--constraint", str(file), f"samlocal{extra} @ {wheel.as_uri()}", *beside],
                env=environ,
                check=True,
            )
            stamp.write_text(wanted, encoding="utf-8")
        tell(f"installing samlocal into {folder.name}")
        again = ["install", "--no-index", "--no-deps", "--force-reinstall", "--compile", str(wheel)]
        subprocess.run([*pip, *again], env=environ, check=True)
    return folder / "bin" / "samlocal"


def _required(wheel: Path) -> str:
    """The libraries that a wheel asks for (Core metadata specifications, Requires-Dist)."""
    with zipfile.ZipFile(wheel) as packed:
        (metadata,) = (name for name in packed.namelist() if name.endswith(".dist-info/METADATA"))
        lines = packed.read(metadata).decode().splitlines()
    return "".join(f"{line}\n" for line in lines if line.startswith("Requires-Dist:"))
