"""What each kind of argument and option offers: click's ``shell_complete``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from samlocal.errors import SamlocalError

if TYPE_CHECKING:
    from samlocal.cli.completing.names import Names

_EVENT_FILES = (".json", ".jsonl")


def functions(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    return _of_project(ctx, incomplete)


def functions_and_routes(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    return _of_project(ctx, incomplete, lambda names: names.routes)


def functions_and_layers(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    return _of_project(ctx, incomplete, lambda names: names.layers)


def _of_project(
    ctx: click.Context, incomplete: str, more: Callable[[Names], Sequence[str]] = lambda _: ()
) -> list[str]:
    """Functions as the template calls them, and ``more``; where nothing begins so, functions by their other names."""
    from samlocal.cli.completing.names import offered

    names = offered(ctx)
    if names is None:
        return []
    found = _beginning([*names.functions, *more(names)], incomplete)
    return found or _beginning([name for called in names.functions.values() for name in called], incomplete)


def apis(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    from samlocal.cli.completing.names import offered

    names = offered(ctx)
    return _beginning(() if names is None else names.apis, incomplete)


def environments(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    from samlocal.cli.completing.names import environment_names

    try:
        return _beginning(environment_names(ctx), incomplete)
    except SamlocalError:
        return []


def events(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Saved ones by their names, and files of events with the folders that lead to them."""
    from samlocal.captured.saved import SavedEvents
    from samlocal.cli.completing.names import events_folder

    saved: list[str] = []
    try:
        saved = [each.name for each in SavedEvents(events_folder(ctx))]
    except SamlocalError:
        # A folder without a project has files all the same.
        saved = []
    files = _files(ctx.obj.cwd, incomplete)
    return [CompletionItem(value) for value in dict.fromkeys((*_beginning(saved, incomplete), *files))]


def layer_versions(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Those that are kept."""
    from samlocal.artifact.cache import Cache
    from samlocal.artifact.layers.kept import kept_versions
    from samlocal.cli.options.sandbox import layer_cache

    return _beginning(kept_versions(Cache(layer_cache(ctx))), incomplete)


def engine_contexts(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """Docker's contexts, as its own command keeps them (docker/cli, cli/context/store), behind ``NAME=``, too."""
    import json

    environ = ctx.obj.environ
    folder = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME") or "/") / ".docker")
    names = []
    for file in sorted(folder.glob("contexts/meta/*/meta.json")):
        try:
            names.append(str(json.loads(file.read_bytes())["Name"]))
        except (OSError, ValueError, KeyError, TypeError):
            # Docker's own command names what is broken.
            continue
    whose, equals, beginning = incomplete.rpartition("=")
    return [f"{whose}{equals}{name}" for name in _beginning(names, beginning)]


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    """Those that begin so; in any case where none does as it is typed."""
    there = list(names)
    return [name for name in there if name.startswith(incomplete)] or [
        name for name in there if name.lower().startswith(incomplete.lower())
    ]


def _files(cwd: Path, incomplete: str) -> list[str]:
    folder, _, beginning = incomplete.rpartition("/")
    there = cwd / Path(f"{folder}/" if incomplete.startswith("/") else folder).expanduser()
    before = f"{folder}/" if "/" in incomplete else ""
    found = []
    try:
        for each in sorted(there.iterdir()):
            if not each.name.startswith(beginning) or each.name.startswith("."):
                continue
            if each.is_dir():
                found.append(f"{before}{each.name}/")
            elif each.suffix in _EVENT_FILES:
                found.append(f"{before}{each.name}")
    except OSError:
        return []
    return found
