"""Asterisk's disk is full: callers go on, and nothing is said to be recorded that is not."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.telephony]

PATIENCE = 120.0
CUT = "of it: is its disk full?"


async def test_what_the_disk_has_no_room_for_is_not_said_to_be_recorded(tmp_path: Path) -> None:
    apart = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    process = await asyncio.create_subprocess_exec(
        "unshare", *apart, sys.executable, "-m", "tests.telephony.full_disk", tmp_path / "data",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, output.decode()
    long, short, voicemail = json.loads(output.splitlines()[-1])
    assert (long["recordings"], long["answers"], long["ended"]) == ([], [], "hung_up")
    assert any(CUT in text for text in long["warnings"]), long["warnings"]
    # What there was of the first one has made room for the next.
    (seconds,) = short["recordings"]
    assert 2 < seconds < 4.5, short
    assert (short["answers"], short["ended"]) == (["speech"], "hung_up")
    assert (voicemail["recordings"], voicemail["ended"]) == ([], "hung_up")
    assert voicemail["dropped"] == ["the recording failed"]
    assert any(CUT in text for text in voicemail["warnings"]), voicemail["warnings"]
