"""From a save to the new answer: `samlocal start-lambda` in the container there is and in a new one, and
`sam local start-lambda --warm-containers EAGER`. Run by `make bench-saves`.

A client calls one after the other until the answer is the saved one; the time is from before the file is written to
that answer. The table goes to standard output, progress to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any

import docker
import engine
import installed
import machine
import sam_cli
from comparison import CommandFailedError, Spread, spread
from contenders import ROOT, Contenders, environment
from progress import tell
from serving import Caller, free_port, started

SAVES = 30

REACH = 150
"""What Python and Node are to reach, in ms."""

ESBUILD = "esbuild@0.25.0"
_FUNCTION = "saved"
_PATH = f"/2015-03-31/functions/{_FUNCTION}/invocations"

# Between two saves nothing is left of the one before.
_PAUSE_SECONDS = 0.3
# A caller who asks again at once would take the processor from what it waits for.
_AGAIN_SECONDS = 0.005
_READY_SECONDS = 120.0
_ANSWER_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """``source`` answers with the version in place of VERSION. One that ``builds`` is built first, by esbuild."""

    name: str
    runtime: str
    file: str
    source: str
    builds: bool = False


LANGUAGES = (
    Language(
        name="Python",
        runtime="python3.11",
        file="app.py",
        source='def handler(event, context):\n    return {"version": VERSION}\n',
    ),
    Language(
        name="Node",
        runtime="nodejs20.x",
        file="app.js",
        source="exports.handler = async () => ({ version: VERSION });\n",
    ),
    Language(
        name="TypeScript",
        runtime="nodejs20.x",
        file="app.ts",
        source="export const handler = async (): Promise<object> => ({ version: VERSION });\n",
        builds=True,
    ),
)


class Project:
    """A folder with one function, which is saved version after version."""

    def __init__(self, folder: Path, language: Language) -> None:
        self.folder = folder
        self.language = language
        self.version = 0
        (folder / "src").mkdir(parents=True)
        self.write_template(memory=256)
        self._write()

    def write_template(self, *, memory: int) -> None:
        properties: dict[str, Any] = {
            "CodeUri": "src/",
            "Handler": "app.handler",
            "Runtime": self.language.runtime,
            "MemorySize": memory,
            "Timeout": 10,
        }
        function: dict[str, Any] = {"Type": "AWS::Serverless::Function", "Properties": properties}
        if self.language.builds:
            build = {"EntryPoints": ["app.ts"], "Target": "es2022"}
            function["Metadata"] = {"BuildMethod": "esbuild", "BuildProperties": build}
        template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {_FUNCTION: function}}
        (self.folder / "template.yaml").write_text(json.dumps(template), encoding="utf-8")

    def save(self) -> None:
        self.version += 1
        self._write()

    def _write(self) -> None:
        source = self.language.source.replace("VERSION", str(self.version))
        (self.folder / "src" / self.language.file).write_text(source, encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What saves took in ms: in the container there is, in a new one, and with SAM CLI's warm containers."""

    language: Language
    in_place: Spread
    anew: Spread
    sam: Spread


def main() -> int:
    options = arguments()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="samlocal-bench-"))).resolve()
        address = engine.host(os.environ)
        ours = installed.ours(tell=tell)
        sam = sam_cli.install(ROOT / ".venv-bench", tell=tell)
        client = stack.enter_context(engine.connected(address, scratch))
        contenders = Contenders(ours=ours, sam=sam, scratch=scratch, environ=environment(scratch, address))
        before = machine.load()
        rows = measure_saves(contenders, client, saves=options.saves, wanted=options.only)
        print(f"{options.saves} saves each; load {before} before, {machine.load()} after.\n\n{table(rows)}")
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saves", type=int, default=SAVES, metavar="N", help="of each  [default: %(default)s]")
    parser.add_argument("--only", action="append", choices=[language.name for language in LANGUAGES])
    return parser.parse_args()


def with_esbuild(contenders: Contenders) -> Contenders:
    """With esbuild on the PATH, where both look for it. Raises CommandFailedError."""
    tell(f"installing {ESBUILD}")
    folder = contenders.scratch / "esbuild"
    folder.mkdir()
    try:
        subprocess.run(["npm", "install", "--silent", "--no-save", ESBUILD], cwd=folder, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise CommandFailedError(f"{ESBUILD} cannot be installed: {error}") from error
    path = f"{folder / 'node_modules' / '.bin'}{os.pathsep}{contenders.environ['PATH']}"
    return replace(contenders, environ={**contenders.environ, "PATH": path})


def measure_saves(
    contenders: Contenders, client: docker.APIClient, *, saves: int, wanted: list[str] | None = None
) -> list[Row]:
    """Raises CommandFailedError where a save is not answered."""
    rows = []
    contenders = with_esbuild(contenders)
    for language in LANGUAGES:
        if wanted and language.name not in wanted:
            continue
        folder = contenders.scratch / language.name
        project = Project(folder / "ours", language)
        with served_by_samlocal(contenders, project) as port:
            image = image_of(client, contenders.scratch)
            tell(f"{language.name}: samlocal, in the container there is")
            in_place = [saved(project, port) for _ in range(saves)]
            tell(f"{language.name}: samlocal, in a new container")
            anew = []
            for number in range(saves):
                # Its memory is none of what a container can change.
                project.write_template(memory=257 + number % 2)
                anew.append(saved(project, port))
        project = Project(folder / "sam", language)
        tell(f"{language.name}: SAM CLI's warm containers")
        with served_by_sam_cli(contenders, client, project, image) as port:
            theirs = [saved(project, port, build=partial(built, contenders, project)) for _ in range(saves)]
        rows.append(Row(language=language, in_place=spread(in_place), anew=spread(anew), sam=spread(theirs)))
    return rows


def saved(project: Project, port: int, *, build: Callable[[], None] = lambda: None) -> float:
    """What it took from before a save to its answer, in ms."""
    time.sleep(_PAUSE_SECONDS)
    began = time.perf_counter()
    project.save()
    build()
    deadline = began + _ANSWER_SECONDS
    while answer(port) != project.version:
        if time.perf_counter() > deadline:
            raise CommandFailedError(f"{project.language.name}: a save was not answered.")
        time.sleep(_AGAIN_SECONDS)
    return (time.perf_counter() - began) * 1000


def answer(port: int) -> int | None:
    """The version that answers; None for what is no answer, as a container that is being replaced gives it."""
    with closing(Caller(port, _PATH)) as own:
        try:
            reply = own.call(b"{}")
            version: int | None = json.loads(reply.body).get("version")
        except (OSError, HTTPException, ValueError, AttributeError):
            return None
        return version


@contextmanager
def served_by_samlocal(contenders: Contenders, project: Project) -> Iterator[int]:
    port = free_port()
    arguments = [str(contenders.ours), "start-lambda", "--port", str(port)]
    build = ["--build"] if project.language.builds else []
    with started([*arguments, *build], port, environ=contenders.environ, folder=project.folder):
        ready(project, port)
        yield port


@contextmanager
def served_by_sam_cli(
    contenders: Contenders, client: docker.APIClient, project: Project, image: str
) -> Iterator[int]:
    port = free_port()
    repository = f"{sam_cli.OWN}/lambda-{project.language.runtime}"
    client.tag(image, repository, "bench", force=True)
    built(contenders, project)
    arguments = [str(contenders.sam), "local", "start-lambda", "--warm-containers", "EAGER", "--port", str(port)]
    options = ["--skip-pull-image", "--invoke-image", f"{repository}:bench"]
    with started([*arguments, *options], port, environ=contenders.environ, folder=project.folder):
        ready(project, port)
        yield port


def built(contenders: Contenders, project: Project) -> None:
    """SAM CLI's own build, where the function has to be built: nobody does so by itself."""
    if project.language.builds:
        command = [str(contenders.sam), "build", "--cached"]
        done = subprocess.run(
            command, cwd=project.folder, env=contenders.environ, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CommandFailedError(f"{' '.join(command[1:])}\n{done.stderr}")


def ready(project: Project, port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while answer(port) != project.version:
        if time.monotonic() > deadline:
            raise CommandFailedError(f"{project.language.name}: its server does not answer.")
        time.sleep(0.1)


def image_of(client: docker.APIClient, scratch: Path) -> str:
    """The image that samlocal has chosen."""
    name: str = next(each["Image"] for each in client.containers() if engine.is_marked(each, scratch))
    return name


def table(rows: list[Row]) -> str:
    head = (
        "| p50 (least to greatest), ms | In place | Reach | A new container | SAM CLI, warm |",
        "|---|---|---|---|---|",
    )
    lines = []
    for row in rows:
        reach = "-" if row.language.builds else ("yes" if row.in_place.median <= REACH else "**no**") + f", ≤ {REACH}"
        cells = [row.in_place.text(), reach, row.anew.text(), row.sam.text()]
        lines.append(f"| {row.language.name}{' (--build)' if row.language.builds else ''} | {' | '.join(cells)} |")
    return "\n".join((*head, *lines))


if __name__ == "__main__":
    sys.exit(main())
