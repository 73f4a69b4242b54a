"""Requests within a call by somebody who is not in it: they do nothing, however much is known."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace

import pytest

from tests.telephony.attacks.fortress import CARRIER, STRANGER, Fortress
from tests.telephony.attacks.open_call import Dialog, offer, open_call
from tests.telephony.attacks.stranger import Stranger, status, stranger
from tests.telephony.attacks.targets import FIRST_ASKED, GOODBYE, HEARD_NUMBER, LAST_ASKED
from tests.telephony.attacks.together import together
from tests.telephony.bare_sip import header

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

KEYS = {
    "application/dtmf-relay": "Signal=9\r\nDuration=100\r\n",
    "application/dtmf": "9",
}
SEQUENCE = 1000


def guessed(dialog: Dialog) -> list[Dialog]:
    """Dialogs like it: with other tags, and swapped ones."""
    other = f";tag={secrets.token_hex(4)}"
    bare = [re.sub(";tag=.*", "", each) for each in (dialog.caller, dialog.called)]
    return [
        replace(dialog, caller=bare[0] + other),
        replace(dialog, called=bare[1] + other),
        replace(dialog, caller=bare[0] + other, called=bare[1] + other),
        replace(dialog, caller=dialog.called, called=dialog.caller),
    ]


def requests(dialog: Dialog) -> list[bytes]:
    """Whatever would end the call, move its audio, or press a key of it."""
    here = offer(STRANGER, 40000)
    away = here.replace("a=ptime:20", "a=inactive")
    made = [
        dialog.request("BYE", SEQUENCE),
        dialog.request("INVITE", SEQUENCE, kind="application/sdp", body=here),
        dialog.request("INVITE", SEQUENCE + 1, kind="application/sdp", body=away),
        dialog.request("UPDATE", SEQUENCE + 2, kind="application/sdp", body=here),
        dialog.request("CANCEL", 1),
        dialog.request("REFER", SEQUENCE + 3, more=f"Refer-To: <sip:8008@{STRANGER}>\r\n"),
        dialog.request("OPTIONS", SEQUENCE + 4),
    ]
    return made + [
        dialog.request("INFO", SEQUENCE + 5, kind=kind, body=body) for kind, body in KEYS.items()
    ]


async def attacked(fortress: Fortress, address: str) -> set[int]:
    """A call whose caller answers all questions, beside such requests; what these are answered."""
    async with open_call(fortress, HEARD_NUMBER) as call, stranger(fortress, address) as somebody:
        await call.caller.asked("first")
        own = replace(call.dialog, address=(somebody.address, somebody.port))
        statuses = set()
        for dialog in guessed(own):
            for message in requests(dialog):
                statuses.add(status(await _answer(somebody, message)))
        outcome = await call.answers_all()
    assert outcome.completed == [True]
    await fortress.house.hears(outcome.heard, FIRST_ASKED, LAST_ASKED, GOODBYE)
    return statuses


async def _answer(somebody: Stranger, message: bytes) -> str:
    """The final reply to just this one: all have the Call-ID of the call, and some are repeated."""
    branch = header(message.decode(), "Via").partition("branch=")[2]
    reply = await somebody.ask(message)
    while branch not in header(reply, "Via"):
        reply = await somebody.hears(message)
    return reply


@together.at_last
async def test_who_guesses_the_tags_of_a_call_neither_ends_nor_moves_it(fortress: Fortress) -> None:
    assert await attacked(fortress, STRANGER) == {481}


@together.at_last
async def test_nor_does_who_sends_them_from_the_carriers_address(fortress: Fortress) -> None:
    assert await attacked(fortress, CARRIER) == {481}


@together.at_last
async def test_a_call_to_the_same_call_id_is_a_call_of_its_own(fortress: Fortress) -> None:
    async with open_call(fortress, HEARD_NUMBER) as call, stranger(fortress) as somebody:
        own = replace(
            call.dialog,
            called=call.dialog.called.partition(";tag=")[0],
            address=(somebody.address, somebody.port),
        )
        body = offer(STRANGER, 40000)
        message = own.request("INVITE", SEQUENCE, kind="application/sdp", body=body)
        assert status(await _answer(somebody, message)) == 401
        await call.answers_all()
