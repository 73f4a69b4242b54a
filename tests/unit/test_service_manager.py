"""What a service manager is told."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivrserver.service_manager import READY, keep_alive, tell


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket of a manager that waits for what it is told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        there.bind(str(tmp_path / "notify"))
        there.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield there


def test_it_is_told_what_we_say(manager: socket.socket) -> None:
    tell(READY, "STATUS=serving calls")
    assert manager.recv(100) == b"READY=1\nSTATUS=serving calls"


def test_its_name_may_be_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        there.bind("")  # the kernel chooses a name
        there.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + there.getsockname()[1:].decode())
        tell(READY)
        assert there.recv(100) == b"READY=1"


def test_one_that_is_gone_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    tell(READY)


async def test_one_that_waits_for_it_hears_that_we_live(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    living = asyncio.create_task(keep_alive())
    for _ in range(3):
        assert await asyncio.to_thread(manager.recv, 100) == b"WATCHDOG=1"
    living.cancel()


@pytest.mark.parametrize(
    "environment",
    [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"}],
    ids=["nobody", "switched off", "another process"],
)
async def test_nobody_who_does_not_wait_is_told(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    await keep_alive()
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.recv(100)
