"""Messages are left and heard on the fake channel and on a real one alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from ivrserver.blocks import Prompt, Voicemail
from ivrserver.flow.bookmark import Bookmark
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.events import Event, PromptPlayed, RecordingStarted, Warned
from ivrserver.flow.mailbox import open_mailbox
from ivrserver.flow.phrases import phrases
from ivrserver.flow.ports import Sound, StoredMessage
from ivrserver.flow.records import JobOrdered, MessageLeft, Record, RecordingMade
from ivrserver.flow.report import CallFacts
from ivrserver.flow.voicemail import take_message
from ivrserver.flow.world import World
from tests.contract.parties import FakeParty, Party
from tests.fakes import START, FakeClock, FakeJournal
from tests.unit.flow.scene import Scene

BOX = Voicemail(
    block_id=9, name="Sales", greeting=Prompt("greeting"), silence=0, envelope=False,
    transcribe=True,
)  # fmt: skip
FACTS = CallFacts(
    session_id="c1", number_called="100", caller_id="2125550199", phone_label="Sample line"
)
PIN = "4711"
OWN = phrases("en")
MESSAGE_SECONDS = 1.6
"""Seconds of talk of the message, a beep and the time to press a key not counted."""


class Beeps:
    """A voice that says everything with a short tone."""

    def __init__(self, party: Party) -> None:
        self._party = party

    async def sound(self, prompt: Prompt, language: str, voice: str, audio_path: str) -> Sound:
        return self._party.sound(0.3)


class WatchedJournal(FakeJournal):
    """Tells when something is written."""

    def __init__(self) -> None:
        super().__init__()
        self.grown = asyncio.Event()

    def write(self, record: Record) -> None:
        super().write(record)
        self.grown.set()


class Visit:
    """A call to the box."""

    def __init__(self, party: Party) -> None:
        self.party, self.journal = party, WatchedJournal()
        self.scene = Scene((BOX,), journal=self.journal)
        self.scene.mailboxes.pins[9] = PIN
        self.world: World = replace(self.scene.world(), speech=Beeps(self.party))
        world = self.world
        self.talk = Conversation(
            "c1",
            self.party.channel,
            world.speech,
            world.journal,
            FakeClock(),
            world.library.current(),
            Bookmark("c1", world.journal, world.clock),
        )

    async def until(self, happened: Callable[[Event], bool]) -> None:
        """Wait until such an event is on the timeline."""
        async with asyncio.timeout(10):
            while not any(happened(event) for event in self.journal.events):
                self.journal.grown.clear()
                await self.journal.grown.wait()

    async def until_said(self, text: str) -> None:
        await self.until(lambda event: isinstance(event, PromptPlayed) and event.text == text)

    @asynccontextmanager
    async def leaving_a_message(self) -> AsyncIterator[asyncio.Task[str]]:
        leaving = take_message(self.world, self.talk, FACTS, BOX, Voice())
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            yield tasks.create_task(leaving)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Task[str]]:
        listening = open_mailbox(self.world, self.talk, BOX, Voice())
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            task = tasks.create_task(listening)
            await self.until_said(OWN.mailbox.enter_pin)
            await self.party.press(PIN)
            yield task

    def keep(self, recording: str, seconds: float) -> None:
        """Put a message with that recording into the box."""
        message = StoredMessage("m1", START, "2125550199", recording, seconds, new=True)
        self.scene.mailboxes.kept[9] = [message]


async def test_a_message_is_left_and_heard_whole(party: Party) -> None:
    visit = Visit(party)
    async with visit.leaving_a_message():
        await visit.until(lambda event: isinstance(event, RecordingStarted))
        await party.speak(MESSAGE_SECONDS)
        await asyncio.sleep(MESSAGE_SECONDS + 0.5)
        await party.press("#")
        await visit.until_said(OWN.review)
        await party.press("1")
    journal = visit.journal
    message, made = journal.of(MessageLeft)[0], journal.of(RecordingMade)[0]
    assert (message.recording, made.ended_by) == (made.name, "key")
    assert MESSAGE_SECONDS <= message.seconds < MESSAGE_SECONDS + 2
    assert [job.job_id for job in journal.of(JobOrdered)] == [f"transcription-{message.message_id}"]

    visit.keep(message.recording, message.seconds)
    loop = asyncio.get_running_loop()
    async with visit.listening():
        await visit.until_said(f"recording:{message.recording}")
        began = loop.time()
        await visit.until_said(OWN.mailbox.message_menu)
        # The count and the message's number are short tones before it.
        assert message.seconds < loop.time() - began < message.seconds + 2
        await party.press("3")
        await visit.until_said(OWN.mailbox.main_menu)
        await party.press("*")
    assert visit.scene.mailboxes.kept[9] == []
    assert journal.of(Warned) == []


async def test_a_recording_that_is_gone_does_not_keep_the_owner_from_deleting_it(
    party: Party,
) -> None:
    visit = Visit(party)
    visit.keep("no-such-recording", 2.0)
    if isinstance(party, FakeParty):
        party.channel.unplayable = {"recording:no-such-recording"}
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with visit.listening():
        await visit.until_said(OWN.mailbox.unplayable)
        assert loop.time() - began < 2, "there is no dead air in its place"
        await visit.until_said(OWN.mailbox.message_menu)
        await party.press("3")
        await visit.until_said(OWN.mailbox.main_menu)
        await party.press("*")
    assert visit.scene.mailboxes.kept[9] == []
