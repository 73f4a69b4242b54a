"""Which recorded answers are to be written down, and what is told about them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from ivrserver.blocks import Digits, Message, Prompt, Record
from ivrserver.flow.records import AnswerGiven, JobOrdered, RespondentOpened
from ivrserver.flow.spoken_answers import SpokenAnswer, WrittenAnswer, postback_parameters
from tests.fakes import START
from tests.unit.flow.scene import Scene, ivr

pytestmark = pytest.mark.looptime

HELLO = Message(question_id=9, name="hello", prompt=Prompt("hi"))
WISH = Record(question_id=7, name="wish", prompt=Prompt("speak"), max_seconds=3, transcribe=True)
NAME = replace(WISH, question_id=8, name="name")
CODE = Digits(question_id=1, name="code", prompt=Prompt("code"), timeout=60)


def orders(scene: Scene) -> list[SpokenAnswer]:
    """What is to be written down."""
    jobs = [each for each in scene.journal.of(JobOrdered) if each.kind == "transcription"]
    return [SpokenAnswer.of(each.call_id, each.detail) for each in jobs]


async def test_each_recorded_answer_is_to_be_written_down_when_the_ivr_has_ended() -> None:
    scene = Scene(
        (ivr(HELLO, WISH, replace(NAME, transcribe=False), replace(NAME, question_id=6)),)
    )
    await scene.call()
    (run,) = scene.journal.of(RespondentOpened)
    first, second = orders(scene)
    assert first == SpokenAnswer(
        call_id=run.call_id, response_id=run.response_id, ivr_id=101, question_id=7, number=2,
        name="wish", language="en-US",
    )  # fmt: skip
    assert (second.question_id, second.number) == (6, 4)
    (job, _) = [each for each in scene.journal.of(JobOrdered) if each.kind == "transcription"]
    assert (job.key, job.lane, job.due) == (f"{run.response_id}-7", "101", job.at)


async def test_who_hangs_up_while_speaking_is_written_down_too() -> None:
    scene = Scene((ivr(WISH, NAME),))
    await scene.call(hang_up_at=3.0)
    (given,) = scene.journal.of(AnswerGiven)
    (order,) = orders(scene)
    assert (given.question_id, order.question_id) == (7, 7)


async def test_nothing_is_to_be_written_down_where_nothing_was_recorded() -> None:
    scene = Scene((ivr(CODE, WISH),))
    await scene.call(hang_up_at=2.0)
    assert orders(scene) == []


def test_what_is_told_is_what_the_reference_says_in_its_order() -> None:
    answer = SpokenAnswer(
        call_id="c",
        response_id="r",
        ivr_id=101,
        question_id=7,
        number=2,
        name="wish",
        language="en",
    )
    written = WrittenAnswer(
        recording="rec", seconds=3.6, sensitive=True, at=START + timedelta(hours=1),
        text="more téa & milk", engine="openai",
    )  # fmt: skip
    date = written.at.astimezone(ZoneInfo("Europe/Berlin")).strftime("%Y-%m-%d %H:%M:%S")
    assert postback_parameters(answer, written, ZoneInfo("Europe/Berlin")) == (
        ("survo_id", "101"), ("unique_id", "r"), ("question", "2"), ("duration", "4"),
        ("date", date), ("text", "more téa & milk"),
    )  # fmt: skip
