"""`ivrserver phone`: it listens, presses keys when it is its turn, and tells what happened."""

from __future__ import annotations

import asyncio

import pytest

from ivrserver.demo.script import Errand, run_errand
from ivrserver.errors import SetupError
from tests.telephony.house import House

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="module")]


async def test_keys_are_pressed_when_the_question_has_been_heard(house: House) -> None:
    said: list[str] = []
    errand = Errand(f"sip:8002@127.0.0.1:{house.settings.sip.port}", ("42",), "2125551042")
    async with asyncio.timeout(60):
        assert await run_errand(errand, house.settings, said.append), said
    told = [line.partition(" s  ")[2] or line for line in said]
    assert told[:2] == [f"calling {errand.uri} as 2125551042", "answered"]
    assert told[2].startswith("heard ")
    assert told[2].endswith(" s of speech; pressed 42")
    assert told[3] == "the far end hung up"
    assert told[4].endswith("of it speech")


async def test_a_far_end_that_does_not_wait_for_the_keys_is_a_failure(house: House) -> None:
    said: list[str] = []
    errand = Errand(f"sip:99@127.0.0.1:{house.settings.sip.port}", ("1", "2"), "2125551043")
    async with asyncio.timeout(60):
        assert not await run_errand(errand, house.settings, said.append)
    assert "the far end hung up before all keys were pressed" in said[-1]


async def test_a_call_that_is_refused_is_told(house: House) -> None:
    said: list[str] = []
    uri = f"sip:x@127.0.0.1:{house.settings.sip.port}"
    assert not await run_errand(Errand(uri), house.settings, said.append)
    assert f"the call to {uri} was not answered: 484 Address Incomplete" in said[-1]


async def test_what_is_no_sip_address_is_said(house: House) -> None:
    with pytest.raises(SetupError, match="nonsense is no SIP address"):
        await run_errand(Errand("nonsense"), house.settings, print)
