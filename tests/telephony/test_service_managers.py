"""Our systemd units and logrotate's file, at work: their own command lines, on a real Asterisk."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from ivrserver.config import Settings, load
from ivrserver.telephony.asterisk import ports
from tests.telephony.bare_sip import call
from tests.telephony.office import until
from tests.tools import DEPLOY, ROOT, run, tool
from tests.units import ASTERISK, CONTROLLER, Unit, moved, read_unit

pytestmark = [pytest.mark.telephony]

PATIENCE = 60.0
WATCHED = "1000000"
"""Microseconds within which a unit must show that it lives: here no half minute is waited."""
LOGROTATE = DEPLOY / "logrotate" / "ivrserver"


@dataclass(frozen=True)
class Server:
    """Where everything of a server lies, and its settings."""

    folder: Path
    settings: Settings

    @property
    def places(self) -> Mapping[str, Path]:
        """The folders of the files in deploy/, and ours."""
        return {
            "/opt/ivrserver/.venv": ROOT / ".venv",
            "/etc/ivrserver": self.folder,
            "/var/lib/ivrserver": self.settings.data,
            "/var/cache/ivrserver": self.settings.packages.cache,
        }

    @property
    def log(self) -> Path:
        """Asterisk's log folder."""
        return self.settings.data / "asterisk" / "log"

    def unit(self, file: Path) -> Unit:
        """A unit of ours, for this server."""
        return read_unit(file, self.places)

    def environment(self, unit: Unit) -> dict[str, str]:
        """What systemd gives to the unit's commands."""
        (file,) = unit.values["EnvironmentFile"]
        lines = Path(file.removeprefix("-")).read_text().splitlines()
        own = dict(line.split("=", 1) for line in lines if line)
        kept = {name: value for name, value in os.environ.items() if "PACKAGES__ALLOW" in name}
        return {"PATH": os.environ["PATH"], **kept, **unit.environment, **own}


@pytest.fixture
def server(tmp_path: Path) -> Server:
    settings = ports.fresh(load().model_copy(update={"data": tmp_path / "data"}))
    settings.data.mkdir()
    (tmp_path / "ivrserver.toml").write_text(
        f"[sip]\nport = {settings.sip.port}\n[ari]\nport = {settings.ari.port}\n"
        f"[http]\nport = {settings.http.port}\n[phones.desk]\nextension = '204'\n"
    )
    (tmp_path / "ivrserver.env").write_text("IVRSERVER_PHONES__DESK__PASSWORD=known to none\n")
    return Server(tmp_path, settings)


class Manager:
    """What a unit tells its service manager."""

    def __init__(self, process: asyncio.subprocess.Process, heard: socket.socket) -> None:
        self.process = process
        self._heard = heard

    async def hears(self, word: str) -> None:
        """Wait until it is told that."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE):
            while word not in (await loop.sock_recv(self._heard, 1000)).decode().splitlines():
                pass

    async def stop(self) -> int:
        """End it as systemd does: by a signal to this one process. Its exit status."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()


@asynccontextmanager
async def started(server: Server, file: Path) -> AsyncIterator[Manager]:
    """Start a unit's command, and wait until it says that it is ready."""
    unit, name = server.unit(file), server.folder / f"{file.stem}.notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(name))
        heard.setblocking(False)
        told = {"NOTIFY_SOCKET": str(name), "WATCHDOG_USEC": WATCHED}
        process = await asyncio.create_subprocess_exec(
            *unit.command("ExecStart"),
            env=server.environment(unit) | told,
            cwd=unit.one("WorkingDirectory"),
            stdin=asyncio.subprocess.DEVNULL,
        )
        try:
            manager = Manager(process, heard)
            await manager.hears("READY=1")
            yield manager
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def ready(server: Server) -> bool:
    """Whether the controller takes calls."""
    url = f"http://127.0.0.1:{server.settings.http.port}/readyz"
    async with aiohttp.ClientSession() as http, http.get(url) as reply:
        return reply.status == 200


async def test_what_the_units_start_serves_says_so_and_ends_in_order(server: Server) -> None:
    async with started(server, ASTERISK) as asterisk:
        assert (await call(server.settings.sip.port, "204")).status == 401
        async with started(server, CONTROLLER) as controller:
            await until(lambda: ready(server))
            await controller.hears("WATCHDOG=1")
            assert await controller.stop() == 0
            await controller.hears("STOPPING=1")
        await asterisk.hears("WATCHDOG=1")
        assert await asterisk.stop() == 0
        await asterisk.hears("STOPPING=1")


def systemctl(server: Server) -> Path:
    """A folder with a `systemctl` that reloads the unit by its own ExecReload=."""
    unit = server.unit(ASTERISK)
    given = (f"{name}={value}" for name, value in server.environment(unit).items())
    script = server.folder / "bin" / "systemctl"
    script.parent.mkdir()
    script.write_text(
        f'#!/bin/sh\n[ "$*" = "reload {ASTERISK.name}" ] || exit 1\n'
        f"exec env -i {shlex.join([*given, *unit.command('ExecReload')])}\n"
    )
    script.chmod(0o755)
    return script.parent


def holds(log: Path, lines: int) -> bool:
    """Whether so many strangers are in a log."""
    return log.exists() and log.read_text().count("InvalidAccountID") == lines


async def told(log: Path, lines: int) -> None:
    """Wait until so many strangers are in a log."""
    await until(lambda: asyncio.to_thread(holds, log, lines))


async def knocked(server: Server) -> None:
    """A stranger comes: a line in both logs."""
    assert (await call(server.settings.sip.port, "8005550100")).status == 401


async def test_logrotate_takes_the_logs_away_and_asterisk_goes_on_in_new_ones(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{systemctl(server)}:{os.environ['PATH']}")
    text = moved(LOGROTATE.read_text(), server.places)
    owner = f"{server.settings.data.owner()} {server.settings.data.group()}"
    settings = server.folder / "logrotate.conf"
    settings.write_text(text.replace("su ivrserver ivrserver", f"su {owner}"))
    settings.chmod(0o600)
    state = server.folder / "logrotate.state"
    logs = [server.log / name for name in ("messages.log", "security.json")]

    async with started(server, ASTERISK) as asterisk:
        await knocked(server)
        for log in logs:
            await told(log, 1)
        before = [log.stat().st_ino for log in logs]
        await asyncio.to_thread(run, tool("logrotate"), "-f", "-s", state, settings)
        await knocked(server)
        await knocked(server)
        for log, inode in zip(logs, before, strict=True):
            await told(log, 2)
            (old,) = server.log.glob(f"{log.name}-*")
            assert old.stat().st_ino == inode
            assert holds(old, 1)
        assert await asterisk.stop() == 0
