"""Reading a file: values as CloudFormation reads them, with the lines that messages name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samlocal.errors import TemplateError
from samlocal.template.document import Document, Map, Node, Seq
from samlocal.template.model import template
from samlocal.template.reader import parse, read

PATH = Path("template.yaml")


def document(text: str) -> Document:
    return parse(text, path=PATH)


def root(text: str) -> Map:
    return document(text).root


def error(text: str) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        document(text)
    return caught.value


def mapping(node: Node) -> Map:
    assert isinstance(node, Map)
    return node


def sequence(node: Node) -> Seq:
    assert isinstance(node, Seq)
    return node


# lines


def test_a_mapping_knows_the_line_of_each_key() -> None:
    found = root("Resources:\n\n  # a comment\n  Fn:\n    Type: T\n    Properties:\n      Timeout: 3\n")

    function = mapping(mapping(found["Resources"])["Fn"])
    assert found.line_of("Resources") == 1
    assert mapping(found["Resources"]).line_of("Fn") == 4
    assert (function.line, function.line_of("Type"), function.line_of("Properties")) == (5, 5, 6)
    assert mapping(function["Properties"]).line_of("Timeout") == 7


def test_a_key_that_is_not_there_has_the_line_of_its_mapping() -> None:
    assert mapping(root("A:\n  B: 1\n")["A"]).line_of("Absent") == 2


def test_a_list_knows_the_line_of_each_item() -> None:
    layers = sequence(root("Layers:\n  - one\n\n  - two\n  - {a: 1}\n")["Layers"])

    assert layers.line == 2
    assert [layers.line_of(index) for index in range(4)] == [2, 4, 5, 2]


def test_a_flow_list_over_several_lines_knows_the_line_of_each_item() -> None:
    items = sequence(root('{"Items": [1,\n 2,\n\n 3]}')["Items"])

    assert items.lines == [1, 2, 4]


def test_short_forms_know_their_lines_down_to_what_they_hold() -> None:
    found = root(
        "A:\n  !If\n  - Chosen\n  - !Ref One\n  - !Sub\n    - '${x}'\n    - x: 1\n      y: !GetAtt B.Arn\nC: !Ref D\n"
    )

    chosen = mapping(found["A"])
    branches = sequence(chosen["Fn::If"])
    sub = sequence(mapping(branches[2])["Fn::Sub"])
    assert chosen.line_of("Fn::If") == 2
    assert branches.lines == [3, 4, 5]
    assert mapping(branches[1]).line_of("Ref") == 4
    assert mapping(sub[1]).line_of("y") == 8
    assert mapping(found["C"]).line_of("Ref") == 9


def test_text_over_several_lines_moves_the_lines_after_it() -> None:
    found = root("Code: |\n  import a\n\n  def f(): pass\nFolded: >\n  one\n  two\nLast: 1\n")

    assert found["Code"] == "import a\n\ndef f(): pass\n"
    assert found["Folded"] == "one two\n"
    assert (found.line_of("Folded"), found.line_of("Last")) == (5, 8)


def test_a_json_file_has_lines_too() -> None:
    found = root('{\n  "Resources": {\n    "Fn": {\n      "Type": "T"\n    }\n  }\n}\n')

    assert mapping(found["Resources"]).line_of("Fn") == 3
    assert mapping(mapping(found["Resources"])["Fn"]).line_of("Type") == 4


# short forms (CloudFormation user guide, "YAML short form")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("!Ref Table", {"Ref": "Table"}),
        ("!Condition IsProd", {"Condition": "IsProd"}),
        ("!GetAtt Table.Arn", {"Fn::GetAtt": ["Table", "Arn"]}),
        ("!GetAtt Nested.Outputs.Url", {"Fn::GetAtt": ["Nested", "Outputs.Url"]}),
        ("!GetAtt [Table, Arn]", {"Fn::GetAtt": ["Table", "Arn"]}),
        ("!GetAtt [Table, !Ref Attribute]", {"Fn::GetAtt": ["Table", {"Ref": "Attribute"}]}),
        ("!Sub 'x-${Table}'", {"Fn::Sub": "x-${Table}"}),
        ("!Sub ['${a}', {a: !Ref B}]", {"Fn::Sub": ["${a}", {"a": {"Ref": "B"}}]}),
        ("!Join ['-', [a, !Ref B]]", {"Fn::Join": ["-", ["a", {"Ref": "B"}]]}),
        ("!Select [0, !GetAZs '']", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
        ("!If [C, !Ref A, !Ref 'AWS::NoValue']", {"Fn::If": ["C", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]}),
        ("!FindInMap [M, a, b]", {"Fn::FindInMap": ["M", "a", "b"]}),
        ("!Equals [a, b]", {"Fn::Equals": ["a", "b"]}),
        ("!ToJsonString {a: [1]}", {"Fn::ToJsonString": {"a": [1]}}),
        ("{Fn::Join: ['', [a]]}", {"Fn::Join": ["", ["a"]]}),
        ('{"Fn::GetAtt": "Table.Arn"}', {"Fn::GetAtt": "Table.Arn"}),
    ],
)
def test_a_short_form_is_its_long_form(written: str, meant: object) -> None:
    assert root(f"Value: {written}\n")["Value"] == meant


def test_tags_that_nobody_knows_are_read_as_functions_of_their_name() -> None:
    found = root("A: !Rain::Embed code.py\nB: !Rain::S3 {Path: x, Zip: true}\nC: !Custom [1, !Ref D]\n")

    assert found == {
        "A": {"Fn::Rain::Embed": "code.py"},
        "B": {"Fn::Rain::S3": {"Path": "x", "Zip": True}},
        "C": {"Fn::Custom": [1, {"Ref": "D"}]},
    }


def test_a_tag_of_yaml_that_would_run_code_is_refused_at_its_line() -> None:
    assert error("A: 1\nB: !!python/object/apply:os.system [ls]\n").message.startswith("template.yaml:2:4: ")


# keys


def test_a_key_that_stands_twice_is_a_problem_and_the_last_one_counts() -> None:
    found = document("A: 1\nB:\n  C: 1\n  D: 2\n  C: 3\nA: 4\n")

    assert found.root == {"A": 4, "B": {"C": 3, "D": 2}}
    assert sorted((problem.line, problem.message) for problem in found.problems) == [
        (5, "C stands here again (first in line 3); the last one counts."),
        (6, "A stands here again (first in line 1); the last one counts."),
    ]
    assert {str(problem).split(" ")[0] for problem in found.problems} == {"template.yaml:5:", "template.yaml:6:"}
    assert found.root.line_of("A") == 6


def test_a_key_that_stands_twice_is_a_problem_in_json_and_inside_a_short_form_too() -> None:
    assert [problem.line for problem in document('{"A": 1,\n "A": 2}').problems] == [2]
    assert [problem.line for problem in document("A: !Sub\n- x\n- a: 1\n  a: 2\n").problems] == [4]


def test_the_same_key_in_two_mappings_is_no_problem() -> None:
    assert document("A: {C: 1}\nB: {C: 2}\n").problems == ()


def test_keys_that_yaml_takes_for_numbers_or_booleans_are_names() -> None:
    found = root("200: ok\ntrue: yes it is\n1.5: x\n2012-10-17: d\nnull: n\n'on': o\n")

    assert list(found) == ["200", "true", "1.5", "2012-10-17", "null", "on"]
    assert found.line_of("200") == 1


@pytest.mark.parametrize("key", ["Runtime: {{ cookiecutter.runtime }}", "? [a, b]\n  : c", "? {a: b}\n  : c"])
def test_a_key_that_is_no_text_is_an_error_at_its_line(key: str) -> None:
    # What a template looks like before Jinja or cookiecutter has filled it in.
    assert error(f"A: 1\nB:\n  {key}\n").message.startswith("template.yaml:3:")


# anchors and merges


def test_an_anchor_stands_for_the_same_value_wherever_it_is_named() -> None:
    found = root("A: &all\n  Timeout: 3\n  Layers: [x]\nB: *all\nC: [*all]\n")

    assert found["B"] == found["A"] == sequence(found["C"])[0] == {"Timeout": 3, "Layers": ["x"]}
    assert mapping(found["B"]).line_of("Layers") == 3


def test_a_merge_gives_what_the_mapping_does_not_have_itself() -> None:
    found = document(
        "Base: &base\n  Runtime: python3.11\n  Timeout: 3\n"
        "One:\n  <<: *base\n  Timeout: 9\n"
        "Two:\n  Timeout: 9\n  <<: *base\n"
        "Three:\n  <<: [*base, {Timeout: 5, Memory: 1}]\n"
    )

    assert found.root["One"] == found.root["Two"] == {"Runtime": "python3.11", "Timeout": 9}
    assert found.root["Three"] == {"Runtime": "python3.11", "Timeout": 3, "Memory": 1}
    assert mapping(found.root["One"]).line_of("Timeout") == 6
    assert found.problems == ()


@pytest.mark.parametrize("merge", ["&self {<<: *self}", "{<<: [{A: 1}, 3]}", "{<<: x}"])
def test_a_merge_of_what_is_no_other_mapping_is_an_error_at_its_line(merge: str) -> None:
    assert error(f"A: 1\nB: {merge}\n").message.startswith("template.yaml:2:")


def test_an_intrinsic_can_be_merged_in() -> None:
    assert root("A: &name\n  Ref: Table\nB:\n  <<: *name\n")["B"] == {"Ref": "Table"}


def test_a_quoted_merge_key_is_a_name() -> None:
    assert root('{"<<": {"a": 1}, "b": 2}') == {"<<": {"a": 1}, "b": 2}


def test_an_alias_of_nothing_and_one_of_itself_are_errors_at_their_place() -> None:
    assert error("A: 1\nB: *nowhere\n").message.startswith("template.yaml:2:4: ")
    assert error("A: 1\nB: &b [*b]\n").message.startswith("template.yaml:2:")


# values


@pytest.mark.parametrize(
    "text",
    [
        "2010-09-09",
        "2012-10-17T12:30:00Z",
        "2012-10-17 12:30:00",
        "123456789012",
        "012345678901",
        "000000000000",
        "12:30",
        "12:30:45.5",
        "190:20:30",
        "089",
        "1e3",
        "=",
        "python3.11",
        "0o17",
    ],
)
def test_what_yaml_would_make_a_date_or_a_number_of_stays_text(text: str) -> None:
    assert root(f"Value: {text}\n") == {"Value": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("12345678901", 12345678901),
        ("1234567890123", 1234567890123),
        ("0.5", 0.5),
        ("true", True),
        ("yes", True),
        ("off", False),
        ("null", None),
        ("~", None),
        ("", None),
        ('"3"', "3"),
        ("'true'", "true"),
        ("'2010-09-09'", "2010-09-09"),
    ],
)
def test_numbers_booleans_and_nothing_are_what_yaml_says(text: str, value: object) -> None:
    found = root(f"Value: {text}\n")["Value"]

    assert (found, type(found)) == (value, type(value))


def test_an_account_id_among_texts_of_a_list_stays_text() -> None:
    assert root("Accounts: [012345678901, 123456789012, 12]\n")["Accounts"] == ["012345678901", "123456789012", 12]


# encodings and line ends


def test_a_byte_order_mark_is_no_part_of_the_template(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_bytes(b"\xef\xbb\xbfResources:\r\n  A: {Type: T}\r\n")

    assert read(path).root == {"Resources": {"A": {"Type": "T"}}}


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends_of_every_system_count_once(end: str) -> None:
    found = root(end.join(["A:", "  - 1", "  - 2", "B: |", "  x", "  y", "C: 3", ""]))

    assert found == {"A": [1, 2], "B": "x\ny\n", "C": 3}
    assert (sequence(found["A"]).lines, found.line_of("B"), found.line_of("C")) == ([2, 3], 4, 7)


def test_json_may_be_indented_by_tabs() -> None:
    found = root('{\n\t"A": {\n\t\t"B":\t1\n\t}\n}\n')

    assert found == {"A": {"B": 1}}
    assert mapping(found["A"]).line_of("B") == 3


def test_json_with_surrogate_pairs_is_read() -> None:
    assert root('{"A": "\\ud83d\\ude80 up", "B": ["\\u00e9", 1]}') == {"A": "🚀 up", "B": ["é", 1]}


def test_unicode_that_stands_as_it_is_is_read() -> None:
    assert root("A: 'Grüße 🚀'\nÜber: 日本\n") == {"A": "Grüße 🚀", "Über": "日本"}


def test_a_file_in_another_encoding_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_bytes("Resources: {}\n".encode("utf-16"))

    with pytest.raises(TemplateError, match=r"template\.yaml: the template cannot be read"):
        read(path)


# errors


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("A: 1\n B: 2\n", "2:3"),
        ("A: b: c\n", "1:5"),
        ("A:\n\tB: 1\n", "2:1"),
        ("A: 1\nB: @x\n", "2:4"),
        ("A: 1\nB: 'open\n", "3:1"),
        ("A: [1, 2\nB: 3\n", "2:2"),
        ("A: 1\n---\nB: 2\n", "2:1"),
        ("A: 1\nB: \x00x\n", "2:4"),
    ],
)
def test_bad_yaml_is_an_error_with_line_and_column(text: str, place: str) -> None:
    assert error(text).message.startswith(f"template.yaml:{place}: ")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"A": 1', "1:8"),
        ('{\n  "A": [1, 2\n}\n', "3:1"),
        ('{\n  "A": 1\n  "B": 2\n}\n', "3:3"),
        ('{"A": 1}\n{"B": 2}\n', "2:1"),
    ],
)
def test_bad_json_is_an_error_with_line_and_column(text: str, place: str) -> None:
    found = error(text).message

    assert found.startswith(f"template.yaml:{place}: ")
    assert "JSON" in found


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n"])
def test_an_empty_file_is_an_error_that_says_so(text: str) -> None:
    assert "empty" in error(text).message


@pytest.mark.parametrize("text", ["- A\n- B\n", '[{"A": 1}]', "just text\n", "3\n"])
def test_a_file_that_is_no_mapping_is_an_error_that_says_what_a_template_is(text: str) -> None:
    assert "a template is a mapping with a Resources section" in error(text).message


@pytest.mark.parametrize("text", ["Resources:\n", "Resources: []\n", "Parameters: {}\n"])
def test_a_template_without_resources_is_an_error(text: str) -> None:
    with pytest.raises(TemplateError, match=r"template\.yaml:1: the template has no Resources section"):
        template(document(text))


def test_a_file_that_is_not_there_is_an_error_that_names_it_and_the_option(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"absent\.yaml: there is no such template file") as caught:
        read(tmp_path / "absent.yaml")
    assert "--template" in str(caught.value.tip)
    with pytest.raises(TemplateError, match="there is no such template file"):
        read(tmp_path)


# any JSON

# Twelve digits are an account id and stay text: a case of their own above.
_INTEGERS = st.integers().filter(lambda number: len(str(number)) != 12)
# What YAML gives a meaning to, and JSON's strings do not.
_TROUBLE = st.sampled_from("\x7f\x85\u2028\u2029\ufeff\t\n\\\"'#:&*!|>%@`{}[],-?~=<$ \x00\U0001f680")
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | _TROUBLE, max_size=12)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
_TREES = st.recursive(
    st.none() | st.booleans() | _INTEGERS | _FLOATS.filter(lambda number: "." in str(number)) | _TEXTS,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(_TEXTS, children, max_size=4),
    max_leaves=12,
)


@settings(derandomize=True, deadline=None, max_examples=400)
@given(
    tree=st.dictionaries(_TEXTS, _TREES, max_size=4),
    indent=st.sampled_from([None, 2, "\t"]),
    ascii_only=st.booleans(),
)
def test_any_json_reads_back_as_it_was(tree: dict[str, object], indent: int | str | None, ascii_only: bool) -> None:
    found = root(json.dumps(tree, indent=indent, ensure_ascii=ascii_only))

    assert _typed(found) == _typed(tree)


@pytest.mark.parametrize("number", [1e-7, 5e-324, 1e16, -1e22])
def test_a_number_of_json_needs_no_dot_before_its_exponent(number: float) -> None:
    # YAML 1.1 wants one; JSON (RFC 8259, "Numbers") does not.
    assert _typed(root(json.dumps({"Value": number}))) == _typed({"Value": number})


@pytest.mark.parametrize("character", ["\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\U0001f680"])
def test_a_character_that_yaml_takes_for_the_end_of_a_line_stands_in_json_as_it_is(character: str) -> None:
    found = root(f'{{"A": "x{character}y",\n "B": 1}}')

    assert found == {"A": f"x{character}y", "B": 1}


def _typed(value: object) -> object:
    """The value with its types: ``1 == True == 1.0`` would hide a wrong one."""
    match value:
        case dict():
            return {key: _typed(item) for key, item in value.items()}
        case list():
            return [_typed(item) for item in value]
    return type(value).__name__, value
