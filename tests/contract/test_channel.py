"""What `ports.Channel` promises, held against the fake and against a real Asterisk."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from ivrserver.errors import ChannelGone, MediaFailed
from ivrserver.flow.ports import Channel, KeyPressed, PlaybackEnded, RecordingOrder
from tests.contract.parties import Party

LATE = 0.4
"""Seconds by which a real end may come later than the sound's own length."""


def now() -> float:
    return asyncio.get_running_loop().time()


def order(max_seconds: int = 5, silence: int = 0, terminator: str = "#") -> RecordingOrder:
    return RecordingOrder(
        name=f"take-{uuid4()}",
        max_seconds=max_seconds,
        silence=silence,
        beep=False,
        terminator=terminator,
    )


async def keys(channel: Channel, seconds: float = 0.3) -> str:
    """The keys that wait in line or come within `seconds`."""
    until, pressed = now() + seconds, ""
    while (event := await channel.next_event(until)) is not None:
        assert isinstance(event, KeyPressed)
        pressed += event.key
    return pressed


async def test_sounds_play_without_gaps_and_their_end_is_reported(party: Party) -> None:
    began = now()
    playback = await party.channel.play([party.sound(0.3), party.sound(0.5)])
    assert await party.channel.next_event() == PlaybackEnded(playback)
    assert 0.75 < now() - began < 0.8 + LATE


async def test_nothing_more_is_heard_of_a_playback_that_was_stopped(party: Party) -> None:
    await party.channel.play([party.sound(0.6)])
    await asyncio.sleep(0.1)
    await party.channel.stop()
    assert await party.channel.next_event(now() + 0.9) is None


async def test_stopping_when_nothing_plays_does_nothing(party: Party) -> None:
    await party.channel.stop()
    await party.channel.stop()


async def test_a_new_playback_takes_the_place_of_the_old_one(party: Party) -> None:
    await party.channel.play([party.sound(0.6)])
    second = await party.channel.play([party.sound(0.3)])
    assert await party.channel.next_event() == PlaybackEnded(second)
    assert await party.channel.next_event(now() + 0.5) is None


async def test_keys_wait_in_line_in_their_order(party: Party) -> None:
    before = now()
    await party.press("1*9#")
    first = await party.channel.next_event()
    assert isinstance(first, KeyPressed)
    assert before <= first.at <= now()
    assert first.key + await keys(party.channel) == "1*9#"


async def test_a_key_does_not_stop_the_playback_by_itself(party: Party) -> None:
    playback = await party.channel.play([party.sound(0.8)])
    await party.press("5")
    event = await party.channel.next_event()
    assert isinstance(event, KeyPressed)
    assert await party.channel.next_event() == PlaybackEnded(playback)


async def test_forgotten_keys_are_not_read(party: Party) -> None:
    await party.press("12")
    party.channel.forget_keys()
    await party.press("3")
    assert await keys(party.channel) == "3"


async def test_waiting_for_an_event_ends_at_its_time(party: Party) -> None:
    began = now()
    assert await party.channel.next_event(began + 0.2) is None
    assert 0.19 <= now() - began < 0.2 + LATE


async def test_the_terminator_ends_a_recording_and_is_nobody_elses_key(party: Party) -> None:
    recording = await party.channel.record(wanted := order())
    await party.speak(0.6)
    await asyncio.sleep(0.7)
    await party.press("4")
    await party.press("#")
    audio = await recording.ended()
    assert (audio.name, audio.ended_by) == (wanted.name, "key")
    assert 0.3 < audio.talking <= audio.seconds
    assert await keys(party.channel) == "4"


async def test_any_key_can_be_the_terminator(party: Party) -> None:
    recording = await party.channel.record(order(terminator="7"))
    await party.press("7")
    assert (await recording.ended()).ended_by == "key"
    assert await keys(party.channel) == ""


async def test_a_recording_ends_at_its_limit(party: Party) -> None:
    began = now()
    recording = await party.channel.record(order(max_seconds=1))
    await party.speak(3)
    audio = await recording.ended()
    assert audio.ended_by == "limit"
    assert 0.9 < now() - began < 1 + 2 * LATE
    assert audio.seconds == pytest.approx(1, abs=0.3)


async def test_a_recording_can_be_stopped_and_asked_for_twice(party: Party) -> None:
    recording = await party.channel.record(order())
    await party.speak(2)
    await asyncio.sleep(0.5)
    await recording.stop()
    assert await recording.ended() == await recording.ended()


async def test_a_recording_can_be_heard_again(party: Party) -> None:
    recording = await party.channel.record(order())
    await party.speak(2)
    await asyncio.sleep(0.5)
    await recording.stop()
    audio = await recording.ended()
    assert audio.uri == f"recording:{audio.name}"


async def test_what_was_said_before_hanging_up_is_kept(party: Party) -> None:
    recording = await party.channel.record(order())
    await party.speak(2)
    await asyncio.sleep(0.6)
    await party.leave()
    audio = await recording.ended()
    assert audio.ended_by == "hangup"
    assert audio.talking > 0.3
    assert await recording.ended() == audio


async def test_what_is_discarded_is_gone_whether_it_had_ended_or_not(party: Party) -> None:
    ended = await party.channel.record(order())
    await asyncio.sleep(0.3)
    await ended.stop()
    assert isinstance(await ended.wav(), bytes)
    going_on = await party.channel.record(order())
    for recording in (ended, going_on):
        await recording.discard()
        with pytest.raises(MediaFailed):
            await recording.wav()
        await recording.discard()


async def test_playing_ends_what_is_being_recorded(party: Party) -> None:
    recording = await party.channel.record(order())
    await party.speak(3)
    await asyncio.sleep(0.5)
    playback = await party.channel.play([party.sound(0.3)])
    assert await party.channel.next_event() == PlaybackEnded(playback)
    assert (await recording.ended()).seconds < 1


async def test_prompts_play_after_hold_music_and_ringing(party: Party) -> None:
    await party.channel.start_hold()
    await asyncio.sleep(0.1)
    await party.channel.stop_hold()
    await party.channel.start_ringing()
    await party.channel.stop_ringing()
    playback = await party.channel.play([party.sound(0.2)])
    assert await party.channel.next_event() == PlaybackEnded(playback)


async def test_answering_twice_does_nothing(party: Party) -> None:
    await party.channel.answer()
    await party.channel.answer()


async def test_a_party_that_left_is_gone(party: Party) -> None:
    await party.channel.play([party.sound(0.5)])
    await party.leave()
    hangup = await asyncio.wait_for(asyncio.shield(party.channel.gone), 2)
    assert hangup.text
    with pytest.raises(ChannelGone):
        await party.channel.play([party.sound(0.5)])
    for command in (
        party.channel.answer,
        party.channel.stop,
        party.channel.next_event,
        party.channel.start_hold,
        party.channel.stop_ringing,
    ):
        with pytest.raises(ChannelGone):
            await command()
    with pytest.raises(ChannelGone):
        await party.channel.record(order())
    await party.channel.hang_up()


async def test_hanging_up_ends_the_connection(party: Party) -> None:
    await party.channel.play([party.sound(0.5)])
    await party.channel.hang_up()
    assert party.channel.gone.done()
    await party.channel.hang_up()
