"""Ends, rounds and what nobody reaches are told before a caller hears them."""

from __future__ import annotations

import pytest

from ivrserver.blocks import Account, Ivr, PhoneNumber, ToBlock
from ivrserver.blocks.doubts import doubts
from ivrserver.blocks.graph import draw
from ivrserver.blocks.graph.problems import Weight, troubles
from ivrserver.blocks.lint import Known
from ivrserver.blocks.questions import Message, Prompt
from tests.unit.blocks.flows import flow, ivr

NUMBER = "numbers: [{number: a, destination: {block: 1}}]\nblocks:\n"
DECIDES = ", webhook: {mode: next_action, url: 'https://example.com/'}"
FIRST = "{id: 1, type: message, name: a, prompt: A}"
MENU = "  - {id: %d, kind: receptionist, name: R, menu: {prompt: P, %s}}\n"


def told(text: str) -> list[str]:
    return [str(doubt) for doubt in doubts(flow(text))]


def test_an_ordinary_account_gives_no_doubt() -> None:
    keys = MENU % (1, "keys: {1: {block: 2}, 2: {number: '2125550123'}}")
    assert told(NUMBER + keys + ivr(2, FIRST)) == []


def test_a_number_that_hangs_up_is_doubted() -> None:
    assert told("numbers: [{number: a, destination: hangup}]") == [
        "number a: hangs up on everybody at once; give it a destination"
    ]


@pytest.mark.parametrize(
    ("block", "told_of"),
    [
        (ivr(1), "block 1 (I1): asks nothing and hangs up"),
        (
            "  - {id: 1, kind: findme, name: F, phones: [a], loops: 0}",
            "block 1 (F): calls nobody and hangs up",
        ),
        (MENU % (1, "keys: {1: hangup, 2: hangup}"), "block 1 (R): every choice of menu hangs up"),
    ],
)
def test_a_block_that_leads_nowhere_is_doubted(block: str, told_of: str) -> None:
    (doubt,) = told(NUMBER + block)
    assert doubt.startswith(told_of)


def test_a_block_that_nobody_reaches_is_doubted_and_only_noted_where_a_web_server_decides() -> None:
    assert told(NUMBER + ivr(1, FIRST) + ivr(2, FIRST)) == [
        "block 2 (I2): no number leads here, whatever callers press; "
        "let a number, a key or a next step lead here"
    ]
    (noted,) = doubts(flow(NUMBER + ivr(1, FIRST, more=DECIDES) + ivr(2, FIRST)))
    assert noted.note
    assert noted.text.endswith("only a web server's reply can")


def test_a_box_whose_owner_can_only_listen_to_it_is_reached() -> None:
    box = "blocks: [{id: 1, kind: voicemail, name: V}]"
    assert told("numbers: [{number: a, destination: {mailbox: 1}}]\n" + box) == []


def test_without_numbers_every_block_is_for_calls_that_we_place() -> None:
    assert told("blocks:\n" + ivr(1, FIRST)) == []


def test_a_question_that_everybody_jumps_over_is_doubted() -> None:
    skips = "{id: 1, type: message, name: a, prompt: A, then: {question: 3}}"
    over = "{id: 2, type: digits, name: b, prompt: B}"
    assert told(NUMBER + ivr(1, skips, over, "{id: 3, type: message, name: c, prompt: C}")) == [
        "block 1 (I1), question 2: is never asked, every question before it leads elsewhere; "
        "let one lead here"
    ]


def test_a_round_that_nobody_can_leave_is_doubted_once() -> None:
    there = ivr(1, FIRST, more=", next_step: {block: 2}")
    assert told(NUMBER + there + ivr(2, FIRST, more=", next_step: {block: 1}")) == [
        "block 1 (I1): callers who get here go round until the server ends the call "
        "(block 1 → question 1 → block 2 → question 1 → block 1); let a way lead out"
    ]


def test_a_round_that_only_a_key_ends_is_doubted_for_those_who_press_none() -> None:
    menu = MENU % (1, "keys: {1: {number: '2125550123'}}, no_input: {then: {block: 2}}")
    (doubt,) = told(NUMBER + menu + ivr(2, FIRST, more=", next_step: {block: 1}"))
    assert "a caller who presses nothing goes round" in doubt
    assert "(block 1 → block 2 → question 1 → block 1)" in doubt


def test_a_round_that_somebody_called_or_a_web_server_ends_is_not_doubted() -> None:
    findme = "  - {id: 2, kind: findme, name: F, phones: [a], next_action: {receptionist: 1}}\n"
    menu = MENU % (1, "keys: {1: {block: 2}}, no_input: {then: {block: 2}}")
    assert told(NUMBER + menu + findme) == []
    again = ", backup_routing: {block: 1}"
    assert told(NUMBER + ivr(1, FIRST, more=DECIDES + again)) == []


def test_what_lint_refuses_stands_at_its_node_before_what_is_doubtful() -> None:
    question = Message(question_id=5, name="q", prompt=Prompt(audio="gone"))
    account = Account(
        numbers=(PhoneNumber("a", "", ToBlock(9)),),
        blocks=(Ivr(block_id=1, name="I", questions=(question,), next_step=ToBlock(8)),),
    )
    found = troubles(account, draw(account), Known())
    assert [(each.node, each.weight) for each in found] == [
        ("number:a", Weight.ERROR),
        ("question:1:5", Weight.ERROR),
        ("block:1", Weight.ERROR),
        ("block:1", Weight.WARNING),
    ]
    assert found[0].text == "destination.block: there is no block 9; there is 1"
    assert found[1].text.startswith("prompt.audio: there is no audio file called gone")
    assert found[1].about == "block 1 (I), question 5"
    missing = draw(account).named()["missing:9"]
    assert (missing.title, missing.detail) == ("Block 9", "does not exist")
