"""Each question type, try by try, as the caller hears it (SPEC §3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ivrserver.blocks import (
    Choice,
    ChoiceKey,
    Digits,
    EndIvr,
    GoToQuestion,
    Message,
    Prompt,
    Record,
    Retries,
    YesNo,
)
from ivrserver.flow.events import (
    AnswerAccepted,
    AnswerRejected,
    BlockLeft,
    PromptStopped,
    QuestionAsked,
    RecordingEnded,
    Warned,
)
from ivrserver.flow.records import (
    AnswerGiven,
    Checkpoint,
    QuestionReached,
    RecordingMade,
    RespondentClosed,
    RespondentOpened,
    TimelineEntry,
)
from tests.unit.flow.scene import Scene, ivr

pytestmark = pytest.mark.looptime

TEN_WORDS = "one two three four five six seven eight nine ten"
"""A prompt of exactly one second."""


ZIP = Digits(question_id=1, name="zip", prompt=Prompt(TEN_WORDS), min_digits=5, max_digits=5)
COMMENT = Record(question_id=1, name="comment", prompt=Prompt("speak"), max_seconds=10)


def zip_code(question_id: int = 1, **more: Any) -> Digits:
    return replace(ZIP, question_id=question_id, **more)


def comment(**more: Any) -> Record:
    return replace(COMMENT, **more)


def answers(scene: Scene) -> dict[int, str]:
    return {answer.question_id: answer.value for answer in scene.journal.of(AnswerGiven)}


async def test_a_key_stops_the_prompt_and_counts() -> None:
    scene = Scene((ivr(zip_code()),))
    await scene.call((0.5, "1"), (1.0, "2345"))
    assert answers(scene) == {1: "12345"}
    assert scene.journal.of(PromptStopped) == [PromptStopped("the caller pressed a key")]


async def test_without_barge_in_the_prompt_is_heard_to_its_end_and_the_keys_count() -> None:
    scene = Scene(
        (ivr(zip_code(barge_in=False), Message(question_id=2, name="m", prompt=Prompt("bye"))),)
    )
    await scene.call((0.2, "12345"))
    assert answers(scene) == {1: "12345"}
    assert not scene.journal.of(PromptStopped)
    assert scene.channel.heard[1] == (1.0, "say:bye"), "not before the prompt was over"


async def test_keys_typed_before_the_question_begins_are_dropped() -> None:
    first = Message(question_id=1, name="m", prompt=Prompt(TEN_WORDS), barge_in=False)
    scene = Scene((ivr(first, zip_code(2)),))
    await scene.call((0.5, "999"), (1.5, "12345"))
    assert answers(scene) == {2: "12345"}


async def test_keys_typed_ahead_for_several_questions_reach_each_of_them() -> None:
    first = zip_code(1, barge_in=False)
    scene = Scene((ivr(first, zip_code(2, type_ahead=True), zip_code(3, type_ahead=True)),))
    await scene.call((0.2, "111112222233333"))
    assert answers(scene) == {1: "11111", 2: "22222", 3: "33333"}
    assert scene.heard == [TEN_WORDS]


async def test_a_terminator_by_habit_is_dropped_between_answers_typed_ahead() -> None:
    scene = Scene((ivr(zip_code(1), zip_code(2, type_ahead=True)),))
    await scene.call((0.2, "11111#22222"))
    assert answers(scene) == {1: "11111", 2: "22222"}


async def test_type_ahead_takes_them_and_skips_the_prompt() -> None:
    first = Message(question_id=1, name="m", prompt=Prompt(TEN_WORDS))
    scene = Scene((ivr(first, zip_code(2, type_ahead=True)),))
    await scene.call((0.5, "12345"))
    assert answers(scene) == {2: "12345"}
    assert len(scene.heard) == 1, "the second prompt was answered before it began"


async def test_a_terminator_typed_by_habit_does_not_spoil_the_next_question() -> None:
    yes = YesNo(question_id=2, name="sure", prompt=Prompt(TEN_WORDS))
    scene = Scene((ivr(zip_code(), yes),))
    await scene.call((0.5, "12345"), (0.9, "#"), (3.0, "1"))
    assert answers(scene) == {1: "12345", 2: "1"}
    assert not scene.journal.of(AnswerRejected)


async def test_no_input_and_invalid_are_counted_apart_and_have_their_own_prompts() -> None:
    question = zip_code(
        no_input=Retries(tries=2, prompt=Prompt("are you there")),
        invalid=Retries(tries=2, prompt=Prompt("that was wrong"), then=EndIvr()),
        pattern="1.*",
    )
    scene = Scene((ivr(question),))
    # Silence until 6.0; the retry is answered wrongly at 7.5, and once more at 9.
    await scene.call((7.5, "99999"), (9.0, "88888"))
    assert [event.reason for event in scene.journal.of(AnswerRejected)] == [
        "no key in time",
        "does not match the pattern",
        "does not match the pattern",
    ]
    assert scene.heard == [TEN_WORDS, "are you there", TEN_WORDS, "that was wrong", TEN_WORDS]
    assert answers(scene) == {}
    assert scene.journal.of(RespondentClosed)[0].completed is False


async def test_when_tries_run_out_the_configured_question_follows() -> None:
    silent = Retries(tries=1, then=GoToQuestion(3))
    skipped = Message(question_id=2, name="skipped", prompt=Prompt("skipped"))
    last = Message(question_id=3, name="last", prompt=Prompt("last"))
    scene = Scene((ivr(zip_code(no_input=silent), skipped, last),))
    await scene.call()
    assert scene.heard == [TEN_WORDS, "last"]
    assert scene.journal.of(RespondentClosed)[0].completed is True


async def test_a_choice_jumps_where_its_key_says() -> None:
    menu = Choice(
        question_id=1,
        name="menu",
        prompt=Prompt("menu"),
        keys=(ChoiceKey("1", "sales"), ChoiceKey("2", "support", GoToQuestion(3))),
    )
    sales = Message(question_id=2, name="sales", prompt=Prompt("sales"), then=EndIvr())
    support = Message(question_id=3, name="support", prompt=Prompt("support"))
    scene = Scene((ivr(menu, sales, support),))
    await scene.call((1.0, "2"))
    assert scene.heard == ["menu", "support"]
    assert scene.journal.of(AnswerAccepted)[0].reason == "the choice 'support'"


async def test_a_sensitive_answer_is_stored_for_the_webhook_but_never_shown() -> None:
    scene = Scene((ivr(zip_code(sensitive=True)),))
    await scene.call((0.5, "12345"))
    assert answers(scene) == {1: "12345"}
    assert scene.journal.of(AnswerAccepted)[0].value == "•••"
    assert "12345" not in repr(scene.journal.records)


async def test_every_answer_is_durable_before_the_next_question_is_heard() -> None:
    scene = Scene((ivr(zip_code(1), zip_code(2), zip_code(3)),))
    await scene.call((0.5, "12345"), (1.5, "54321"), (2.5, "11111"))
    records = scene.journal.records
    asked = [
        place
        for place, record in enumerate(records)
        if isinstance(record, TimelineEntry) and isinstance(record.event, QuestionAsked)
    ]
    given = [place for place, record in enumerate(records) if isinstance(record, AnswerGiven)]
    for answer, question in zip(given, asked[1:], strict=False):
        assert any(answer < durable <= question for durable in scene.journal.committed)


async def test_the_checkpoint_names_the_question_in_progress() -> None:
    scene = Scene((ivr(zip_code(1), zip_code(2)),))
    await scene.call((0.5, "12345"), (1.5, "54321"))
    marks = [(mark.doing["stage"], mark.question_id) for mark in scene.journal.of(Checkpoint)]
    assert marks == [
        ("following", 0),
        ("asking", 1),
        ("asking", 2),
        ("reporting", 0),
        ("following", 0),
    ]


async def test_the_newest_question_reached_is_the_one_that_a_caller_leaves_at() -> None:
    back = Choice(
        question_id=2,
        name="back",
        prompt=Prompt("back"),
        keys=(ChoiceKey("1", "again", GoToQuestion(1)),),
    )
    scene = Scene((ivr(zip_code(1), back, zip_code(3)),))
    await scene.call((0.5, "12345"), (1.5, "1"), hang_up_at=2.0)
    reached = scene.journal.of(QuestionReached)
    assert [each.question_id for each in reached] == [1, 2, 1]
    (run,) = scene.journal.of(RespondentOpened)
    assert {each.response_id for each in reached} == {run.response_id}


async def test_prompts_of_the_next_question_are_made_while_this_one_is_heard() -> None:
    bye = Message(question_id=2, name="m", prompt=Prompt("bye"))
    scene = Scene((ivr(zip_code(), bye),))
    await scene.call(hang_up_at=0.5)
    assert "bye" in scene.speech.made
    assert "bye" not in scene.heard


async def test_a_prompt_that_cannot_be_made_is_left_out_and_the_call_goes_on() -> None:
    scene = Scene((ivr(zip_code()),))
    scene.speech.broken = {TEN_WORDS}
    await scene.call((0.5, "12345"))
    assert answers(scene) == {1: "12345"}
    assert "could not be made" in scene.journal.of(Warned)[0].text


async def test_a_recording_is_an_answer() -> None:
    scene = Scene((ivr(comment()),))
    await scene.call((5.0, "#"))
    made = scene.journal.of(RecordingMade)[0]
    assert (made.ended_by, made.seconds) == ("key", pytest.approx(4.9))
    assert scene.journal.of(AnswerGiven)[0].recording == made.name


async def test_a_caller_who_hangs_up_while_speaking_is_kept() -> None:
    scene = Scene((ivr(comment()),))
    ended = await scene.call(hang_up_at=4.0)
    assert ended.reason == "caller_hung_up"
    assert scene.journal.of(RecordingEnded)[0].reason == "ended by hangup"
    assert scene.journal.of(AnswerGiven)[0].recording == scene.journal.of(RecordingMade)[0].name
    assert scene.journal.of(RespondentClosed)[0].completed is False


async def test_review_lets_the_caller_hear_and_record_again() -> None:
    scene = Scene((ivr(comment(review=True)),))
    await scene.call((3.0, "#"), (4.0, "2"), (8.0, "3"), (12.0, "#"), (14.0, "1"))
    names = [made.name for made in scene.journal.of(RecordingMade)]
    assert len(names) == 2
    assert f"recording:{names[0]}" in [uri for _, uri in scene.channel.heard]
    assert [answer.recording for answer in scene.journal.of(AnswerGiven)] == names


async def test_silence_is_asked_again_as_often_as_configured() -> None:
    scene = Scene((ivr(comment(no_input=Retries(tries=2, prompt=Prompt("say something")))),))
    scene.channel.talks = 0
    await scene.call()
    assert scene.heard == ["speak", "say something", "speak"]
    assert len(scene.journal.of(RecordingMade)) == 2


async def test_a_recorder_that_fails_does_not_end_the_call() -> None:
    bye = Message(question_id=2, name="m", prompt=Prompt("bye"))
    scene = Scene((ivr(comment(), bye),))
    scene.channel.broken_recorder = True
    ended = await scene.call()
    assert ended.reason == "hung_up"
    assert scene.heard == ["speak", "bye"]
    assert "the disk is full" in scene.journal.of(Warned)[0].text


async def test_jumps_in_a_loop_come_to_an_end() -> None:
    loop = Message(question_id=1, name="loop", prompt=Prompt("x"), then=GoToQuestion(1))
    scene = Scene((ivr(loop),))
    ended = await scene.call()
    assert ended.reason == "hung_up"
    assert "jumps in a loop" in scene.journal.of(BlockLeft)[0].reason
