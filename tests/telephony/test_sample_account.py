"""Twenty people call the sample account at once: what each presses is what is stored for them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivrserver.config import load
from ivrserver.demo.phone import Phone, PhoneAccount
from ivrserver.flow.events import ActionChosen, RecordingStarted
from ivrserver.lab import Lab, lab_settings, open_lab
from ivrserver.telephony.asterisk import ports
from tests.telephony.caller import Caller
from tests.telephony.house import ask, fetch_programs, unhurried

pytestmark = pytest.mark.telephony

CALLERS = 20
POLL_SECONDS = 0.25


@asynccontextmanager
async def caller_of(lab: Lab, number: str) -> AsyncIterator[Caller]:
    """Somebody who has called the sample line."""
    settings = lab.settings
    async with Phone(settings.packages, PhoneAccount(user=number)) as phone:
        caller = Caller(phone, number, settings.sip.port, lab.engine, poll=POLL_SECONDS)
        await caller.dial("100")
        yield caller


async def test_what_each_of_twenty_callers_presses_is_stored(tmp_path: Path) -> None:
    settings = unhurried(lab_settings(load())).model_copy(update={"data": tmp_path})
    settings = ports.fresh(settings)
    await asyncio.to_thread(fetch_programs, settings)
    chance = random.Random(20)

    async def one(lab: Lab, number: str) -> None:
        keys = {
            "Customer number": f"{chance.randrange(100000):05}",
            "PIN": f"{chance.randrange(10000):04}",
            "Score": chance.choice("123"),
            "Visit again": chance.choice("12"),
        }
        async with caller_of(lab, number) as caller:
            for name, pressed in keys.items():
                await caller.asked(name)
                await caller.press(pressed)
            await caller.sees(RecordingStarted)
            await caller.press("#")
            await caller.asked("Wish")
            await caller.press("2")
            call = await caller.waits(30)
        assert call.answers == {**keys, "Wish": "2"}
        assert list(call.recordings) == ["Suggestion"]
        assert call.completed == [True, True]
        assert [event.action for event in call.all(ActionChosen)] == ["ivr 102", "hangup"]
        survey, thanks = await caller.attempts(2)
        sent = dict(survey.parameters)
        assert (sent["customer"], sent["pin"]) == (keys["Customer number"], "•••")
        assert (sent["score"], sent["again"]) == (keys["Score"], keys["Visit again"])
        assert dict(thanks.parameters)["wish"] == "2"

    async with open_lab(settings, print, print) as lab:
        await asyncio.gather(*(one(lab, str(2125551000 + n)) for n in range(CALLERS)))
        async with asyncio.timeout(5):
            while lab.boards.calls:  # noqa: ASYNC110 - the switchboard tells nobody
                await asyncio.sleep(0.1)
        assert await ask(lab.settings, "channels", "bridges") == [[], []]
