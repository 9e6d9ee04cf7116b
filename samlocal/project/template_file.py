"""The template that is meant where nobody names one: here, or in the folders round it up to the project's root.

As git looks for a repository: upwards from the current folder, no further than the repository's root or the user's
home, and never into a folder that belongs to somebody else (git, ``safe.directory``). In each folder SAM's own names
come first, then what CDK has synthesized and what the Serverless Framework has packaged there.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from samlocal.config import CONFIG_FILES, named_templates
from samlocal.errors import ConfigurationError, TemplateError
from samlocal.project.surroundings import Surroundings

TEMPLATE_FILES = ("template.yaml", "template.yml", "template.json")

# CDK developer guide, "Cloud assemblies": a folder with a template for each stack, in one of its own for each stage.
_CDK = "cdk.out"
_SYNTHESIZED = ("*.template.json", "assembly-*/*.template.json")
# A nested stack's, which its parent's names.
_NESTED = ".nested.template.json"

# Serverless Framework, `serverless package`.
_SERVERLESS = Path(".serverless", "cloudformation-template-update-stack.json")
_SERVICES = tuple(f"serverless.{ending}" for ending in ("yml", "yaml", "json", "ts", "js"))


class SeveralTemplatesError(TemplateError):
    """A folder has a template for each of several stacks. ``stacks`` are theirs by the stacks' names."""

    def __init__(self, message: str, stacks: Mapping[str, Path]) -> None:
        tip = "Name one of them: " + ", ".join(f"-t {path}" for path in stacks.values()) + "."
        super().__init__(message, tip=tip)
        self.stacks = stacks

    def of_function(self, function: str) -> Path | None:
        """The one of the stack by which a function is named: ``ShopStack/Fn``."""
        return next((path for stack, path in self.stacks.items() if function.startswith(f"{stack}/")), None)


def project_folder(world: Surroundings) -> Path:
    """The nearest that has a template or a configuration file, from the current one upwards; that one if none has.

    A template's folder whose configuration stands further up is the project's no more than in part.
    """
    nearest = _nearest(world)
    return nearest if nearest == world.cwd else config_folder(world)


def config_folder(world: Surroundings) -> Path:
    """Where the project's configuration file is: in the nearest folder, or above, if it names a template there."""
    nearest = _nearest(world)
    try:
        for folder in _upwards(world):
            file = next((folder / name for name in CONFIG_FILES if (folder / name).is_file()), None)
            if file is None or not nearest.is_relative_to(folder):
                continue
            return folder if folder == nearest or _names_template_in(nearest, file) else nearest
    except OSError:
        # Whoever looks into the nearest folder is told.
        return nearest
    return nearest


def _names_template_in(folder: Path, file: Path) -> bool:
    try:
        return any(template.parent.resolve() == folder.resolve() for template in named_templates(file))
    except ConfigurationError:
        # Another project's, as far as anybody can tell.
        return False


def _nearest(world: Surroundings) -> Path:
    try:
        for folder in _upwards(world):
            if any((folder / name).is_file() for name in (*CONFIG_FILES, *TEMPLATE_FILES)) or _made_in(folder):
                return folder
    except OSError:
        # Whoever looks into the current folder is told.
        return world.cwd
    return world.cwd


def find_template(world: Surroundings, template: Path | None) -> Path:
    """The template named, in the folder that is named, or where the project is.

    Raises TemplateError, and SeveralTemplatesError for a folder with those of several stacks.
    """
    try:
        return _found_template(world, template)
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) else str(error)
        raise TemplateError(
            f"{template or world.cwd}: the template cannot be looked for: {what}.",
            tip="Name another with -t/--template.",
        ) from error


def _found_template(world: Surroundings, template: Path | None) -> Path:
    cwd = world.cwd
    if template is not None:
        path = template if template.is_absolute() else cwd / template
        if path.is_dir():
            found = _in_folder(path, shown=template)
            if found is None:
                raise TemplateError(
                    f"{template}: there is no template in this folder.", tip="Name the file with -t/--template."
                )
            return found
        if not path.is_file():
            raise TemplateError(
                f"{template}: there is no such template file.", tip="Name the template with -t/--template."
            )
        return path.relative_to(cwd) if path.is_relative_to(cwd) and cwd == Path.cwd() else path
    folder = _nearest(world)
    shown = Path(os.path.relpath(folder, cwd))
    found = _in_folder(folder, shown=shown)
    if found is None:
        above = "" if folder == cwd else f", whose project is in {shown}"
        service = next((name for name in _SERVICES if (folder / name).is_file()), None)
        raise TemplateError(
            f"There is no template here: none of {', '.join(TEMPLATE_FILES)} in {cwd}{above}.",
            tip="Name it with -t/--template, or put `template_file` into samconfig.toml."
            if service is None
            else f"`serverless package` makes one of {service}, which is found then.",
        )
    return Path(os.path.relpath(found, cwd)) if cwd == Path.cwd() else found


def _in_folder(folder: Path, *, shown: Path) -> Path | None:
    """The template of a folder, which is called ``shown`` where it has several."""
    for name in TEMPLATE_FILES:
        if (folder / name).is_file():
            return folder / name
    stacks = _made_in(folder)
    if len(stacks) > 1:
        raise SeveralTemplatesError(
            f"{shown}: there are {len(stacks)} templates in this folder.",
            {stack: shown / path.relative_to(folder) for stack, path in stacks.items()},
        )
    return next(iter(stacks.values()), None)


def _made_in(folder: Path) -> dict[str, Path]:
    """The templates that another tool has made of its own there, by their stacks."""
    for place in (folder, folder / _CDK):
        found = sorted(path for pattern in _SYNTHESIZED for path in place.glob(pattern))
        stacks = {_stack(path): path for path in found if not path.name.endswith(_NESTED) and _is_current(path)}
        if stacks:
            return stacks
    packaged = folder / _SERVERLESS
    return {"serverless": packaged} if packaged.is_file() else {}


def _stack(template: Path) -> str:
    return template.name.removesuffix(".template.json")


def _is_current(template: Path) -> bool:
    """Whether the app still has the stack: what an earlier synthesis has left is in no manifest."""
    try:
        artifacts = json.loads((template.parent / "manifest.json").read_bytes())["artifacts"]
        named = {artifact.get("properties", {}).get("templateFile") for artifact in artifacts.values()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError):
        # A folder of templates without a manifest that says which.
        return True
    return template.name in named


def _upwards(world: Surroundings) -> Iterator[Path]:
    """The current folder and those round it, as far as they are the same project's."""
    home = world.environ.get("HOME")
    owner = world.cwd.stat().st_uid
    for folder in (world.cwd, *world.cwd.parents):
        about = folder.stat()
        if folder != world.cwd and (about.st_uid != owner or about.st_mode & stat.S_IWOTH):
            return
        yield folder
        if (folder / ".git").exists() or (home and _is_same(folder, home)):
            return


def _is_same(folder: Path, home: str) -> bool:
    with contextlib.suppress(OSError):
        return folder.samefile(home)
    return False
