"""Asterisk itself: fetched, configured, started, watched over."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from ivrserver.telephony.asterisk import Asterisk
from tests.asterisk_fixture import asterisk, asterisk_settings

__all__ = ["asterisk", "asterisk_settings"]

pytestmark = pytest.mark.telephony


async def test_every_module_of_the_list_is_running(asterisk: Asterisk) -> None:
    configured = {
        line.partition("=")[2].strip()
        for line in (asterisk.folders.etc / "modules.conf").read_text().splitlines()
        if line.startswith(("load", "require"))
    }
    running = {
        line.split()[0]
        for line in (await asterisk.console("module show")).splitlines()
        if " Running " in line
    }
    assert len(configured) > 50
    assert configured - running == set()
