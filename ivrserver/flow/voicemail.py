"""A voicemail box takes a message (SPEC §8)."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivrserver.blocks import HangUp, Voicemail
from ivrserver.errors import MediaFailed, StorageError
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.events import PromptPlayed, VoicemailDropped, Warned
from ivrserver.flow.gather import Heard, LeftOver, hear
from ivrserver.flow.left_message import leave_message
from ivrserver.flow.mailbox import open_mailbox
from ivrserver.flow.ports import GreetingKind, MailboxState, RecordingOrder, Sound
from ivrserver.flow.recorder import GREETING_SECONDS, Speech, listen
from ivrserver.flow.report import CallFacts
from ivrserver.flow.stored import stored
from ivrserver.flow.targets import Move
from ivrserver.flow.world import World

OPEN, SKIP = "*", "#"
"""Keys during the greeting: the owner opens the mailbox; the caller goes straight to the tone."""


async def take_message(
    world: World, talk: Conversation, facts: CallFacts, box: Voicemail, voice: Voice
) -> str:
    """Greet, record a message and keep it, also when the caller hangs up in the middle.

    Returns:
        Why it is over, for people. The call is then to be hung up.
    """
    visit = _Visit(world, talk, facts, box, voice)
    try:
        if await visit.greet() == OPEN:
            visit.over = True
            return await open_mailbox(world, talk, box, voice)
        farewell = await visit.listen()
    finally:
        visit.close()
    talk.bookmark.follow(Move(HangUp(), visit.result))
    await talk.journal.commit()
    await talk.say(farewell, voice)
    return visit.result


@dataclass(slots=True)
class _Visit:
    """One caller in front of one box.

    Attributes:
        result: what came of it, for people; until there is a message, why there is none.
        over: the result is on the timeline.
    """

    world: World
    talk: Conversation
    facts: CallFacts
    box: Voicemail
    voice: Voice
    speech: Speech = field(default_factory=Speech)
    result: str = "the caller hung up before the tone"
    over: bool = False

    async def greet(self) -> str:
        """Play the greeting in use; return the key that cut it short, empty: none."""
        self.talk.channel.forget_keys()
        kind, recorded = await self._greeting_in_use()
        if recorded:
            sound = Sound(f"recording:{recorded}", GREETING_SECONDS)
            playback_id = await self.talk.channel.play([sound])
            self.talk.note(PromptPlayed(f"the {kind.value} greeting", 0.0))
            heard = await self._hear(playback_id)
            if not heard.error:
                return heard.key
        return (await self._hear(await self._play_own_greeting())).key

    async def listen(self) -> str:
        """Record the message; return what is to be said about it."""
        phrases = self.voice.phrases.voicemail
        self.result = "nothing was said"
        try:
            await listen(
                self.talk,
                self._order,
                self.voice,
                self.speech,
                review=self.box.review,
                transcribe=self.box.transcribe,
            )
        except MediaFailed as error:
            self.talk.note(Warned(f"the recording failed, the call goes on: {error}"))
            self.result = "the recording failed"
            return phrases.failed
        return phrases.left if self.speech.said else phrases.silent

    def close(self) -> None:
        """Leave the message, or say why there is none. Also when the caller has hung up."""
        if self.over:
            return
        self.over = True
        message = self.speech.said
        if message is None:
            self.talk.note(VoicemailDropped(self.box.block_id, self.result))
            return
        leave_message(
            self.world,
            self.talk,
            self.box,
            caller_id=self.facts.caller_id,
            recording=message.name,
            seconds=message.seconds,
        )
        self.result = "a message was left"

    async def _greeting_in_use(self) -> tuple[GreetingKind, str]:
        """The kind that the owner has chosen, and its recording; empty: the block's own."""
        try:
            state = await stored(self.world.mailboxes.state(self.box.block_id))
        except StorageError as error:
            self.talk.note(Warned(f"the greeting in use is not known, so the standard: {error}"))
            state = MailboxState()
        if state.greeting is GreetingKind.STANDARD:
            return state.greeting, ""
        return state.greeting, state.recordings.get(state.greeting, "")

    async def _play_own_greeting(self) -> str:
        """The block's own greeting, else the standard one."""
        if self.box.greeting:
            return await self.talk.play([self.box.greeting], self.voice)
        standard = self.voice.phrases.voicemail.greeting
        return await self.talk.play_text(standard.format(name=self.box.name), self.voice)

    async def _hear(self, playback_id: str) -> Heard:
        return await hear(self.talk, playback_id, LeftOver(), keys=OPEN + SKIP)

    def _order(self) -> RecordingOrder:
        return RecordingOrder(
            name=self.world.new_id(),
            max_seconds=self.box.max_seconds,
            silence=self.box.silence,
            beep=True,
        )
