"""Run Asterisk alone in the foreground, for a container or a service manager to watch over.

It ends when Asterisk dies or no longer answers, so that whoever watches starts it again; and in
order at SIGTERM: new calls are refused with 503, live ones are given time to end.
"""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import aiohttp

from ivrserver import service_manager
from ivrserver.config import Settings
from ivrserver.errors import SetupError
from ivrserver.telephony.asterisk import logs, program, registrations
from ivrserver.telephony.asterisk.console import console
from ivrserver.telephony.asterisk.folders import Folders
from ivrserver.telephony.asterisk.ping import Ping, ping
from ivrserver.telephony.asterisk.process import Installation, Run
from ivrserver.telephony.asterisk.run import alone_in, install

Say = Callable[[str], None]

ANSWERS: Final = "answers"
"""File in the run folder, touched whenever ARI has answered: health checks look at its age."""
_ASK_EVERY: Final = 2.0
_TELL_EVERY: Final = 5.0
_LOOK_EVERY: Final = 0.5
_STOP_SECONDS: Final = 5.0
_ACTIVE: Final = re.compile(r"^(\d+) active channel", re.MULTILINE)


async def serve(settings: Settings, say: Say) -> None:
    """Run Asterisk until SIGTERM or SIGINT; a second one ends it at once, calls included.

    Args:
        settings: whose `ari` is this Asterisk's own.
        say: called with each line of progress.

    Raises:
        SetupError: it cannot be had, does not start, died, or has not answered for
            `asterisk.silent_seconds`.
        ConfigError: a setting cannot be written into Asterisk's configuration.
    """
    settings = settings.model_copy(update={"ari": settings.ari.nearby})
    asterisk = await asyncio.to_thread(program.obtain, settings, say)
    with alone_in(settings.data):
        installation = await asyncio.to_thread(install, settings, asterisk)
        service = _Service(installation, say)
        with _at_signals(service.on_signal):
            await service.run()


async def ask_console(settings: Settings, command: str) -> str:
    """Give a command to the console of the Asterisk that `serve` runs, and return its words.

    Raises:
        SetupError: it does not run on this machine.
    """
    asterisk = await asyncio.to_thread(program.find, settings, lambda _: None)
    if asterisk is None:
        raise SetupError("Asterisk is not on this machine")
    folders = Folders.of(settings.data, asterisk, settings.asterisk.run)
    return await console(Installation(asterisk, folders, settings), command)


class _Service:
    """One Asterisk, from its start to its end."""

    def __init__(self, installation: Installation, say: Say) -> None:
        self._installation = installation
        self._say = say
        self._stop, self._now = asyncio.Event(), asyncio.Event()

    def on_signal(self) -> None:
        """Stop: in order the first time, at once the second."""
        if self._stop.is_set():
            self._now.set()
        self._stop.set()

    async def run(self) -> None:
        """See `serve`."""
        options = self._installation.settings.asterisk
        aloud = options.log_to_output or options.console_log
        run = await Run.start(self._installation, aloud=aloud)
        keeping = [
            asyncio.create_task(logs.keep_small(self._installation)),
            asyncio.create_task(self._tell_registrations()),
            asyncio.create_task(service_manager.keep_alive()),
        ]
        try:
            if await _before(self._stop, run.until_ready()):
                self._say(self._where())
                service_manager.tell(service_manager.READY)
                await _before(self._stop, self._until_it_fails(run))
                service_manager.tell(service_manager.STOPPING)
                await self._drain(run)
        finally:
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)
            await run.stop(_STOP_SECONDS)
        self._say("Asterisk has stopped")

    def _where(self) -> str:
        settings, version = self._installation.settings, self._installation.asterisk.version
        sip, ari = settings.sip, settings.ari
        return f"Asterisk {version}: SIP on {sip.bind}:{sip.port}, ARI on {ari.host}:{ari.port}"

    async def _until_it_fails(self, run: Run) -> None:
        """Watch over it: never returns."""
        settings, clock = self._installation.settings, asyncio.get_running_loop().time
        mark, answered = self._installation.folders.run / ANSWERS, clock()
        async with aiohttp.ClientSession() as http:
            while True:
                if await ping(http, settings.ari) is Ping.READY:
                    answered = clock()
                    await asyncio.to_thread(_touch, mark)
                elif clock() - answered > settings.asterisk.silent_seconds:
                    silent = f"{settings.asterisk.silent_seconds:g} s"
                    raise SetupError(f"Asterisk has not answered for {silent}.{run.complaints()}")
                with suppress(TimeoutError):
                    async with asyncio.timeout(_ASK_EVERY):
                        status = await run.process.wait()
                        raise SetupError(f"Asterisk died (status {status}).{run.complaints()}")

    async def _tell_registrations(self) -> None:
        """Let controllers elsewhere know of them: never returns, but if there is none to tell."""
        while any(trunk.registers for trunk in self._installation.settings.trunks.values()):
            # It is starting, or hangs: whoever watches over it says so.
            with suppress(SetupError):
                await registrations.publish(self._installation)
            await asyncio.sleep(_TELL_EVERY)

    async def _drain(self, run: Run) -> None:
        """Refuse new calls; wait for those that there are, up to `limits.drain_seconds`."""
        seconds = self._installation.settings.limits.drain_seconds
        with suppress(TimeoutError, SetupError):
            async with asyncio.timeout(seconds):
                await _before(self._now, self._until_empty(run))

    async def _until_empty(self, run: Run) -> None:
        await console(self._installation, "dialplan set global DRAINING yes")
        told = 0
        while run.process.returncode is None and (left := await self._channels()):
            if left != told:
                self._say(f"no more calls are taken; {left} channels are still there")
                told = left
            await asyncio.sleep(_LOOK_EVERY)

    async def _channels(self) -> int:
        shown = _ACTIVE.search(await console(self._installation, "core show channels count"))
        return int(shown[1]) if shown else 0


@contextmanager
def _at_signals(act: Callable[[], None]) -> Iterator[None]:
    """Call `act` at SIGTERM and SIGINT."""
    loop, numbers = asyncio.get_running_loop(), (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, act)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _touch(mark: Path) -> None:
    # A full disk is no reason to disturb calls.
    with suppress(OSError):
        mark.touch()


async def _before(event: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do `work` unless the event comes first; whether it was done. Raises what it raises."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(event.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
        return working.done()
    finally:
        for task in (working, waiting):
            task.cancel()
        await asyncio.gather(working, waiting, return_exceptions=True)
