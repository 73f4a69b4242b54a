"""Voicemail by phone: messages are left, heard with the PIN, kept and deleted."""

from __future__ import annotations

import asyncio

import pytest

from ivrserver.demo import listening
from ivrserver.flow.events import (
    MailboxChanged,
    MailboxOpened,
    MailboxRefused,
    PromptPlayed,
    RecordingEnded,
    VoicemailLeft,
)
from ivrserver.resources import folder
from ivrserver.storage import Mailboxes
from tests.telephony.caller import Outcome
from tests.telephony.people.together import together
from tests.telephony.people.town import SAYS, Town
from tests.telephony.sounds import ulaw

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

GREETING = "Leave a word for sales."
BOX = SAYS.mailbox
PIN = "4711"


async def leave(town: Town, number: str, words: str, *, then: str = "#") -> Outcome:
    """Leave a message."""
    voice = await town.house.voice(words)
    async with town.house.calling(number) as caller:
        await town.recording(caller)
        await caller.speak(voice)
        if then:
            await caller.press(then)
            call = await caller.waits()
        else:
            call = await caller.hangs_up()
    await town.over(caller, call)
    await town.holds(town.recording_of(call.one(RecordingEnded).name), voice)
    return call


@together
async def test_a_message_is_left_by_key_by_silence_and_by_hanging_up(town: Town) -> None:
    by_key = await leave(town, "8031", "This is what I have to say, and I end with pound.")
    await town.house.hears(by_key.heard, GREETING, SAYS.voicemail.left)
    assert listening.contains_whole(by_key.heard, ulaw(folder("asterisk-config") / "sounds/beep"))
    by_leaving = await leave(
        town, "8031", "This is what I have to say, and I just hang up.", then=""
    )
    for call in (by_key, by_leaving):
        assert call.one(VoicemailLeft).block_id == 31
        assert call.one(VoicemailLeft).seconds > 0.5


@together
async def test_the_owner_hears_messages_with_envelope_saves_and_deletes_them(town: Town) -> None:
    boxes = Mailboxes(town.house.engine)
    await boxes.set_pin(39, PIN)
    words = ["This is the first message.", "This is the second message."]
    await asyncio.gather(*(leave(town, "8039", text) for text in words))
    callers = [message.caller_id for message in await boxes.messages(39)]
    voices = [await town.house.voice(text) for text in words]
    async with town.house.calling("8040") as owner:
        await town.menu(owner, BOX.enter_pin)
        await owner.press(PIN)
        for number, key in enumerate("32", 1):
            await town.menu(owner, BOX.message_menu, times=number, whole=False)
            await owner.press(key)
        await town.menu(owner, BOX.main_menu, whole=False)
        await owner.press("*")
        call = await owner.waits()
    opened = call.one(MailboxOpened)
    assert (opened.new, opened.saved) == (2, 0)
    assert [event.what for event in call.all(MailboxChanged)] == [
        "message deleted",
        "message saved",
    ]
    await town.house.hears(
        call.heard, BOX.enter_pin, "You have 2 new messages and no saved messages."
    )
    for voice in voices:
        await town.holds(call.heard, voice)
    said = [event.text for event in call.all(PromptPlayed)]
    for number, caller in enumerate(callers, 1):
        envelope = next(text for text in said if f"New message {number}. today at " in text)
        assert f"from {' '.join(caller[:3])}, {' '.join(caller[3:6])}, " in envelope
    left = await boxes.messages(39)
    assert [(message.caller_id, message.new) for message in left] == [(callers[1], False)]
    assert not any(PIN in text for text in said)
    await town.over(owner, call)


@together
async def test_without_the_right_pin_nobody_gets_in(town: Town) -> None:
    await Mailboxes(town.house.engine).set_pin(41, PIN)
    async with town.house.calling("8042") as caller:
        for attempt in range(3):
            await town.menu(caller, BOX.enter_pin, times=attempt + 1)
            await caller.press("0000")
        call = await caller.waits()
    await town.house.hears(call.heard, BOX.wrong_pin, BOX.wrong_pin)
    assert call.one(MailboxRefused).block_id == 41
    assert call.all(MailboxOpened) == []
    await town.over(caller, call)
