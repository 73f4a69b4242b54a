"""A controller that is full, with its Asterisk behind Kamailio: what a carrier is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivrserver.config import NetworkSettings, Settings, TrunkSettings
from tests.telephony import bare_sip
from tests.telephony.house import House, house_settings, open_house
from tests.telephony.test_kamailio import CARRIER, FIRST, INSIDE, PROXY, SIP, kamailio, own_prefix

pytestmark = pytest.mark.telephony

BURST = 8


def settings_behind(data: Path) -> Settings:
    """Settings of a server that carries one call, whose carrier comes by Kamailio."""
    prefix, plain = own_prefix(), house_settings(data)
    update = {
        "sip": plain.sip.model_copy(update={"bind": f"{prefix}.{FIRST}", "port": SIP}),
        "network": NetworkSettings(proxy=f"{prefix}.{PROXY}", proxy_port=INSIDE),
        "trunks": {"carrier": TrunkSettings(host=f"{prefix}.{CARRIER}")},
        "limits": plain.limits.model_copy(update={"calls": 1}),
    }
    return plain.model_copy(update=update)


@asynccontextmanager
async def behind(folder: Path) -> AsyncIterator[tuple[House, str]]:
    """The server, and the address that a carrier calls."""
    (folder / "kamailio").mkdir()
    async with open_house(settings_behind(folder / "data")) as house:
        house.phones_at = f"{own_prefix()}.{CARRIER}"
        alone = {"KAMAILIO_ASTERISKS": f"{own_prefix()}.{FIRST}"}
        async with kamailio(folder / "kamailio", **alone) as net:
            yield house, net.address(PROXY)


async def test_a_carrier_is_told_when_to_try_again_and_the_live_call_goes_on(
    tmp_path: Path,
) -> None:
    async with behind(tmp_path) as (house, proxy):
        async with house.phone() as caller:
            await caller.phone.call(f"sip:8003@{proxy}")
            await caller.asked("answer")
            tries = [
                bare_sip.call(SIP, "8003", address=house.phones_at, server=proxy)
                for _ in range(BURST)
            ]
            refusals = await asyncio.gather(*tries)
            assert [refusal.status for refusal in refusals] == [503] * BURST
            assert {bare_sip.header(each.final, "Retry-After") for each in refusals} == {"5"}
            await caller.press("42")
            assert (await caller.waits()).answers == {"answer": "42"}
        async with house.phone() as caller:
            await caller.phone.call(f"sip:8003@{proxy}")
            await caller.asked("answer")
            assert (await caller.hangs_up()).completed == [False]
