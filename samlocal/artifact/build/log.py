"""What a build writes: the steps it takes, and of one that fails the tool's own words."""

from __future__ import annotations

import json
import os
import re

from samlocal.artifact.build.job import BuilderFolders, Job
from samlocal.artifact.build.workflow import GO, MAVEN, Workflow, manifest_path
from samlocal.artifact.cache_entry import FULL
from samlocal.errors import BuildError

_STEP = re.compile(r"Running \w+:(\w+)")
_PREFIX = re.compile(r"^(\w+:\w+ - )?(\w+ Failed: ?)?")
_SHOWN_LINES = 30

# The library's own words, and warnings about how it calls the tools.
_NOISE = re.compile(
    r"Current Artifacts Directory|pip is being invoked by an old script|pypa/pip/issues/5599|"
    r"To avoid this problem you can invoke Python|^npm warn|"
    r"^Auto-detected manifest file|^Building (Python dependencies|from) |^Manifest file:|^Target architecture:|"
    r"^Using scratch directory:|^Failed to build dependencies:|"
    r"file not found\. Continuing the build without"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_CAPITALS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def check_answer(job: Job, answer: str, log: list[str], *, seen: BuilderFolders) -> None:
    """Raises BuildError where the answer tells of a failure, with the folders by the user's names."""
    try:
        told = json.loads(answer)
        if "result" in told:
            return
        message = str(told["error"]["message"])
    except (ValueError, LookupError, TypeError):
        message = "the builder broke off."
    message = _COLOUR.sub("", _PREFIX.sub("", message)).strip()
    written = [line for line in tool_output(job.workflow, log) if line not in message][-_SHOWN_LINES:]
    told_lines = [line for line in message.splitlines() if not _NOISE.search(line)]
    text = "\n".join([*written, *told_lines])
    for folder, name in seen.folders.items():
        text = text.replace(folder, str(name))
    raise failed(job, text)


def failed(job: Job, text: str) -> BuildError:
    target = job.target
    return BuildError(
        f"{target.metadata.location}: {target.path}: {job.workflow.name} did not build it:\n{text}",
        tip=_tip(job, text),
    )


def step_of(line: str) -> str | None:
    """``resolve dependencies``, from the builder's line about its next step."""
    found = _STEP.search(line)
    return _CAPITALS.sub(" ", found.group(1)).lower() if found else None


def log_level(workflow: Workflow) -> str:
    """Of Python's logging. What these two tools say of an error stands in the builder's debugging log alone."""
    return "10" if workflow in (GO, MAVEN) else "20"


def tool_output(workflow: Workflow, log: list[str]) -> list[str]:
    """What the tool itself wrote, of a builder's log."""
    if workflow is MAVEN:
        begins = next((index for index, line in enumerate(log) if "[ERROR]" in line), len(log))
        rest = log[begins:]
        ends = next((index for index, line in enumerate(rest) if "Failed to execute goal" in line), len(rest))
        return [line for line in rest[: ends + 1] if not line.startswith("[INFO]")]
    if workflow is GO:
        # When the compiler fails, the builder looks for the program elsewhere, and tells only that it is not there.
        ends = next((index for index, line in enumerate(log) if line.startswith("Go files not found")), 0)
        begins = next((index for index, line in enumerate(log) if _STEP.search(line)), 0)
        return log[begins + 1 : ends]
    return [line for line in log if line and not _STEP.search(line) and not _NOISE.search(line)]


def plain(raw: bytes) -> str:
    """A line of a log without its end and its colours."""
    return _COLOUR.sub("", raw.decode(errors="replace")).rstrip()


def _tip(job: Job, text: str) -> str | None:
    # npm begins in small letters.
    if any(os.strerror(number).lower() in text.lower() for number in FULL):
        return "Make room, or name another place: SAMLOCAL_CACHE_DIR for the cache, TMPDIR for the tools' files."
    manifest = manifest_path(job.target, job.workflow) or f"the dependencies of {job.target.source}"
    if "Cannot find esbuild" in text:
        return (
            f"Install esbuild: `npm install --save-dev esbuild` in {job.target.source}, or "
            "`npm install --global esbuild`."
        )
    no_wheel = (
        "Could not satisfy the requirement",
        "No matching distribution",
        "not compatible with the target Python",
    )
    if any(words in text for words in no_wheel):
        return f"Mend {manifest}. A package without a wheel for {job.target.runtime} needs --build-in-container."
    if "Invalid requirement" in text:
        return f"Mend {manifest}."
    if "MissingDependencyError" in text or "Could not install dependencies" in text:
        return "They have no wheel for Lambda's Linux: build in a container, --build-in-container."
    return None
