"""Offers of audio that are none, far too large, or meant to make us send to somebody else."""

from __future__ import annotations

import re

import pytest

from tests.telephony.attacks.fortress import CARRIER, Fortress
from tests.telephony.attacks.intruder import intruder
from tests.telephony.attacks.offers import OFFERS, WHOLE
from tests.telephony.attacks.open_call import open_call
from tests.telephony.attacks.stranger import Stranger, status, still_serves, stranger
from tests.telephony.attacks.targets import HEARD_NUMBER
from tests.telephony.attacks.together import together
from tests.telephony.bare_sip import header

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

VICTIM = "127.0.0.77"
FRAMES_PER_SECOND = 50
RTP_SIZE = 172


def within(somebody: Stranger, method: str, answer: str, sequence: int) -> bytes:
    """A request of the call that `answer` is about."""
    message = somebody.request(method, HEARD_NUMBER, "x").decode()
    for name in ("From", "To", "Call-ID"):
        line = f"\n{name}: {header(answer, name)}\r"
        message = re.sub(rf"\n{name}: .*?\r", lambda _, line=line: line, message)
    return message.replace(f"CSeq: 1 {method}", f"CSeq: {sequence} {method}").encode()


async def offered(somebody: Stranger, body: str) -> int:
    """Call with this offer, and hang up if it is answered; the final status."""
    invite = somebody.request("INVITE", HEARD_NUMBER, "2125550123", body=body)
    answer = await somebody.ask(invite)
    somebody.send(within(somebody, "ACK", answer, 1))
    if status(answer) == 200:
        over = await somebody.ask(within(somebody, "BYE", answer, 2))
        while not header(over, "CSeq").endswith("BYE"):
            over = await somebody.hears(invite)
    return status(answer)


async def test_no_offer_harms_us(fortress: Fortress) -> None:
    statuses = {}
    async with stranger(fortress, CARRIER) as somebody:
        for name, offer in {"none": "", "whole": WHOLE, **OFFERS}.items():
            body = offer.replace("{0}", CARRIER).replace("{1}", "40000")
            statuses[name] = await offered(somebody, body)
    assert (statuses["none"], statuses["whole"]) == (200, 200)
    # What can be understood is answered, everything else refused.
    assert set(statuses.values()) == {200, 400, 488}, statuses
    refused = {"garbage", "no address", "no media", "port 0", "a thousand streams", "DTLS", "a fax"}
    assert refused <= {name for name, each in statuses.items() if each != 200}
    await still_serves(fortress)


@pytest.mark.parametrize("more", ["", "a=ptime:1\r\n", "a=maxptime:10\r\n"])
async def test_whom_we_are_told_to_send_to_gets_no_more_than_a_caller(
    fortress: Fortress, more: str
) -> None:
    with intruder(VICTIM) as victim:
        call_to = victim.address
        async with open_call(
            fortress, HEARD_NUMBER, begins=False, hears=call_to, more=more
        ) as call:
            await call.caller.listens("first")
            sent = victim.received()
            await call.leave()
    seconds = sum(len(packet) - 12 for packet in sent) / 8000
    assert 0.5 < seconds < 3
    # Of each prompt the last frame may be shorter.
    assert len(sent) <= seconds * FRAMES_PER_SECOND + 1
    assert max(len(packet) for packet in sent) == RTP_SIZE


@together.at_last
async def test_audio_goes_to_whom_it_comes_from_not_to_whom_sip_says(fortress: Fortress) -> None:
    with intruder(VICTIM) as victim:
        async with open_call(fortress, HEARD_NUMBER, begins=False, hears=victim.address) as call:
            call.begin()
            await call.wire.listen(0.1, 0)
            victim.received()
            await call.answers_all()
        assert victim.received() == []
