"""Message lamps of registered phones, as the phones are told by SIP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from ivrserver.config import PhoneSettings, load
from ivrserver.telephony.asterisk import Asterisk, ports
from tests.asterisk_fixture import started
from tests.contract.parties import Exchange, exchange
from tests.telephony.lamp_phone import lamp_phone


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    names = ("subscribed", "late", "registered", "busy", "other")
    phones = {name: PhoneSettings(password=SecretStr(f"{name}-4711")) for name in names}
    update = {"data": tmp_path_factory.mktemp("data"), "phones": phones}
    with started(ports.fresh(load().model_copy(update=update))) as server:
        yield server


@pytest.fixture
async def board(asterisk: Asterisk, tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(asterisk.settings, tmp_path) as tested:
        yield tested


async def test_a_phone_that_subscribed_is_told_of_every_change(board: Exchange) -> None:
    lamps, port = board.switchboard.lamps, board.settings.sip.port
    async with lamp_phone(port, "subscribed", "subscribed-4711") as phone:
        phone.subscribe()
        assert await phone.messages() == (False, "0/0")
        await lamps.show("subscribed", new=2, saved=1)
        assert await phone.messages() == (True, "2/1")
        await lamps.show("subscribed", new=0, saved=3)
        assert await phone.messages() == (False, "0/3")
        assert phone.status == 200


async def test_changes_in_quick_succession_are_told_in_their_order(board: Exchange) -> None:
    lamps, port = board.switchboard.lamps, board.settings.sip.port
    async with lamp_phone(port, "busy", "busy-4711") as phone:
        phone.subscribe()
        await phone.messages()
        async with asyncio.TaskGroup() as tasks:
            for saved in range(20):
                tasks.create_task(lamps.show("busy", new=0, saved=saved))
        told = ""
        while told != "0/19":
            told = (await phone.messages())[1]
        assert phone.told.empty()


async def test_a_phone_that_comes_later_is_told_what_waits(board: Exchange) -> None:
    lamps, port = board.switchboard.lamps, board.settings.sip.port
    await lamps.show("late", new=7, saved=0)
    async with lamp_phone(port, "late", "late-4711") as phone:
        phone.subscribe()
        assert await phone.messages() == (True, "7/0")


async def test_a_registered_phone_is_told_without_having_asked(board: Exchange) -> None:
    lamps, port = board.switchboard.lamps, board.settings.sip.port
    async with lamp_phone(port, "registered", "registered-4711") as phone:
        phone.register()
        await asyncio.sleep(0.3)
        assert phone.status == 200
        while not phone.told.empty():
            phone.told.get_nowait()
        await lamps.show("registered", new=1, saved=0)
        assert await phone.messages() == (True, "1/0")


async def test_nobody_sees_anothers_lamp(board: Exchange) -> None:
    lamps, port = board.switchboard.lamps, board.settings.sip.port
    async with lamp_phone(port, "other", "other-4711") as phone:
        phone.subscribe()
        assert await phone.messages() == (False, "0/0")
        await lamps.show("subscribed", new=5, saved=0)
        await asyncio.sleep(0.3)
        assert phone.told.empty()
    async with lamp_phone(port, "other", "wrong") as stranger:
        stranger.subscribe()
        await asyncio.sleep(0.3)
        assert (stranger.status, stranger.told.empty()) == (401, True)
