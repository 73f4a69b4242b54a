"""Channels that run errands in the dialplan: what their events mean meanwhile. Virtual time."""

from __future__ import annotations

import asyncio

import pytest

from ivrserver.errors import AriRefused, ChannelGone, MediaFailed
from ivrserver.telephony.channel import AriChannel
from ivrserver.telephony.router import Router
from tests.unit.telephony.fake_ari import FakeAri

pytestmark = pytest.mark.looptime

SECONDS = 30.0


class Line:
    """A channel whose errand, and whose events, the test decides."""

    def __init__(self, *, created: bool = False) -> None:
        self.ari, self.router = FakeAri(), Router()
        self.channel = AriChannel(self.ari, self.router, "c1", up=True, created=created)

    def tell(self, kind: str, **details: object) -> None:
        self.router.dispatch({"type": kind, "channel": {"id": "c1"}, **details})

    async def sent(self) -> asyncio.Task[list[str]]:
        """The errand, under way."""

        async def run() -> list[str]:
            return list(await self.channel.run_errand("refer", {"REFER_TO": "sip:x"}, SECONDS))

        errand = asyncio.create_task(run())
        await asyncio.sleep(0.1)
        assert not errand.done()
        return errand


async def test_leaving_on_an_errand_is_no_hang_up() -> None:
    line = Line()
    errand = await line.sent()
    line.tell("StasisEnd")
    await asyncio.sleep(5)
    assert not line.channel.gone.done()
    line.tell("StasisStart", args=["FAILURE", "603"])
    assert await errand == ["FAILURE", "603"]
    line.tell("StasisEnd")
    assert line.channel.gone.done()


async def test_the_end_of_a_caller_is_asked_for_before_they_leave() -> None:
    line = Line()
    errand = await line.sent()
    assert line.ari.asked == [
        "watch",
        "set_variable CONTROLLER ivr-main-1",
        "set_variable REFER_TO sip:x",
        "go_to controller refer",
    ]
    errand.cancel()


async def test_what_plays_ends_before_the_errand() -> None:
    line = Line()
    await line.channel.start_hold()
    errand = await line.sent()
    assert line.ari.asked[:2] == ["start_hold", "stop_hold"]
    errand.cancel()


async def test_a_party_that_hangs_up_on_an_errand_is_gone() -> None:
    line = Line()
    errand = await line.sent()
    line.tell("StasisEnd")
    line.tell("ChannelDestroyed", cause=16, cause_txt="Normal Clearing")
    with pytest.raises(ChannelGone):
        await errand
    assert line.channel.gone.result().cause == 16


async def test_the_dialplan_tells_that_a_party_has_left() -> None:
    line = Line()
    errand = await line.sent()
    line.tell("StasisEnd")
    line.tell(
        "ChannelUserevent", userevent={"eventname": "left", "cause": "16", "transfer": "FAILURE"}
    )
    with pytest.raises(ChannelGone):
        await errand


async def test_a_party_that_another_took_on_is_gone_and_the_errand_done() -> None:
    line = Line()
    errand = await line.sent()
    line.tell("StasisEnd")
    line.tell(
        "ChannelUserevent", userevent={"eventname": "left", "cause": "", "transfer": "SUCCESS"}
    )
    assert await errand == ["SUCCESS"]
    assert line.channel.gone.done()


async def test_an_errand_that_never_ends_is_given_up() -> None:
    line = Line()
    errand = await line.sent()
    line.tell("StasisEnd")
    with pytest.raises(MediaFailed, match="30 s"):
        await errand
    assert asyncio.get_running_loop().time() == pytest.approx(SECONDS)


async def test_a_cancelled_errand_still_brings_the_channel_back() -> None:
    line = Line()
    errand = await line.sent()
    errand.cancel()
    await asyncio.wait({errand})
    line.tell("StasisEnd")
    line.tell("StasisStart", args=["back"])
    assert not line.channel.gone.done()


async def test_an_errand_that_asterisk_refuses_leaves_the_channel_with_us() -> None:
    line = Line()
    line.ari.errors["go_to"] = [AriRefused("no such context", 400)]
    with pytest.raises(AriRefused):
        await line.channel.run_errand("refer", {}, SECONDS)
    assert not line.channel.gone.done()
    line.tell("StasisEnd")
    assert line.channel.gone.done()


async def test_a_leg_is_cleared_when_asterisk_says_so_not_when_we_hang_up() -> None:
    line = Line(created=True)
    await line.channel.hang_up()
    assert line.channel.gone.done()
    assert not line.channel.cleared.done()
    line.tell("ChannelDestroyed", cause=16, cause_txt="Normal Clearing")
    assert line.channel.cleared.done()


async def test_a_leg_whose_end_is_never_told_is_cleared_in_the_end() -> None:
    line = Line(created=True)
    await line.channel.hang_up()
    await line.channel.cleared
    assert asyncio.get_running_loop().time() == pytest.approx(5)
