"""A scripted SIP phone: it calls or is called, presses keys, speaks, and records what it hears.

A real SIP peer (baresip) in a process of its own, without a sound card and as an ordinary user::

    async with Phone(settings.packages) as phone:
        await phone.call("sip:100@127.0.0.1:5062")
        await phone.press("12345")
        heard = await phone.hang_up()

All times are seconds of the running event loop's clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from ivrserver.config import PackageSettings
from ivrserver.demo import baresip
from ivrserver.demo.baresip import PhoneAccount, PhoneError

RATE: Final = 8000
_TRAILING_SILENCE: Final = 90.0
"""Seconds, more than any call of a script goes on. baresip reads all of it before a call begins:
with ten minutes of it a phone hears its first sound a tenth of a second late."""
_CALLER = PhoneAccount()
_WAV_HEAD: Final = 44
_AUDIO_STARTS_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.02

__all__ = ["Heard", "Phone", "PhoneAccount", "PhoneError", "PhoneEvent"]


@dataclass(frozen=True, slots=True)
class PhoneEvent:
    """Something that happened at the phone.

    Attributes:
        kind: baresip's word in lower case, such as ``call_established``, or ``key`` and ``speak``.
        detail: its parameter: a reason, a SIP address, the key.
    """

    at: float
    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """Everything the phone heard on one call.

    Attributes:
        path: a mono WAV file of 16 bit samples: all that came in, one frame after the other, also
            on a busy machine. It has no pauses where the far end sent nothing.
        rate: samples per second.
        seconds: its length.
        played: the same as it came out of the phone, pauses included; on a busy machine with
            drop-outs.
        started_at: when the first sample was played; good to about 0.1 s.
    """

    path: Path
    rate: int
    seconds: float
    played: Path
    started_at: float


class Phone:
    """One phone with one line. Use it as an async context manager."""

    def __init__(
        self,
        packages: PackageSettings,
        account: PhoneAccount = _CALLER,
        *,
        keep: Path | None = None,
        port: int = 0,
    ) -> None:
        """Describe the phone; it starts when the context is entered.

        Args:
            packages: where the program baresip is.
            account: who the phone is.
            port: its SIP port; 0: a free one.
            keep: an existing folder that recordings are moved to; None: they end with the phone.
        """
        self._packages = packages
        self._account = account
        self._keep = keep
        self._port = port
        self._changed = asyncio.Condition()
        self._calls = 0
        self._speeches = 0
        self._begun = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.events: list[PhoneEvent] = []
        self.sip_port = 0

    async def __aenter__(self) -> Self:
        """Start the phone.

        Raises:
            SetupError: baresip is missing or does not start.
        """
        program = baresip.baresip_program(self._packages)
        self._folder = Path(tempfile.mkdtemp(prefix="phone-"))
        try:
            self._control_port, self._own_port = baresip.free_port(), baresip.free_port()
            self.sip_port = self._port or self._own_port
            modules = program.root / baresip.MODULES_FOLDER
            text = baresip.configuration(self._account, modules, self.sip_port, self._control_port)
            (self._folder / "config").write_text(text, encoding="utf-8")
            accounts = self._folder / "accounts"
            accounts.touch(mode=0o600)
            if not self._account.register:
                accounts.write_text(self._account.line(), encoding="utf-8")
            _write_source(self._folder / baresip.SILENCE_FILE, np.zeros(0))
            self._process, self._control = await baresip.start(
                program, self._folder, self._on_event, self._control_port
            )
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        if self._account.register:
            await self._log_in()
        return self

    async def _log_in(self) -> None:
        """Let it register. By itself it would do so before we listen for its events."""
        try:
            await self._control.command("uanew", self._account.line().strip())
        except BaseException:
            await self.__aexit__(None, None, None)
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up, stop the phone and remove its files."""
        await self._control.close()
        await baresip.stop(self._process)
        baresip.give_back(self._control_port, self._own_port)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def call(self, uri: str, *, timeout: float = 30.0) -> PhoneEvent:
        """Dial and wait until the far end has answered.

        Raises:
            PhoneError: it was not answered in time, or was refused; the text says why.
        """
        self._begun = len(self.events)
        await self._control.command("dial", uri)
        event = await self.wait_for("call_established", "call_closed", timeout=timeout)
        if event.kind == "call_closed":
            raise PhoneError(f"the call to {uri} was not answered: {event.detail}")
        return event

    async def press(self, keys: str, *, gap: float = 0.1) -> PhoneEvent:
        """Press keys one after the other (RFC 4733), each held for `baresip.KEY_HELD_SECONDS`.

        Args:
            keys: of ``0-9*#ABCD``.
            gap: pause between a key's last end packet and the next key.

        Returns:
            The event of the last key; its time is that of the release.
        """
        for key in keys:
            await self._control.command("sndcode", key)
            await asyncio.sleep(baresip.KEY_HELD_SECONDS)
            self._note("key", key)
            await asyncio.sleep(baresip.KEY_SECONDS - baresip.KEY_HELD_SECONDS + gap)
        return self.events[-1]

    async def speak(self, wav: Path) -> None:
        """Say what the sound file says; returns when it has been said. The call must be up.

        Raises:
            PhoneError: it cannot be read.
        """
        try:
            samples, rate = soundfile.read(wav, dtype="float64", always_2d=True)
        except (OSError, soundfile.LibsndfileError) as error:
            raise PhoneError(f"the phone cannot read {wav}") from error
        mono = soxr.resample(samples.mean(axis=1), rate, RATE)
        self._speeches += 1
        name = f"say-{self._speeches}.wav"
        _write_source(self._folder / name, mono)
        await self._control.command("ausrc", f"aufile,{name}")
        self._note("speak", wav.name)
        await asyncio.sleep(len(mono) / RATE)

    async def ringing(self, *, timeout: float = 30.0) -> PhoneEvent:
        """Wait for an incoming call; the detail is the caller's SIP address.

        To ignore the call, do nothing; else `accept` or `reject` it.
        """
        ended = [at for at, event in enumerate(self.events) if event.kind == "call_closed"]
        self._begun = max(self._begun, ended[-1] + 1 if ended else 0)
        event = await self.wait_for("call_incoming", timeout=timeout)
        self._begun = self.events.index(event)
        return event

    async def accept(self) -> PhoneEvent:
        """Answer the incoming call and wait until it is up."""
        await self._control.command("accept")
        return await self.wait_for("call_established", timeout=10)

    async def reject(self) -> None:
        """Refuse the incoming call with 486 Busy Here."""
        await self._control.command("hangup")

    async def hang_up(self) -> Heard:
        """End the call and return what was heard. When the far end has hung up already, the same.

        Raises:
            PhoneError: there was no call with audio since the last `hang_up`.
        """
        await self._audio_flows()
        with contextlib.suppress(PhoneError):  # refused when the far end was faster
            await self._control.command("hangup")
        return await self.wait_closed(timeout=10)

    async def _audio_flows(self) -> None:
        """Wait until the call that is up is heard: hung up while audio starts, baresip crashes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_AUDIO_STARTS_SECONDS):
                while self._is_up() and not self._is_heard():  # noqa: ASYNC110 - baresip's file
                    await asyncio.sleep(_POLL_SECONDS)

    def _is_up(self) -> bool:
        kinds = {event.kind for event in self.events[self._begun :]}
        return "call_established" in kinds and not kinds & {"call_closed", baresip.GONE}

    def _is_heard(self) -> bool:
        found = self.hearing
        return found is not None and found.stat().st_size > _WAV_HEAD

    async def wait_closed(self, *, timeout: float = 60.0) -> Heard:
        """Wait until the far end has hung up and return what was heard."""
        event = await self.wait_for("call_closed", timeout=timeout)
        self._begun = self.events.index(event) + 1
        await self._control.command("listcalls")  # its answer comes after the file is complete
        number, self._calls = self._calls, self._calls + 1
        await self._control.command("auplay", f"aufile,played-{self._calls}.wav")
        await self._control.command("ausrc", f"aufile,{baresip.SILENCE_FILE}")
        found = self.hearing
        if found is None:
            raise PhoneError(f"nothing was heard: {event.detail or 'no answer'}")
        heard = self._kept(found.rename(self._folder / f"heard-{number}.wav"))
        played = self._kept(self._folder / f"played-{number}.wav")
        began = event.at - soundfile.info(played).duration
        return Heard(heard, RATE, soundfile.info(heard).duration, played, began)

    def _kept(self, path: Path) -> Path:
        """The file where it stays when the phone is gone, if it is to stay."""
        if self._keep is None:
            return path
        return Path(shutil.move(path, self._keep / f"{self._folder.name}-{path.name}"))

    def heard_so_far(self) -> npt.NDArray[np.int16]:
        """What has been heard of the call that is up, at `RATE`; see `Heard.path`."""
        found = next(self._folder.glob(baresip.HEARD_FILES), None)
        if found is None:
            return np.zeros(0, np.int16)
        # The head tells the length only when the file is complete.
        return np.fromfile(found, np.dtype("<i2"), offset=_WAV_HEAD)

    async def wait_for(self, *kinds: str, timeout: float) -> PhoneEvent:
        """Wait for the first event of one of these kinds since the present call began.

        Raises:
            PhoneError: none came in time, or the phone's program has ended.
        """

        def found() -> PhoneEvent | None:
            wanted = (*kinds, baresip.GONE)
            return next((each for each in self.events[self._begun :] if each.kind in wanted), None)

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout), self._changed:
                await self._changed.wait_for(lambda: found() is not None)
        event = found()
        if event is None:
            raise PhoneError(f"the phone saw no {' or '.join(kinds)} within {timeout:g} s")
        if event.kind == baresip.GONE:
            raise PhoneError(f"the phone's program has ended:\n{self.log()[-1000:]}")
        return event

    @property
    def hearing(self) -> Path | None:
        """The WAV file of what is being heard, while it grows; None: there is none yet."""
        return next(self._folder.glob(baresip.HEARD_FILES), None)

    def log(self) -> str:
        """What baresip has logged so far."""
        return (self._folder / "baresip.log").read_text(encoding="utf-8", errors="replace")

    def _on_event(self, message: Mapping[str, Any]) -> None:
        detail = message.get("param") or message.get("peeruri") or ""
        self._note(str(message.get("type", "")).lower(), str(detail))

    def _note(self, kind: str, detail: str) -> None:
        self.events.append(PhoneEvent(asyncio.get_running_loop().time(), kind, detail))
        task = asyncio.create_task(self._wake())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _write_source(path: Path, speech: npt.NDArray[np.float64]) -> None:
    """Write what the phone sends: `speech`, then silence for longer than any call of a script."""
    padded = np.concatenate([speech, np.zeros(int(_TRAILING_SILENCE * RATE))])
    soundfile.write(path, padded, RATE, subtype="PCM_16")
