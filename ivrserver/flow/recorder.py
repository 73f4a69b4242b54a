"""Record the caller, and let them review it: for questions, voicemail and greetings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ivrserver.blocks import Prompt
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.digits import DigitRule
from ivrserver.flow.gather import LeftOver, gather, skip_on_key
from ivrserver.flow.ports import RecordedAudio, RecordingOrder, Sound
from ivrserver.flow.takes import begin_take

SHORTEST_TALK = 0.5
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
    take = await begin_take(talk, order, transcribe=transcribe)
    try:
        audio = await take.ended()
    except asyncio.CancelledError:
        # The caller hung up while speaking: what they said still counts.
        said = await take.close()
        if said is not None:
            keep(said)
        raise
    keep(audio)
    return audio


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
    transcribe: bool = False,
) -> None:
    """Record until the caller keeps it, or says nothing; `speech` always holds what there is.

    With `review` a caller who wishes to record again discards the recording before.

    Raises:
        MediaFailed: it could not be recorded.
    """
    left = LeftOver()
    while True:
        speech.audio = None
        audio = await record(talk, order(), speech.keep, transcribe=transcribe)
        if not review or speech.said is None or await is_kept(talk, audio, voice, left):
            return
