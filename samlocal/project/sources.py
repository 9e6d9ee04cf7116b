"""What a plan is made from on this disk: who keeps the plan looks there for what has changed since."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.config import CONFIG_FILES
from samlocal.function.package import ImageCode, LocalCode, LocalLayer
from samlocal.project.settings import Settings

if TYPE_CHECKING:
    from samlocal.function.build_target import BuildTarget
    from samlocal.function.spec import FunctionSpec
    from samlocal.sandbox.layout import SandboxSpec


class Sources:
    """Those of one plan, of which more are known the further it comes, also where it fails in the end.

    ``files`` need not be there: one that was looked for may come. ``trees`` are folders, with the names in them that
    take no part; an archive counts as one. All are absolute, and links stand beside what they lead to.
    """

    def __init__(self) -> None:
        self.files: set[Path] = set()
        self.trees: dict[Path, frozenset[str]] = {}

    def add(self, other: Sources) -> None:
        self.files |= other.files
        for path, ignored in other.trees.items():
            self.trees[path] = self.trees.get(path, ignored) & ignored

    def add_files(self, paths: Iterable[Path | str]) -> None:
        for path in paths:
            self.files |= _places(path)

    def add_tree(self, path: Path, *, ignored: frozenset[str] = frozenset()) -> None:
        for place in _places(path):
            # What counts for anybody counts.
            self.trees[place] = self.trees.get(place, ignored) & ignored

    def add_settings(self, settings: Settings) -> None:
        """The files of variables and of parameters."""
        world = settings.world
        if settings.dotenv:
            names = [".env"] + ([f".env.{settings.environment}"] if settings.environment else [])
            self.add_files(settings.folder / name for name in names)
        if settings.env_vars is not None:
            self.add_files([world.cwd / settings.env_vars])
        configured = settings.file.values.get("parameter_overrides", ())
        for text in (*settings.parameter_overrides, *(configured if isinstance(configured, list) else [configured])):
            if isinstance(text, str) and text.startswith("file://"):
                self.add_files([Path(text.removeprefix("file://"))])

    def add_function(self, function: FunctionSpec) -> None:
        """Its code and layers, as they lie there."""
        match function.code:
            case LocalCode(path=path, built_from=None):
                self.add_tree(path)
            case ImageCode(build=build) if build is not None:
                self.add_tree(build.context)
                self.add_files([build.context / build.dockerfile])
        for layer in function.layers:
            if isinstance(layer, LocalLayer) and layer.built_from is None:
                self.add_tree(layer.path)

    def add_builds(self, targets: Iterable[BuildTarget]) -> None:
        """What functions and layers are built from."""
        from samlocal.artifact.build.sources import origins

        for target in targets:
            for path, ignored in origins(target):
                self.add_tree(path, ignored=ignored)

    def add_links(self, function: FunctionSpec, spec: SandboxSpec) -> None:
        """What links lead to that leave the function's own folder: a copy was made of it then."""
        if isinstance(function.code, LocalCode) and function.code.built_from is None:
            folder = function.code.path.resolve()
            if spec.code != folder and folder.is_dir():
                for path in _led_out(folder):
                    self.add_tree(path)


def configuration_files(settings: Settings) -> tuple[Path, ...]:
    """The configuration file; where there is none, those that would be one."""
    if settings.file.path is not None:
        return (settings.file.path,)
    folders = dict.fromkeys((settings.world.cwd, settings.template.absolute().parent))
    return tuple(folder / name for folder in folders for name in CONFIG_FILES)


def _places(path: Path | str) -> set[Path]:
    """Where a path is, and where what it leads to is."""
    return {Path(os.path.normpath(Path(path).absolute())), Path(os.path.realpath(path))}


def _led_out(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(root, name)
            if path.is_symlink() and not (real := path.resolve()).is_relative_to(folder):
                yield real
