"""What the caller hears while people are called: music, a file of the library, or ringing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from ivrserver.blocks import FindMe, Prompt
from ivrserver.blocks.audio_names import find_audio
from ivrserver.errors import TelephonyError
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.crew import Crew
from ivrserver.flow.events import HoldStarted, Warned
from ivrserver.flow.gather import LeftOver, hear

log = structlog.get_logger(__name__)


@asynccontextmanager
async def hold(talk: Conversation, findme: FindMe, voice: Voice) -> AsyncIterator[None]:
    """``async with``: the caller hears it inside; at the end there is silence.

    Nobody else may play to the caller or read their keys inside. What goes wrong is a warning.
    """
    try:
        async with Crew() as crew:
            crew.start(_guarded(talk, findme, voice))
            yield
    finally:
        # A channel that has left needs no silence; whatever else failed, a bridge ends the sound.
        with suppress(TelephonyError):
            await talk.channel.stop()
            await talk.channel.stop_hold()
            await talk.channel.stop_ringing()


async def _guarded(talk: Conversation, findme: FindMe, voice: Voice) -> None:
    try:
        await _entertain(talk, findme, voice)
    except TelephonyError as error:
        if not talk.channel.gone.done():
            talk.note(Warned(f"the caller hears nothing while waiting: {error}"))
    except Exception as error:
        log.exception("hold_failed", error=type(error).__name__)
        talk.note(Warned("the caller hears nothing while waiting: an error of the server"))


async def _entertain(talk: Conversation, findme: FindMe, voice: Voice) -> None:
    if findme.ringing:
        talk.note(HoldStarted("ringing, while people are called"))
        await talk.channel.start_ringing()
        return
    if findme.hold_music:
        name = find_audio(talk.book.audio, findme.hold_music)
        if name and await _played(talk, name, findme.hold_repeat, voice):
            talk.note(HoldStarted(f"ringing: {name} was played {findme.hold_repeat} times"))
            await talk.channel.start_ringing()
            return
        if not name:
            missing = f"the audio library has no file {findme.hold_music!r}: the standard music"
            talk.note(Warned(missing))
    talk.note(HoldStarted("the standard music, while people are called"))
    await talk.channel.start_hold()


async def _played(talk: Conversation, name: str, times: int, voice: Voice) -> bool:
    """Play a library file so often, 0: for ever; False: it cannot be played."""
    talk.note(HoldStarted(f"{name}, while people are called"))
    loop = asyncio.get_running_loop()
    played = 0
    while times == 0 or played < times:
        began = loop.time()
        playback_id = await talk.play([Prompt(audio=name)], voice)
        heard = await hear(talk, playback_id, LeftOver(), keys="")
        # What ends at once is not heard, whatever it says; to repeat it would never end.
        if heard.error or loop.time() <= began:
            return False
        played += 1
    return True
