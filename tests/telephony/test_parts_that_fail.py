"""Asterisk, the connection to it, or the database fails under live calls (SPEC §13)."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from ivrserver import app
from ivrserver.config import DatabaseSettings
from ivrserver.flow.events import CallEnded, QuestionAsked
from ivrserver.telephony import patience
from ivrserver.telephony.asterisk import running
from ivrserver.telephony.boards import Boards
from tests.contract.link import Link, link_to
from tests.postgres_fixture import PostgresServer
from tests.telephony.caller import Caller, Outcome
from tests.telephony.house import House, house_settings, open_house, open_site
from tests.telephony.lost.scene import LOST
from tests.telephony.nodes import nodes_of

pytestmark = pytest.mark.telephony

AWAY_SECONDS = 30.0
CALLERS = 6


async def answers_all(caller: Caller) -> Outcome:
    """Answer every question of IVR 3, wrongly first."""
    await caller.asked("answer")
    await caller.press("41")
    await caller.asked("answer", attempt=2)
    await caller.press("42")
    return await caller.waits()


async def settled(boards: Boards) -> None:
    """Return when the controller no longer looks for calls of its last start."""
    async with asyncio.timeout(20):
        while not all(board._reconciler.reaps for board in boards.by_name.values()):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)


async def back(house: House) -> None:
    """Return when the controller hears of keys again: Asterisk keeps no events."""
    async with asyncio.timeout(20):
        while house.boards.away:  # noqa: ASYNC110 - a switchboard that is back tells nobody
            await asyncio.sleep(0.05)


async def test_calls_wait_for_an_asterisk_that_stands_still(tmp_path: Path) -> None:
    async with open_house(house_settings(tmp_path), flows=[LOST]) as house:
        await settled(house.boards)
        async with house.calling("8003") as caller:
            await caller.asked("answer")
            os.kill(house.asterisk.pid, signal.SIGSTOP)
            await asyncio.sleep(8.0)
            os.kill(house.asterisk.pid, signal.SIGCONT)
            await back(house)
            # The time to answer has run out meanwhile: they are asked again.
            await caller.asked("answer", attempt=2)
            await caller.press("42")
            call = await caller.waits()
        assert call.answers == {"answer": "42"}
        assert (call.ended.reason, call.completed) == ("hung_up", [True])
        await house.hears(call.heard, "That is right.")
        await house.nothing_is_left()


@asynccontextmanager
async def house_behind_a_link(data: Path) -> AsyncIterator[tuple[House, Link]]:
    """A house whose controller's connection to Asterisk can be broken."""
    async with (
        open_site(house_settings(data), flows=[LOST]) as site,
        link_to(site.settings.ari.port) as link,
    ):
        ari = site.settings.ari.model_copy(update={"port": link.port})
        async with app.serving(site.settings.model_copy(update={"ari": ari})) as boards:
            await settled(boards)
            yield House(boards=boards, **vars(site)), link


async def cut(link: Link, house: House, times: int) -> None:
    """Break the link again and again; returns when it is up again."""
    for _ in range(times):
        link.drop()
        await asyncio.sleep(0.7)
    await back(house)


async def test_a_connection_that_breaks_again_and_again_loses_no_call(tmp_path: Path) -> None:
    async with house_behind_a_link(tmp_path) as (house, link):
        async with house.calling("8050") as caller:
            await caller.asked("code")
            await cut(link, house, 3)
            await caller.press("0123")
            await caller.asked("key")
            await cut(link, house, 2)
            await caller.press("*")
            call = await caller.waits()
        assert call.answers == {"code": "0123", "key": "*"}
        assert [event.attempt for event in call.all(QuestionAsked)] == [1, 1]
        await house.nothing_is_left()


async def test_a_call_whose_asterisk_is_out_of_reach_for_too_long_is_given_up_and_taken_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 1.0)
    async with house_behind_a_link(tmp_path) as (house, link):
        async with house.calling("8050") as caller:
            await caller.asked("code")
            link.down = True
            link.drop()
            await caller.sees(CallEnded)
            link.down = False
            # Asterisk has the caller still, and nobody carries them.
            call = await caller.waits()
        assert (call.ended.reason, call.completed) == ("caller_hung_up", [False])
        assert call.ended.detail == "the party left while Asterisk was out of reach"
        await house.nothing_is_left()


async def test_calls_go_on_while_the_database_is_away_and_every_row_follows(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    async with postgres.new_database() as url:
        settings = house_settings(tmp_path).model_copy(
            update={"database": DatabaseSettings(url=url)}
        )
        async with open_house(settings, flows=[LOST]) as house:
            async with AsyncExitStack() as stack:
                callers = [
                    await stack.enter_async_context(house.calling("8050")) for _ in range(CALLERS)
                ]
                await asyncio.gather(*(caller.asked("code") for caller in callers))
                await asyncio.to_thread(postgres.stop)
                try:
                    away = asyncio.get_running_loop().time() + AWAY_SECONDS
                    # What is stored cannot be looked at meanwhile: they answer by the clock.
                    await asyncio.sleep(1.0)
                    await asyncio.gather(*(caller.press("0123") for caller in callers))
                    await asyncio.sleep(4.0)
                    await asyncio.gather(*(caller.press("*") for caller in callers))
                    closed = (caller.phone.wait_closed(timeout=15) for caller in callers)
                    await asyncio.gather(*closed)
                    await asyncio.sleep(max(0.0, away - asyncio.get_running_loop().time()))
                finally:
                    await asyncio.to_thread(postgres.start)
                calls = [await caller.outcome() for caller in callers]
            for caller, call in zip(callers, calls, strict=True):
                assert call.answers == {"code": "0123", "key": "*"}
                assert call.completed == [True]
                (request,) = house.customer.asked[caller.number]
                assert request["code"] == "0123"
            async with house.calling("8003") as caller:
                assert (await answers_all(caller)).answers == {"answer": "42"}


async def test_one_controller_serves_two_asterisks_and_loses_only_the_calls_of_a_dead_one(
    tmp_path: Path,
) -> None:
    async with open_site(house_settings(tmp_path / "a"), flows=[LOST]) as near:
        settings = house_settings(tmp_path / "b")
        async with (
            running(settings, near.said.append) as other,
            nodes_of(near.settings) as nodes,
        ):
            far = replace(near, settings=other.settings, asterisk=other)
            places = {"A": near.settings.ari, "B": other.settings.ari}
            env = {
                f"IVRSERVER_ASTERISKS__{name}__{key}": value
                for name, ari in places.items()
                for key, value in (
                    ("HOST", ari.host),
                    ("PORT", str(ari.port)),
                    ("PASSWORD", ari.password.get_secret_value()),
                )
            }
            node = await nodes.start(1, **env)
            async with near.calling("8050") as here, far.calling("8050") as there:
                await asyncio.gather(here.asked("code"), there.asked("code"))
                os.kill(other.pid, signal.SIGKILL)
                lost = await there.outcome()
                assert lost.ended.detail == "the party left while Asterisk was out of reach"
                await here.press("0123")
                await here.asked("key")
                await here.press("*")
                call = await here.waits()
            assert call.answers == {"code": "0123", "key": "*"}
            assert (call.details.call.asterisk, lost.details.call.asterisk) == ("a", "b")
            async with asyncio.timeout(20):
                while (await _parts(node.http))["every_asterisk"]:  # noqa: ASYNC110 - polled
                    await asyncio.sleep(0.2)
            async with far.calling("8003") as again:
                assert (await answers_all(again)).answers == {"answer": "42"}


async def _parts(port: int) -> dict[str, str]:
    """What is wrong with each part of a controller."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/readyz") as response,
    ):
        parts: dict[str, str] = (await response.json())["parts"]
        return parts
