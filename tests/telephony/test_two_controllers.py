"""Controllers that stop, stand still, or are started twice, and what their callers notice of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivrserver.flow.events import CallContinued
from tests.telephony.caller import Caller
from tests.telephony.customer import HANG_UP, Reply
from tests.telephony.house import Site, house_settings, open_site
from tests.telephony.lost.scene import LOST
from tests.telephony.nodes import LEASE, Node, Nodes, nodes_of

pytestmark = pytest.mark.telephony


@asynccontextmanager
async def office(data: Path) -> AsyncIterator[tuple[Site, Nodes]]:
    """A server without a controller yet."""
    async with (
        open_site(house_settings(data), flows=[LOST]) as site,
        nodes_of(site.settings) as nodes,
    ):
        yield site, nodes
        await site.nothing_is_left()


async def goes_on(caller: Caller, heir: Node) -> None:
    """Wait until `heir` has the call."""
    await caller.until(
        lambda event: isinstance(event, CallContinued) and event.controller == heir.name
    )


async def finishes(site: Site, caller: Caller) -> None:
    """Answer what is left to answer; what was stored and sent is as if nothing had happened."""
    await caller.press("*")
    call = await caller.waits()
    assert call.answers == {"code": "0123", "key": "*"}
    (request,) = site.customer.asked[caller.number]
    assert (request["code"], request["the_key"], request["ivr_completed"]) == ("0123", "*", "True")


async def test_who_is_told_to_stop_hands_its_calls_over(tmp_path: Path) -> None:
    async with office(tmp_path) as (site, nodes):
        stopping = await nodes.start(1, IVRSERVER_LIMITS__DRAIN_SECONDS="0.5")
        async with site.calling("8050", Reply(HANG_UP)) as caller:
            await caller.asked("code")
            await caller.press("0123")
            await caller.asked("key")
            heir = await nodes.start(2)
            assert await stopping.stop() == 0
            await goes_on(caller, heir)
            await finishes(site, caller)


async def test_who_is_to_come_back_finds_its_calls_again(tmp_path: Path) -> None:
    keep = {"IVRSERVER_LIMITS__DRAIN_SECONDS": "0", "IVRSERVER_CLUSTER__LEAVE_CALLS": "true"}
    async with office(tmp_path) as (site, nodes):
        first = await nodes.start(1, **keep)
        async with site.calling("8050", Reply(HANG_UP)) as caller:
            await caller.asked("code")
            await caller.press("0123")
            await caller.asked("key")
            assert await first.stop() == 0
            await goes_on(caller, await nodes.start(1, **keep))
            await finishes(site, caller)


async def test_who_stops_for_good_hangs_its_calls_up(tmp_path: Path) -> None:
    async with office(tmp_path) as (site, nodes):
        only = await nodes.start(1, IVRSERVER_LIMITS__DRAIN_SECONDS="0")
        async with site.calling("8050") as caller:
            await caller.asked("code")
            assert await only.stop() == 0
            call = await caller.waits()
        assert (call.ended.reason, call.ended.detail) == ("failed", "the server is stopping")
        assert call.completed == [False]


async def test_who_stood_still_touches_no_call_any_more(tmp_path: Path) -> None:
    async with office(tmp_path) as (site, nodes):
        frozen = await nodes.start(1)
        async with site.calling("8050", Reply(HANG_UP)) as caller:
            await caller.asked("code")
            await caller.press("0123")
            await caller.asked("key")
            heir = await nodes.start(2)
            frozen.freeze()
            await goes_on(caller, heir)
            frozen.thaw()
            await frozen.program.says("has taken over the calls of ivr-main-1", 20.0)
            async with asyncio.timeout(10):
                assert await frozen.program.process.wait() == 1
            await finishes(site, caller)
        async with site.calling("8003") as caller:
            await caller.asked("answer")
            await caller.press("42")
            assert (await caller.waits()).answers == {"answer": "42"}


async def test_the_older_of_two_of_one_name_leaves_its_calls_to_the_newer(tmp_path: Path) -> None:
    async with office(tmp_path) as (site, nodes):
        older = await nodes.start(1)
        async with site.calling("8050", Reply(HANG_UP)) as caller:
            await caller.asked("code")
            await caller.press("0123")
            await caller.asked("key")
            newer = await nodes.start(1)
            async with asyncio.timeout(10):
                assert await older.program.process.wait() == 1
            await goes_on(caller, newer)
            await asyncio.sleep(LEASE)
            await finishes(site, caller)
