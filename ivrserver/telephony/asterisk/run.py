"""Keep an Asterisk of our own running for as long as we do."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from ivrserver.config import Settings
from ivrserver.errors import SetupError
from ivrserver.programs import Program
from ivrserver.telephony.asterisk import logs, ports, program, render
from ivrserver.telephony.asterisk.console import console
from ivrserver.telephony.asterisk.folders import Folders
from ivrserver.telephony.asterisk.password import with_password
from ivrserver.telephony.asterisk.process import Installation, Run
from ivrserver.telephony.asterisk.program import AsteriskProgram

_STOP_SECONDS: Final = 5.0
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_STEADY_SECONDS: Final = 60.0


class Asterisk:
    """A running Asterisk, restarted when it dies. Made by `running`."""

    def __init__(self, installation: Installation, run: Run) -> None:
        self._installation = installation
        self._run = run

    @property
    def settings(self) -> Settings:
        """The settings that it runs with; the ARI password is filled in."""
        return self._installation.settings

    @property
    def folders(self) -> Folders:
        """Where it keeps what."""
        return self._installation.folders

    @property
    def program(self) -> Program:
        """How it is started, and where its files are."""
        return self._installation.asterisk.program

    @property
    def version(self) -> str:
        """Such as ``22.10.1``."""
        return self._installation.asterisk.version

    @property
    def broadcasts(self) -> bool:
        """Whether calls are offered by StasisBroadcast; else they enter by plain Stasis."""
        return self._installation.asterisk.broadcasts

    @property
    def pid(self) -> int:
        """Process id. Another one after it died and was restarted."""
        return self._run.process.pid

    async def console(self, command: str) -> str:
        """Give a command to its console and return what that prints.

        Raises:
            SetupError: Asterisk does not answer.
        """
        return await console(self._installation, command)

    async def supervise(self, say: Callable[[str], None]) -> None:
        """Start it again whenever it ends, after a pause that grows while it keeps dying.

        Never returns.
        """
        clock = asyncio.get_running_loop().time
        pause = _FIRST_PAUSE
        while True:
            began = clock()
            status = await self._run.process.wait()
            if clock() - began > _STEADY_SECONDS:
                pause = _FIRST_PAUSE
            say(f"Asterisk died (status {status}).{self._run.complaints()}")
            while not await self._started_again(pause, say):
                pause = min(pause * 2, _LONGEST_PAUSE)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _started_again(self, pause: float, say: Callable[[str], None]) -> bool:
        say(f"starting Asterisk again in {pause:g} s")
        await asyncio.sleep(pause)
        try:
            self._run = await Run.start(self._installation)
            await self._run.until_ready()
        except SetupError as error:
            say(str(error))
            await self._run.stop(_STOP_SECONDS)
            return False
        say("Asterisk is back")
        return True

    async def until_ready(self) -> None:
        """Wait until it has started.

        Raises:
            SetupError: it does not start; says why.
        """
        await self._run.until_ready()

    async def stop(self) -> None:
        """End it, calls included."""
        await self._run.stop(_STOP_SECONDS)


@asynccontextmanager
async def running(settings: Settings, say: Callable[[str], None]) -> AsyncIterator[Asterisk]:
    """Run an Asterisk inside an ``async with``; it is ready when the block begins.

    Args:
        settings: with ports that are free (see `ports.available`).
        say: called with each line of progress, and when Asterisk dies.

    Raises:
        SetupError: Asterisk cannot be had or does not start; says why and what to do.
        ConfigError: a setting cannot be written into Asterisk's configuration.
    """
    asterisk = await asyncio.to_thread(program.obtain, settings, say)
    with alone_in(settings.data):
        installation = await asyncio.to_thread(install, settings, asterisk)
        server = Asterisk(installation, await Run.start(installation))
        tasks = []
        try:
            await server.until_ready()
            tasks.append(asyncio.create_task(server.supervise(say)))
            tasks.append(asyncio.create_task(logs.keep_small(installation)))
            yield server
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await server.stop()


@contextmanager
def alone_in(data: Path) -> Iterator[None]:
    """Let no second Asterisk run on the same folders. The system unlocks when we die."""
    folder = data / "asterisk"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise SetupError(f"cannot write to the data folder {data}: {error}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupError(
                f"another ivrserver is running on the data folder {data};"
                " stop that one, or set data to another folder"
            ) from None
        yield


def install(settings: Settings, asterisk: AsteriskProgram) -> Installation:
    """Make an Asterisk's folders in the data folder and write its configuration. Blocks.

    Raises:
        SetupError: a port is taken, or the data folder cannot be written.
        ConfigError: a setting cannot be written into Asterisk's configuration.
    """
    for listener in ports.asterisk_listeners(settings):
        if not ports.is_free(listener):
            raise SetupError(
                f"{listener.name} {listener.port} on {listener.host} is taken by another program;"
                f" stop that one or set {listener.name} to another port"
            )
    try:
        settings = with_password(settings)
        folders = Folders.of(settings.data, asterisk, settings.asterisk.run)
        folders.make(asterisk)
        render.write(render.render(settings, folders, asterisk), folders.etc)
    except OSError as error:
        raise SetupError(f"cannot write to the data folder {settings.data}: {error}") from error
    return Installation(asterisk, folders, settings)
