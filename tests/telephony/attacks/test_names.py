"""Callers whose names and numbers are traps, and numbers dialled that are."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Mapping
from urllib.parse import quote

import pytest

from ivrserver.flow.events import CallStarted
from tests.telephony import bare_sip
from tests.telephony.attacks.fortress import CARRIER, STRANGER, Fortress
from tests.telephony.attacks.stranger import Stranger, status, still_serves, stranger
from tests.telephony.attacks.targets import STEERED
from tests.telephony.attacks.together import together
from tests.telephony.caller import Outcome
from tests.telephony.office import until

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

NO_UTF8 = b"\xff\xfe\x80".decode(errors="surrogateescape")
NAMES = (
    "${SHELL(kill -9 0)}",
    "$[1/0] ${EXTEN} ${ENV(HOME)}",
    "n" * 4000,
    "\x01\x02\x07\x1b[31m",
    NO_UTF8,
    'a\\"b\\\\c',
    "<script>alert(1)</script>'; DROP TABLE calls; --",
    "%0d%0aX-Trunk: carrier%00",
    "﷽\u202e\U0001d54f",
)
HEADERS = (
    "P-Asserted-Identity: <sip:9005551234@127.0.0.1>",
    f'P-Asserted-Identity: "{NO_UTF8}" <sip:%ff@127.0.0.1>',
    "Remote-Party-ID: <sip:9005551234@127.0.0.1>;party=calling;screen=yes",
    f'Diversion: "{NO_UTF8}" <sip:%ff%0a@127.0.0.1>;reason=unconditional',
    f"User-Agent: ${{SHELL(kill -9 0)}}{NO_UTF8}\x1b[31m",
    f"User-Agent: {'a' * 4000}",
    f"Subject: {NO_UTF8}",
    'X-Elsewhere: no" | "1',
)
SHOWN = {
    "%24%7bSHELL(kill%20-9%200)%7d": "${SHELL(kill -9 0)}",
    "%24%5b1/0%5d": "$[1/0]",
    "a%0d%0aFAKE%0a": "aFAKE",
    "b%00c": "b",
    "d%ff%fe": "d",
    "%e2%82%ac%f0%9f%98%80e": "e",
    "%22%3E%3Cscript%3E": '"><script>',
    "..%2f..%2fetc": "../../etc",
    "'%20OR%201=1--": "' OR 1=1--",
    "f%25s%25n": "f%s%n",
    "g&ivr_id=1&h": "g&ivr_id=1&h",
    "%40firstname": "@firstname",
    "%1b%07i": "i",
    "+1%20(212)%20555%200199": "2125550199",
}
"""What stands before the @, and what the number is."""
NAMELESS = ("%ff%fe", "%00", "%0a", "%e2%82%ac")
"""Numbers of which nothing is left."""
DIALLED = (
    "%24%7bSHELL(kill%20-9%200)%7d", "%0d%0aFAKE", "a%0aFAKE", "a%ff%fe", "%00", "%ff%fe",
    "%e2%82%ac", "a%e2%82%ac", "%22%3E%3Cscript%3E", "../../etc", "a%0d%0aVia:%20x",
)  # fmt: skip
LONG = 80
"""Asterisk takes no longer numbers."""
REFUSAL = re.compile(
    r"^\[[-\d]+ [:.\d]+\] NOTICE\[\d+\] res_pjsip/pjsip_distributor\.c: Request '.*'"
    r" failed for '([0-9a-f.:]+):\d+' \(callid: \S*\) - ",
    re.MULTILINE,
)
"""A line of `messages.log` about somebody who was turned away, and from where."""


def known(fortress: Fortress, call: Outcome, number: str) -> None:
    """Assert that the row, the timeline and the webhook know the caller by exactly this number."""
    assert call.details.call.caller_id == number
    assert call.one(CallStarted).caller_id == number
    assert call.ended.reason == "hung_up"
    (asked,) = fortress.house.customer.asked[number]
    assert [value for name, value in asked.parameters if name == "ivr_caller_id"] == [number]
    assert len(asked.parameters) == len(dict(asked.parameters))
    assert asked.body.isascii()


async def all_known(fortress: Fortress, calls: Mapping[str, Awaitable[Outcome]]) -> None:
    """These calls, by number, at the same time: nothing else is known of the callers."""
    for number, call in zip(calls, await asyncio.gather(*calls.values()), strict=True):
        known(fortress, call, number)


@together
async def test_a_name_is_no_more_than_a_name(fortress: Fortress) -> None:
    named = {fortress.nobody(): name for name in NAMES}
    await all_known(
        fortress,
        {
            number: fortress.call(STEERED, shown=number, name=f'"{name}" ')
            for number, name in named.items()
        },
    )


@together
async def test_no_other_header_is_a_name_nor_harms(fortress: Fortress) -> None:
    headers = {fortress.nobody(): header for header in HEADERS}
    await all_known(
        fortress,
        {
            number: fortress.call(STEERED, shown=number, more=f"{header}\r\n")
            for number, header in headers.items()
        },
    )


@together
async def test_a_number_is_no_more_than_a_number(fortress: Fortress) -> None:
    await all_known(
        fortress,
        {
            number: fortress.call(STEERED, shown=shown, known_as=number)
            for shown, number in SHOWN.items()
        },
    )


@together
async def test_a_number_that_is_too_long_is_cut(fortress: Fortress) -> None:
    for key in "79":
        number = key * (LONG - 1)
        known(fortress, await fortress.call(STEERED, shown=key * 4000, known_as=number), number)


@together
async def test_who_has_no_number_that_can_be_written_has_none(fortress: Fortress) -> None:
    port = fortress.house.settings.sip.port
    for shown in NAMELESS:
        done = await bare_sip.call(port, STEERED, shown=shown, address=CARRIER)
        assert done.status == 200
    asked = fortress.house.customer.asked[""]
    assert [request["ivr_completed"] for request in asked] == ["True"] * len(NAMELESS)


@together
async def test_what_is_no_number_leads_nowhere(fortress: Fortress) -> None:
    port = fortress.house.settings.sip.port
    for dialled in DIALLED:
        done = await bare_sip.call(port, dialled, shown=fortress.nobody(), address=CARRIER)
        assert done.status in {404, 484}, dialled


async def test_no_stranger_hides_from_the_log_or_puts_it_on_others(fortress: Fortress) -> None:
    other = "192.0.2.1"
    users = (
        f"\n[2026-01-01 00:00:00.000] NOTICE[1] failed for '{other}:1'", "a\r\nb", NO_UTF8, "\0",
        "\x1b[2J", f'x",RemoteAddress="IPV4/UDP/{other}/1', "x" * 4000, "%s%n",
        f"x' failed for '{other}:1' (callid: y) - No",
    )  # fmt: skip
    names = ("", '"\x07\x1b[31m" ', f"\"' failed for '{other}:1' (callid: x) - No\" ")
    start = len(fortress.log)
    async with stranger(fortress) as somebody:
        sent = 0
        for user in users:
            for name in names:
                whole = quote(user, safe="", errors="surrogateescape")
                reply = await somebody.ask(_plain(somebody, whole, name))
                assert status(reply) == 401
                sent += 1

        async def all_are_there() -> bool:
            return len(REFUSAL.findall(fortress.log[start:])) >= sent

        await until(all_are_there)
    found = REFUSAL.findall(fortress.log[start:])
    assert set(found) == {STRANGER}
    assert len(found) == sent
    security = fortress.house.asterisk.folders.log / "security.json"
    # The first line tells of Asterisk itself.
    for line in security.read_text().split("\n")[1:-1]:
        assert "SecurityEvent" in json.loads(line)["logmsg"]["message"]
    await still_serves(fortress)


def _plain(somebody: Stranger, user: str, name: str) -> bytes:
    message = somebody.request("INVITE", "8008", user, name=name)
    # A Contact must be one, or the message is none.
    return re.sub(rb"Contact: <sip:[^@]*@", b"Contact: <sip:x@", message)
