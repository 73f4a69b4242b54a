"""Prompts on their way to the ear: spoken, handed to Asterisk both ways, heard on a phone."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import soundfile

from ivrserver.blocks import Prompt
from ivrserver.config import Settings
from ivrserver.demo.listening import contains_whole, load
from ivrserver.flow.ports import Channel, IncomingCall, PlaybackEnded, Sound
from ivrserver.programs import fetch, find
from ivrserver.speech import build
from ivrserver.speech.store import SUFFIX
from ivrserver.telephony.asterisk import Asterisk
from ivrserver.telephony.switchboard import Switchboard
from ivrserver.web import create_app
from tests.asterisk_fixture import asterisk, asterisk_settings
from tests.telephony.bare_sip import call
from tests.unit.web.serving import serving

__all__ = ["asterisk", "asterisk_settings"]

pytestmark = pytest.mark.telephony

TEXT = "Four hundred thirty five dollars are due on Friday. To pay now, press one."
PATIENCE = 10.0


@asynccontextmanager
async def served(settings: Settings, delivery: str) -> AsyncIterator[str]:
    """The public address of the prompts; empty where Asterisk reads the folder."""
    if delivery == "folder":
        yield ""
        return
    async with serving(create_app(settings.speech_cache)) as address:
        yield address


async def heard_on_a_phone(asterisk: Asterisk, sounds: list[Sound]) -> bytes:
    """What a caller hears (µ-law) who is played `sounds` and then hung up on."""
    switchboard = Switchboard(asterisk.settings)
    ends: list[PlaybackEnded] = []

    async def handle(channel: Channel, _: IncomingCall) -> None:
        await channel.answer()
        playback = await channel.play(sounds)
        event = await channel.next_event(asyncio.get_running_loop().time() + PATIENCE)
        assert isinstance(event, PlaybackEnded)
        assert event.playback_id == playback
        ends.append(event)
        await channel.hang_up()

    serving_calls = asyncio.create_task(switchboard.run(handle))
    try:
        async with asyncio.timeout(PATIENCE):
            await switchboard.ready.wait()
        outcome = await call(asterisk.settings.sip.port, "100")
    finally:
        serving_calls.cancel()
        await asyncio.gather(serving_calls, return_exceptions=True)
    assert [end.error for end in ends] == [""]
    return outcome.audio


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("delivery", ["folder", "http"])
@pytest.mark.parametrize("engine", ["flite", "espeak"])
async def test_a_prompt_is_heard_whole_on_a_phone(
    asterisk: Asterisk, tmp_path: Path, engine: str, delivery: str, rate: int
) -> None:
    name = {"espeak": "espeak-ng"}.get(engine, engine)
    if find(name, asterisk.settings.packages) is None:
        await asyncio.to_thread(fetch, [name], asterisk.settings.packages, print)
    speech_settings = asterisk.settings.speech.model_copy(
        update={"engines": (engine,), "rate": rate, "delivery": delivery, "cache": tmp_path}
    )
    settings = asterisk.settings.model_copy(update={"speech": speech_settings})
    async with served(settings, delivery) as address:
        update = {"speech": speech_settings.model_copy(update={"public_url": address})}
        speech = build(settings.model_copy(update=update))
        try:
            sound = await speech.sound(Prompt(text=TEXT), "en-US", "", "")
        finally:
            await speech.close()
        audio = await heard_on_a_phone(asterisk, [sound])

    heard, _ = soundfile.read(
        io.BytesIO(audio), samplerate=8000, channels=1, format="RAW", subtype="ULAW"
    )
    file = tmp_path / f"{sound.uri.rpartition('/')[2].partition('.')[0]}{SUFFIX[rate]}"
    assert len(heard) / 8000 == pytest.approx(sound.seconds, abs=0.5)
    wholeness = contains_whole(heard, load(file))
    assert wholeness, wholeness.reason
