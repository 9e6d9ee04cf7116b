"""What samconfig.toml says for an environment, and the settings every command starts from.

Sections are SAM CLI's (SAM CLI developer guide, "SAM CLI configuration file"): ``[test.global.parameters]``,
``[test.deploy.parameters]``, and samlocal's own ``[test.samlocal.parameters]``, later ones winning.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from msgspec import Struct, field

from samlocal.errors import ConfigurationError

# Lists and tables hold the same again.
Value: TypeAlias = str | int | float | bool | list[Any] | dict[str, Any]

CONFIG_FILES = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")
DEFAULT_ENVIRONMENT = "default"
LOCAL_ENVIRONMENT = "local"
"""The environment on this machine, which needs no section and no account."""

# What `sam deploy` calls these options, and what samlocal does.
_SAM_NAMES = {
    "stack_name": "stack_name",
    "region": "region",
    "profile": "aws_profile",
    "parameter_overrides": "parameter_overrides",
    "template_file": "template",
    "template": "template",
}
# What an environment says of itself; no option of any command.
_FACTS = frozenset({"protected"})
# Where and as whom an environment is deployed.
_DEPLOYED = frozenset({"stack_name", "region", "aws_profile", "env_name", "protected"})
_MOUNTS = frozenset({"mount", "mounts"})
_ENGINES = "engine"
_PATHS = frozenset({"template", "layer_cache_basedir", "env_vars", "debugger_path", "log_file"})


class FileSettings(Struct, frozen=True, kw_only=True):
    """One environment's values by samlocal's option names; ``path`` is the file they stand in."""

    path: Path | None = None
    environment: str | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    section: str | None = None
    """The environment in the file that the values are of, where that is not ``environment``."""

    @property
    def protected(self) -> bool:
        """Whether functions run here and roles are changed here only on purpose. Raises ConfigurationError."""
        protected = self.values.get("protected", False)
        if not isinstance(protected, bool):
            raise ConfigurationError(f"{self.origin}: protected is true or false, got {protected!r}.")
        return protected

    @property
    def origin(self) -> str:
        return f"{self.path.name if self.path else 'samconfig.toml'} [{self.section or self.environment}]"

    def place(self, *keys: str) -> str:
        """Where samlocal's own parameters say something, with its line: by the option, and what is below it or stands
        in a list of it.
        """
        if self.path is not None:
            for own in (keys, keys[:1]):
                line = _line(self.path, self.section or self.environment or "", own)
                if line is not None:
                    return f"{self.path.name}:{line}: {'.'.join(own)}"
        return f"{self.origin} {'.'.join(keys)}"


def find_config(*, cwd: Path, config_file: Path | None, template: Path | None, project: Path) -> Path | None:
    """The configuration file: the one named, else the one here, else the one beside the template.

    Without a template it is the one in the project's folder.
    """
    if config_file is not None:
        named = cwd / config_file
        if not _is_file(named):
            raise ConfigurationError(
                f"{config_file}: there is no such configuration file.", tip="Mend --config-file."
            )
        return named
    for folder in (cwd, project if template is None else (cwd / template).parent):
        for name in CONFIG_FILES:
            if _is_file(folder / name):
                return folder / name
    return None


def file_settings(
    path: Path | None,
    *,
    env_name: str | None,
    known: Collection[str],
    stack_given: bool,
    elsewhere: Callable[[], Collection[str]] | None = tuple,
) -> FileSettings:
    """Reads one environment of a configuration file.

    ``known`` are the option names that ``[….samlocal.parameters]`` may use; ``elsewhere`` gives those of other
    commands, and is asked only where the file has more; with None any name is taken. ``stack_given`` says that the
    stack is named outside the file, so that the environment need not stand in it. Raises ConfigurationError.
    """
    if path is None:
        if env_name not in (None, LOCAL_ENVIRONMENT) and not stack_given:
            raise ConfigurationError(
                f"There is no samconfig.toml here, so the environment {env_name!r} is not known.",
                tip="Name its stack with -n/--stack-name, or run samlocal where samconfig.toml stands.",
            )
        return FileSettings(environment=env_name)
    sections = _read(path)
    environment = env_name or DEFAULT_ENVIRONMENT
    if environment == LOCAL_ENVIRONMENT and environment not in sections and DEFAULT_ENVIRONMENT in sections:
        # What is true of the project everywhere, and nothing of where it is deployed.
        values = dict(_environment(path, DEFAULT_ENVIRONMENT, sections[DEFAULT_ENVIRONMENT], known, elsewhere))
        values = {name: value for name, value in values.items() if name not in _DEPLOYED}
        return FileSettings(path=path, environment=LOCAL_ENVIRONMENT, values=values, section=DEFAULT_ENVIRONMENT)
    if environment not in sections:
        if env_name in (None, LOCAL_ENVIRONMENT) or stack_given:
            return FileSettings(path=path, environment=env_name)
        there = [name for name, section in sections.items() if isinstance(section, dict)]
        raise ConfigurationError(
            f"{path}: there is no environment {env_name!r}{nearest(env_name, there)}",
            tip=f"It holds {', '.join(there) or 'none'}. Add [{env_name}.deploy.parameters] with its stack_name.",
        )
    values = dict(_environment(path, environment, sections[environment], known, elsewhere))
    if env_name is None:
        # Without -e there is no deployed stack: `sam deploy`'s default is no wish of the user's here.
        values.pop("stack_name", None)
    return FileSettings(path=path, environment=environment, values=values)


def _is_file(path: Path) -> bool:
    """Raises ConfigurationError where it cannot be said."""
    try:
        return path.is_file()
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigurationError(f"{path}: {what}.", tip="Give yourself the right to it, or name another.") from error


def environments(path: Path) -> list[str]:
    """The names of a configuration file's environments. Raises ConfigurationError."""
    return [name for name, section in _read(path).items() if isinstance(section, dict)]


def named_templates(path: Path) -> set[Path]:
    """The templates that a configuration file names, in any of its environments. Raises ConfigurationError."""
    return {
        path.parent / value
        for section in _read(path).values()
        for command in ("global", "deploy", "samlocal")
        for key, value in _parameters(section, command)
        if _SAM_NAMES.get(key.replace("-", "_")) == "template" and isinstance(value, str)
    }


def nearest(name: str, names: Collection[str]) -> str:
    """``; did you mean x?``, in any case, or a full stop: the end of a sentence about a name that is not there."""
    import difflib

    lowered = {candidate.lower(): candidate for candidate in names}
    close = [lowered[each] for each in difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.5)]
    return f"; did you mean {close[0]}?" if close else "."


def _read(path: Path) -> dict[str, Value]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be read: {error.strerror}.", tip="Give yourself the right to it."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: is not UTF-8: {error}.", tip="Store it as UTF-8.") from error
    language = "TOML" if path.suffix == ".toml" else "YAML"
    try:
        loaded = _loaded(text, path)
    except RecursionError as error:
        raise ConfigurationError(f"{path}: is nested too deeply to be read.", tip="Flatten it.") from error
    except ValueError as error:
        raise ConfigurationError(f"{path}: not valid {language}: {error}.", tip="Mend the file there.") from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise ConfigurationError(
            f"{path}: holds no sections.", tip="Write [ENV.deploy.parameters] and below it keys."
        )
    return {str(name): section for name, section in loaded.items()}


def _loaded(text: str, path: Path) -> object:
    """Raises ValueError and RecursionError."""
    return tomllib.loads(text) if path.suffix == ".toml" else _yaml(text)


def _yaml(text: str) -> object:
    """Raises ValueError."""
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(yaml_problem(error)) from error


def yaml_problem(error: Exception) -> str:
    """What PyYAML has met, and where, in a line: in tomllib's form."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None or problem is None:
        return " ".join(str(error).split())
    return f"{problem} (at line {mark.line + 1}, column {mark.column + 1})"


def _environment(
    path: Path,
    environment: str,
    section: Value,
    known: Collection[str],
    elsewhere: Callable[[], Collection[str]] | None,
) -> Iterator[tuple[str, Value]]:
    for command in ("global", "deploy", "samlocal"):
        for key, value in _parameters(section, command):
            name = key.replace("-", "_")
            if command != "samlocal":
                if name not in _SAM_NAMES:
                    continue
                name = _SAM_NAMES[name]
            else:
                name = _SAM_NAMES.get(name, name)
                if elsewhere is not None and name not in (*known, *_FACTS) and name not in elsewhere():
                    raise ConfigurationError(
                        f"{path}: [{environment}.samlocal.parameters]: there is no option {key!r}"
                        f"{nearest(name, {*known, *_FACTS, *elsewhere()})}",
                        tip="Options stand there by their long names, as `samlocal invoke --help` shows them.",
                    )
            if name in _PATHS and isinstance(value, str):
                value = str(path.parent / value)
            if name in _MOUNTS:
                value = _mounts(path, value)
            if name == _ENGINES and isinstance(value, dict):
                value = _engines(path, environment, value)
            yield name, value


def _mounts(path: Path, value: Value) -> Value:
    """``TARGET=FOLDER`` with the folder beside the file; a table of them is taken too."""
    given = [f"{target}={folder}" for target, folder in value.items()] if isinstance(value, dict) else value
    texts = given if isinstance(given, list) else [given]
    pairs = [str(text).partition("=") for text in texts]
    return [
        f"{target}{found}{path.parent / Path(folder).expanduser() if folder else ''}"
        for target, found, folder in pairs
    ]


def _engines(path: Path, environment: str, table: Mapping[str, Value]) -> Value:
    """``NAME=ENGINE`` for each of a table's. Raises ConfigurationError."""
    for name, at in table.items():
        if not isinstance(at, str):
            raise ConfigurationError(
                f"{path}: [{environment}.samlocal.parameters]: {_ENGINES}.{name} cannot be {at!r}.",
                tip="It is an engine's address, such as ssh://user@machine, or a Docker context's name. A nested "
                'function\'s name stands in quotes: engine."Child/Function".',
            )
    return [f"{name}={at}" for name, at in table.items()]


def _line(path: Path, environment: str, keys: tuple[str, ...]) -> int | None:
    """The line at which the file begins to say something: the first one up to which it does, read by itself."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    except (OSError, ValueError):
        return None
    for number, line in enumerate(lines, 1):
        if keys[-1] not in line:
            continue
        try:
            found: object = _loaded("".join(lines[:number]), path)
        except (ValueError, RecursionError):
            continue
        for key in (environment, "samlocal", "parameters", *keys):
            found = found.get(key) if isinstance(found, dict) else None
        if found is not None:
            return number
    return None


def _parameters(section: Value, command: str) -> Iterator[tuple[str, Value]]:
    body = section.get(command) if isinstance(section, dict) else None
    parameters = body.get("parameters") if isinstance(body, dict) else None
    if isinstance(parameters, dict):
        yield from ((str(name), value) for name, value in parameters.items())
