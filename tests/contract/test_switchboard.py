"""The switchboard on a real Asterisk: faults, restarts, and nothing left behind."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import soundfile
from structlog.testing import capture_logs

from ivrserver.config import Settings
from ivrserver.errors import ConfigError
from ivrserver.flow.ports import (
    Channel,
    IncomingCall,
    LegOrder,
    PlaybackEnded,
    RecordingOrder,
    Sound,
)
from ivrserver.telephony.asterisk import Asterisk
from ivrserver.telephony.switchboard import Switchboard
from tests.contract.link import Link, link_to
from tests.contract.parties import Exchange, exchange, peer
from tests.telephony import bare_sip

PLENTY = 10.0


async def test_a_call_comes_with_its_numbers_in_webhook_form(board: Exchange) -> None:
    await board.peer.call("12125550123", caller="+13125550199")
    channel, call = await board.arrival()
    assert call == IncomingCall("2125550123", "3125550199", asterisk="main")
    await channel.hang_up()


async def test_a_failing_call_is_hung_up_and_harms_no_other(board: Exchange) -> None:
    async def fail(channel: Channel, call: IncomingCall) -> None:
        await channel.answer()
        raise ValueError("the caller pressed 47114711")

    other = await board.party()
    board.carry = fail
    with capture_logs() as logs:
        await board.peer.call("2125550101")
        await asyncio.sleep(0.5)
    (failed,) = [entry for entry in logs if entry["event"] == "call_failed"]
    assert failed["error"] == "ValueError"
    assert "47114711" not in str(logs)
    playback = await other.channel.play([other.sound(0.2)])
    assert await other.channel.next_event() == PlaybackEnded(playback)
    await other.leave()


async def test_a_call_whose_flow_ends_is_hung_up(board: Exchange) -> None:
    async def answer_only(channel: Channel, call: IncomingCall) -> None:
        await channel.answer()

    board.carry = answer_only
    await board.peer.call("2125550101")


async def test_what_asterisk_could_never_end_is_refused(board: Exchange) -> None:
    party = await board.party()
    for uri in ("bogus:x", "tone:ring", "sound:/a,b"):
        playback = await party.channel.play([Sound(uri, 1)])
        ended = await party.channel.next_event()
        assert isinstance(ended, PlaybackEnded)
        assert (ended.playback_id, bool(ended.error)) == (playback, True)
    await party.leave()


async def test_a_missing_file_ends_at_once_with_an_error(board: Exchange, tmp_path: Path) -> None:
    party = await board.party()
    playback = await party.channel.play([Sound(f"sound:{tmp_path}/missing", 30)])
    ended = await asyncio.wait_for(party.channel.next_event(), 2)
    assert ended == PlaybackEnded(playback, "Asterisk could not play it")
    await party.leave()


def take(silence: int, max_seconds: int = 10, *, beep: bool = False) -> RecordingOrder:
    return RecordingOrder(
        name=f"take-{uuid4()}", max_seconds=max_seconds, silence=silence, beep=beep
    )


async def test_silence_ends_a_recording_and_is_cut_off(board: Exchange) -> None:
    party = await board.party()
    recording = await party.channel.record(take(silence=1, beep=True))
    await asyncio.sleep(0.6)
    await party.speak(0.8)
    audio = await asyncio.wait_for(recording.ended(), 5)
    assert audio.ended_by == "silence"
    assert audio.talking == pytest.approx(0.8, abs=0.15)
    assert audio.seconds < 2
    await party.leave()


async def test_a_recording_of_silence_has_no_talk_in_it(board: Exchange) -> None:
    party = await board.party()
    recording = await party.channel.record(take(silence=1))
    await party.speak(0.02)
    audio = await asyncio.wait_for(recording.ended(), 5)
    assert (audio.ended_by, audio.talking < 0.1) == ("silence", True)
    await party.leave()


async def test_a_phone_that_sends_no_audio_at_all_is_silent(board: Exchange) -> None:
    ports = board.settings.sip
    phone = asyncio.create_task(bare_sip.call(ports.port, "2125550100"))
    channel, _ = await board.arrival()
    await channel.answer()
    began = asyncio.get_running_loop().time()
    recording = await channel.record(take(silence=2, max_seconds=30))
    audio = await asyncio.wait_for(recording.ended(), PLENTY)
    assert (audio.ended_by, audio.talking) == ("silence", 0)
    assert asyncio.get_running_loop().time() - began < 3
    await channel.hang_up()
    assert (await phone).status == 200


async def test_a_recording_plays_back_what_was_said(board: Exchange) -> None:
    party = await board.party()
    recording = await party.channel.record(take(silence=0))
    await party.speak(2)
    await asyncio.sleep(0.6)
    await recording.stop()
    audio = await recording.ended()
    playback = await party.channel.play([Sound(audio.uri, audio.seconds)])
    assert await party.channel.next_event() == PlaybackEnded(playback)
    await party.leave()


async def test_a_recording_can_be_fetched_for_speech_recognition(board: Exchange) -> None:
    party = await board.party()
    recording = await party.channel.record(take(silence=1))
    await party.speak(0.8)
    samples, rate = soundfile.read(io.BytesIO(await recording.wav()), dtype="int16")
    assert (rate, samples.ndim, len(samples) > 0.7 * rate) == (8000, 1, True)
    assert np.abs(samples).max() > 5000
    await party.leave()


async def test_a_leg_does_not_outlive_the_call_that_it_was_placed_for(board: Exchange) -> None:
    legs: list[Channel] = []

    async def leave_a_leg(channel: Channel, call: IncomingCall) -> None:
        await channel.answer()
        if call.number_called == "2125550111":
            await asyncio.wait({channel.gone})
            return
        order = LegOrder(leg_id="left", destination="2125550111", caller_id="", timeout=5)
        dialled = await board.switchboard.dialer.dial(order, caller=channel)
        assert dialled.channel is not None
        legs.append(dialled.channel)

    board.carry = leave_a_leg
    await board.peer.call("2125550101")
    await until(lambda: len(legs) == 1 and legs[0].gone.done())


@pytest.mark.parametrize("told", ["leg", "back"])
async def test_a_channel_of_ours_that_nobody_carries_is_no_call(board: Exchange, told: str) -> None:
    channel = {"endpoint": "Local/2125550101@inbound/n", "channelId": f"stray-{uuid4()}"}
    ours = {"app": board.settings.ari.application, "appArgs": told}
    await board.peer.ask("POST", "channels/create", **channel, **ours)
    assert await board.leftovers() == []
    assert board.switchboard.calls == 0


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PLENTY):
        while not true():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.01)


@pytest.fixture
async def frail(asterisk: Asterisk, sounds: Path) -> AsyncIterator[tuple[Exchange, Link]]:
    """A switchboard whose link to Asterisk can be broken."""
    settings = asterisk.settings
    async with link_to(settings.ari.port) as link:
        far = settings.model_copy(
            update={"ari": settings.ari.model_copy(update={"port": link.port})}
        )
        async with exchange(settings, sounds, tested=far) as board:
            yield board, link


async def broken(frail: tuple[Exchange, Link]) -> None:
    """Break the link; returns when the switchboard has noticed."""
    board, link = frail
    link.drop()
    await until(lambda: not board.switchboard.ready.is_set())


async def test_a_call_goes_on_when_the_connection_breaks(
    frail: tuple[Exchange, Link],
) -> None:
    party = await frail[0].party()
    await party.channel.play([party.sound(5)])
    await broken(frail)
    async with asyncio.timeout(PLENTY):
        playback = await party.channel.play([party.sound(0.2)])
        assert await party.channel.next_event() == PlaybackEnded(playback)
    await party.leave()


async def test_the_end_of_a_prompt_that_was_missed_is_found_out(
    frail: tuple[Exchange, Link],
) -> None:
    party = await frail[0].party()
    playback = await party.channel.play([party.sound(0.05)])
    await broken(frail)
    ended = await asyncio.wait_for(party.channel.next_event(), PLENTY)
    assert ended == PlaybackEnded(playback)
    await party.leave()


async def test_a_recording_goes_on_when_the_connection_breaks(
    frail: tuple[Exchange, Link],
) -> None:
    party = await frail[0].party()
    recording = await party.channel.record(take(silence=0, max_seconds=2))
    await party.speak(3)
    await broken(frail)
    audio = await asyncio.wait_for(recording.ended(), PLENTY)
    assert audio.ended_by == "limit"
    assert audio.talking > 1
    await party.leave()


async def test_a_caller_who_left_meanwhile_is_found_out(
    frail: tuple[Exchange, Link],
) -> None:
    party = await frail[0].party()
    await broken(frail)
    await party.leave()
    async with asyncio.timeout(PLENTY):
        await asyncio.wait({party.channel.gone})


async def test_calls_of_a_killed_controller_are_taken_down(
    asterisk: Asterisk, sounds: Path
) -> None:
    ari = asterisk.settings.ari
    doomed = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.contract.doomed",
        stdout=asyncio.subprocess.PIPE,
        env=os.environ
        | {
            "IVRSERVER_ARI__PORT": str(ari.port),
            "IVRSERVER_ARI__PASSWORD": ari.password.get_secret_value(),
        },
    )
    assert doomed.stdout is not None
    async with asyncio.timeout(PLENTY), peer(asterisk.settings) as caller:
        assert await doomed.stdout.readline() == b"ready\n"
        await caller.call("2125550100")
        while await doomed.stdout.readline() != b"answered\n":
            pass
    doomed.kill()
    await doomed.wait()
    with capture_logs() as logs:
        async with exchange(asterisk.settings, sounds) as heir:
            assert await heir.leftovers() == []
    kinds = [entry["kind"] for entry in logs if entry["event"] == "orphan_taken_down"]
    assert sorted(kinds) == ["bridge", "channel"]


async def test_a_draining_switchboard_claims_nothing_and_waits_for_its_calls(
    board: Exchange,
) -> None:
    party = await board.party()
    draining = asyncio.create_task(board.switchboard.drain(5))
    await asyncio.sleep(0)
    refused = await board.peer.call("2125550101")
    await asyncio.sleep(0.3)
    assert not draining.done()
    assert board.switchboard.calls == 1
    await party.leave()
    await asyncio.wait_for(draining, 2)
    await board.peer.ask("DELETE", f"channels/{refused}")


async def test_calls_that_outlast_the_draining_can_be_cut_short(board: Exchange) -> None:
    party = await board.party()
    await board.switchboard.drain(0.1)
    await board.switchboard.cut_short()
    assert party.channel.gone.done()


async def test_stopping_hangs_live_calls_up(asterisk: Asterisk, sounds: Path) -> None:
    async with exchange(asterisk.settings, sounds) as board:
        party = await board.party()
        board.running.cancel()
        await asyncio.wait({board.running})
        assert party.channel.gone.done()


async def test_two_controllers_share_the_calls_that_come_in(
    asterisk: Asterisk, sounds: Path
) -> None:
    first = asterisk.settings
    second = first.model_copy(update={"ari": first.ari.model_copy(update={"instance": 2})})
    async with exchange(first, sounds) as one, exchange(second, sounds) as two:
        for _ in range(8):
            await one.peer.call("2125550100")
        await until(lambda: one.switchboard.calls + two.switchboard.calls == 8)
        for board in (one, two):
            await board.switchboard.cut_short()


async def test_the_older_of_two_controllers_of_one_name_stops(
    asterisk: Asterisk, sounds: Path
) -> None:
    settings = asterisk.settings
    async with exchange(settings, sounds) as older, exchange(settings, sounds):
        with pytest.raises(ConfigError, match=r"ari\.instance"):
            await asyncio.wait_for(older.running, PLENTY)


async def test_a_wrong_password_is_told_at_once(asterisk: Asterisk) -> None:
    settings = with_password(asterisk.settings, "wrong-password")
    with capture_logs() as logs, pytest.raises(ConfigError, match=r"ari\.password") as told:
        await asyncio.wait_for(Switchboard(settings).run(nobody), PLENTY)
    assert "wrong-password" not in f"{logs}{told.value!r}"


async def nobody(channel: Channel, call: IncomingCall) -> None:
    """Carries no call."""


def with_password(settings: Settings, password: str) -> Settings:
    ari = type(settings.ari)(**{**settings.ari.model_dump(), "password": password})
    return settings.model_copy(update={"ari": ari})
