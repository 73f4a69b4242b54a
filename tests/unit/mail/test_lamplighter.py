"""A phone's lamp shows the sum of the boxes that name it. On virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from ivrserver.blocks import Account, FlowBook, Voicemail
from ivrserver.flow.post import Waiting
from ivrserver.mail import Lamplighter
from tests.fakes import FakeLibrary
from tests.unit.mail.letters import FakeLamps, FakeNotices

pytestmark = pytest.mark.looptime

OFFICE = Voicemail(block_id=300, name="Office", phones=("desk", "lobby"))
SALES = Voicemail(block_id=301, name="Sales", phones=("desk",))


class Scene:
    """Two boxes, two phones, and somebody who looks after the lamps."""

    def __init__(self) -> None:
        self.notices = FakeNotices()
        self.lamps = FakeLamps()
        self.library = FakeLibrary(Account(blocks=(OFFICE, SALES)))
        self.lighter = Lamplighter(self.notices, self.library, self.lamps)

    async def told(self) -> list[tuple[str, int, int]]:
        """What phones are told at the next look."""
        self.lamps.told.clear()
        await self.lighter.look()
        return self.lamps.told


async def test_every_lamp_is_shown_at_first_also_those_that_are_out() -> None:
    scene = Scene()
    scene.notices.counts = {300: Waiting(2, 1), 301: Waiting(1, 4)}
    assert await scene.told() == [("desk", 3, 5), ("lobby", 2, 1)]
    scene = Scene()
    assert await scene.told() == [("desk", 0, 0), ("lobby", 0, 0)]


async def test_only_what_changes_is_told() -> None:
    scene = Scene()
    scene.notices.counts = {300: Waiting(1, 0)}
    await scene.told()
    assert await scene.told() == []
    scene.notices.counts = {300: Waiting(0, 1)}
    assert await scene.told() == [("desk", 0, 1), ("lobby", 0, 1)]
    scene.notices.counts = {301: Waiting(1, 0), 300: Waiting(0, 1)}
    assert await scene.told() == [("desk", 1, 1)]
    scene.notices.counts = {}
    assert await scene.told() == [("desk", 0, 0), ("lobby", 0, 0)]


async def test_a_phone_that_no_box_names_any_more_goes_dark() -> None:
    scene = Scene()
    scene.notices.counts = {300: Waiting(1, 0), 301: Waiting(1, 0)}
    await scene.told()
    without = replace(OFFICE, phones=())
    scene.library.book = FlowBook.of(Account(blocks=(without, SALES)), revision=2)
    assert await scene.told() == [("lobby", 0, 0), ("desk", 1, 0)]
    assert await scene.told() == []


async def test_a_phone_that_cannot_be_told_keeps_no_other_dark_and_is_told_later() -> None:
    scene = Scene()
    scene.notices.counts = {300: Waiting(1, 0)}
    scene.lamps.broken = {"desk"}
    with capture_logs() as logs:
        assert await scene.told() == [("lobby", 1, 0)]
        assert await scene.told() == []
        scene.lamps.broken = set()
        assert await scene.told() == [("desk", 1, 0)]
    assert [entry["event"] for entry in logs] == ["lamps_not_shown"]


async def test_a_dark_phone_that_could_not_be_told_is_told_later() -> None:
    scene = Scene()
    scene.notices.counts = {300: Waiting(1, 0)}
    await scene.told()
    scene.library.book = FlowBook.of(Account(blocks=(SALES,)), revision=2)
    scene.lamps.broken = {"lobby"}
    with capture_logs():
        assert await scene.told() == [("desk", 0, 0)]
    scene.lamps.broken = set()
    assert await scene.told() == [("lobby", 0, 0)]


async def test_after_the_phone_server_forgot_all_are_told_again() -> None:
    scene = Scene()
    await scene.told()
    scene.lighter.start_anew()
    assert await scene.told() == [("desk", 0, 0), ("lobby", 0, 0)]


async def test_a_change_is_seen_within_a_second() -> None:
    scene = Scene()
    task = asyncio.create_task(scene.lighter.run())
    await asyncio.sleep(0.5)
    scene.notices.counts = {301: Waiting(1, 0)}
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.wait([task])
    assert scene.lamps.told == [("desk", 0, 0), ("lobby", 0, 0), ("desk", 1, 0)]
