"""The programs that are measured, and the one environment that they all run in."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import installed
import sam_cli
from comparison import Command

ROOT = Path(__file__).resolve().parents[1]
EVENT = "events/get-event.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contenders:
    """The programs that are measured, and what they all run with."""

    ours: Path
    sam: Path
    scratch: Path
    environ: Mapping[str, str]

    def samlocal(self, arguments: str, *, expected: str, environ: Mapping[str, str] | None = None) -> Command:
        return self._command("samlocal", (str(self.ours), *arguments.split()), arguments, expected, environ)

    def python(self, source: str) -> Command:
        """A program of its own, with samlocal's libraries."""
        return self._command("python -c", (str(self.ours.with_name("python")), "-c", source), repr(source), "")

    def many_sandboxes(self) -> Command:
        program = (str(self.ours.with_name("python")), str(ROOT / "bench" / "many.py"), "--json")
        return self._command("many.py", program, "", expected="sandboxes")

    def earlier_samlocal(self, program: Path, arguments: str, *, commit: str, expected: str) -> Command:
        # What it keeps has other shapes.
        environ = {**self.environ, "SAMLOCAL_CACHE_DIR": str(self.scratch / "samlocal-earlier")}
        return self._command(
            f"samlocal@{commit[:7]}", (str(program), *arguments.split()), arguments, expected, environ
        )

    def sam_cli(self, arguments: str, *, expected: str, options: tuple[str, ...] = ()) -> Command:
        return self._command("sam", (str(self.sam), *arguments.split(), *options), arguments, expected)

    def floor(self, container: Path, *, expected: str) -> Command:
        # Bare: without the packages' folder, whose .pth files take time to read.
        program = (sys.executable, "-I", "-S", str(ROOT / "bench" / "floor.py"))
        return self._command("floor.py", (*program, str(container), EVENT), "", expected)

    def _command(
        self,
        name: str,
        arguments: tuple[str, ...],
        shown: str,
        expected: str,
        environ: Mapping[str, str] | None = None,
    ) -> Command:
        return Command(
            shown=f"{name} {shown}".rstrip(),
            arguments=arguments,
            expected=expected,
            environ=self.environ if environ is None else environ,
            folder=ROOT,
        )


def environment(scratch: Path, address: str) -> dict[str, str]:
    """One environment for every contender: no credentials, no settings of the user's, no cache filled before."""
    others = ("AWS_", "SAM_CLI_", "SAMLOCAL_", "DOCKER_")
    kept = {name: value for name, value in installed.plain(os.environ).items() if not name.startswith(others)}
    temporary = scratch / "tmp"
    temporary.mkdir()
    return {
        **kept,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "DOCKER_HOST": address,
        "SAMLOCAL_CACHE_DIR": str(scratch / "samlocal"),
        # SAM CLI leaves its locks there.
        "TMPDIR": str(temporary),
        **sam_cli.variables(scratch),
    }
