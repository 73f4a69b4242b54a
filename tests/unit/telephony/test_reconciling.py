"""What differs from Asterisk's own lists is set right, once it has differed twice. Virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal

import pytest
from structlog.testing import capture_logs

from ivrserver.errors import AriRefused, AriUnavailable
from ivrserver.telephony.causes import UNSEEN
from ivrserver.telephony.channel import AriChannel
from ivrserver.telephony.live import Live
from ivrserver.telephony.reconciling import RECONCILE_SECONDS, Reconciler
from ivrserver.telephony.router import Router
from ivrserver.telephony.watching import AriWatcher
from tests.unit.telephony.fake_ari import FakeAri

pytestmark = pytest.mark.looptime


class HoldingAri(FakeAri):
    """Holds channels and bridges until they are taken down.

    Attributes:
        held: channels of our application.
        others: channels that belong to nobody's application, or to another's.
        mixing: the channels in each bridge.
        looks: when the lists were asked for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.held: set[str] = set()
        self.others: set[str] = set()
        self.mixing: dict[str, Sequence[str]] = {}
        self.looks: list[float] = []

    async def channels(self) -> list[Any]:
        self._ask("channels")
        self.looks.append(asyncio.get_running_loop().time())
        return [{"id": channel_id} for channel_id in sorted(self.held | self.others)]

    async def channels_of(self, application: str) -> set[str]:
        assert application == self.application
        return set(self.held)

    async def bridges(self) -> list[Any]:
        return [{"id": name, "channels": list(ids)} for name, ids in self.mixing.items()]

    async def hang_up(self, channel_id: str, reason: str = "normal") -> None:
        self._ask("hang_up", channel_id)
        self.held.discard(channel_id)

    async def destroy_bridge(self, bridge_id: str) -> None:
        self._ask("destroy_bridge", bridge_id)
        self.mixing.pop(bridge_id, None)

    @property
    def taken_down(self) -> list[str]:
        """Ids, in order."""
        return [
            asked.split()[1] for asked in self.asked if asked.startswith(("hang_up", "destroy"))
        ]


class Counting(AriWatcher):
    """Remembers what was taken down."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    def reaped(self, kind: Literal["bridge", "channel"]) -> None:
        self.kinds.append(kind)


class Estate:
    """One Asterisk, what we carry there, and who compares the two."""

    def __init__(self) -> None:
        self.ari, self.live, self.watcher = HoldingAri(), Live(), Counting()
        self.reconciler = Reconciler(self.ari, self.live, self.watcher)

    def carries(self, channel_id: str) -> AriChannel:
        """A call of ours; Asterisk has its channel."""
        channel = AriChannel(self.ari, Router(), channel_id, up=True)
        self.live.add(channel)
        self.ari.held.add(channel_id)
        return channel

    async def look(self, times: int = 1) -> None:
        for _ in range(times):
            await self.reconciler.reconcile()


@pytest.fixture
async def estate() -> Estate:
    return Estate()


async def test_nothing_happens_to_what_both_know(estate: Estate) -> None:
    channel = estate.carries("1.0")
    estate.live.bridges.add("ivr-main-1-b")
    estate.ari.mixing["ivr-main-1-b"] = ["1.0"]
    await estate.look(3)
    assert not channel.gone.done()
    assert estate.ari.taken_down == []


async def test_a_party_who_is_missing_twice_has_left(estate: Estate) -> None:
    gone, there = estate.carries("1.0"), estate.carries("1.1")
    estate.ari.held.remove("1.0")
    await estate.look()
    assert not gone.gone.done(), "its StasisEnd may be under way"
    await estate.look()
    assert gone.gone.result() == UNSEEN
    await asyncio.sleep(0)
    assert list(estate.live.channels) == ["1.1"]
    assert not there.gone.done()


async def test_a_party_who_is_missing_now_and_then_has_not_left(estate: Estate) -> None:
    channel = estate.carries("1.0")
    for _ in range(3):
        estate.ari.held.remove("1.0")
        await estate.look()
        estate.ari.held.add("1.0")
        await estate.look()
    assert not channel.gone.done()


async def test_a_party_who_left_between_the_looks_is_nobody_any_more(estate: Estate) -> None:
    channel = estate.carries("1.0")
    estate.ari.held.remove("1.0")
    await estate.look()
    await channel.hang_up()
    left = channel.gone.result()
    await estate.look()
    assert channel.gone.result() is left


async def test_what_nobody_carries_twice_is_taken_down_and_told(estate: Estate) -> None:
    estate.carries("1.0")
    estate.ari.held.add("1.9")
    estate.ari.mixing["ivr-main-1-left"] = ["1.9"]
    await estate.look()
    assert estate.ari.taken_down == [], "its call may be beginning"
    with capture_logs() as logs:
        await estate.look()
    assert sorted(estate.ari.taken_down) == ["1.9", "ivr-main-1-left"]
    assert sorted(estate.watcher.kinds) == ["bridge", "channel"]
    assert {entry["event"] for entry in logs} == {"orphan_taken_down"}
    await estate.look(2)
    assert len(estate.ari.taken_down) == 2, "once is enough"


async def test_what_was_begun_between_the_looks_is_carried(estate: Estate) -> None:
    estate.ari.held.add("1.0")
    await estate.look()
    estate.carries("1.0")
    await estate.look()
    assert estate.ari.taken_down == []


async def test_channels_that_are_not_ours_stay(estate: Estate) -> None:
    estate.ari.others.add("1.5")
    await estate.look(3)
    assert estate.ari.taken_down == []


@pytest.mark.parametrize(
    ("bridge", "channels", "goes"),
    [
        ("ivr-main-1-x", ["1.5"], True),
        ("ivr-main-1-x", [], True),
        ("ivr-main-2-x", ["1.5"], False),
        ("ivr-main-2-x", [], True),
        ("somebody-elses", [], False),
        ("somebody-elses", ["1.5"], False),
    ],
)
async def test_a_bridge_goes_that_is_ours_or_an_empty_one_of_a_controller(
    estate: Estate, bridge: str, channels: list[str], goes: bool
) -> None:
    estate.ari.mixing[bridge] = channels
    await estate.look(2)
    assert estate.ari.taken_down == ([bridge] if goes else [])


async def test_what_may_still_be_adopted_is_not_taken_down_but_who_left_has(
    estate: Estate,
) -> None:
    estate.reconciler.reaps = False
    channel = estate.carries("1.0")
    estate.ari.held = {"1.9"}
    estate.ari.mixing["ivr-main-1-left"] = []
    await estate.look(3)
    assert channel.gone.done()
    assert estate.ari.taken_down == []
    estate.reconciler.reaps = True
    await estate.look()
    assert estate.ari.taken_down == [], "what was seen before that does not count"
    await estate.look()
    assert sorted(estate.ari.taken_down) == ["1.9", "ivr-main-1-left"]


async def test_one_that_cannot_be_taken_down_keeps_no_other(estate: Estate) -> None:
    estate.ari.held |= {"1.8", "1.9"}
    estate.ari.errors["hang_up"] = [AriRefused("no", 500)]
    await estate.look(2)
    assert sorted(estate.ari.taken_down) == ["1.8", "1.9"]
    assert len(estate.ari.held) == 1
    await estate.look()
    assert estate.ari.held == set(), "it is tried again"


async def test_an_asterisk_that_cannot_be_asked_says_so_and_nobody_has_left(
    estate: Estate,
) -> None:
    channel = estate.carries("1.0")
    estate.ari.held.clear()
    await estate.look()
    estate.ari.errors["channels"] = [AriUnavailable("no connection")]
    with pytest.raises(AriUnavailable):
        await estate.look()
    assert not channel.gone.done()


async def test_it_looks_while_there_is_a_connection_and_bears_failures(estate: Estate) -> None:
    connected = asyncio.Event()
    connected.set()
    estate.ari.errors["channels"] = [AriUnavailable("no connection")]
    keeping = asyncio.create_task(estate.reconciler.keep(connected))
    with capture_logs() as logs:
        await asyncio.sleep(2.5 * RECONCILE_SECONDS)
    assert [entry["event"] for entry in logs] == ["reconcile_failed"]
    assert estate.ari.looks == [2 * RECONCILE_SECONDS]
    connected.clear()
    await asyncio.sleep(5 * RECONCILE_SECONDS)
    assert len(estate.ari.looks) == 1
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping
