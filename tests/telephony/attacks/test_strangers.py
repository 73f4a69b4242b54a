"""Nobody calls, registers or learns anything who is not known; the log says who tried."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.telephony.attacks.fortress import BOOTH, PASSWORD, Fortress
from tests.telephony.attacks.stranger import (
    named,
    shape,
    status,
    still_serves,
    stranger,
)

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

METHODS = ("INVITE", "REGISTER", "OPTIONS", "SUBSCRIBE", "MESSAGE", "NOTIFY", "INFO", "REFER")
OUTSIDE = ("8008", "12125550123", "9005551234", "011442079460000", "s", "h", "desk", "lamp")
PHONE = "127.0.0.65"
SCANNED = 500
FLOOD = 2000


@pytest.mark.parametrize("method", ["REGISTER", "INVITE"])
async def test_a_wrong_password_opens_nothing(fortress: Fortress, method: str) -> None:
    whom = "8008" if method == "INVITE" else "desk"
    async with stranger(fortress) as somebody:
        for user in ("desk", "nobody", "carrier"):
            assert status(await somebody.log_in(method, whom, user, "wrong")) == 401
        await named(fortress, "ChallengeResponseFailed", "desk", somebody)
        await named(fortress, "InvalidAccountID", "nobody", somebody)
        await named(fortress, "InvalidAccountID", "carrier", somebody)
    await still_serves(fortress)


async def test_the_right_password_for_a_challenge_of_another_time_is_worth_nothing(
    fortress: Fortress,
) -> None:
    async with stranger(fortress) as somebody:
        assert status(await somebody.log_in("OPTIONS", "8008", "desk", PASSWORD)) == 200
        challenge = await somebody.ask(somebody.request("REGISTER", "desk", "desk"))
        old = challenge.replace('nonce="1', 'nonce="0')
        assert old != challenge
        assert status(await somebody.log_in("REGISTER", "desk", "desk", PASSWORD, old)) == 401
    await still_serves(fortress)


async def test_a_phone_that_is_tied_to_its_place_is_nobody_elsewhere(fortress: Fortress) -> None:
    async with stranger(fortress, BOOTH) as phone, stranger(fortress) as thief:
        for method, whom in (("REGISTER", "booth"), ("INVITE", "9005551234"), ("OPTIONS", "8008")):
            assert status(await thief.log_in(method, whom, "booth", PASSWORD)) == 401
            assert status(await phone.log_in(method, whom, "booth", PASSWORD)) != 401
        known = shape(await thief.ask(thief.request("OPTIONS", "8008", "booth")))
        assert known == shape(await thief.ask(thief.request("OPTIONS", "8008", "nobody")))
    await still_serves(fortress)


async def test_an_overheard_login_is_worth_nothing_at_another_address(fortress: Fortress) -> None:
    async with stranger(fortress, PHONE) as phone, stranger(fortress) as thief:
        overheard = await phone.login("REGISTER", "desk", "desk", PASSWORD)
        (login,) = re.findall(r"^Authorization: (.*)\r$", overheard.decode(), re.MULTILINE)

        async def all_are_refused() -> None:
            for method, whom in (("REGISTER", "desk"), ("INVITE", "8008"), ("OPTIONS", "8008")):
                asked = thief.request(method, whom, "desk", more={"Authorization": login})
                assert status(await thief.ask(asked)) == 401

        await all_are_refused()
        assert status(await phone.ask(overheard)) == 200
        await all_are_refused()
        thief.send(overheard)
        await all_are_refused()
        contacts = await fortress.house.asterisk.console("pjsip show contacts")
        assert f"desk/sip:desk@{phone.address}:{phone.port}" in contacts
        assert thief.address not in contacts
    await still_serves(fortress)


@pytest.mark.parametrize("method", METHODS)
async def test_who_has_a_phone_here_cannot_be_found_out(fortress: Fortress, method: str) -> None:
    async with stranger(fortress) as somebody:
        replies = [
            await somebody.ask(somebody.request(method, whom, shown))
            for whom, shown in (("8008", "desk"), ("8008", "nobody"), ("8008", "carrier"))
        ]
        replies += [
            await somebody.ask(somebody.request(method, whom, "nobody"))
            for whom in ("desk", "carrier", "12125550123")
        ]
        guessed = [await somebody.log_in(method, "desk", who, "x") for who in ("desk", "nobody")]
    assert {shape(reply) for reply in replies} == {shape(replies[0])}
    assert status(replies[0]) == 401
    assert shape(guessed[0]) == shape(guessed[1])


async def test_strangers_reach_neither_us_nor_others_through_us(fortress: Fortress) -> None:
    identities = {
        "P-Asserted-Identity": "<sip:carrier@127.0.0.9>",
        "Remote-Party-ID": "<sip:desk@127.0.0.1>;party=calling",
        "X-Trunk": "carrier",
        "Route": "<sip:127.0.0.1;lr>",
    }
    before = (list(fortress.crowd.unknown), list(fortress.mirror.invited))
    async with stranger(fortress) as somebody:
        for number in OUTSIDE:
            for shown in ("anonymous", "carrier", "desk", "2125550123"):
                request = somebody.request("INVITE", number, shown, more=identities)
                assert status(await somebody.ask(request)) == 401
        await named(fortress, "InvalidAccountID", "anonymous", somebody)
        await named(fortress, "InvalidAccountID", "2125550123", somebody)
    assert (fortress.crowd.unknown, fortress.mirror.invited) == before
    await still_serves(fortress)


async def test_a_scanner_goes_through_extensions_in_vain(fortress: Fortress) -> None:
    more = {"User-Agent": "friendly-scanner"}
    async with stranger(fortress) as somebody:
        replies: list[str] = []
        for first in range(100, 100 + SCANNED, 20):
            requests = [
                somebody.request(("OPTIONS", "REGISTER")[number % 2], "100", str(number), more=more)
                for number in range(first, first + 20)
            ]
            replies += await asyncio.gather(*map(somebody.ask, requests))
        assert {status(reply) for reply in replies} == {401}
        await named(fortress, "InvalidAccountID", "100", somebody)
        await named(fortress, "InvalidAccountID", str(99 + SCANNED), somebody)
    await still_serves(fortress)


async def test_a_flood_of_calls_by_strangers_drowns_nobody(fortress: Fortress) -> None:
    async with stranger(fortress) as somebody:
        for number in range(FLOOD):
            somebody.send(somebody.request("INVITE", "8008", f"flood{number}"))
            if number % 50 == 0:
                # Not faster than it reads: what the kernel drops harms none.
                await somebody.ask(somebody.request("OPTIONS", "8008", "flood"))
        await named(fortress, "InvalidAccountID", "flood", somebody)
    await still_serves(fortress)
