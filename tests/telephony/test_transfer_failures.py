"""Transfers that do not come about: Backup Routing, with the reason on the timeline."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ivrserver.flow.events import BackupRouted, CallStarted, LegDecided
from tests.telephony.carrier import DEAF, RINGS, STATUSES, Carrier, carrier
from tests.telephony.conftest import in_own_task
from tests.telephony.customer import Reply
from tests.telephony.house import House, house_settings, open_house

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="module")]

RING_SECONDS = 2.0
BACKUP = "This is the backup."
EXPECTED = {
    "2125550486": ("busy", "busy (SIP 486, cause 17)"),
    "2125550603": ("rejected", "rejected (SIP 603, cause 21)"),
    "2125550403": ("rejected", "rejected (SIP 403, cause 21)"),
    "2125550404": ("unreachable", "the number is unknown (SIP 404, cause 1)"),
    "2125550503": ("congestion", "no line is free (SIP 503, cause 34)"),
    "2125550488": ("failed", "no common codec (SIP 488, cause 58)"),
    RINGS: ("no_answer", "nobody answered within 2 s"),
    DEAF: ("no_answer", "nobody answered within 2 s"),
}


def to(number: str) -> Reply:
    return Reply(
        f"<action><app>transfer</app><parameters><destination>{number}</destination>"
        "</parameters></action>"
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def far_end() -> AsyncIterator[tuple[Carrier, int]]:
    async with carrier() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_house(
    tmp_path_factory: pytest.TempPathFactory, far_end: tuple[Carrier, int]
) -> AsyncIterator[House]:
    settings = house_settings(tmp_path_factory.mktemp("house"), trunk_port=far_end[1])
    limits = settings.limits.model_copy(update={"transfer_rings": RING_SECONDS})
    settings = settings.model_copy(update={"limits": limits})
    async with in_own_task(open_house(settings)) as house:
        yield house


async def test_whatever_the_carrier_says_the_backup_is_heard_and_the_reason_told(
    house: House,
) -> None:
    assert EXPECTED.keys() == {*STATUSES, RINGS, DEAF}

    async def one(number: str) -> None:
        async with house.calling("8008", to(number)) as caller:
            call = await caller.waits()
        decided = call.one(LegDecided)
        assert (decided.outcome, decided.reason) == EXPECTED[number]
        backup = call.one(BackupRouted)
        assert backup == BackupRouted("block 90", f"the transfer failed: {decided.reason}")
        await house.hears(call.heard, "One moment.", BACKUP)

    await asyncio.gather(*(one(number) for number in EXPECTED))


async def test_a_destination_that_is_no_number_is_not_dialled(
    house: House, far_end: tuple[Carrier, int]
) -> None:
    invited = len(far_end[0].times("INVITE", "sales"))
    async with house.calling("8008", to("sales")) as caller:
        call = await caller.waits()
    assert len(far_end[0].times("INVITE", "sales")) == invited == 0
    assert call.one(LegDecided).outcome == "unreachable"
    assert (
        "sales is no phone of [phones], and no user of that name" in call.one(BackupRouted).reason
    )
    await house.hears(call.heard, BACKUP)


async def test_a_caller_who_hangs_up_while_it_rings_cancels_the_call(
    house: House, far_end: tuple[Carrier, int]
) -> None:
    invited, cancels = (len(far_end[0].times(kind, RINGS)) for kind in ("INVITE", "CANCEL"))
    async with house.calling("8008", to(RINGS)) as caller:
        await far_end[0].gets("INVITE", RINGS, more_than=invited)
        await caller.hangs_up()
    hung_up = next(event.at for event in caller.phone.events if event.kind == "call_closed")
    cancelled = await far_end[0].gets("CANCEL", RINGS, more_than=cancels)
    assert -0.1 <= cancelled - hung_up < 1.0


async def test_without_a_carrier_at_the_other_end_the_backup_is_heard_soon(tmp_path: Path) -> None:
    async with carrier() as (_, port):
        pass
    async with open_house(house_settings(tmp_path, trunk_port=port)) as house:
        async with house.calling("8008", to(RINGS)) as caller:
            call = await caller.waits()
        await house.nothing_is_left()
        await house.hears(call.heard, "One moment.", BACKUP)
    assert call.one(LegDecided).outcome == "unreachable"
    assert call.one(BackupRouted).to == "block 90"
    waited = call.details.timeline[-1].at - call.details.timeline[0].at
    assert waited.total_seconds() < 10


async def test_our_own_number_is_shown_to_others_and_the_callers_to_us(tmp_path: Path) -> None:
    async with (
        carrier() as (far_end, port),
        open_house(house_settings(tmp_path, trunk_port=port, shown="2125550000")) as house,
    ):
        async with house.calling("8008", to("2125550486")) as caller:
            call = await caller.waits()
        await house.nothing_is_left()
        assert house.customer.asked[caller.number][0]["ivr_caller_id"] == caller.number
    assert call.one(CallStarted).caller_id == caller.number
    assert far_end.shown["2125550486"] == "2125550000"
