"""An engine hangs in the middle of calls: what was said before is heard at once, the rest soon."""

from __future__ import annotations

import asyncio
import os
import shlex
from pathlib import Path

import pytest

from ivrserver.config import load
from ivrserver.flow.events import BackupRouted
from ivrserver.programs import find
from tests.telephony.caller import Outcome
from tests.telephony.customer import Reply
from tests.telephony.house import House, fetch_programs, house_settings, open_house

pytestmark = pytest.mark.telephony

TIMEOUT = 1.5
NEWS = "The river is rising, and nobody has said so before."
MORE = "By now it has begun to fall again."


def mortal_flite(folder: Path) -> Path:
    """Make a flite that hangs as soon as the file that is returned exists."""
    settings = load()
    fetch_programs(settings)
    well = find("flite", settings.packages)
    assert well is not None
    ill, program = folder / "ill", folder / "flite"
    folder.mkdir()
    start = f"exec {shlex.join(well.argv)}"
    program.write_text(f'#!/bin/sh\n[ -e {shlex.quote(str(ill))} ] && sleep 6003\n{start} "$@"\n')
    program.chmod(0o755)
    return ill


async def told(house: House, text: str) -> Outcome:
    """A call to somebody whose web server has this text read."""
    async with house.calling("8009", Reply(text, content_type="text/plain")) as caller:
        return await caller.waits()


async def test_calls_go_on_when_an_engine_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ill = await asyncio.to_thread(mortal_flite, tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{ill.parent}:{os.environ['PATH']}")
    settings = house_settings(tmp_path / "data")
    speech = settings.speech.model_copy(update={"engine_timeout": TIMEOUT})
    async with open_house(settings.model_copy(update={"speech": speech})) as house:
        await asyncio.to_thread(ill.touch)
        # Two wait for it when it is found out, and one comes later.
        calls = [*await asyncio.gather(told(house, NEWS), told(house, NEWS))]
        calls.append(await told(house, MORE))
        for call, text in zip(calls, (NEWS, NEWS, MORE), strict=True):
            assert (call.ended.reason, call.all(BackupRouted)) == ("hung_up", [])
            await house.hears(call.heard, "Your news.", text, "That was all.")
        await house.nothing_is_left()
