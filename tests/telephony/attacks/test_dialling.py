"""Web servers that would call anybody, as often as they like: few legs go out, none in circles."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest

from ivrserver.flow.events import BackupRouted, LegDecided
from tests.telephony import bare_sip
from tests.telephony.attacks.fortress import CARRIER, Fortress
from tests.telephony.attacks.targets import BACK, ITSELF, STEERED, THERE, findme
from tests.telephony.attacks.together import together
from tests.telephony.customer import Reply
from tests.telephony.house import ask
from tests.telephony.office import until

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

EXPENSIVE = ("9005551234", "+1 (900) 555-1234", "976-555-1234", "011 979 1234 56789",
             "+44 909 879 0000", "+5355512345", "18765550123", "700 555 1234")  # fmt: skip


def transfer(destination: str) -> Reply:
    text = destination.replace("&", "&amp;").replace("<", "&lt;")
    given = f"<parameters><destination>{text}</destination></parameters>"
    return Reply(f"<action><app>transfer</app>{given}</action>")


NO_NUMBER = "failed", "is neither a phone of [phones] nor a phone number"
NO_USER = "unreachable", "is no phone of [phones], and no user of that name has the portal open"
NAME = "carrier"
"""What could be a user's name; a trunk has it."""
INJECTED = (
    "sip:{}@127.0.0.66",
    "{}@127.0.0.66",
    "{};user=phone",
    "{};transport=tcp;maddr=127.0.0.66",
    "{}%0d%0aVia: SIP/2.0/UDP 127.0.0.66",
    "{}\r\nRoute: <sip:127.0.0.66;lr>",
    '"{0}" <sip:{0}@127.0.0.66>',
    "{}&PJSIP/desk",
    "PJSIP/{}@carrier",
    "PJSIP/desk/sip:{}@127.0.0.66",
    "Local/8008@inbound",
    "{}@carrier",
    "{},30,G(inbound^8008^1)",
    "{}?Replaces=x",
    NAME,
    "desk'",
)


@together
async def test_no_destination_is_more_than_a_number(fortress: Fortress) -> None:
    number = fortress.nobody()
    tricks = [trick.format(number) for trick in INJECTED]
    listed = [trick.replace("&", "").replace("<", "") for trick in tricks]
    replies = [*map(transfer, tricks), findme(*listed, simultaneous=5)]
    *calls, call = await fortress.calls(STEERED, replies)
    for trick, each in zip(tricks, calls, strict=True):
        outcome, reason = NO_USER if trick == NAME else NO_NUMBER
        assert reason in each.one(BackupRouted).reason, trick
        assert each.one(LegDecided).outcome == outcome
    outcomes = [event.outcome for event in call.all(LegDecided)]
    assert sorted(outcomes) == sorted(each.one(LegDecided).outcome for each in calls)
    assert [each for each in fortress.crowd.unknown if number in each] == []


@together
async def test_no_expensive_or_foreign_number_is_called(fortress: Fortress) -> None:
    replies = [*map(transfer, EXPENSIVE), findme(*EXPENSIVE, simultaneous=8)]
    *calls, call = await fortress.calls(STEERED, replies)
    for number, each in zip(EXPENSIVE, calls, strict=True):
        backup = each.one(BackupRouted).reason
        assert any(f"(dial.{rule})" in backup for rule in ("deny", "allow", "premium")), number
        assert each.one(LegDecided).outcome == "refused"
    assert [event.outcome for event in call.all(LegDecided)] == ["refused"] * len(EXPENSIVE)
    ends = tuple(re.sub(r"\D", "", number)[-7:] for number in EXPENSIVE)
    assert [each for each in fortress.crowd.unknown if each.endswith(ends)] == []


@together
async def test_the_same_number_a_thousand_times_is_called_as_often_as_a_minute_allows(
    fortress: Fortress,
) -> None:
    number = fortress.nobody()
    call = await fortress.call(STEERED, findme(*[number] * 1000, simultaneous=50))
    most = fortress.house.settings.dial.per_destination_per_minute
    reasons = [event.reason for event in call.all(LegDecided) if event.outcome == "refused"]
    placed = len(call.all(LegDecided)) - len(reasons)
    lasted = call.details.timeline[-1].at - call.details.timeline[0].at
    assert most <= placed <= most * (1 + lasted // timedelta(minutes=1))
    assert fortress.crowd.unknown.count(number) == placed
    assert "dial.per_destination_per_minute" in reasons[0]


@together
async def test_a_list_that_leads_back_to_itself_calls_nobody(fortress: Fortress) -> None:
    call = await fortress.call(ITSELF)
    assert len(call.all(LegDecided)) == 25
    for decided in call.all(LegDecided):
        assert decided.outcome == "refused"
        assert decided.reason.endswith("the leg would only come back")
    assert ITSELF not in fortress.mirror.invited


async def test_lists_that_lead_to_each_other_do_not_multiply(fortress: Fortress) -> None:
    settings = fortress.house.settings
    most, port = settings.dial.returning_legs, settings.sip.port

    async def channels() -> int:
        (there,) = await ask(settings, "channels")
        return len(there)

    async def are_gone() -> bool:
        return await channels() == 1

    await until(are_gone)
    call = asyncio.create_task(bare_sip.call(port, THERE, leave_after=3, address=CARRIER))
    highest = 0
    while not call.done():
        highest = max(highest, await channels())
        await asyncio.sleep(0.1)
    # The call beside, the caller, and of each leg both ends.
    assert 2 + most < highest <= 2 + 2 * most
    assert {THERE, BACK} <= set(fortress.mirror.invited)
    # When the caller leaves, so do all who were called on their behalf.
    await until(are_gone)
