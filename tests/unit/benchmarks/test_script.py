"""Both contestants get the same IVR, and callers are told apart."""

from __future__ import annotations

from benchmarks.media import key_packets
from benchmarks.script import (
    LINES,
    QUESTIONS,
    SHORT,
    SURVEY,
    account,
    callers,
    dialplan,
)
from ivrserver.blocks import Account
from ivrserver.blocks.files import FlowSource, dump, load

WEBHOOK = "http://127.0.0.1:8000/answers"


def test_the_flow_file_holds_both_lines() -> None:
    made: Account = account(WEBHOOK)
    assert [number.number for number in made.numbers] == [line.server for line in LINES]
    assert load([FlowSource("flow.yaml", dump(made).encode())]) == made


def test_the_dialplan_asks_every_question_with_its_own_prompt() -> None:
    text = dialplan(WEBHOOK, [f"/prompts/{question.name}" for question in QUESTIONS])
    assert "Playback(/prompts/welcome)" in text
    for question in SURVEY.asking:
        assert f"Read({question.name},/prompts/{question.name},{question.keys},,3,5)" in text
    assert text.count("CURL(") == 2


def test_no_two_callers_share_a_number() -> None:
    numbers = [caller.number for first in (0, 100) for caller in callers(SURVEY, 100, first)]
    assert len(set(numbers)) == 200
    assert all(len(number) == 10 for number in numbers)


def test_every_tenth_caller_leaves_after_the_first_answer() -> None:
    made = callers(SURVEY, 20, 0)
    assert [index for index, caller in enumerate(made) if caller.leaves] == [9, 19]
    assert made[9].answers[1:] == ("", "")
    assert not any(caller.leaves for caller in callers(SHORT, 20, 0))


def test_answers_are_valid() -> None:
    for caller in callers(SURVEY, 50, 7):
        code, topic, agree = caller.answers
        assert len(code) == 5
        assert topic in {*"123", ""}
        assert agree in {*"12", ""}


def test_a_prompt_that_is_heard_out_is_not_cut_short() -> None:
    lengths = [1.5, 2.7, 6.0, 1.4]
    after = callers(SURVEY, 1, 0)[0].presses_after(lengths)
    assert after[1] < lengths[1]
    assert after[3] > lengths[3]


def test_a_key_is_sent_as_rfc_4733_says() -> None:
    packets = list(key_packets("#", held=4))
    assert [packet[0][0] for packet in packets] == [11] * 5
    assert [int.from_bytes(packet[0][2:]) for packet in packets] == [160, 320, 480, 640, 640]
    assert [packet[0][1] >> 7 for packet in packets] == [0, 0, 0, 0, 1]
    assert [len(packet) for packet in packets] == [1, 1, 1, 1, 3]
