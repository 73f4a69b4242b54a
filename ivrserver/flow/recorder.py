"""Record the caller, and let them review it: for questions, voicemail and greetings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ivrserver.blocks import Prompt
from ivrserver.errors import MediaFailed
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.digits import DigitRule
from ivrserver.flow.events import RecordingEnded, RecordingStarted, Warned
from ivrserver.flow.gather import LeftOver, gather, skip_on_key
from ivrserver.flow.ports import RecordedAudio, Recording, RecordingOrder, Sound
from ivrserver.flow.records import RecordingMade

FINISH_SECONDS = 2.0
"""How long a recording may take to close after the caller hung up."""

SHORTEST_TALK = 1.0
"""Seconds of talk below which a message or a greeting is none: a cough, or a click of the line."""

GREETING_SECONDS = 120
"""The longest greeting that the owner of a voicemail box can record."""

KEEP, HEAR, AGAIN = "1", "2", "3"
_REVIEW_RULE = DigitRule(first=10.0, allowed=frozenset({KEEP, HEAR, AGAIN}))


async def record(
    talk: Conversation,
    order: RecordingOrder,
    keep: Callable[[RecordedAudio], None],
    *,
    transcribe: bool = False,
) -> RecordedAudio:
    """Record the caller once.

    Args:
        keep: called with what was recorded, also when the caller hung up while speaking.

    Raises:
        MediaFailed: it could not be recorded.
    """
    recording = await talk.channel.record(order)
    talk.note(RecordingStarted(order.name))
    try:
        audio = await recording.ended()
    except asyncio.CancelledError:
        # The caller hung up while speaking: what they said still counts.
        said = await _close(talk, recording)
        if said is not None:
            _note_end(talk, said, transcribe)
            keep(said)
        raise
    _note_end(talk, audio, transcribe)
    keep(audio)
    return audio


async def _close(talk: Conversation, recording: Recording) -> RecordedAudio | None:
    try:
        async with asyncio.timeout(FINISH_SECONDS):
            return await recording.ended()
    except (MediaFailed, TimeoutError) as error:
        talk.note(Warned(f"the recording was not closed: {error or 'no answer in time'}"))
        return None


def _note_end(talk: Conversation, audio: RecordedAudio, transcribe: bool) -> None:
    talk.note(RecordingEnded(audio.name, audio.seconds, f"ended by {audio.ended_by}"))
    talk.write(
        RecordingMade(
            name=audio.name,
            call_id=talk.call_id,
            at=talk.clock.now(),
            seconds=audio.seconds,
            ended_by=audio.ended_by,
            transcribe=transcribe,
        )
    )


async def is_kept(talk: Conversation, audio: RecordedAudio, voice: Voice, left: LeftOver) -> bool:
    """Let the caller hear it; True: keep it. Silence keeps it too, and so do ten idle choices."""
    menu = [Prompt(text=voice.phrases.review)]
    for _ in range(10):
        verdict = await gather(
            talk, menu, voice, _REVIEW_RULE, barge_in=True, type_ahead=False, left=left
        )
        if verdict.keys == HEAR:
            playback_id = await talk.channel.play([Sound(audio.uri, audio.seconds)])
            await skip_on_key(talk, playback_id, left)
        elif verdict.keys == AGAIN:
            return False
        elif verdict.counts:
            return True
    return True


@dataclass(slots=True)
class Speech:
    """What the caller has said so far; once it is reviewed, what is to be kept.

    Attributes:
        audio: the newest recording; None: nothing was recorded, or the caller discarded it.
    """

    audio: RecordedAudio | None = None

    def keep(self, audio: RecordedAudio) -> None:
        """`audio` is the newest recording."""
        self.audio = audio

    @property
    def said(self) -> RecordedAudio | None:
        """The newest recording if there is enough talk in it."""
        audio = self.audio
        return audio if audio is not None and audio.talking >= SHORTEST_TALK else None


async def listen(
    talk: Conversation,
    order: Callable[[], RecordingOrder],
    voice: Voice,
    speech: Speech,
    *,
    review: bool,
) -> None:
    """Record until the caller keeps it, or says nothing; `speech` always holds what there is.

    With `review` a caller who wishes to record again discards the recording before.

    Raises:
        MediaFailed: it could not be recorded.
    """
    left = LeftOver()
    while True:
        speech.audio = None
        audio = await record(talk, order(), speech.keep)
        if not review or speech.said is None or await is_kept(talk, audio, voice, left):
            return
