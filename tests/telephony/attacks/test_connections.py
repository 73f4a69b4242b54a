"""TCP connections to SIP on which nothing, or not all, is said, and those who need one too."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from tests.telephony.attacks.fortress import CARRIER, STRANGER, Fortress
from tests.telephony.attacks.knocking import idle, knock
from tests.telephony.attacks.stranger import stranger
from tests.telephony.attacks.together import together

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

ALL = 1100
"""More than Asterisk takes at a time."""
EACH = 72_000
"""Bytes that Asterisk takes for a connection: the room for the longest packet, 64 KiB, and its own
data. What was taken for some serves the next ones."""
REMAINS = 8_000_000
FEW = 20
PATIENCE = 60.0


async def asked(fortress: Fortress) -> bytes:
    """What somebody asks by TCP."""
    async with stranger(fortress, CARRIER) as somebody:
        return somebody.request("OPTIONS", "8008", "x").replace(b"/UDP", b"/TCP")


async def answered(fortress: Fortress) -> None:
    """Ask on new connections until one is answered."""
    port, message = fortress.house.settings.sip.port, await asked(fortress)
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(OSError, TimeoutError):
                if (await knock(port, message, source=CARRIER)).startswith(b"SIP/2.0 200"):
                    return


@together
async def test_who_says_nothing_or_half_of_it_is_not_kept(fortress: Fortress) -> None:
    port, whole = fortress.house.settings.sip.port, await asked(fortress)
    async with (
        idle(port, FEW, source=STRANGER) as silent,
        idle(port, FEW, source=STRANGER, begin=whole[: len(whole) // 2]) as half,
        idle(port, FEW, source=STRANGER, begin=b"\r\n\r\n") as blank,
    ):
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE):
            for each in (*silent, *half, *blank):
                with suppress(ConnectionError):
                    while await loop.sock_recv(each, 4096):
                        pass


@pytest.mark.memory(ALL * EACH)
async def test_who_takes_all_connections_and_says_nothing_does_not_keep_phones_out(
    fortress: Fortress,
) -> None:
    async def attack() -> None:
        async with idle(fortress.house.settings.sip.port, ALL, source=STRANGER):
            await answered(fortress)
        await answered(fortress)

    await attack()
    async with fortress.watched(REMAINS, FEW):
        await attack()
