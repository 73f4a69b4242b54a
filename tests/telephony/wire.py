"""The audio of many phones at once: RTP with G.711 µ-law and telephone-events, in one thread.

A thread of its own keeps every phone's 20 ms, whatever the test's loop is doing. A `Wire` is used
from that loop.
"""

from __future__ import annotations

import asyncio
import io
import secrets
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from ivrserver.demo import listening

FRAME_SECONDS = 0.02
SAMPLES = 160
SILENCE = b"\xff" * SAMPLES
KEYS = "0123456789*#ABCD"
KEY_FRAMES = 5
"""A key is held for 100 ms, and as long until the next."""
_END = 0x80
_VOLUME = 10
_ENDS_SENT = 3
_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")
_LOUD = bytes((byte & 0x7F) < 0x60 for byte in range(256))
"""Per µ-law byte, whether it is more than a murmur."""

Told = Callable[[], None]


@dataclass(frozen=True, slots=True)
class _KeyFrame:
    """20 ms of a key; `number` counts them from 0."""

    event: int
    number: int


@dataclass
class _Wish:
    """To be told when so many frames have come in, the first loud one at or after `began` first."""

    began: int
    frames: int
    told: Told
    loud: bool = False


@dataclass(eq=False)
class Wire:
    """One phone's audio. It sends `murmur` when there is nothing to say.

    Attributes:
        heard: what came in: when (`time.monotonic`), and µ-law.
        murmur: one frame, sent again and again.
        over: nothing is sent or heard any more.
        released: when each key was (`time.monotonic`).
    """

    sock: socket.socket
    heard: list[tuple[float, bytes]] = field(default_factory=list)
    murmur: bytes = SILENCE
    over: bool = False
    released: list[float] = field(default_factory=list)
    _remote: tuple[str, int] | None = None
    _key_type: int = 101
    _queue: deque[bytes | _KeyFrame | Told] = field(default_factory=deque)
    _injected: deque[tuple[int, bytes]] = field(default_factory=deque)
    _wishes: list[_Wish] = field(default_factory=list)
    _source: int = field(default_factory=lambda: secrets.randbits(32))
    _sequence: int = 0
    _now: int = 0
    _pressed: int = 0

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.sock.getsockname()[1])

    def connect(self, host: str, port: int, key_type: int) -> None:
        """Begin to send; `key_type`: the payload type of telephone-events."""
        self._key_type, self._remote = key_type, (host, port)

    def disconnect(self) -> None:
        """The call is over: send no more, and hear no more."""
        self.over = True

    async def speak(self, file: Path) -> None:
        """Say what is in `file`; returns when it has been said."""
        coded = io.BytesIO()
        soundfile.write(coded, listening.load(file), listening.RATE, format="RAW", subtype="ULAW")
        data = coded.getvalue()
        data += SILENCE[: -len(data) % SAMPLES]
        await self._send([data[at : at + SAMPLES] for at in range(0, len(data), SAMPLES)])

    def inject(self, kind: int, payload: bytes) -> None:
        """Send a packet out of order, with a payload type and payload of your own."""
        self._injected.append((kind, payload))

    async def press(self, keys: str) -> None:
        """Press keys one after the other; returns when the last one has been released."""
        for key in keys:
            event = KEYS.index(key)
            held = [_KeyFrame(event, number) for number in range(KEY_FRAMES)]
            await self._send([*held, *[self.murmur] * KEY_FRAMES])

    async def listen(self, seconds: float, since: int) -> int:
        """Wait until so much has been heard, from the first loud frame at or after `since` on.

        Returns:
            The place in `heard` behind it.
        """
        told, done = _signal()
        wish = _Wish(since, round(seconds / FRAME_SECONDS), told)
        self._wishes.append(wish)
        await done
        return wish.began + wish.frames

    async def _send(self, items: list[bytes | _KeyFrame]) -> None:
        told, done = _signal()
        self._queue.extend([*items, told])
        await done

    # ---- in the thread

    def receive(self) -> None:
        """Take everything that has come in."""
        while True:
            try:
                packet = self.sock.recv(2048)
            except BlockingIOError:
                break
            if len(packet) > _HEADER.size and packet[1] & 0x7F == 0:
                self.heard.append((time.monotonic(), packet[_HEADER.size :]))
        for wish in tuple(self._wishes):
            if self._granted(wish):
                self._wishes.remove(wish)
                wish.told()

    def _granted(self, wish: _Wish) -> bool:
        while not wish.loud and wish.began < len(self.heard):
            if 1 in self.heard[wish.began][1].translate(_LOUD):
                wish.loud = True
            else:
                wish.began += 1
        return wish.loud and len(self.heard) >= wish.began + wish.frames

    def silence(self) -> None:
        """Drop what is still to be sent; whoever waits for it waits no more."""
        for item in self._queue:
            if callable(item):
                item()
        self._queue.clear()

    def tick(self) -> None:
        """Send the next 20 ms, and before them what is injected."""
        while self._injected:
            kind, payload = self._injected.popleft()
            self._transmit(kind, self._now, payload)
        item = self._queue.popleft() if self._queue else self.murmur
        while callable(item):
            item()
            item = self._queue.popleft() if self._queue else self.murmur
        if isinstance(item, bytes):
            self._transmit(0, self._now, item)
        else:
            self._press(item)
        self._now = (self._now + SAMPLES) & 0xFFFFFFFF

    def _press(self, key: _KeyFrame) -> None:
        if key.number == 0:
            self._pressed = self._now
        last = key.number == KEY_FRAMES - 1
        flags = _VOLUME | (_END if last else 0)
        payload = _EVENT.pack(key.event, flags, (key.number + 1) * SAMPLES)
        marker = 0x80 if key.number == 0 else 0
        for _ in range(_ENDS_SENT if last else 1):
            self._transmit(self._key_type | marker, self._pressed, payload)
        if last:
            self.released.append(time.monotonic())

    def _transmit(self, kind: int, timestamp: int, payload: bytes) -> None:
        if self._remote is None:
            return
        self._sequence = (self._sequence + 1) & 0xFFFF
        header = _HEADER.pack(0x80, kind, self._sequence, timestamp, self._source)
        self.sock.sendto(header + payload, self._remote)


def _signal() -> tuple[Told, asyncio.Future[None]]:
    """What the thread calls, and what then is done here."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def finish() -> None:
        if not done.done():
            done.set_result(None)

    return lambda: loop.call_soon_threadsafe(finish) and None, done


class Wires:
    """Many phones' audio, one thread.

    Attributes:
        latest: the most seconds by which a frame was sent late.
    """

    def __init__(self) -> None:
        self.latest = 0.0
        self._poll = select.epoll()
        self._wires: dict[int, Wire] = {}
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="wires", daemon=True)

    def open(self, address: str = "127.0.0.1") -> Wire:
        """A phone's audio, on a free port of an address of the loopback."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        sock.bind((address, 0))
        wire = Wire(sock)
        self._wires[sock.fileno()] = wire
        self._poll.register(sock.fileno(), select.EPOLLIN)
        return wire

    @contextmanager
    def running(self) -> Iterator[Wires]:
        """Play inside."""
        self._thread.start()
        try:
            yield self
        finally:
            self._stopping = True
            self._thread.join()
            for number in list(self._wires):
                self._close(number)
            self._poll.close()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopping:
            for number, _ in self._poll.poll(max(0.0, due - time.monotonic())):
                self._wires[number].receive()
            while due <= time.monotonic():
                self.latest = max(self.latest, time.monotonic() - due)
                for number, wire in list(self._wires.items()):
                    if wire.over:
                        self._close(number)
                    else:
                        wire.tick()
                due += FRAME_SECONDS

    def _close(self, number: int) -> None:
        self._poll.unregister(number)
        wire = self._wires.pop(number)
        wire.silence()
        wire.sock.close()


def decoded(frames: list[bytes]) -> listening.Sound:
    """µ-law frames as a sound."""
    samples, _ = soundfile.read(
        io.BytesIO(b"".join(frames)),
        samplerate=listening.RATE,
        channels=1,
        format="RAW",
        subtype="ULAW",
    )
    return np.asarray(samples, dtype=np.float64)
