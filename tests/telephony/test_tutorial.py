"""The tutorial, step by step, as it stands in the documentation."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivrserver import resources
from ivrserver.blocks import Prompt
from ivrserver.config import load
from ivrserver.demo import listening
from ivrserver.demo.phone import Phone, PhoneAccount
from ivrserver.flow.events import ActionChosen, BackupRouted
from ivrserver.flow.phrases import phrases
from ivrserver.lab import Lab, lab_settings, open_lab
from ivrserver.speech import build
from ivrserver.telephony.asterisk import ports
from tests.telephony.caller import Caller, Outcome
from tests.telephony.house import fetch_programs
from tests.telephony.program import environment, ivrserver
from tests.tools import listens

pytestmark = pytest.mark.telephony

PAGE = resources.folder("examples").parent / "docs" / "tutorial" / "first-ivr.md"
RELOAD_SECONDS = 2.5
"""A running server looks for new flows every second."""


def block(language: str) -> str:
    """The tutorial's only block of that language."""
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return str(text)


@asynccontextmanager
async def pizza_server(folder: Path, port: str) -> AsyncIterator[asyncio.StreamReader]:
    """The tutorial's web server; what it prints."""
    file = folder / "pizza_server.py"
    file.write_text(block("python").replace("8902", port))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-u", file,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        await listens(int(port), process)
        yield process.stdout
    finally:
        process.terminate()
        await process.communicate()


async def hears(lab: Lab, call: Outcome, text: str) -> None:
    speech = build(lab.settings)
    try:
        sound = await speech.sound(Prompt(text=text), "en-US", "", "")
    finally:
        await speech.close()
    prompt = listening.load(Path(f"{sound.uri.removeprefix('sound:')}.wav"))
    whole = listening.contains_whole(call.heard, prompt)
    assert whole, f"{text!r}: {whole.reason}"


@asynccontextmanager
async def caller_of(lab: Lab, number: str) -> AsyncIterator[Caller]:
    """Somebody who has called the pizza line."""
    account = PhoneAccount(user=number)
    async with Phone(lab.settings.packages, account) as phone:
        caller = Caller(phone, number, lab.settings.sip.port, lab.engine)
        await caller.dial("200")
        yield caller


async def orders(lab: Lab, number: str) -> Outcome:
    """Call the pizza line and order twelve large ones."""
    async with caller_of(lab, number) as caller:
        await caller.asked("size")
        await caller.press("2")
        await caller.asked("number of pizzas")
        await caller.press("12")
        return await caller.waits()


async def test_everything_happens_as_the_tutorial_says(tmp_path: Path) -> None:
    settings = ports.fresh(lab_settings(load()).model_copy(update={"data": tmp_path / "var"}))
    await asyncio.to_thread(fetch_programs, settings)
    port = str(ports.fresh(settings).http.port)
    (tmp_path / "pizza.yaml").write_text(block("yaml").replace("8902", port))
    async with open_lab(settings, print, print) as lab:
        applied = await ivrserver("apply", tmp_path / "pizza.yaml", env=environment(settings))
        assert applied.status == 0, applied.err
        await asyncio.sleep(RELOAD_SECONDS)

        call = await orders(lab, "2125550011")
        assert f"cannot connect to 127.0.0.1:{port}" in call.one(BackupRouted).reason
        await hears(lab, call, phrases("en").apology)

        async with pizza_server(tmp_path, port) as printed:
            call = await orders(lab, "2125550012")
            assert call.one(ActionChosen).action == "ivr 202"
            await hears(lab, call, "Thank you. 12 pizzas will be with you in 30 minutes. Goodbye.")
            assert b"2125550012 wants 12 of size 2" in await printed.readline()

            async with caller_of(lab, "2125550013") as caller:
                await caller.asked("size")
                await caller.hangs_up()
            (told,) = await caller.attempts()
    assert (told.status, dict(told.parameters)["ivr_completed"]) == (200, "False")
