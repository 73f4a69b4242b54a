"""Softphones on a real Asterisk: made at run time, called by their user's name, and gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ivrserver.config import SoftphoneSettings, load
from ivrserver.flow.ports import LegOrder, LegOutcome
from ivrserver.telephony.asterisk import ports
from ivrserver.telephony.softphones import Softphones, user_of
from tests.asterisk_fixture import started
from tests.contract.browser_phone import browser_phone
from tests.contract.parties import Exchange, exchange

SECONDS = 5.0


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what Asterisk does in its own time."""
    async with asyncio.timeout(SECONDS):
        while not await holds():  # noqa: ASYNC110 - Asterisk is asked
            await asyncio.sleep(0.02)


async def test_a_softphone_logs_in_and_is_found_by_its_user(board: Exchange) -> None:
    """Asterisk knows a moment after it has answered who is there, and who is not any more."""
    softphones = board.switchboard.softphones

    async def found(name: str) -> None:
        async def is_found() -> bool:
            return await softphones.newest_of("anna") == name

        await until(is_found)

    line = await softphones.open("anna")
    assert await softphones.exists(line.name)
    assert await softphones.newest_of("anna") == "", "no browser has come yet"
    async with browser_phone(board.settings, line) as phone:
        assert await phone.register() == 200
        await found(line.name)
        assert set(await softphones.reachable()) == {"anna"}
        second = await softphones.open("anna")
        async with browser_phone(board.settings, second) as newer:
            assert await newer.register() == 200
            await found(second.name)
        await found(line.name)
        await softphones.close(second.name)
    await found("")
    await softphones.close(line.name)
    assert not await softphones.exists(line.name)


async def test_nobody_logs_in_with_another_password_or_to_what_is_gone(board: Exchange) -> None:
    softphones = board.switchboard.softphones
    line = await softphones.open("anna")
    async with browser_phone(board.settings, replace(line, password="guessed")) as stranger:
        assert await stranger.register() == 401
    await softphones.close(line.name)
    async with browser_phone(board.settings, line) as late:
        assert await late.register() == 404


async def test_a_call_says_whose_softphone_it_comes_from(board: Exchange) -> None:
    softphones = board.switchboard.softphones
    line = await softphones.open("anna")
    async with browser_phone(board.settings, line) as phone:
        dialling = asyncio.create_task(phone.call("block-101"))
        channel, call = await board.arrival()
        assert (call.user, call.dialled, call.caller_id) == ("anna", "block-101", "anna")
        await channel.answer()
        assert await dialling == 200
        await softphones.close(line.name)
        async with asyncio.timeout(SECONDS):
            await channel.gone
            await phone.ended.wait()


async def test_nobody_else_says_so(board: Exchange) -> None:
    await board.peer.call("block-101", caller="anna")
    channel, call = await board.arrival()
    assert (call.user, call.number_called) == ("", "block-101")
    await channel.hang_up()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("486 Busy Here", LegOutcome.BUSY),
        ("480 Temporarily Unavailable", LegOutcome.NO_ANSWER),
        ("603 Decline", LegOutcome.REJECTED),
    ],
)
async def test_a_user_is_called_by_name(board: Exchange, status: str, outcome: LegOutcome) -> None:
    softphones = board.switchboard.softphones
    line = await softphones.open("anna")
    party = await board.party()
    async with browser_phone(board.settings, line) as phone:
        assert await phone.register() == 200
        async with asyncio.timeout(SECONDS):
            # Asterisk says so a moment after it has answered.
            while "anna" not in await softphones.reachable():  # noqa: ASYNC110 - it is asked
                await asyncio.sleep(0.02)
        order = LegOrder(leg_id="ivr-leg", destination="anna", caller_id="2125550199", timeout=5)
        dialling = asyncio.create_task(board.switchboard.dialer.dial(order, caller=party.channel))
        async with asyncio.timeout(SECONDS):
            invite = await phone.calls.get()
        assert 'From: "2125550199" <sip:2125550199@' in invite
        assert "a=fingerprint:" in invite
        await phone.answer(invite, status)
        assert (await dialling).outcome is outcome
    await softphones.close(line.name)
    await party.leave()


async def test_who_has_no_page_open_is_unreachable_at_once(board: Exchange) -> None:
    party = await board.party()
    order = LegOrder(leg_id="ivr-leg", destination="anna", caller_id="", timeout=5)
    dialled = await board.switchboard.dialer.dial(order, caller=party.channel)
    assert dialled.outcome is LegOutcome.UNREACHABLE
    await party.leave()


async def test_what_a_dead_controller_has_left_is_removed_by_any_other(board: Exchange) -> None:
    left = (await board.switchboard.softphones.open("anna")).name
    now = 0.0
    another = Softphones(board.switchboard.softphones._ari, SoftphoneSettings(), clock=lambda: now)
    await another.sweep()
    assert await another.exists(left)
    now = 61.0
    await another.sweep()
    assert not await another.exists(left)
    assert user_of(left) == "anna"


async def test_where_there_is_no_endpoint_at_all_a_softphone_is_the_first(
    tmp_path: Path,
) -> None:
    settings = ports.fresh(load().model_copy(update={"data": tmp_path / "data"}))
    with started(settings) as server:
        async with exchange(server.settings, tmp_path) as alone:
            softphones = alone.switchboard.softphones
            assert await softphones.newest_of("anna") == ""
            line = await softphones.open("anna")
            assert await softphones.exists(line.name)
            await softphones.close(line.name)
