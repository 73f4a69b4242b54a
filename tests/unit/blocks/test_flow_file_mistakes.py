"""Every mistake in a flow file is named with its file, line and field."""

from __future__ import annotations

import textwrap

import pytest

from ivrserver.blocks import Account
from ivrserver.blocks.files import FlowSource, load
from ivrserver.blocks.lint import Known
from ivrserver.errors import FlowFileError


def source(text: str, name: str = "flow.yaml") -> FlowSource:
    return FlowSource(name, textwrap.dedent(text).lstrip("\n").encode())


def mistakes(text: str, known: Known | None = None) -> list[str]:
    with pytest.raises(FlowFileError) as caught:
        load([source(text)], known or Known())
    return str(caught.value).split("\n")


def ivr(questions: str = "", rest: str = "") -> str:
    """A flow file with one IVR; its questions begin in line 6."""
    body = textwrap.dedent(questions).strip("\n") or "[]"
    after = textwrap.dedent(rest).strip("\n")
    return (
        "blocks:\n  - id: 100\n    kind: ivr\n    name: Survey\n    questions:\n"
        + textwrap.indent(body, "      ")
        + "\n"
        + textwrap.indent(after, "    ")
        + "\n"
    )


PIN = "- {id: 3, type: digits, name: Pin, max_digits: 4}"


def test_an_empty_file_says_what_a_file_must_have() -> None:
    wanted = (
        "flow.yaml:1: file: is empty; a flow file has at least one of numbers, audio and blocks"
    )
    assert mistakes("") == [wanted]
    assert mistakes("# only a comment\n") == [wanted]
    assert mistakes("{}") == [wanted]
    assert mistakes("blocks:\n") == [wanted]


def test_a_file_that_is_a_text_or_a_list_is_told_to_hold_fields() -> None:
    assert mistakes("hello") == ["flow.yaml:1: file: must hold fields, each with a value"]
    assert mistakes("- hello") == ["flow.yaml:1: file: must hold fields, each with a value"]


def test_broken_yaml_names_its_line() -> None:
    (line,) = mistakes("numbers:\n  - number: [\n")
    assert line.startswith("flow.yaml:3: file: is not valid YAML:")


def test_two_documents_in_one_file_are_refused() -> None:
    (line,) = mistakes("numbers: []\n---\nnumbers: []\n")
    assert line.startswith("flow.yaml:2: file: is not valid YAML:")


def test_a_file_that_is_not_utf_8_names_the_line() -> None:
    with pytest.raises(FlowFileError) as caught:
        load([FlowSource("flow.yaml", "numbers: []\n# Gr\u00fc\u00dfe\n".encode("latin-1"))])
    assert str(caught.value) == "flow.yaml:2: file: is not UTF-8; save it as that"


def test_a_byte_order_mark_is_allowed() -> None:
    assert load([FlowSource("flow.yaml", b"\xef\xbb\xbfnumbers: []")]) == Account()


def test_control_characters_in_the_file_are_refused() -> None:
    (line,) = mistakes("numbers: []\n# \x00\n")
    assert line.startswith("flow.yaml:2: file: holds a control character")


def test_escaped_control_characters_are_refused_in_the_field() -> None:
    (line,) = mistakes(ivr('- {id: 1, type: message, name: A, prompt: "a\\0b"}'))
    assert "blocks[0].questions[0].prompt: holds a line break or control character (U+0000)" in line


def test_an_alias_bomb_is_refused_at_its_first_alias() -> None:
    (line,) = mistakes("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n")
    assert line == (
        "flow.yaml:2: file: is not valid YAML: "
        "aliases (*name) are not used here; write the value out"
    )


def test_bottomless_nesting_is_refused() -> None:
    (line,) = mistakes("numbers: " + "[" * 5000)
    assert "nested deeper than 20 levels" in line


def test_a_huge_file_is_refused_before_it_is_read() -> None:
    (line,) = mistakes("#" * 1_000_001)
    assert "is larger than 1,000,000 bytes" in line


def test_tags_are_refused() -> None:
    lines = mistakes("numbers: !!python/object:os.system []\nblocks: !secret []\n")
    assert lines[0].startswith("flow.yaml:1: numbers: ") or len(lines) == 1
    assert "flow.yaml:2: blocks: tags (!name) are not used here; remove it" in lines


def test_a_field_that_stands_twice_names_both_lines() -> None:
    lines = mistakes("numbers: []\nblocks: []\nnumbers: []\n")
    assert lines == ["flow.yaml:3: numbers: stands here twice (first in line 1); keep one"]


def test_an_unknown_field_suggests_the_nearest() -> None:
    lines = mistakes("numbers:\n  - number: sample\n    destinaton: hangup\n")
    assert lines == [
        "flow.yaml:2: numbers[0].destination: is missing; add it",
        "flow.yaml:3: numbers[0].destinaton: is not a field here; did you mean destination?",
    ]


def test_an_unlike_field_lists_what_there_is() -> None:
    (line,) = mistakes("numbers: []\nxyz: 1\n")
    assert line == "flow.yaml:2: xyz: is not a field here; there is numbers, audio, blocks"


@pytest.mark.parametrize(
    ("question", "field", "advice"),
    [
        ("{id: 1, type: digitz, name: A}", ".type", "(did you mean digits?)"),
        ("{id: 1, name: A}", ".type", "is missing; add one of message, digits, choice, yes_no"),
        ("{id: 0, type: message, name: A}", ".id", "must be at least 1"),
        ("{id: x, type: message, name: A}", ".id", "must be a whole number"),
        ("{type: message, name: A}", ".id", "is missing; add it"),
        ("{id: 1, type: message, name: ''}", ".name", "must not be empty"),
        ("{id: 1, type: message, name: A, barge_in: 5}", ".barge_in", "must be true or false"),
        ("{id: 1, type: yes_no, name: A, timeout: soon}", ".timeout", "must be a number"),
        ("{id: 1, type: yes_no, name: A, timeout: .nan}", ".timeout", "must be a number"),
        ("{id: 1, type: yes_no, name: A, timeout: 0}", ".timeout", "must be more than 0"),
        ("{id: 1, type: yes_no, name: A, no_input: {tries: 0}}", ".no_input.tries", "at least 1"),
        ("{id: 1, type: choice, name: A, keys: {}}", ".keys", "must not be empty"),
        ("{id: 1, type: choice, name: A}", ".keys", "is missing; add it"),
        ("{id: 1, type: choice, name: A, keys: {12: B}}", ".keys.12", "must be one key out of"),
        ("{id: 1, type: choice, name: A, keys: {1: {lable: B}}}", ".keys.1.lable", "mean label?"),
        ("{id: 1, type: digits, name: A, min_digits: 3}", "", "is more than max_digits (1)"),
        ("{id: 1, type: digits, name: A, pattern: '(['}", ".pattern", "not a regular expression"),
        ("{id: 1, type: digits, name: A, valid: ['12']}", "", "does not have 1 to 1 digits"),
        ("{id: 1, type: digits, name: A, valid: ['#']}", "", "holds the terminator"),
        ("{id: 1, type: digits, name: A, then: {block: 7}}", ".then.block", "there is no block 7"),
        ("{id: 1, type: digits, name: A, then: {question: 7}}", ".then.question", "no question 7"),
        ("{id: 1, type: digits, name: A, then: later}", ".then", "must be next, end, {question"),
        ("{id: 1, type: message, name: A, prompt: {audio: a}}", ".prompt.audio", "no audio file"),
        ("{id: 1, type: message, name: A, prompt: {text: a}}", ".prompt", "must be a text, or"),
    ],
)  # fmt: skip
def test_a_wrong_question_says_what_to_do(question: str, field: str, advice: str) -> None:
    (line,) = mistakes(ivr(f"- {question}"))
    assert line.startswith(f"flow.yaml:6: blocks[0].questions[0]{field}: ")
    assert advice in line


def test_a_prompt_of_ten_thousand_characters_is_allowed_and_not_one_more() -> None:
    message = "- {{id: 1, type: message, name: A, prompt: {}}}"
    load([source(ivr(message.format("a" * 10_000)))])
    (line,) = mistakes(ivr(message.format("a" * 10_001)))
    assert "must be at most 10,000 characters (has 10,001)" in line


def test_ids_used_twice_name_the_first_place() -> None:
    twice = ivr(f"{PIN}\n{PIN}") + "  - {id: 100, kind: ivr, name: B, questions: []}\n"
    question, block = mistakes(twice)
    assert question.startswith("flow.yaml:7: blocks[0].questions[1].id: 3 is used twice")
    assert question.endswith("(first in flow.yaml:6); change one")
    assert block.startswith("flow.yaml:9: blocks[1].id: 100 is used twice")
    assert block.endswith("(first in flow.yaml:2); change one")


def test_a_number_that_stands_twice_is_refused_also_across_files() -> None:
    one = source("numbers: [{number: 305, destination: hangup}]", "one.yaml")
    two = source("numbers:\n- number: 305\n  destination: hangup\n", "two.yaml")
    with pytest.raises(FlowFileError) as caught:
        load([one, two])
    wanted = "two.yaml:2: numbers[0].number: 305 is used twice (first in one.yaml:1); change one"
    assert str(caught.value) == wanted


@pytest.mark.parametrize(
    ("webhook", "field", "advice"),
    [
        ("{mode: next_action}", "", "mode next_action needs a url; add it"),
        ("{mode: next_acton}", ".mode", "did you mean next_action?"),
        ("{url: 'ftp://example.com'}", ".url", "must begin with http:// or https://"),
        ("{url: 'http:///path'}", ".url", "must begin with http:// or https:// and name a host"),
        ("{url: 'http://example.com:99999'}", ".url", "must begin with http:// or https://"),
        ("{url: 'http://a:hunter2@example.com'}", ".url", "must not hold a user name or password"),
        ("{url: 'http://a', secret: hunter2!}", ".secret", "must be whsec_ and then base64"),
        ("{url: 'http://a', parameters: {ivr_pin: 3}}", ".parameters.ivr_pin", "system's own"),
        ("{url: 'http://a', parameters: {St_pin: 3}}", ".parameters.St_pin", "system's own"),
        ("{url: 'http://a', parameters: {pin: 4}}", ".parameters.pin", "is a recording"),
        ("{url: 'http://a', parameters: {pin: 5}}", ".parameters.pin", "collects nothing"),
        ("{url: 'http://a', parameters: {pin: 6}}", ".parameters.pin", "has no question 6"),
        ("{url: 'http://a', parameters: {pin: x}}", ".parameters.pin", "must be a whole number"),
    ],
)  # fmt: skip
def test_wrong_webhook_settings_say_what_to_do(webhook: str, field: str, advice: str) -> None:
    questions = f"{PIN}\n- {{id: 4, type: record, name: B}}\n- {{id: 5, type: message, name: C}}"
    (line,) = mistakes(ivr(questions, f"webhook: {webhook}"))
    assert line.startswith(f"flow.yaml:9: blocks[0].webhook{field}: ")
    assert advice in line
    assert "hunter2" not in line


def test_every_mistake_of_a_file_is_reported_at_once() -> None:
    lines = mistakes(
        ivr("- {id: 1, type: digits, nmae: A, then: {block: 5}}", "backup_routing: {block: 6}")
    )
    assert [line.split(":", 2)[2].split(":")[0].strip() for line in lines] == [
        "blocks[0].questions[0].name",
        "blocks[0].questions[0].nmae",
        "blocks[0].questions[0].then.block",
        "blocks[0].backup_routing.block",
    ]


def test_a_missing_audio_file_is_named() -> None:
    with pytest.raises(FlowFileError) as caught:
        load([FlowSource("flow.yaml", b"audio:\n- a.wav\n- b.wav\n", lambda path: path == "a.wav")])
    assert str(caught.value) == "flow.yaml:3: audio[1].path: there is no file b.wav; add it"


@pytest.mark.parametrize("path", ["/etc/passwd", "../b.wav", "a/../../b.wav", "a\\b.wav"])
def test_audio_outside_the_flow_files_folder_is_refused(path: str) -> None:
    (line,) = mistakes(f"audio: ['{path}']")
    assert "must be a path below the flow file's folder" in line


def test_files_may_refer_to_each_others_blocks_and_to_those_in_the_database() -> None:
    number = source("numbers: [{number: a, destination: {block: 100}}]", "number.yaml")
    block = source(ivr(rest="next_step: {block: 200}"), "block.yaml")
    account = load([number, block], Known(blocks={200: "ivr"}))
    assert [one.number for one in account.numbers] == ["a"]
    with pytest.raises(FlowFileError, match=r"block\.yaml:7: .* there is no block 200; there is 1"):
        load([number, block])
