"""Many legs at once over a carrier, and what its phones are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivrserver.config import TrunkSettings, load
from ivrserver.demo import baresip
from ivrserver.flow.ports import Channel, DialledLeg, LegOrder, LegOutcome
from ivrserver.telephony.asterisk import Asterisk, ports
from tests.asterisk_fixture import started
from tests.contract.parties import Exchange, exchange
from tests.telephony import bare_sip
from tests.telephony.carrier import RINGS, STATUSES, Carrier, carrier

CALLERS, LEGS_EACH = 30, 5
PROMPTLY = 1.0
PLENTY = 10.0


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    """One trunk, on a port where each test puts a carrier."""
    trunk = TrunkSettings(host="127.0.0.1", port=baresip.free_port())
    update = {"data": tmp_path_factory.mktemp("data"), "trunks": {"carrier": trunk}}
    with started(ports.fresh(load().model_copy(update=update))) as server:
        yield server


@pytest.fixture
async def far_end(asterisk: Asterisk) -> AsyncIterator[Carrier]:
    async with carrier(asterisk.settings.trunks["carrier"].port) as (found, _):
        yield found


@pytest.fixture
async def board(asterisk: Asterisk, far_end: Carrier, tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(asterisk.settings, tmp_path) as tested:
        yield tested


@asynccontextmanager
async def callers(board: Exchange, count: int) -> AsyncIterator[list[Channel]]:
    """So many people whose calls are answered."""
    port = board.settings.sip.port
    calls = [asyncio.create_task(bare_sip.call(port, f"80055500{n:02}")) for n in range(count)]
    channels = [(await board.arrival())[0] for _ in calls]
    await asyncio.gather(*(channel.answer() for channel in channels))
    yield channels
    await asyncio.gather(*(channel.hang_up() for channel in channels))
    assert {(await call).status for call in calls} == {200}


def ringing_number(caller: int, leg: int) -> str:
    return f"2{caller:02}2{leg:02}{RINGS[-4:]}"


def dial(
    board: Exchange, caller: Channel, number: str, taken: asyncio.Event | None = None
) -> asyncio.Task[DialledLeg]:
    order = LegOrder(
        leg_id=f"{caller.channel_id}-{number}", destination=number, caller_id="", timeout=60
    )
    return asyncio.create_task(board.switchboard.dialer.dial(order, caller=caller, taken=taken))


async def invited(far_end: Carrier, numbers: set[str]) -> None:
    """Wait until the carrier was asked to call all of these."""
    async with asyncio.timeout(PLENTY):
        while far_end.ringing() != numbers:  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.01)


async def cancelled(far_end: Carrier) -> None:
    async with asyncio.timeout(PROMPTLY):
        await invited(far_end, set())


async def test_a_phone_is_told_that_the_call_was_taken(board: Exchange, far_end: Carrier) -> None:
    async with callers(board, 1) as (caller,):
        taken = asyncio.Event()
        leg = dial(board, caller, RINGS, taken)
        await invited(far_end, {RINGS})
        taken.set()
        leg.cancel()
        await cancelled(far_end)
    assert "Q.850;cause=26" in far_end.reasons[RINGS]
    assert 'SIP;cause=200;text="Call completed elsewhere"' in far_end.reasons[RINGS]


async def test_a_phone_whose_leg_is_given_up_is_told_no_such_thing(
    board: Exchange, far_end: Carrier
) -> None:
    async with callers(board, 1) as (caller,):
        leg = dial(board, caller, RINGS, asyncio.Event())
        await invited(far_end, {RINGS})
        leg.cancel()
        await cancelled(far_end)
    assert "26" not in str(far_end.reasons[RINGS])


async def test_twenty_legs_of_one_caller_ring_at_once_and_are_all_gone_within_a_second(
    board: Exchange, far_end: Carrier
) -> None:
    numbers = {ringing_number(0, leg) for leg in range(20)}
    async with callers(board, 1) as (caller,):
        legs = [dial(board, caller, number) for number in numbers]
        await invited(far_end, numbers)
        for leg in legs:
            leg.cancel()
        await cancelled(far_end)
        assert all(leg.done() for leg in legs)


async def test_each_of_many_legs_has_its_own_outcome(board: Exchange, far_end: Carrier) -> None:
    async with callers(board, 1) as (caller,):
        ringing = [dial(board, caller, ringing_number(0, leg)) for leg in range(10)]
        failing = {number: dial(board, caller, number) for number in STATUSES}
        async with asyncio.timeout(PLENTY):
            outcomes = {number: await leg for number, leg in failing.items()}
        assert not any(leg.done() for leg in ringing)
        await caller.hang_up()
        async with asyncio.timeout(PROMPTLY):
            assert {(await leg).reason for leg in ringing} == {"the caller left"}
        await cancelled(far_end)
    for number, status in STATUSES.items():
        assert f"SIP {status[:3]}" in outcomes[number].reason
    assert outcomes["2125550486"].outcome is LegOutcome.BUSY
    assert outcomes["2125550503"].outcome is LegOutcome.CONGESTION


async def test_thirty_callers_ring_five_people_each(board: Exchange, far_end: Carrier) -> None:
    numbers = {
        caller: [ringing_number(caller, leg) for leg in range(LEGS_EACH)]
        for caller in range(CALLERS)
    }
    async with callers(board, CALLERS) as channels:
        legs = [
            dial(board, channel, number)
            for channel, mine in zip(channels, numbers.values(), strict=True)
            for number in mine
        ]
        await invited(far_end, {number for mine in numbers.values() for number in mine})
        for channel in channels:
            await channel.hang_up()
        async with asyncio.timeout(PROMPTLY):
            assert {(await leg).reason for leg in legs} == {"the caller left"}
        await cancelled(far_end)
