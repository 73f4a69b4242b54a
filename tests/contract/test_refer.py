"""SIP REFER to the trunk that a caller came by: taken, refused, and everybody leaving meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivrserver.config import TrunkSettings, load
from ivrserver.errors import ChannelGone
from ivrserver.flow.ports import Channel, Dialer, PlaybackEnded, Referral, Sound
from ivrserver.telephony.asterisk import Asterisk, ports
from tests.asterisk_fixture import started
from tests.contract.parties import Exchange, exchange, make_sound
from tests.telephony.trunk_caller import TrunkCaller, trunk_caller

DESTINATION = "+1 (212) 555-0199"
PROMPTLY = 1.0


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    """One trunk, which takes REFER."""
    trunk = TrunkSettings(host="127.0.0.1", port=5999, refer=True)
    update = {"data": tmp_path_factory.mktemp("data"), "trunks": {"carrier": trunk}}
    with started(ports.fresh(load().model_copy(update=update))) as server:
        yield server


@pytest.fixture
async def board(asterisk: Asterisk, tmp_path: Path) -> AsyncIterator[Exchange]:
    async with exchange(asterisk.settings, tmp_path) as tested:
        yield tested


@asynccontextmanager
async def called(
    board: Exchange, *answers: str
) -> AsyncIterator[tuple[TrunkCaller, Channel, Dialer]]:
    """A caller by the trunk, whose carrier answers REFER so."""
    async with trunk_caller(board.settings.sip.port, "8005550100", answers) as far:
        channel, call = await board.arrival()
        assert call.endpoint == "carrier"
        await channel.answer()
        await far.answered
        yield far, channel, board.switchboard.dialer


async def is_still_ours(board: Exchange, channel: Channel) -> None:
    playback = await channel.play([Sound(make_sound(board.folder, 0.1), 0.1)])
    assert await channel.next_event() == PlaybackEnded(playback)
    await channel.hang_up()


@pytest.mark.parametrize(
    "answers",
    [
        ["202 Accepted", "200 OK"],
        ["202 Accepted", "100 Trying", "180 Ringing", "200 OK"],
        ["202 Accepted", "200 OK", "hang up"],
    ],
)
async def test_a_carrier_that_takes_the_caller_on_has_them(
    board: Exchange, answers: Sequence[str]
) -> None:
    async with called(board, *answers) as (far, channel, dialer):
        assert dialer.can_refer(channel)
        referral = await asyncio.wait_for(dialer.refer(channel, DESTINATION), 5)
        assert referral == Referral(accepted=True, reason="accepted")
        assert await far.referred_to == "sip:2125550199@127.0.0.1:5999"
        await asyncio.wait_for(asyncio.shield(channel.gone), PROMPTLY)
        await asyncio.wait_for(far.ended, PROMPTLY)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (["603 Decline"], "refused (SIP 603)"),
        (["202 Accepted", "100 Trying", "486 Busy Here"], "refused (SIP 486)"),
        (["405 Method Not Allowed"], "refused (SIP 405)"),
    ],
)
async def test_a_caller_who_is_refused_stays_ours(
    board: Exchange, answers: Sequence[str], reason: str
) -> None:
    async with called(board, *answers) as (_, channel, dialer):
        referral = await asyncio.wait_for(dialer.refer(channel, DESTINATION), 5)
        assert referral == Referral(accepted=False, reason=reason)
        assert not channel.gone.done()
        await is_still_ours(board, channel)


async def test_a_caller_can_be_referred_again_after_a_refusal(board: Exchange) -> None:
    async with called(board, "603 Decline") as (far, channel, dialer):
        assert not (await dialer.refer(channel, DESTINATION)).accepted
        far.answers = ["202 Accepted", "200 OK"]
        assert (await dialer.refer(channel, DESTINATION)).accepted


async def test_a_caller_who_hangs_up_meanwhile_has_left(board: Exchange) -> None:
    async with called(board, "202 Accepted", "100 Trying", "hang up") as (far, channel, dialer):
        with pytest.raises(ChannelGone):
            await asyncio.wait_for(dialer.refer(channel, DESTINATION), 5)
        assert channel.gone.done()
        far.notify("487 Request Terminated")


async def test_giving_up_a_referral_still_hangs_up_in_the_end(board: Exchange) -> None:
    async with called(board, "202 Accepted", "100 Trying") as (far, channel, dialer):
        referring = asyncio.create_task(dialer.refer(channel, DESTINATION))
        await far.referred_to
        referring.cancel()
        await asyncio.wait({referring})
        assert not channel.gone.done()
        await channel.hang_up()
        await asyncio.wait_for(far.ended, PROMPTLY)
        far.notify("487 Request Terminated")


async def test_what_no_carrier_could_call_is_not_referred(board: Exchange) -> None:
    async with called(board) as (far, channel, dialer):
        referral = await dialer.refer(channel, "sales@example.com")
        assert not referral.accepted
        assert not far.referred_to.done()
        await is_still_ours(board, channel)
