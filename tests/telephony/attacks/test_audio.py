"""Audio, keys and reports by others than the caller, and what is no audio at all."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
from collections.abc import Awaitable, Callable

import pytest

from ivrserver.demo import listening
from ivrserver.flow.events import RecordingStarted
from tests.telephony.attacks.fortress import CARRIER, STRANGER, Fortress
from tests.telephony.attacks.intruder import (
    STUN_REQUEST,
    Intruder,
    broken,
    event,
    garbage,
    intruder,
    reports,
    rtp,
    stuns,
)
from tests.telephony.attacks.open_call import KEYS, OpenCall, open_call
from tests.telephony.attacks.targets import (
    FIRST_ASKED,
    GOODBYE,
    HEARD_NUMBER,
    LAST_ASKED,
    THEN_ASKED,
)
from tests.telephony.attacks.together import together
from tests.telephony.wire import Wire

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

SAID = "This is what the caller has said."
SHOUTED = "Nobody must ever hear this."
FLOOD, RATE = 1500, 1500
REPORTS = {200, 201, 202}
"""The kinds of RTCP that Asterisk sends."""

Attack = Callable[[OpenCall], Awaitable[None]]


async def honest_call(fortress: Fortress, attack: Attack) -> None:
    """A call whose caller answers all questions, while `attack` goes on again and again.

    Everything is as if there were no attack: answers, what is recorded, and what is heard.
    """
    house = fortress.house
    said = await house.voice(SAID)
    async with open_call(fortress, HEARD_NUMBER) as call:

        async def again_and_again() -> None:
            while True:
                await attack(call)
                await asyncio.sleep(0)

        attacking = asyncio.create_task(again_and_again())
        try:
            for name in ("first", "speech", "last"):
                await call.caller.listens(name)
                if name == "speech":
                    await call.caller.sees(RecordingStarted)
                    await call.wire.speak(said)
                    await call.press("#")
                else:
                    await call.press({"first": "12", "last": "34"}[name])
            outcome = await call.ends()
            assert not attacking.done(), attacking.exception()
        finally:
            attacking.cancel()
    assert outcome.answers == {"first": "12", "last": "34"}
    assert outcome.completed == [True]
    await house.hears(outcome.heard, FIRST_ASKED, THEN_ASKED, LAST_ASKED, GOODBYE)
    recorded = listening.load(house.recording(outcome.recordings["speech"]))
    whole = listening.contains_whole(recorded, listening.load(said))
    assert whole, whole.reason
    shouted = listening.load(await house.voice(SHOUTED))
    assert not listening.contains_whole(recorded, shouted)


@together.at_last
async def test_nobody_else_is_heard_and_nobody_elses_keys_count(fortress: Fortress) -> None:
    shouted = await fortress.house.voice(SHOUTED)
    others: list[Wire] = []

    async def attack(call: OpenCall) -> None:
        if not others:
            # From elsewhere, and from another port of the caller's own address.
            others.extend(call.wires.open(address) for address in (STRANGER, CARRIER))
            for other in others:
                other.connect(*call.audio, KEYS)
        await asyncio.gather(*(other.press("99#") for other in others))
        await asyncio.gather(*(other.speak(shouted) for other in others))

    await honest_call(fortress, attack)
    assert [other.heard for other in others] == [[], []]


@together.at_last
async def test_who_was_heard_before_the_caller_spoke_is_heard_no_more(fortress: Fortress) -> None:
    async with open_call(fortress, HEARD_NUMBER, begins=False) as call:
        other = call.wires.open(STRANGER)
        other.connect(*call.audio, KEYS)
        # Nobody else sends: this might be the caller, behind an address translation.
        await other.listen(0.2, 0)
        call.begin()
        await call.wire.listen(0.1, 0)
        heard = len(other.heard)
        await other.press("99")
        await call.answers_all()
        assert len(other.heard) == heard


async def test_who_would_be_heard_instead_must_send_long_while_the_caller_is_silent(
    fortress: Fortress,
) -> None:
    settings = await fortress.house.asterisk.console("rtp show settings")
    assert re.search(r"Strict RTP: +Yes", settings), settings
    assert re.search(r"Probation: +8 frames", settings), settings


@together.at_last
async def test_what_is_no_audio_harms_no_call_whoever_sends_it(fortress: Fortress) -> None:
    rng = random.Random(4475)
    with intruder(STRANGER) as stranger:

        async def attack(call: OpenCall) -> None:
            host, port = call.audio
            await Intruder(call.wire.sock).send(broken(rng), call.audio)
            await stranger.send(garbage(rng), call.audio)
            await stranger.send(garbage(rng), (host, port + 1))

        await honest_call(fortress, attack)


@pytest.mark.alone
@together.at_last
async def test_a_flood_of_audio_harms_no_call(fortress: Fortress) -> None:
    frame = bytes(range(160))
    with intruder(STRANGER) as stranger, intruder(CARRIER) as beside:

        async def attack(call: OpenCall) -> None:
            sent = [rtp(frame, number=3 * number) for number in range(FLOOD)]
            both = (stranger, beside)
            await asyncio.gather(*(each.send(sent, call.audio, per_second=RATE) for each in both))

        await honest_call(fortress, attack)
        assert [stranger.received(), beside.received()] == [[], []]


@together.at_last
async def test_a_callers_events_that_are_no_keys_are_none(fortress: Fortress) -> None:
    numbers = itertools.cycle(range(17, 256))

    async def attack(call: OpenCall) -> None:
        number = next(numbers)
        call.wire.inject(KEYS, event(number))
        call.wire.inject(KEYS, event(number, flags=number, duration=65535))
        call.wire.inject(KEYS, event(255, flags=number, duration=0) * 300)
        call.wire.inject(127, event(9))
        await call.wire.listen(0.04, len(call.wire.heard))

    await honest_call(fortress, attack)


@together.at_last
async def test_reports_of_an_end_and_garbage_for_them_end_no_call(fortress: Fortress) -> None:
    rng = random.Random(3550)
    with intruder(STRANGER) as stranger:

        async def attack(call: OpenCall) -> None:
            host, port = call.audio
            await stranger.send(reports(rng), (host, port + 1))
            await stranger.send(reports(rng), call.audio)

        await honest_call(fortress, attack)
        # What has come back are reports of Asterisk's own, one in 5 s, and no audio.
        back = stranger.received()
        assert {packet[1] for packet in back} <= REPORTS
        assert sum(map(len, back)) < 1000


@together.at_last
async def test_stun_that_is_none_moves_no_call(fortress: Fortress) -> None:
    rng = random.Random(5389)
    with intruder(STRANGER) as stranger:

        async def attack(call: OpenCall) -> None:
            host, port = call.audio
            await stranger.send(stuns(rng), call.audio)
            await stranger.send(stuns(rng), (host, port + 1))

        await honest_call(fortress, attack)
        back = stranger.received()
        # STUN, whose first two bits are 0, to the few that were requests; reports, and no audio.
        assert {packet[1] for packet in back if packet[0] & 0xC0} <= REPORTS
        assert sum(map(len, back)) < stranger.sent / 100


@together.at_last
async def test_a_request_by_stun_is_answered_by_little(fortress: Fortress) -> None:
    async with open_call(fortress, HEARD_NUMBER) as call:
        with intruder(STRANGER) as stranger:
            await stranger.send([STUN_REQUEST], call.audio)
            back = [await stranger.next() for _ in range(2)]
            # What comes later was read later.
            await call.wire.listen(0.1, len(call.wire.heard))
            back += stranger.received()
        assert [packet[:2] for packet in back] == [b"\x01\x01", b"\x00\x01"]
        assert sum(map(len, back)) < 5 * len(STUN_REQUEST), [len(packet) for packet in back]
        await call.leave()
