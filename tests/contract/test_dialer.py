"""Calling people and connecting callers with them: the fake dialler, and legs over a SIP trunk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
import soundfile

from ivrserver.errors import ChannelGone, TelephonyError
from ivrserver.flow.ports import (
    Channel,
    DialledLeg,
    KeyPressed,
    LegOutcome,
    PlaybackEnded,
    RecordingOrder,
)
from ivrserver.telephony.asterisk import Asterisk
from tests.contract.parties import RATE, TONE, Exchange, Party, exchange
from tests.contract.town import (
    ANSWERS,
    BUSY,
    PROMPTLY,
    REJECTS,
    RINGS,
    SHOWN,
    FakeTown,
    RealTown,
    Town,
    answered,
    dial,
    number_of,
    real_town,
)


@pytest.fixture(params=["fake", "asterisk"])
async def town(request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    if request.param == "fake":
        yield FakeTown()
        return
    server: Asterisk = request.getfixturevalue("asterisk")
    async with (
        exchange(server.settings, request.getfixturevalue("sounds")) as board,
        real_town(board) as real,
    ):
        yield real


@pytest.fixture
async def real(board: Exchange) -> AsyncIterator[RealTown]:
    async with real_town(board) as town:
        yield town


async def plays(party: Party) -> bool:
    """Whether the channel plays to its party: it is there, and free."""
    playback = await party.channel.play([party.sound(0.1)])
    event = await party.channel.next_event()
    return getattr(event, "playback_id", "") == playback


async def is_gone(channel: Channel) -> None:
    async with asyncio.timeout(PROMPTLY):
        await asyncio.shield(channel.gone)


# ---- dialling


async def test_a_leg_that_has_answered_can_be_recorded_and_then_connected(town: Town) -> None:
    leg = await answered(town)
    for name in ("first", "second"):
        order = RecordingOrder(
            name=f"{leg.channel_id}-{name}", max_seconds=1, silence=0, beep=False, terminator=""
        )
        recording = await leg.record(order)
        assert (await recording.ended()).ended_by == "limit"
    playback = await leg.play([town.caller.sound(0.1)])
    assert await leg.next_event() == PlaybackEnded(playback)
    async with town.dialer.bridge(town.caller.channel, leg):
        await asyncio.sleep(0.1)
    await is_gone(leg)
    assert await plays(town.caller)


@pytest.mark.parametrize(
    ("destination", "outcome", "reason"),
    [
        (BUSY, LegOutcome.BUSY, "busy (SIP 486, cause 17)"),
        (REJECTS, LegOutcome.REJECTED, "rejected (SIP 403, cause 21)"),
    ],
)
async def test_a_leg_that_fails_says_why(
    town: Town, destination: str, outcome: LegOutcome, reason: str
) -> None:
    assert await dial(town, destination) == DialledLeg(outcome, reason)


async def test_nobody_answering_in_time_is_told_from_other_failures(town: Town) -> None:
    dialled = await dial(town, RINGS, timeout=0.8)
    assert dialled == DialledLeg(LegOutcome.NO_ANSWER, "nobody answered within 0.8 s")
    await town.rings_nowhere()


async def test_the_far_end_sees_the_number_dialled_and_the_caller_id(real: RealTown) -> None:
    dialling = asyncio.create_task(dial(real, "+1 (212) 555-0119"))
    _, call = await real.dialled()
    assert (call.number_called, call.caller_id) == (RINGS, SHOWN)
    dialling.cancel()
    await asyncio.wait({dialling})


async def test_what_cannot_be_dialled_says_why_at_once(town: Town) -> None:
    if isinstance(town, RealTown):
        dialled = await dial(town, "sales@example.com")
        assert (dialled.outcome, "phone number" in dialled.reason) == (LegOutcome.FAILED, True)


async def test_several_are_called_at_once_and_the_others_given_up(town: Town) -> None:
    taken = asyncio.Event()
    legs = [
        asyncio.create_task(dial(town, number_of(RINGS, person), taken=taken))
        for person in range(3)
    ]
    winner = await answered(town)
    if isinstance(town, RealTown):
        for _ in range(4):
            await town.dialled()
    taken.set()
    began = asyncio.get_running_loop().time()
    for leg in legs:
        leg.cancel()
    await asyncio.wait(legs)
    assert asyncio.get_running_loop().time() - began < PROMPTLY
    await town.rings_nowhere()
    assert not winner.gone.done()
    await winner.hang_up()


async def test_a_leg_is_given_up_at_any_moment(town: Town) -> None:
    for moment in (0, 0.001, 0.003, 0.006, 0.01, 0.02, 0.05):
        dialling = asyncio.create_task(dial(town, RINGS))
        await asyncio.sleep(moment)
        dialling.cancel()
        await asyncio.wait({dialling}, timeout=PROMPTLY)
        assert dialling.cancelled()
    await town.rings_nowhere()


async def test_a_caller_who_leaves_ends_all_dialling(town: Town) -> None:
    legs = [asyncio.create_task(dial(town, number_of(RINGS, person))) for person in range(3)]
    if isinstance(town, RealTown):
        for _ in legs:
            await town.dialled()
    await asyncio.sleep(0.05)
    await town.caller.leave()
    async with asyncio.timeout(PROMPTLY):
        outcomes = {(await leg).outcome for leg in legs}
    assert outcomes == {LegOutcome.FAILED}
    await town.rings_nowhere()


async def test_nobody_is_called_for_a_caller_who_has_left(town: Town) -> None:
    await town.caller.leave()
    await is_gone(town.caller.channel)
    assert (await dial(town, ANSWERS)).outcome is LegOutcome.FAILED


# ---- bridging


async def test_the_leg_hanging_up_ends_the_bridge_and_frees_the_caller(town: Town) -> None:
    leg = await answered(town)
    await town.caller.channel.start_ringing()
    async with town.dialer.bridge(town.caller.channel, leg) as bridge:
        await town.far_end_leaves(leg)
        async with asyncio.timeout(PROMPTLY):
            assert (await bridge.ended()).cause == 16
    assert leg.gone.done()
    assert await plays(town.caller)


async def test_the_caller_hanging_up_ends_the_bridge_and_the_leg(town: Town) -> None:
    leg = await answered(town)
    async with town.dialer.bridge(town.caller.channel, leg) as bridge:
        await town.caller.leave()
        with pytest.raises(ChannelGone):
            await asyncio.wait_for(bridge.ended(), PROMPTLY)
    await is_gone(leg)


async def test_leaving_the_bridge_hangs_the_leg_up_and_frees_the_caller(town: Town) -> None:
    leg = await answered(town)
    async with town.dialer.bridge(town.caller.channel, leg):
        pass
    await is_gone(leg)
    assert await plays(town.caller)


async def test_a_failure_inside_the_bridge_ends_it_like_everything_else(town: Town) -> None:
    leg = await answered(town)
    with pytest.raises(LookupError):
        async with town.dialer.bridge(town.caller.channel, leg):
            raise LookupError
    await is_gone(leg)
    assert await plays(town.caller)


async def test_cancelling_inside_the_bridge_hangs_the_leg_up(town: Town) -> None:
    leg = await answered(town)
    inside = asyncio.Event()

    async def talk() -> None:
        async with town.dialer.bridge(town.caller.channel, leg) as bridge:
            inside.set()
            await bridge.ended()

    talking = asyncio.create_task(talk())
    await inside.wait()
    talking.cancel()
    await asyncio.wait({talking}, timeout=PROMPTLY)
    assert talking.cancelled()
    await is_gone(leg)
    assert await plays(town.caller)


async def test_cancelling_while_they_are_being_connected_leaves_nothing(town: Town) -> None:
    for moment in (0, 0.001, 0.002, 0.004, 0.008):
        leg = await answered(town)

        async def talk(leg: Channel) -> None:
            async with town.dialer.bridge(town.caller.channel, leg) as bridge:
                await bridge.record(f"short-{leg.channel_id}")
                await bridge.ended()

        talking = asyncio.create_task(talk(leg))
        await asyncio.sleep(moment)
        talking.cancel()
        await asyncio.wait({talking}, timeout=PROMPTLY)
        await is_gone(leg)
    assert await plays(town.caller)


async def test_a_leg_that_has_left_cannot_be_bridged(town: Town) -> None:
    leg = await answered(town)
    await town.far_end_leaves(leg)
    await is_gone(leg)
    with pytest.raises(TelephonyError):
        async with town.dialer.bridge(town.caller.channel, leg):
            raise AssertionError("they hear each other")
    assert await plays(town.caller)


async def test_a_caller_who_has_left_cannot_be_bridged(town: Town) -> None:
    leg = await answered(town)
    await town.caller.leave()
    await is_gone(town.caller.channel)
    with pytest.raises(ChannelGone):
        async with town.dialer.bridge(town.caller.channel, leg):
            raise AssertionError("they hear each other")
    await is_gone(leg)


async def test_keys_are_heard_while_bridged(town: Town) -> None:
    leg = await answered(town)
    async with town.dialer.bridge(town.caller.channel, leg):
        await town.caller.press("9")
        event = await asyncio.wait_for(town.caller.channel.next_event(), 2)
        assert isinstance(event, KeyPressed)


# ---- recording


async def test_a_bridge_is_recorded_until_the_leg_hangs_up(town: Town) -> None:
    leg = await answered(town)
    async with town.dialer.bridge(town.caller.channel, leg) as bridge:
        recording = await bridge.record("until-the-leg")
        await town.caller.speak(0.5)
        await asyncio.sleep(1)
        await town.far_end_leaves(leg)
        await bridge.ended()
    audio = await asyncio.wait_for(recording.ended(), 2)
    assert (audio.name, audio.ended_by) == ("until-the-leg", "hangup")
    assert audio.uri == "recording:until-the-leg"
    assert audio.seconds == pytest.approx(1, abs=0.3)
    assert audio.talking > 0.3
    assert await plays(town.caller)


async def test_a_bridges_recording_outlives_the_callers_hang_up(town: Town) -> None:
    leg = await answered(town)
    async with town.dialer.bridge(town.caller.channel, leg) as bridge:
        recording = await bridge.record("until-the-caller")
        await town.caller.speak(0.2)
        await asyncio.sleep(0.5)
        await town.caller.leave()
        with pytest.raises(ChannelGone):
            await bridge.ended()
    audio = await asyncio.wait_for(recording.ended(), 2)
    assert audio.ended_by == "hangup"
    assert audio.seconds == pytest.approx(0.5, abs=0.3)


async def test_a_bridges_recording_can_be_stopped_and_the_talk_goes_on(town: Town) -> None:
    leg = await answered(town)
    async with town.dialer.bridge(town.caller.channel, leg) as bridge:
        recording = await bridge.record("stopped")
        await town.caller.speak(0.2)
        await asyncio.sleep(0.5)
        await recording.stop()
        audio = await asyncio.wait_for(recording.ended(), 1)
        assert not leg.gone.done()
        await town.caller.press("5")
        assert isinstance(await town.caller.channel.next_event(), KeyPressed)
    assert audio.ended_by == "key"
    assert audio.seconds == pytest.approx(0.5, abs=0.3)


@pytest.mark.parametrize("formats", ["slin16", "g722", "ulaw"])
async def test_callers_with_any_codec_are_recorded_at_their_own_pitch(
    board: Exchange, formats: str
) -> None:
    async with real_town(board, formats) as town:
        leg = await answered(town)
        async with town.dialer.bridge(town.caller.channel, leg) as bridge:
            recording = await bridge.record(f"codec-{formats}")
            await town.caller.speak(1)
            await asyncio.sleep(1.3)
        await recording.ended()
    file = board.settings.recording_folder / f"codec-{formats}.wav"
    caller = soundfile.read(file, dtype="float64", always_2d=True)[0][:, 0]
    loud = np.flatnonzero(np.abs(caller) > 0.2)
    assert (loud[-1] - loud[0]) / RATE == pytest.approx(1, abs=0.1)
    strongest = np.argmax(np.abs(np.fft.rfft(caller[loud[0] : loud[0] + RATE // 2])))
    assert strongest * 2 == pytest.approx(TONE, abs=4)


async def test_a_guest_cannot_be_referred(town: Town) -> None:
    assert not town.dialer.can_refer(town.caller.channel)
