"""SAM CLI as a contender: from PyPI, in a virtual environment of its own, on the image that samlocal runs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

REQUIREMENTS = Path(__file__).with_name("requirements.txt")

OWN = "samlocal-bench"
"""The images' names for SAM CLI begin so."""

REPOSITORY = f"{OWN}/lambda-python"
"""The image's name for SAM CLI, which puts one with its emulator beside it (`…:rapid-x86_64`)."""

LAYERED = "samcli/lambda-python"
"""SAM CLI's own name for images with layers; it builds one for each list of layers."""

IMAGE = f"{REPOSITORY}:3.11"


def install(folder: Path, *, tell: Callable[[str], None]) -> Path:
    """The path of `sam`. Made the first time, and anew when the requirements have changed."""
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    stamp = folder / ".set-up"
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted):
        tell(f"installing {wanted.strip()} into {folder.name}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", str(REQUIREMENTS)], check=True)
        # Nothing in it is anybody's source.
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        stamp.write_text(wanted, encoding="utf-8")
    return folder / "bin" / "sam"


def version(folder: Path) -> str:
    python = str(folder / "bin" / "python")
    ask = "from importlib.metadata import version; print(version('aws-sam-cli'))"
    return subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()


def variables(scratch: Path) -> dict[str, str]:
    """Keeps it from everything that is no part of an invocation: telemetry, and the weekly look for updates."""
    folder = scratch / "sam-cli"
    folder.mkdir()
    config = {"lastVersionCheck": time.time()}
    (folder / "metadata.json").write_text(json.dumps(config), encoding="utf-8")
    # The folder's variable is SAM CLI's own tests' (samcli/cli/global_config.py).
    return {"SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(folder)}


def invoke_options(scratch: Path) -> tuple[str, ...]:
    """What `sam local invoke` needs beside the user's own options."""
    return (
        "--skip-pull-image",
        "--invoke-image",
        IMAGE,
        "--layer-cache-basedir",
        str(scratch / "sam-cli" / "layers"),
    )
