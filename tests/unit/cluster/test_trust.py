"""After a standstill nothing is done before it is known whose the calls are."""

from __future__ import annotations

import asyncio

import pytest

from ivrserver.cluster import Trust
from ivrserver.errors import AriUnavailable

pytestmark = pytest.mark.looptime

LEASE = 5.0


async def stand_still(seconds: float) -> None:
    """Let time pass in which nobody ticks."""
    await asyncio.sleep(seconds)


async def test_without_a_lease_it_never_lapses() -> None:
    trust = Trust()
    await stand_still(1_000_000)
    assert not trust.lapsed
    await trust.ensure()


async def test_whoever_ticks_is_trusted() -> None:
    trust = Trust(LEASE)
    for _ in range(20):
        await asyncio.sleep(LEASE / 2)
        trust.tick()
        assert not trust.lapsed


async def test_a_standstill_lapses_and_a_tick_does_not_mend_it() -> None:
    trust = Trust(LEASE)
    await stand_still(LEASE + 1)
    trust.tick()
    assert trust.lapsed
    assert trust.doubted.is_set()


async def test_what_came_meanwhile_is_done_in_order_when_it_is_confirmed() -> None:
    trust, done = Trust(LEASE), list[int]()
    await stand_still(LEASE + 1)
    assert trust.lapsed
    for number in range(3):
        trust.put_off(lambda number=number: done.append(number))  # type: ignore[misc]
    waiting = asyncio.create_task(trust.ensure())
    await asyncio.sleep(1)
    assert (done, waiting.done()) == ([], False)
    trust.confirm()
    await waiting
    assert done == [0, 1, 2]
    assert not trust.lapsed


async def test_what_came_meanwhile_is_dropped_when_the_calls_are_lost() -> None:
    trust, done = Trust(LEASE), list[int]()
    await stand_still(LEASE + 1)
    assert trust.lapsed
    trust.put_off(lambda: done.append(1))
    waiting = asyncio.create_task(trust.ensure())
    await asyncio.sleep(1)
    trust.lose()
    with pytest.raises(AriUnavailable, match="another controller"):
        await waiting
    with pytest.raises(AriUnavailable):
        await trust.ensure()
    assert done == []
