"""Flow files read as a person would expect."""

from __future__ import annotations

from ivrserver.blocks import (
    Account,
    Choice,
    ChoiceKey,
    Digits,
    Ivr,
    Message,
    PhoneNumber,
    Prompt,
    Record,
    ToNumber,
    WebhookParameter,
    YesNo,
)
from ivrserver.blocks.files import FlowSource, dump, load
from tests.unit.blocks.sample import SAMPLE

TEXT = """\
numbers:
  - number: '0305550123'
    label: Radio ad
    destination: {block: 100}
  - number: fax
    destination: hangup

audio:
  - audio/welcome.wav
  - path: audio/thanks.wav
    name: thanks

blocks:
  - id: 100
    kind: ivr
    name: Survey
    questions:
      - id: 1
        type: message
        name: Welcome
        prompt: {audio: welcome.wav}
      - id: 2
        type: digits
        name: Pin
        prompt: |-
          Please enter your PIN.
          Then press pound.
        sensitive: true
        timeout: 7.5
        invalid:
          tries: 2
          prompt: No.
          then: end
        min_digits: 4
        max_digits: 6
        valid:
          - '0815'
      - id: 3
        type: choice
        name: Department
        prompt: Sales or support?
        keys:
          '1': Sales
          '2':
            label: Support
            then: {question: 2}
          '*': ''
      - id: 4
        type: yes_no
        name: Again
        then: {block: 100}
      - id: 5
        type: record
        name: Comment
        max_seconds: 30
        beep: false
    webhook:
      mode: next_action
      method: GET
      url: https://example.com/hook?a=1&a=2
      parameters:
        yes: 2
        department: 3
    next_step: {number: '2125550123'}
    backup_routing: hangup
""".replace("        yes: 2", "        'yes': 2")


def read(text: str) -> Account:
    return load([FlowSource("flow.yaml", text.encode())])


def test_a_whole_flow_file_is_read() -> None:
    assert read(TEXT) == SAMPLE


def test_a_flow_file_is_written_as_a_person_would() -> None:
    assert dump(SAMPLE) == TEXT


def test_text_is_taken_as_it_stands_where_yaml_would_guess() -> None:
    text = """
    numbers: [{number: 0305550123, label: 1:30, destination: {number: 2125550123}}]
    blocks:
      - id: 7
        kind: ivr
        name: no
        questions:
          - {id: 1, type: digits, name: 2024-01-01, max_digits: 2, valid: [01, 10], prompt: yes}
          - {id: 2, type: choice, name: on, keys: {1: off, *: null}}
        webhook: {url: "http://a", parameters: {no: 1}}
    """.replace("*: null", '"*": null')
    account = read(text)
    assert account.numbers == (PhoneNumber("0305550123", "1:30", ToNumber("2125550123")),)
    (ivr,) = account.blocks
    digits, choice = ivr.questions
    assert isinstance(digits, Digits)
    assert (ivr.name, digits.name, digits.valid, digits.prompt) == (
        "no",
        "2024-01-01",
        ("01", "10"),
        Prompt("yes"),
    )
    assert isinstance(choice, Choice)
    assert choice.keys == (ChoiceKey("1", "off"),)
    assert ivr.webhook.parameters == (WebhookParameter("no", 1),)


def test_what_is_left_out_has_the_default_of_the_value() -> None:
    def minimal(kind: str, rest: str = "") -> object:
        text = f"{{id: 1, type: {kind}, name: A{rest}}}"
        account = read(f"blocks: [{{id: 1, kind: ivr, name: A, questions: [{text}]}}]")
        return account.blocks[0].questions[0]

    given = {"question_id": 1, "name": "A", "prompt": Prompt()}
    assert minimal("message") == Message(**given)
    assert minimal("digits") == Digits(**given)
    assert minimal("yes_no") == YesNo(**given)
    assert minimal("record") == Record(**given)
    assert minimal("choice", ", keys: {1: ''}") == Choice(**given, keys=(ChoiceKey("1"),))
    assert read("blocks: [{id: 1, kind: ivr, name: A, questions: []}]").blocks == (
        Ivr(block_id=1, name="A", questions=()),
    )


def test_an_ivr_with_a_hundred_questions_is_read() -> None:
    questions = "\n".join(f"- {{id: {n}, type: message, name: Q{n}}}" for n in range(1, 101))
    account = read(
        f"blocks:\n- id: 1\n  kind: ivr\n  name: A\n  questions:\n{_indented(questions)}"
    )
    assert len(account.blocks[0].questions) == 100


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))
