"""A plain transfer: dial and connect, or hand the caller over by SIP REFER (SPEC §9)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from ivrserver.errors import CallerGone
from ivrserver.flow.events import Bridged, LegDecided, Referred, Unbridged
from ivrserver.flow.hangup import WhilePresent
from ivrserver.flow.ports import LegOutcome, Referral
from ivrserver.flow.records import RecordingMade
from ivrserver.flow.transfer import TransferResult, transfer
from tests.fakes import FarEnd
from tests.unit.flow.hunt import BUSY, EN, FACTS, NEVER, Hunt, silent, spoken

pytestmark = pytest.mark.looptime


@dataclass
class Attempt:
    """One transfer to somebody named ``a``."""

    person: FarEnd
    spent: list[float] = field(default_factory=list)
    hunt: Hunt = field(init=False)

    def __post_init__(self) -> None:
        self.hunt = Hunt([self.person])

    async def run(
        self,
        *,
        timeout: float = 60,
        record: bool = False,
        refer: bool = True,
        hang_up_at: float | None = None,
    ) -> TransferResult | None:
        """None: the caller hung up."""
        hunt, loop = self.hunt, asyncio.get_running_loop()
        if hang_up_at is not None:
            loop.call_later(hang_up_at, hunt.caller.leave)
        try:
            async with WhilePresent(hunt.caller):
                return await transfer(
                    hunt.world,
                    hunt.talk,
                    FACTS,
                    "a",
                    hunt.voice,
                    timeout=timeout,
                    record=record,
                    refer=refer,
                    spent=self.spent.append,
                )
        except CallerGone:
            return None
        finally:
            assert asyncio.all_tasks() == {asyncio.current_task()}
            assert all(leg.gone.done() for leg in hunt.dialer.legs.values())
            assert len(hunt.journal.of(LegDecided)) == len(hunt.dialer.orders)
            assert len(hunt.journal.of(Bridged)) == len(hunt.journal.of(Unbridged))


async def test_the_caller_hears_ringing_and_then_the_far_end() -> None:
    attempt = Attempt(silent())
    result = await attempt.run()
    assert result is not None
    assert result.connected
    assert result.seconds == pytest.approx(30, abs=0.05)
    assert result.reason == "the far end hung up: Normal Clearing"
    assert attempt.hunt.caller.did == ["start_ringing", "stop_ringing"]
    (order,) = attempt.hunt.dialer.orders
    assert (order.caller_id, order.number_called) == (FACTS.caller_id, FACTS.number_called)
    assert attempt.spent == [result.seconds]


@pytest.mark.parametrize(
    ("person", "reason"),
    [(BUSY, BUSY.reason), (NEVER, "nobody answered within 20 s")],
)
async def test_a_destination_that_is_not_reached_says_why(person: FarEnd, reason: str) -> None:
    attempt = Attempt(person)
    assert await attempt.run(timeout=20) == TransferResult(False, reason)
    assert attempt.hunt.caller.did == ["start_ringing", "stop_ringing"]
    assert attempt.spent == []


async def test_a_bridge_that_fails_is_no_connection() -> None:
    attempt = Attempt(silent())
    attempt.hunt.dialer.broken_bridge = True
    result = await attempt.run()
    assert result == TransferResult(False, "they could not be connected: the leg is not there")


async def test_a_monitored_transfer_warns_both_and_is_recorded() -> None:
    attempt = Attempt(silent())
    await attempt.run(record=True)
    assert spoken(attempt.hunt.caller) == attempt.hunt.heard("a") == [EN.recorded]
    (made,) = attempt.hunt.journal.of(RecordingMade)
    assert made.seconds == pytest.approx(30, abs=0.1)


@pytest.mark.parametrize(
    ("at", "outcome"), [(1.0, LegOutcome.CANCELLED), (10.0, LegOutcome.ANSWERED)]
)
async def test_a_caller_who_hangs_up_takes_the_leg_down(at: float, outcome: LegOutcome) -> None:
    attempt = Attempt(silent())
    assert await attempt.run(hang_up_at=at) is None
    assert attempt.hunt.journal.of(LegDecided)[0].outcome == outcome.value
    assert attempt.spent == ([pytest.approx(8, abs=0.05)] if at > 2 else [])


async def test_a_caller_whose_side_takes_refer_is_handed_over() -> None:
    attempt = Attempt(silent())
    dialer = attempt.hunt.dialer
    dialer.refers = True
    result = await attempt.run()
    assert result == TransferResult(True, "handed over by SIP REFER: accepted (SIP 202)")
    assert dialer.referred == ["a"]
    assert dialer.dialled == []
    assert attempt.hunt.journal.of(Referred) == [Referred("a", True, "accepted (SIP 202)")]


async def test_a_caller_whose_side_refuses_refer_is_connected_by_us() -> None:
    attempt = Attempt(silent())
    dialer = attempt.hunt.dialer
    dialer.refers, dialer.referral = True, Referral(False, "declined (SIP 603)")
    result = await attempt.run()
    assert result is not None
    assert result.connected
    assert attempt.hunt.journal.of(Referred) == [Referred("a", False, "declined (SIP 603)")]


@pytest.mark.parametrize(("record", "refer"), [(True, True), (False, False)])
async def test_a_caller_whom_we_still_need_is_never_handed_over(record: bool, refer: bool) -> None:
    attempt = Attempt(silent())
    attempt.hunt.dialer.refers = True
    await attempt.run(record=record, refer=refer)
    assert attempt.hunt.dialer.referred == []
    assert attempt.hunt.dialer.dialled == ["a"]


async def test_a_caller_who_hangs_up_while_being_handed_over_is_on_the_timeline() -> None:
    attempt = Attempt(silent())
    attempt.hunt.dialer.refers = True
    assert await attempt.run(hang_up_at=0.2) is None
    assert attempt.hunt.journal.of(Referred) == [Referred("a", False, "the caller hung up")]
