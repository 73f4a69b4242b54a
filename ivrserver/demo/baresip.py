"""baresip as a subprocess: its configuration folder and its control connection.

Written against baresip 1.1.0 (Debian). What it took to be dependable on a machine without a sound
card:

- The source must never run dry: at its end baresip hangs up. So every source file is followed by
  minutes of silence.
- Key presses travel with the audio source's clock, at least nine packets and three end packets:
  one key takes `KEY_SECONDS`.
- ``net_interface`` names the loopback address; by its name ``lo`` it is refused.
- What it plays is no record of what it got: on a busy machine the player runs dry and drops. So
  the decoded frames are written down as they come in (module sndfile), with the jitter buffer off.
- Device names are cut at 127 characters: files are named relative to its working folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from ivrserver.config import PackageSettings
from ivrserver.errors import IvrError, SetupError
from ivrserver.programs import Program, find

KEY_SECONDS: Final = 0.24
KEY_HELD_SECONDS: Final = 0.18
REGISTERED_SECONDS: Final = 60
PLAYOUT_SECONDS: Final = 0.08
GONE: Final = "phone_gone"
"""The event of our own that says that baresip has ended."""
SILENCE_FILE: Final = "silence.wav"
HEARD_FILES: Final = "dump-*-dec.wav"
"""What the phone got; the name holds the second in which the call began."""
MODULES_FOLDER: Final = "usr/lib/baresip/modules"
_MODULES: Final = ("g711.so", "aufile.so", "sndfile.so", "ctrl_tcp.so")
_APPLICATIONS: Final = ("account.so", "menu.so")
_PORTS: Final = range(30000, 32700, 2)
_AUDIO_PORTS: Final = "10000-15998"
"""Where no server of ours is ever put: not those of `ports.fresh`, nor Asterisk's own for audio."""
_PORT_TRIES: Final = 200
_given: Final = set[int]()
_START_SECONDS: Final = 10.0
_ANSWER_SECONDS: Final = 5.0


class PhoneError(IvrError):
    """The scripted phone could not do what it was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneAccount:
    """Who the phone is.

    Attributes:
        user: user part of its SIP address.
        domain: of its address, and the registrar when it registers; with a port if not 5060.
        password: for digest authentication; empty: none.
        register: whether it registers, so that it can be called by name; the events
            ``register_ok`` and ``register_fail`` tell how that went.
        answers: whether it accepts calls by itself.
        authorities: PEM file; given: SIP by TLS, with a server whose certificate they signed.
        encrypted: the audio must be encrypted (SDES); only sensible by TLS.
        address: of this machine, which it listens on.
    """

    user: str = "phone"
    domain: str = "127.0.0.1"
    password: str = ""
    register: bool = False
    answers: bool = False
    authorities: Path | None = None
    encrypted: bool = False
    address: str = "127.0.0.1"

    def line(self) -> str:
        """The account as a line of baresip's ``accounts`` file."""
        secret = f";auth_user={self.user};auth_pass={self.password}" if self.password else ""
        by = "" if self.authorities is None else ";transport=tls"
        return (
            f"<sip:{self.user}@{self.domain}{by}>{secret}"
            f";regint={REGISTERED_SECONDS if self.register else 0}"
            f";answermode={'auto' if self.answers else 'manual'}"
            f"{';mediaenc=srtp-mand' if self.encrypted else ''}"
            ";audio_codecs=pcmu,pcma;dtmfmode=rtpevent;ptime=20\n"
        )

    def trust(self) -> list[str]:
        """The lines of baresip's ``config`` file about encryption."""
        encryption = ["module srtp.so"] if self.encrypted else []
        if self.authorities is None:
            return encryption
        return [f"sip_cafile {self.authorities}", "sip_verify_server yes", *encryption]


def configuration(account: PhoneAccount, modules: Path, sip_port: int, control_port: int) -> str:
    """The text of baresip's ``config`` file: one address, no sound card, no video."""
    return "\n".join(
        [
            "poll_method epoll",
            f"sip_listen {account.address}:{sip_port}",
            "call_max_calls 1",
            "call_local_timeout 120",
            f"audio_source aufile,{SILENCE_FILE}",
            "audio_player aufile,played-0.wav",
            "audio_alert aufile,alert.wav",
            "ausrc_srate 8000",
            "auplay_srate 8000",
            "ausrc_channels 1",
            "auplay_channels 1",
            f"audio_buffer {round(PLAYOUT_SECONDS * 1000)}-2000",
            "audio_path none",
            "snd_path .",
            "ringback_disabled yes",
            "statmode_default off",
            f"rtp_ports {_AUDIO_PORTS}",
            "jitter_buffer_type off",
            f"net_interface {account.address}",
            f"ctrl_tcp_listen 127.0.0.1:{control_port}",
            f"module_path {modules}",
            *(f"module {name}" for name in _MODULES),
            *account.trust(),
            *(f"module_app {name}" for name in _APPLICATIONS),
            "",
        ]
    )


def baresip_program(settings: PackageSettings) -> Program:
    """The installed or fetched baresip.

    Raises:
        SetupError: there is none.
    """
    program = find("baresip", settings)
    if program is None:
        raise SetupError(
            "baresip is missing: run `ivrserver fetch baresip` or install baresip-core"
        )
    return program


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses, by TCP and UDP, and that no other phone here gets.

    The one behind it is free too: baresip listens there for SIP over TLS. Not one of those that
    the system hands out by itself (from 32768 on): those are soon taken.

    Raises:
        SetupError: none is free.
    """
    for _ in range(_PORT_TRIES):
        port = random.choice(_PORTS)  # noqa: S311 - to stay out of each other's way, no secret
        if port not in _given and _is_free(port) and _is_free(port + 1):
            # Phones that start at the same moment must not find the same port free.
            _given.add(port)
            return port
    raise SetupError("no port of 127.0.0.1 is free for the phone")


def give_back(*ports: int) -> None:
    """Let other phones have ports of `free_port` again."""
    _given.difference_update(ports)


def _is_free(port: int) -> bool:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        try:
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Control:
    """The ctrl_tcp connection: commands out, events in, both JSON in netstrings."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_event: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._writer = writer
        self._on_event = on_event
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._count = 0
        self._task = asyncio.create_task(self._read(reader))

    async def command(self, name: str, params: str = "") -> str:
        """Run one of baresip's commands and return what it printed.

        Raises:
            PhoneError: baresip refused it, is gone, or did not answer in time.
        """
        if self._task.done():
            raise PhoneError(f"baresip is gone: the command {name} comes too late")
        self._count += 1
        token = str(self._count)
        reply: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[token] = reply
        message = {"command": name, "token": token} | ({"params": params} if params else {})
        body = orjson.dumps(message)
        self._writer.write(b"%d:%b," % (len(body), body))
        try:
            answer = await asyncio.wait_for(reply, _ANSWER_SECONDS)
        except TimeoutError as error:
            raise PhoneError(f"baresip did not answer the command {name}") from error
        finally:
            self._waiting.pop(token, None)
        if not answer.get("ok"):
            raise PhoneError(f"baresip refused the command {name}: {answer.get('data')}")
        return str(answer.get("data", ""))

    async def close(self) -> None:
        """Drop the connection."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            async for message in _netstrings(reader):
                reply = self._waiting.get(str(message.get("token")))
                if message.get("event"):
                    self._on_event(message)
                elif reply is not None and not reply.done():
                    reply.set_result(message)
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            self._on_event({"type": GONE})
            for reply in self._waiting.values():
                if not reply.done():
                    reply.set_exception(PhoneError("baresip is gone"))


async def _netstrings(reader: asyncio.StreamReader) -> AsyncIterator[Mapping[str, Any]]:
    while True:
        size = int((await reader.readuntil(b":"))[:-1])
        body = await reader.readexactly(size + 1)
        yield orjson.loads(body[:-1])


async def start(
    program: Program, folder: Path, on_event: Callable[[Mapping[str, Any]], None], control_port: int
) -> tuple[asyncio.subprocess.Process, Control]:
    """Start baresip in `folder`, which holds its configuration, and connect to it.

    Raises:
        SetupError: it did not come up; the text holds the end of its log.
    """
    log = folder / "baresip.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *program.argv,
            "-4",
            "-f",
            ".",
            cwd=folder,
            env={**os.environ, **program.env},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    deadline = asyncio.get_running_loop().time() + _START_SECONDS
    while process.returncode is None and asyncio.get_running_loop().time() < deadline:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", control_port)
            return process, Control(reader, writer, on_event)
        await asyncio.sleep(0.02)
    await stop(process)
    tail = log.read_text(errors="replace")[-2000:]
    raise SetupError(f"baresip did not start; its log ends with:\n{tail}")


async def stop(process: asyncio.subprocess.Process) -> None:
    """End baresip: politely, then not."""
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 3)
    except TimeoutError:
        process.kill()
        await process.wait()
