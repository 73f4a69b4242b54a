"""Hang-up is cancellation, and cancellation from elsewhere stays what it is."""

from __future__ import annotations

import asyncio

import pytest

from ivrserver.errors import CallerGone, ChannelGone
from ivrserver.flow.hangup import WhilePresent
from tests.fakes import FakeChannel

pytestmark = pytest.mark.looptime


async def test_the_body_is_interrupted_wherever_it_waits() -> None:
    channel = FakeChannel()
    asyncio.get_running_loop().call_later(5, channel.leave)
    with pytest.raises(CallerGone):
        async with WhilePresent(channel):
            await asyncio.sleep(1000)
    assert asyncio.get_running_loop().time() == pytest.approx(5)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_party_that_has_left_already_interrupts_at_once() -> None:
    channel = FakeChannel()
    channel.leave()
    with pytest.raises(CallerGone):
        async with WhilePresent(channel):
            await asyncio.sleep(1000)


async def test_a_request_that_finds_the_channel_gone_means_the_same() -> None:
    with pytest.raises(CallerGone):
        async with WhilePresent(FakeChannel()):
            raise ChannelGone("404")


async def test_a_cancellation_from_elsewhere_passes_through() -> None:
    channel = FakeChannel()

    async def body() -> None:
        async with WhilePresent(channel):
            await asyncio.sleep(1000)

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_both_at_once_count_as_the_cancellation_from_elsewhere() -> None:
    channel = FakeChannel()

    async def body() -> None:
        async with WhilePresent(channel):
            await asyncio.sleep(1000)

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    channel.leave()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_body_that_finishes_is_left_alone_when_the_party_leaves_later() -> None:
    channel = FakeChannel()
    async with WhilePresent(channel):
        await asyncio.sleep(1)
    channel.leave()
    await asyncio.sleep(1)
