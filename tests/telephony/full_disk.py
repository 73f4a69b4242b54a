"""Calls while Asterisk's disk is full; prints what became of them, as JSON.

Run as a program in a mount namespace of its own: the small file system that is the folder of
recordings there is gone with it. See `test_full_disk`.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile

from ivrserver.blocks import (
    Account,
    Ivr,
    Message,
    PhoneNumber,
    Prompt,
    Record,
    ToBlock,
    Voicemail,
)
from ivrserver.flow.events import VoicemailDropped
from tests.telephony.caller import Caller, Outcome
from tests.telephony.house import House, house_settings, open_house
from tests.telephony.sounds import voice

ROOM = "64k"
"""Four seconds of a recording."""


def account() -> Account:
    """A question that may be answered for long, and a voicemail box."""
    questions = (
        Record(question_id=1, name="speech", prompt=Prompt("Speak."), silence=1, max_seconds=30),
        Message(question_id=2, name="bye", prompt=Prompt("Thanks a lot.")),
    )
    return Account(
        numbers=(PhoneNumber("8701", "", ToBlock(701)), PhoneNumber("8702", "", ToBlock(702))),
        blocks=(
            Ivr(block_id=701, name="Speak", questions=questions),
            Voicemail(block_id=702, name="Box", greeting=Prompt("Say it.")),
        ),
    )


async def talk(caller: Caller, file: Path) -> Outcome:
    """Talk once the recording goes on."""
    await caller.until(lambda event: type(event).__name__ == "RecordingStarted")
    await asyncio.sleep(0.7)  # the beep
    await caller.speak(file)
    return await caller.waits()


async def told(house: House, number: str, file: Path) -> dict[str, object]:
    """What became of one call."""
    async with house.calling(number) as caller:
        call = await talk(caller, file)
    return {
        "recordings": [row.seconds for row in call.details.recordings],
        "answers": list(call.recordings),
        "warnings": caller.warnings(),
        "ended": call.ended.reason,
        "dropped": [event.reason for event in call.all(VoicemailDropped)],
    }


async def main(data: Path) -> None:
    """Three calls: one too long for the disk, one that is short, one to the voicemail box."""
    recordings = data / "asterisk" / "spool" / "recording"
    recordings.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(recordings)]
    await asyncio.to_thread(subprocess.run, mount, check=True)
    short, long = data / "short.wav", data / "long.wav"
    voice(short, seed=5)
    samples, rate = soundfile.read(short)
    soundfile.write(long, np.tile(samples, 4), rate)
    async with open_house(house_settings(data), account()) as house:
        outcomes = [
            await told(house, "8701", long),
            await told(house, "8701", short),
            await told(house, "8702", long),
        ]
        await house.nothing_is_left()
    print(json.dumps(outcomes))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
