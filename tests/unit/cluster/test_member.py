"""A controller among others, on virtual time: it beats, watches, and takes over once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from ivrserver.cluster import Beat, Lease, Member, Trust
from ivrserver.config import ClusterSettings
from ivrserver.errors import AriUnavailable, LeaseLost, StorageError
from ivrserver.flow.saved import SavedCall

pytestmark = pytest.mark.looptime

ME, OTHER = "ivr-me-1", "ivr-other-1"
SETTINGS = ClusterSettings(beat=1.0, lease=5.0)


def call(name: str, asterisk: str = "main") -> SavedCall:
    return SavedCall(
        call_id=name, asterisk=asterisk, channel_id=f"1.{name}", number_called="100", caller_id="",
        phone_label="", started_at=datetime(2030, 1, 1, tzinfo=UTC), revision=1,
    )  # fmt: skip


@dataclass
class FakeRegister:
    """One database."""

    lost: bool = False
    away: bool = False
    known: dict[str, Beat] = field(default_factory=dict)
    calls: dict[str, list[SavedCall]] = field(default_factory=dict)
    beats: int = 0

    async def beat(self, lease: Lease) -> bool:
        if self.away:
            raise StorageError("the database is away")
        self.beats += 1
        return not self.lost

    async def others(self, lease: Lease) -> Sequence[Beat]:
        if self.away:
            raise StorageError("the database is away")
        return list(self.known.values())

    async def fence(self, dead: Beat) -> bool:
        if self.known.get(dead.controller) != dead:
            return False
        self.known[dead.controller] = replace(dead, epoch=dead.epoch + 1, released=True)
        return True

    async def claim(
        self, controller: str, asterisks: Collection[str], heir: str
    ) -> Sequence[SavedCall]:
        left = self.calls.get(controller, [])
        taken = [each for each in left if each.asterisk in asterisks]
        self.calls[controller] = [each for each in left if each not in taken]
        return taken

    async def left(self, controller: str) -> frozenset[str]:
        return frozenset(each.call_id for each in self.calls.get(controller, []))

    async def enter(self, controller: str) -> Lease:
        return Lease(controller, 1)

    async def release(self, lease: Lease) -> None:
        """Nobody looks."""


@dataclass
class FakeBoard:
    """One Asterisk.

    Attributes:
        silent: it answers so many requests after a while only, with an error.
    """

    is_ready: bool = True
    silent: int = 0
    adopted: list[tuple[str, list[str]]] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)

    async def adopt(self, calls: Sequence[SavedCall], controller: str) -> None:
        if self.silent:
            self.silent -= 1
            await asyncio.sleep(5.0)
            raise AriUnavailable("no answer")
        self.adopted.append((controller, [each.call_id for each in calls]))

    async def clear(self, controller: str) -> None:
        self.cleared.append(controller)


class Office:
    """A member, and everything around it."""

    def __init__(self, *boards: str) -> None:
        self.register = FakeRegister()
        self.boards = {name: FakeBoard() for name in boards or ("main",)}
        self.trust = Trust(SETTINGS.lease)
        self.told: list[str] = []
        self.start(())

    def start(self, left: Collection[str]) -> None:
        """A start of it."""
        self.member = Member(
            self.register,
            Lease(ME, 1),
            self.boards,
            SETTINGS,
            trust=self.trust,
            left=left,
            on_dead=[self._tell],
        )

    async def _tell(self, controller: str) -> None:
        self.told.append(controller)

    async def lives(self, seconds: float, *, left: Collection[str] | None = None) -> None:
        """Let it run for so long."""
        self.start(await self.register.left(ME) if left is None else left)
        running = asyncio.create_task(self.member.run())
        await asyncio.sleep(seconds)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    def other(self, *calls: SavedCall, beat: int = 1) -> None:
        """Another controller that says nothing more."""
        self.register.known[OTHER] = Beat(OTHER, 1, beat, released=False)
        self.register.calls[OTHER] = list(calls)


async def test_it_beats() -> None:
    office = Office()
    await office.lives(10.5)
    assert office.register.beats == 11


async def test_what_was_its_own_before_goes_on_first() -> None:
    office = Office()
    office.register.calls[ME] = [call("a"), call("b")]
    await office.lives(3.5)
    assert office.boards["main"].adopted == [(ME, ["a", "b"])]
    assert office.boards["main"].cleared == [ME]


async def test_calls_that_came_since_are_being_carried_already() -> None:
    office = Office()
    office.register.calls[ME] = [call("before"), call("since")]
    await office.lives(2.5, left=["before"])
    assert office.boards["main"].adopted == [(ME, ["before"])]


async def test_it_waits_for_the_asterisk_that_its_calls_are_on() -> None:
    office = Office("a", "b")
    office.boards["b"].is_ready = False
    office.register.calls[ME] = [call("one", "a"), call("two", "b")]
    asyncio.get_running_loop().call_later(4.2, setattr, office.boards["b"], "is_ready", True)
    await office.lives(2.5)
    assert (office.boards["a"].adopted, office.boards["b"].adopted) == ([(ME, ["one"])], [])
    await office.lives(3.0)
    assert office.boards["b"].adopted == [(ME, ["two"])]


async def test_who_is_silent_for_a_lease_is_inherited_once() -> None:
    office = Office()
    office.other(call("x"))
    await office.lives(4.5)
    assert office.boards["main"].adopted == []
    assert office.member.others_live
    await office.lives(8.0)
    assert office.boards["main"].adopted == [(OTHER, ["x"])]
    assert office.boards["main"].cleared == [ME, ME, OTHER], "it was started twice"
    assert office.told == [OTHER]
    assert not office.member.others_live


async def test_what_is_on_an_asterisk_out_of_reach_is_inherited_later() -> None:
    office = Office("a", "b")
    office.boards["b"].is_ready = False
    office.other(call("x", "a"), call("y", "b"))
    asyncio.get_running_loop().call_later(12.2, setattr, office.boards["b"], "is_ready", True)
    await office.lives(15.0)
    assert office.boards["a"].adopted == [(OTHER, ["x"])]
    assert office.boards["b"].adopted == [(OTHER, ["y"])]
    assert sorted(office.boards["b"].cleared) == [ME, OTHER]
    assert office.told == [OTHER]


async def test_an_asterisk_that_does_not_answer_delays_no_beat_and_is_asked_again() -> None:
    office = Office()
    office.boards["main"].silent = 2
    office.register.calls[ME] = [call("a")]
    await office.lives(15.5)
    assert office.register.beats == 16
    assert office.boards["main"].adopted == [(ME, ["a"])]
    assert office.boards["main"].cleared == [ME]


async def test_while_the_database_is_away_nobody_is_dead_and_calls_stay_ours() -> None:
    office = Office()
    office.other(call("x"))
    loop = asyncio.get_running_loop()
    loop.call_later(2.2, setattr, office.register, "away", True)
    loop.call_later(30.2, setattr, office.register, "away", False)
    await office.lives(34.0)
    assert office.boards["main"].adopted == []
    assert not office.trust.lapsed


async def test_who_has_lost_its_lease_is_told_so() -> None:
    office = Office()
    office.register.lost = True
    with pytest.raises(LeaseLost, match=ME):
        await office.member.run()


async def test_after_a_standstill_the_lease_is_asked_for_at_once() -> None:
    office = Office()
    await office.lives(1.5)
    await asyncio.sleep(SETTINGS.lease + 1)
    assert office.trust.lapsed
    running = asyncio.create_task(office.member.run())
    async with asyncio.timeout(0.1):
        await office.trust.ensure()
    running.cancel()
