"""samlocal as a contender: a wheel of this checkout with its bytecode, in a virtual environment of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKED = ROOT / "requirements-dev.txt"


def plain(environ: Mapping[str, str]) -> dict[str, str]:
    """Without what changes how every Python program runs: PYTHONDONTWRITEBYTECODE would have some compiled anew."""
    return {name: value for name, value in environ.items() if not name.startswith("PYTHON")}


def install(folder: Path, *, tell: Callable[[str], None]) -> Path:
    """The path of ``samlocal``. Its libraries are the locked ones, installed once and when the lock has changed."""
    environ = plain(os.environ)
    locked = re.findall(r"^([\w.-]+==[^\\\n]*)", LOCKED.read_text(encoding="utf-8"), re.MULTILINE)
    constraints = "".join(f"{requirement.strip()}\n" for requirement in locked)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    stamp = folder / ".set-up"
    with tempfile.TemporaryDirectory(prefix="samlocal-wheel-") as scratch:
        build = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel", str(ROOT)]
        # With the build system that is installed, and no network.
        without = ["--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", scratch]
        subprocess.run([*build, *without], env=environ, check=True)
        (wheel,) = Path(scratch).glob("samlocal-*.whl")
        if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == constraints):
            tell(f"installing samlocal's libraries into {folder.name}")
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], env=environ, check=True)
            file = Path(scratch) / "constraints.txt"
            file.write_text(constraints, encoding="utf-8")
            subprocess.run(
                [*pip, "install", "--constraint", str(file), f"samlocal[local] @ {wheel.as_uri()}"],
                env=environ,
                check=True,
            )
            stamp.write_text(constraints, encoding="utf-8")
        tell("installing this checkout's samlocal")
        again = ["install", "--no-index", "--no-deps", "--force-reinstall", "--compile", str(wheel)]
        subprocess.run([*pip, *again], env=environ, check=True)
    return folder / "bin" / "samlocal"
