"""Recordings and their rows: whatever is recorded on a call is noted, and kept to its end."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from ivrserver.errors import MediaFailed, TelephonyError
from ivrserver.flow.conversation import Conversation
from ivrserver.flow.events import RecordingEnded, RecordingStarted, Warned
from ivrserver.flow.ports import RecordedAudio, Recording, RecordingOrder
from ivrserver.flow.records import RecordingMade

FINISH_SECONDS = 6.0
"""How long Asterisk may take to close a recording of one party, who may have hung up."""


class Take:
    """A recording in progress; its row is written exactly once, however it ends.

    Args:
        transcribe: the recording is to be transcribed in the background.
    """

    def __init__(
        self, talk: Conversation, recording: Recording, *, transcribe: bool = False
    ) -> None:
        self._talk, self._recording, self._transcribe = talk, recording, transcribe

    async def ended(self) -> RecordedAudio:
        """Wait for its end.

        Raises:
            MediaFailed: it could not be recorded or saved.
        """
        return self._kept(await self._recording.ended())

    async def close(self, seconds: float = FINISH_SECONDS) -> RecordedAudio | None:
        """End it within so many seconds, also when nobody is there any more; None: it failed."""
        try:
            async with asyncio.timeout(seconds):
                # Who has hung up has ended it: stopping it now would hide why.
                if not self._talk.channel.gone.done():
                    with suppress(TelephonyError):
                        await self._recording.stop()
                return self._kept(await self._recording.ended())
        except (MediaFailed, TimeoutError) as error:
            self._talk.note(Warned(f"the recording was not closed: {error or 'no answer in time'}"))
            return None

    async def wav(self) -> bytes:
        """See `ports.Recording.wav`."""
        return await self._recording.wav()

    def _kept(self, audio: RecordedAudio) -> RecordedAudio:
        self._talk.note(RecordingEnded(audio.name, audio.seconds, f"ended by {audio.ended_by}"))
        self._talk.write(
            RecordingMade(
                name=audio.name,
                call_id=self._talk.call_id,
                at=self._talk.clock.now(),
                seconds=audio.seconds,
                ended_by=audio.ended_by,
                transcribe=self._transcribe,
                asterisk=audio.asterisk,
            )
        )
        self._talk.bookmark.recorded()
        return audio


async def begin_take(
    talk: Conversation, order: RecordingOrder, *, transcribe: bool = False
) -> Take:
    """Start to record the party of `talk`.

    Raises:
        MediaFailed: it cannot be recorded.
    """
    # Durable before it begins: whoever has to go on with this call can end it.
    talk.bookmark.record(order.name)
    await talk.journal.commit()
    recording = await talk.channel.record(order)
    talk.note(RecordingStarted(order.name))
    return Take(talk, recording, transcribe=transcribe)
