"""Leaving a message, as the caller hears it and as it is stored (SPEC §8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ivrserver.blocks import Prompt, Voicemail
from ivrserver.flow.events import (
    CallEnded,
    MailboxRefused,
    VoicemailDropped,
    VoicemailLeft,
    Warned,
)
from ivrserver.flow.jobs import LETTER_WAITS
from ivrserver.flow.phrases import phrases
from ivrserver.flow.ports import GreetingKind, MailboxState
from ivrserver.flow.records import CallClosed, JobOrdered, MessageLeft, RecordingMade
from tests.unit.flow.scene import Scene

pytestmark = pytest.mark.looptime

BOX = Voicemail(block_id=9, name="Sales", greeting=Prompt("one two three four five"), review=False)
"""Its greeting lasts half a second; a message of 2 s and 5 s of silence ends at 7.5."""
GREETING = "one two three four five"
OWN = phrases("en").voicemail
REVIEW = phrases("en").review


def scene(**more: Any) -> Scene:
    return Scene((replace(BOX, **more),))


def recorded(kind: GreetingKind) -> MailboxState:
    return MailboxState(kind, {kind: f"{kind.value}-1"})


async def test_a_message_is_greeted_recorded_stored_and_thanked_for() -> None:
    call = scene()
    ended = await call.call()
    assert call.heard == [GREETING, OWN.left]
    made, message = call.journal.of(RecordingMade)[0], call.journal.of(MessageLeft)[0]
    assert made.ended_by == "silence"
    assert message.recording == made.name
    assert (message.block_id, message.caller_id) == (9, "2125550199")
    assert message.seconds == made.seconds == pytest.approx(7.0)
    left = call.journal.of(VoicemailLeft)[0]
    assert (left.message_id, left.block_id) == (message.message_id, 9)
    assert (ended.reason, ended.detail) == ("hung_up", "a message was left")


async def test_its_owners_are_told_by_email_if_the_box_names_any() -> None:
    quiet, call = scene(), scene(email=("a@example.com",))
    await quiet.call()
    assert quiet.journal.of(JobOrdered) == []
    await call.call()
    (message,), (job,) = call.journal.of(MessageLeft), call.journal.of(JobOrdered)
    assert (job.kind, job.key, job.due) == ("mail", message.message_id, message.at)
    assert job.call_id == "", "it outlives the call, as the message does"


async def test_it_is_written_down_if_the_box_says_so_and_the_letter_waits_for_that() -> None:
    call = scene(transcribe=True, language="en-GB", email=("a@example.com",))
    await call.call()
    (message,), (made,) = call.journal.of(MessageLeft), call.journal.of(RecordingMade)
    assert made.transcribe
    letter, order = call.journal.of(JobOrdered)
    assert (letter.kind, letter.due) == ("mail", message.at + LETTER_WAITS)
    assert (order.kind, order.key, order.due) == ("transcription", message.message_id, message.at)
    assert order.call_id == "", "it outlives the call, as the message does"
    assert order.detail == {"block_id": 9, "language": "en-GB", "letter": True}
    silent = scene(transcribe=True)
    await silent.call()
    (only,) = silent.journal.of(JobOrdered)
    assert (only.kind, only.detail["letter"]) == ("transcription", False)


async def test_the_message_is_durable_before_the_caller_is_thanked() -> None:
    call = scene()
    await call.call(hang_up_at=7.6)
    assert call.heard[-1] == OWN.left
    message = call.journal.of(MessageLeft)[0]
    assert any(call.journal.records.index(message) < done for done in call.journal.committed)


async def test_the_recorder_is_told_the_limits_of_the_box() -> None:
    call = scene(max_seconds=3, silence=0)
    await call.call()
    made = call.journal.of(RecordingMade)[0]
    assert made.ended_by == "limit"
    assert made.seconds == pytest.approx(3.0)


async def test_pound_ends_the_message() -> None:
    call = scene()
    await call.call((2.0, "#"))
    assert call.journal.of(RecordingMade)[0].ended_by == "key"
    assert call.journal.of(MessageLeft)[0].seconds == pytest.approx(1.5)


async def test_a_box_without_a_greeting_speaks_its_name() -> None:
    call = scene(greeting=Prompt(), name="Jane @ Sales")
    await call.call(hang_up_at=0.5)
    assert call.heard == [OWN.greeting.format(name="Jane @ Sales")]
    assert "Jane @ Sales" in call.heard[0]


async def test_a_box_speaks_its_own_language() -> None:
    call = scene(greeting=Prompt(), language="de-DE")
    await call.call(hang_up_at=0.5)
    assert call.heard == [phrases("de").voicemail.greeting.format(name="Sales")]


@pytest.mark.parametrize("kind", [GreetingKind.RECORDED, GreetingKind.VACATION])
async def test_the_greeting_that_the_owner_has_chosen_is_heard_instead(kind: GreetingKind) -> None:
    call = scene()
    call.mailboxes.greetings[9] = recorded(kind)
    await call.call((1.0, "#"), (4.0, "#"))
    assert call.heard[:1] == [f"recording:{kind.value}-1"]
    assert call.journal.of(MessageLeft)


async def test_a_recorded_greeting_that_is_not_in_use_is_not_heard() -> None:
    call = scene()
    call.mailboxes.greetings[9] = replace(
        recorded(GreetingKind.VACATION), greeting=GreetingKind.STANDARD
    )
    await call.call(hang_up_at=0.2)
    assert call.heard == [GREETING]


async def test_a_recorded_greeting_that_cannot_be_played_gives_way_to_the_other() -> None:
    call = scene()
    call.mailboxes.greetings[9] = recorded(GreetingKind.RECORDED)
    call.channel.unplayable = {"recording:recorded-1"}
    await call.call()
    assert call.heard == ["recording:recorded-1", GREETING, OWN.left]
    assert call.journal.of(Warned)


@pytest.mark.parametrize("trouble", ["away", "slow"])
async def test_storage_in_trouble_costs_the_recorded_greeting_but_not_the_call(
    trouble: str,
) -> None:
    call = scene()
    call.mailboxes.greetings[9] = recorded(GreetingKind.RECORDED)
    call.mailboxes.away, call.mailboxes.seconds = trouble == "away", 1000 * (trouble == "slow")
    ended = await call.call()
    assert call.heard == [GREETING, OWN.left]
    assert "greeting" in call.journal.of(Warned)[0].text
    assert call.journal.of(MessageLeft)
    assert ended.reason == "hung_up"


async def test_pound_skips_the_greeting() -> None:
    call = scene(greeting=Prompt("word " * 100))
    await call.call((1.0, "#"))
    assert call.journal.of(RecordingMade)[0].seconds == pytest.approx(7.0)
    assert call.channel.heard[-1][0] == pytest.approx(8.0)


async def test_other_keys_do_not_disturb_the_greeting() -> None:
    call = scene()
    await call.call((0.2, "5"))
    assert call.channel.heard[1][0] == pytest.approx(7.5)


async def test_a_silent_message_is_not_kept() -> None:
    call = scene()
    call.channel.talks = 0.0
    await call.call()
    assert call.heard == [GREETING, OWN.silent]
    assert call.journal.of(MessageLeft) == []
    assert call.journal.of(VoicemailDropped) == [VoicemailDropped(9, "nothing was said")]


async def test_less_than_half_a_second_of_talk_is_no_message() -> None:
    call = scene(review=True)
    call.channel.talks = 0.4
    await call.call()
    assert call.heard == [GREETING, OWN.silent], "nor is it reviewed"
    assert call.journal.of(MessageLeft) == []


async def test_a_caller_who_hangs_up_while_speaking_has_left_a_message() -> None:
    call = scene()
    ended = await call.call(hang_up_at=2.5)
    message = call.journal.of(MessageLeft)[0]
    assert message.seconds == pytest.approx(2.0)
    assert call.journal.of(RecordingMade)[0].ended_by == "hangup"
    assert ended.reason == "caller_hung_up"


async def test_a_caller_who_hangs_up_at_once_has_not() -> None:
    call = scene()
    await call.call(hang_up_at=0.8)
    assert call.journal.of(MessageLeft) == []
    assert len(call.journal.of(VoicemailDropped)) == 1


async def test_a_caller_who_hangs_up_during_the_review_has_left_a_message() -> None:
    call = scene(review=True)
    await call.call(hang_up_at=9.0)
    assert call.heard[-1] == REVIEW
    assert len(call.journal.of(MessageLeft)) == 1


async def test_review_lets_the_caller_hear_it_record_it_again_and_keep_it() -> None:
    call = scene(review=True)
    await call.call((3.0, "#"), (3.5, "2"), (7.0, "3"), (9.5, "#"), (10.0, "1"))
    first, second = call.journal.of(RecordingMade)
    assert f"recording:{first.name}" in call.heard
    assert [message.recording for message in call.journal.of(MessageLeft)] == [second.name]


async def test_silence_after_the_review_keeps_it() -> None:
    call = scene(review=True)
    await call.call()
    assert call.heard == [GREETING, REVIEW, OWN.left]
    assert len(call.journal.of(MessageLeft)) == 1


async def test_what_the_caller_has_discarded_is_not_left_when_they_hang_up() -> None:
    call = scene(review=True)
    await call.call((3.0, "#"), (3.5, "3"), hang_up_at=3.8)
    assert call.journal.of(MessageLeft) == []
    assert len(call.journal.of(RecordingMade)) == 2


async def test_a_recorder_that_fails_is_excused_to_the_caller() -> None:
    call = scene()
    call.channel.broken_recorder = True
    ended = await call.call()
    assert call.heard == [GREETING, OWN.failed]
    assert call.journal.of(VoicemailDropped) == [VoicemailDropped(9, "the recording failed")]
    assert ended.reason == "hung_up"


async def test_star_during_the_greeting_asks_for_the_pin() -> None:
    call = scene(greeting=Prompt("word " * 100))
    call.mailboxes.pins[9] = "4711"
    await call.call((1.0, "*"))
    assert call.heard[1] == phrases("en").mailbox.enter_pin
    assert call.journal.of(MailboxRefused)
    assert call.journal.of(VoicemailDropped) == [], "no message was expected"


@pytest.mark.parametrize(
    ("second", "step"),
    [(0.2, "greeting"), (1.0, "message"), (3.5, "review"), (4.0, "hearing it"), (5.9, "thanks")],
)
async def test_the_rows_are_complete_whenever_the_caller_hangs_up(second: float, step: str) -> None:
    call = scene(review=True)
    acts = [(3.0, "#"), (3.7, "2"), (5.0, "1")] if second > 3 else []
    await call.call(*acts, hang_up_at=second)
    assert call.journal.of(CallEnded)[-1].reason == "caller_hung_up"
    assert call.journal.of(CallClosed)[-1] is call.journal.records[-1]
    assert len(call.journal.of(VoicemailLeft)) + len(call.journal.of(VoicemailDropped)) == 1
