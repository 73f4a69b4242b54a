"""One run of the Asterisk program: start it, wait until it serves, end it."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from ivrserver.config import Settings
from ivrserver.errors import SetupError
from ivrserver.telephony.asterisk.folders import Folders
from ivrserver.telephony.asterisk.ping import Ping, ping
from ivrserver.telephony.asterisk.program import AsteriskProgram

MESSAGES: Final = "messages.log"
SECURITY: Final = "security.json"
_STARTUP: Final = "startup.log"
_READY_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.02
_TOLD_LINES: Final = 12


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything that a start needs, decided beforehand. `settings` hold the ARI password."""

    asterisk: AsteriskProgram
    folders: Folders
    settings: Settings

    @property
    def argv(self) -> tuple[str, ...]:
        """How every command to this Asterisk begins."""
        return *self.asterisk.program.argv, "-C", str(self.folders.configuration)

    @property
    def env(self) -> dict[str, str]:
        """Environment of every such command."""
        return {**os.environ, **self.asterisk.program.env}


@dataclass(frozen=True, slots=True)
class Run:
    """A running Asterisk.

    Attributes:
        installation: what was started.
        process: the program; its pid is Asterisk's own.
        log_start: where in the message log this run's lines begin, in bytes.
    """

    installation: Installation
    process: asyncio.subprocess.Process
    log_start: int

    @classmethod
    async def start(cls, installation: Installation, *, aloud: bool = False) -> Run:
        """Start the program and return at once.

        It gets a process group of its own, so that Ctrl-C reaches only us and calls end in order;
        and the kernel ends it should we die without doing so.

        Args:
            installation: what is to be started.
            aloud: what it prints is printed; else a file takes it.

        Raises:
            SetupError: the program cannot be started.
        """
        command = [*installation.argv, "-f", "-n"]
        guard = shutil.which("setpriv")
        if guard is not None:
            command = [guard, "--pdeathsig", "KILL", "--", *command]
        folders = installation.folders
        messages = folders.log / MESSAGES
        try:
            log_start = messages.stat().st_size if messages.exists() else 0
            with (folders.log / _STARTUP).open("wb") as log:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    cwd=folders.spool,
                    env=installation.env,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=None if aloud else log,
                    stderr=None if aloud else log,
                    start_new_session=True,
                )
        except OSError as error:
            raise SetupError(f"cannot start {command[0]}: {error.strerror}") from error
        return cls(installation, process, log_start)

    async def until_ready(self) -> None:
        """Wait until Asterisk has started and ARI answers.

        Raises:
            SetupError: it ended, or did not get that far in time; the text holds what it said.
        """
        try:
            async with asyncio.timeout(_READY_SECONDS), aiohttp.ClientSession() as http:
                while True:
                    if await self._is_ready(http):
                        return
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            raise SetupError(
                f"Asterisk was not ready within {_READY_SECONDS:.0f} s.{self.complaints()}"
            ) from None

    async def _is_ready(self, http: aiohttp.ClientSession) -> bool:
        ari = self.installation.settings.ari
        found = await ping(http, ari)
        if found is Ping.REFUSED:
            raise SetupError(
                f"what answers on ari.port {ari.port} refuses our password:"
                " it is not the Asterisk that was started"
            )
        if self.process.returncode is not None:
            raise SetupError(f"Asterisk ended while it started.{self.complaints()}")
        return found is Ping.READY

    def complaints(self) -> str:
        """What this run said went wrong, as lines to append to a message; empty if nothing."""
        folder = self.installation.folders.log
        said = _tail(folder / MESSAGES, self.log_start)
        errors = [line for line in said if " ERROR[" in line]
        if not said:
            # It ended before it opened its log.
            errors = _tail(folder / _STARTUP, 0)
        return "".join(f"\n  {line}" for line in errors[:_TOLD_LINES])

    async def stop(self, seconds: float) -> None:
        """End it: politely first, after `seconds` by force. Returns when it is gone."""
        if self.process.returncode is not None:
            return
        self.process.terminate()
        try:
            async with asyncio.timeout(seconds):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


def _tail(log: Path, start: int) -> list[str]:
    """Lines of a log from `start` on. A log that was rotated meanwhile is read whole."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(start if start <= log.stat().st_size else 0)
        lines = file.read().decode(errors="replace").splitlines()
    return [line.strip() for line in lines if line.strip()]
