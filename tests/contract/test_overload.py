"""More calls than are carried: refused with 503 on the wire, and those that there are go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivrserver.config import LimitSettings, load
from ivrserver.flow.ports import PlaybackEnded
from ivrserver.telephony.asterisk import Asterisk, ports, running
from tests.contract.parties import Exchange, exchange
from tests.telephony import bare_sip

REFUSED = 503
MOST = 2
_COUNT = "core show channels count"


@pytest.fixture
async def small(asterisk: Asterisk, sounds: Path) -> AsyncIterator[Exchange]:
    """A switchboard that carries two calls."""
    limits = LimitSettings(calls=MOST)
    tested = asterisk.settings.model_copy(update={"limits": limits})
    async with exchange(asterisk.settings, sounds, tested=tested) as board:
        yield board


async def test_what_is_over_the_limit_is_refused_and_harms_no_live_call(small: Exchange) -> None:
    parties = [await small.party() for _ in range(MOST)]
    playbacks = [await each.channel.play([each.sound(0.5)]) for each in parties]
    port = small.settings.sip.port
    outcomes = await asyncio.gather(*(bare_sip.call(port, "2125550100") for _ in range(10)))
    assert [outcome.status for outcome in outcomes] == [REFUSED] * 10
    for each, playback in zip(parties, playbacks, strict=True):
        assert await each.channel.next_event() == PlaybackEnded(playback)
        await each.leave()


async def test_a_burst_is_taken_up_to_the_limit_and_not_one_more(small: Exchange) -> None:
    port = small.settings.sip.port
    calls = [asyncio.create_task(bare_sip.call(port, "2125550100")) for _ in range(6)]
    taken = [(await small.arrival())[0] for _ in range(MOST)]
    for channel in taken:
        await channel.answer()
    first_to_end = asyncio.as_completed(calls)
    refused = [(await next(first_to_end)).status for _ in range(6 - MOST)]
    assert refused == [REFUSED] * (6 - MOST)
    for channel in taken:
        await channel.hang_up()
    assert [(await ended).status for ended in first_to_end] == [200] * MOST


async def test_when_one_has_left_the_next_is_taken(small: Exchange) -> None:
    first, second = [await small.party() for _ in range(MOST)]
    port = small.settings.sip.port
    assert (await bare_sip.call(port, "2125550100")).status == REFUSED
    await first.leave()
    third = await small.party()
    await second.leave()
    await third.leave()


@asynccontextmanager
async def alone(data: Path, limits: LimitSettings) -> AsyncIterator[Asterisk]:
    """An Asterisk that no controller is connected to: who is taken hears an apology."""
    settings = load()
    sip = settings.sip.model_copy(update={"guests": True})
    update = {"data": data, "limits": limits, "sip": sip}
    async with running(ports.fresh(settings.model_copy(update=update)), print) as asterisk:
        yield asterisk


async def taken(asterisk: Asterisk, calls: int) -> None:
    """Wait until Asterisk has so many calls."""
    async with asyncio.timeout(10):
        while f"{calls} active channel" not in await asterisk.console(_COUNT):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.02)


async def test_past_its_own_limit_asterisk_refuses_by_itself(tmp_path: Path) -> None:
    async with alone(tmp_path, LimitSettings(asterisk_calls=MOST)) as asterisk:
        port = asterisk.settings.sip.port
        first = [
            asyncio.create_task(bare_sip.call(port, "2125550100", leave_after=0.1))
            for _ in range(MOST)
        ]
        await taken(asterisk, MOST)
        assert (await bare_sip.call(port, "2125550100")).status == REFUSED
        assert [(await call).status for call in first] == [200] * MOST
        await taken(asterisk, 0)
        assert (await bare_sip.call(port, "2125550100", leave_after=0.1)).status == 200


async def test_on_a_machine_that_has_too_much_to_do_asterisk_refuses_by_itself(
    tmp_path: Path,
) -> None:
    async with alone(tmp_path, LimitSettings(asterisk_load=1e-6)) as asterisk:
        port = asterisk.settings.sip.port
        assert (await bare_sip.call(port, "2125550100")).status == REFUSED
