"""Reads a template file, YAML or JSON, into plain values that remember their lines.

CloudFormation's short forms (``!Ref``, ``!GetAtt a.b``) become the long ones by cfn-flip's constructors, run on
libyaml's C loader. Added to cfn-flip: line numbers, ``<<`` merges, warnings about duplicate keys, dates and
twelve-digit account ids kept as the text that stands in the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import yaml
from cfn_tools.yaml_loader import multi_constructor
from msgspec.structs import replace

from samlocal.errors import TemplateError
from samlocal.template.document import Document, Map, Node, Problem, Seq, check_extent, with_lines
from samlocal.template.files import Files

Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _TemplateLoader(Loader):  # type: ignore[misc, valid-type]
    """libyaml's loader with CloudFormation's tags."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.duplicates: list[tuple[int, str, int]] = []
        self.merged: dict[int, dict[object, tuple[yaml.Node, yaml.Node]]] = {}


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _merged(
    loader: _TemplateLoader, node: yaml.MappingNode, inside: tuple[yaml.Node, ...]
) -> dict[object, tuple[yaml.Node, yaml.Node]]:
    """A mapping's pairs and those of its ``<<`` merges, of each name the one that counts.

    Its own count before merged ones, and of several mappings in one merge the earlier (YAML 1.1, "Merge Key
    Language-Independent Type"). PyYAML's own order has changed between its releases.
    """
    if id(node) in loader.merged:
        return loader.merged[id(node)]
    if node in inside:
        raise yaml.constructor.ConstructorError(None, None, "this mapping merges itself", node.start_mark)
    merged: dict[object, tuple[yaml.Node, yaml.Node]] = {}
    own: dict[object, tuple[yaml.Node, yaml.Node]] = {}
    for key, value in node.value:
        if key.tag != _MERGE:
            # A name that stands twice stays twice, to be told of.
            own[id(key)] = (key, value)
            continue
        for source in reversed(value.value) if isinstance(value, yaml.SequenceNode) else [value]:
            if not isinstance(source, yaml.MappingNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "`<<` takes a mapping or a list of mappings", source.start_mark
                )
            for pair in _merged(loader, source, (*inside, node)).values():
                merged[_name_of(pair[0])] = pair
    loader.merged[id(node)] = merged | own
    return loader.merged[id(node)]


def _name_of(key: yaml.Node) -> object:
    return (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else id(key)


def _construct_map(loader: _TemplateLoader, node: yaml.MappingNode) -> Iterator[Map]:
    result = Map(line=_line(node))
    yield result
    own = {id(key) for key, _ in node.value}
    for key_node, value_node in _merged(loader, node, ()).values():
        if not isinstance(key_node, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(
                None, None, "a key is text; this is a list or a mapping", key_node.start_mark
            )
        key = loader.construct_object(key_node, deep=True)
        # Keys such as `200:` or `true:` are names to CloudFormation.
        name = key if isinstance(key, str) else str(key_node.value)
        if id(key_node) in own and name in result.lines:
            loader.duplicates.append((_line(key_node), name, result.lines[name]))
        result[name] = loader.construct_object(value_node, deep=True)
        if id(key_node) in own:
            result.lines[name] = _line(key_node)


def _construct_seq(loader: _TemplateLoader, node: yaml.SequenceNode) -> Iterator[Seq]:
    result = Seq(line=_line(node))
    yield result
    for item in node.value:
        result.append(loader.construct_object(item, deep=True))
        result.lines.append(_line(item))


def _construct_tag(loader: _TemplateLoader, suffix: str, node: yaml.Node) -> Map:
    if suffix == "GetAtt" and isinstance(node, yaml.SequenceNode):
        # cfn-flip takes each part's text; a part may be an intrinsic itself (AWS::LanguageExtensions).
        value: Node = loader.construct_object(
            yaml.SequenceNode(_SEQ, node.value, node.start_mark, node.end_mark), deep=True
        )
        name = "Fn::GetAtt"
    elif isinstance(node, yaml.ScalarNode):
        ((name, value),) = multi_constructor(loader, suffix, node).items()
    else:
        name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
        plain = _SEQ if isinstance(node, yaml.SequenceNode) else _MAP
        value = loader.construct_object(type(node)(plain, node.value, node.start_mark, node.end_mark), deep=True)
    result = Map({name: _lined(value, _line(node))}, line=_line(node))
    result.lines[name] = _line(node)
    return result


def _lined(value: Node, line: int) -> Node:
    return Seq(value, line=line) if type(value) is list else value


def _construct_int(loader: _TemplateLoader, node: yaml.ScalarNode) -> int | str:
    text = str(node.value)
    # Account ids are twelve digits and may start with 0; `12:30` is a time, not YAML 1.1's base 60.
    if (len(text) == 12 and text.isascii() and text.isdigit()) or ":" in text:
        return text
    return int(loader.construct_yaml_int(node))


def _construct_float(loader: _TemplateLoader, node: yaml.ScalarNode) -> float | str:
    text = str(node.value)
    return text if ":" in text else float(loader.construct_yaml_float(node))


def _construct_text(_: _TemplateLoader, node: yaml.ScalarNode) -> str:
    return str(node.value)


_SEQ = "tag:yaml.org,2002:seq"
_MAP = "tag:yaml.org,2002:map"
_MERGE = "tag:yaml.org,2002:merge"
_TemplateLoader.add_constructor(_MAP, _construct_map)
_TemplateLoader.add_constructor(_SEQ, _construct_seq)
_TemplateLoader.add_constructor("tag:yaml.org,2002:int", _construct_int)
_TemplateLoader.add_constructor("tag:yaml.org,2002:float", _construct_float)
_TemplateLoader.add_constructor("tag:yaml.org,2002:timestamp", _construct_text)
_TemplateLoader.add_constructor("tag:yaml.org,2002:binary", _construct_text)
_TemplateLoader.add_constructor("tag:yaml.org,2002:value", _construct_text)
_TemplateLoader.add_multi_constructor("!", _construct_tag)


class _JsonLoader(_TemplateLoader):
    """The same for JSON, whose numbers need no dot before their exponent (RFC 8259)."""


_JsonLoader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"-?\d+[eE][-+]?\d+$"), list("-0123456789"))


def read(path: Path, files: Files | None = None) -> Document:
    """Reads the file, one of ``files``.

    Raises TemplateError with line and column when it is no YAML, no JSON, or no mapping.
    """
    files = files or Files()
    try:
        text = files.read(path).decode("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise TemplateError(
            f"{path}: there is no such template file.", tip="Name the template with -t/--template."
        ) from error
    except OSError as error:
        raise TemplateError(
            f"{path}: the template cannot be read: {error.strerror}.", tip="Give yourself the right to it."
        ) from error
    except UnicodeDecodeError as error:
        raise TemplateError(
            f"{path}: the template cannot be read, as it is not UTF-8: {error}.", tip="Store it as UTF-8."
        ) from error
    return replace(parse(text, path=path), files=files)


def parse(text: str, *, path: Path, what: str = "template", holds: str = "a Resources section") -> Document:
    """Reads a template's text; ``path`` is what messages call it. Other files of the kind say ``what`` they are."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    as_json = text.lstrip()[:1] == "{"
    loader = (_JsonLoader if as_json else _TemplateLoader)(_spaced(text) if as_json else text)
    try:
        root = loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        return _as_json(text, path=path, what=what, cause=_yaml_error(error, path=path, what=what))
    except yaml.reader.ReaderError as error:
        return _as_json(text, path=path, what=what, cause=_character_error(error, text, path=path, what=what))
    except RecursionError:
        cause = TemplateError(f"{path}: the {what} is nested too deeply to be read.", tip="Flatten it.")
        return _as_json(text, path=path, what=what, cause=cause)
    except (yaml.YAMLError, ValueError) as error:
        return _as_json(
            text, path=path, what=what, cause=TemplateError(f"{path}: the {what} cannot be read: {error}.")
        )
    finally:
        loader.dispose()
    if not isinstance(root, Map):
        raise TemplateError(f"{path}:1: a {what} is a mapping with {holds}; this is {_called(root)}.")
    check_extent(root, path=path, what=what)
    problems = tuple(
        Problem(
            path=path,
            line=line,
            message=f"{name} stands here again (first in line {first}); the last one counts.",
        )
        for line, name, first in loader.duplicates
    )
    return Document(path=path, root=root, problems=problems, size=len(text.encode(errors="surrogatepass")))


def _spaced(text: str) -> str:
    # JSON may be indented by tabs, which libyaml refuses; inside JSON's strings a raw tab is not allowed anyway.
    # Nor do these end a line there, as they do in YAML.
    for character in ("\x85", "\u2028", "\u2029"):
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.replace("\t", " ")


def _called(root: object) -> str:
    match root:
        case None:
            return "empty"
        case list():
            return "a list"
        case bool() | int() | float():
            return "a number" if not isinstance(root, bool) else "true or false"
    return "text"


def _yaml_error(error: yaml.MarkedYAMLError, *, path: Path, what: str) -> TemplateError:
    mark = error.problem_mark or error.context_mark
    place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
    why = " ".join(part for part in (error.context, error.problem) if part)
    return TemplateError(
        f"{place}: the {what} is not valid YAML: {why}.", tip="Mend the file at that line and column."
    )


def _character_error(error: yaml.reader.ReaderError, text: str, *, path: Path, what: str) -> TemplateError:
    """libyaml tells the place of a character that is not allowed by its offset in bytes."""
    before = text.encode()[: error.position].decode(errors="ignore")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return TemplateError(
        f"{path}:{line}:{column}: the {what} is not valid YAML: {error.reason}.",
        tip="Mend the file at that line and column.",
    )


def _as_json(text: str, *, path: Path, what: str, cause: TemplateError) -> Document:
    """JSON that is no YAML (escaped surrogate pairs are one way): read without line numbers."""
    if text.lstrip()[:1] != "{":
        raise cause
    try:
        root = cast("Map", with_lines(json.loads(text), line=1))
    except json.JSONDecodeError as error:
        raise TemplateError(
            f"{path}:{error.lineno}:{error.colno}: the {what} is not valid JSON: {error.msg}.",
            tip="Mend the file at that line and column.",
        ) from error
    except (RecursionError, ValueError):
        raise cause from None
    check_extent(root, path=path, what=what)
    return Document(path=path, root=root, size=len(text.encode(errors="surrogatepass")))
