"""What a service manager such as systemd is told of us: ready, stopping, still alive.

A datagram of ``NAME=value`` lines to the socket that it names in the environment; without one
nothing is said. Source: sd_notify(3), sd_watchdog_enabled(3).
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from typing import Final

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"
_ALIVE: Final = "WATCHDOG=1"
_MICROSECONDS: Final = 1e6


def tell(*lines: str) -> None:
    """Tell it something, such as `READY`. Whether it listens is no concern of ours."""
    place = os.environ.get("NOTIFY_SOCKET", "")
    if not place:
        return
    # A name that begins with @ is in the abstract namespace, where it begins with a zero byte.
    address = f"\0{place[1:]}" if place.startswith("@") else place
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there, suppress(OSError):
        there.setblocking(False)
        there.sendto("\n".join(lines).encode(), address)


async def keep_alive() -> None:
    """Say that we live, twice in each time that it waits for that (``WatchdogSec=``).

    It is the event loop that says so: when that hangs, nothing is said. Returns at once if nobody
    waits for it, else never.
    """
    period = os.environ.get("WATCHDOG_USEC", "")
    ours = os.environ.get("WATCHDOG_PID", "") in {"", str(os.getpid())}
    if not period.isdigit() or not int(period) or not ours:
        return
    while True:
        tell(_ALIVE)
        await asyncio.sleep(int(period) / _MICROSECONDS / 2)
