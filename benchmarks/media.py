"""The phones' audio: one process that plays all callers.

Each call has a UDP port of its own. SIPp tells through a named pipe when it is answered and where
Asterisk wants its audio; from then on it sends 50 packets a second until Asterisk has closed its
port. (A phone that waited for Asterisk's first packet would make
Asterisk wait half a second: on answering it waits for audio, so long at most.) Every packet
that arrives is compared with the frames of the prompts, so it is known to the frame when a prompt
began and when it fell silent. Keys are sent as RFC 4733 says.

Run as ``python -m benchmarks.media PIPE``: reads an `Orders` as one line of JSON, prints the ports
as one, and after the next line (or the end) of its input prints the `Report` of each call. Times
are those of `time.time`.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import select
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from benchmarks.sound import FRAME_SECONDS, Position, positions

_FIRST_PORT: Final = 10000
_LAST_PORT: Final = 15998
_QUIET_SECONDS: Final = 30.0
_SAMPLES: Final = 160
_PHASES: Final = 20
_EVENTS: Final = "0123456789*#ABCD"
_ULAW: Final = 0
_TELEPHONE_EVENT: Final = 101
_MARKER: Final = 0x80
_HEADER: Final = struct.Struct("!BBHII")
_EVENT: Final = struct.Struct("!BBH")
_END: Final = 0x80
_VOLUME: Final = 10
_SOUND: Final = bytes(range(0x20, 0x70)) * 2


@dataclass(frozen=True, slots=True)
class Orders:
    """What to do.

    Attributes:
        prompts: the frames of each prompt, as hexadecimal digits.
        keys: for each call and prompt the keys to press, perhaps none.
        after: for each call and prompt the seconds from its start to the first key.
        held: for how many packets of 20 ms a key is held, at least 1.
        pause: how many packets of sound come between two keys, at least 1.
    """

    prompts: Sequence[Sequence[str]]
    keys: Sequence[Sequence[str]]
    after: Sequence[Sequence[float]]
    held: int
    pause: int


@dataclass(slots=True)
class Report:
    """What one phone heard and did. Each list has one entry per prompt; a time of 0: never.

    Attributes:
        first_packet: arrival of the first packet.
        last_packet: arrival of the last.
        frames: how many frames of the prompt came.
        began: arrival of the prompt's first frame, computed from the first frame recognised.
        heard: arrival of the last recognised frame of the prompt.
        pressed: start of the first key.
        released: end of the first key.
        answered: end of the last key.
    """

    first_packet: float = 0.0
    last_packet: float = 0.0
    received: int = 0
    sent: int = 0
    frames: list[int] = field(default_factory=list)
    began: list[float] = field(default_factory=list)
    heard: list[float] = field(default_factory=list)
    pressed: list[float] = field(default_factory=list)
    released: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)

    @classmethod
    def of(cls, prompts: int) -> Report:
        """The report of a call of that many prompts, before it begins."""
        began, heard, pressed, released, answered = ([0.0] * prompts for _ in range(5))
        return cls(0.0, 0.0, 0, 0, [0] * prompts, began, heard, pressed, released, answered)


def key_packets(key: str, held: int) -> Iterator[tuple[bytes, ...]]:
    """The RFC 4733 payloads of one key, 20 ms apart; the last entry holds the three end packets."""
    event = _EVENTS.index(key)
    for packet in range(1, held + 1):
        yield (_EVENT.pack(event, _VOLUME, packet * _SAMPLES),)
    end = _EVENT.pack(event, _END | _VOLUME, held * _SAMPLES)
    yield (end, end, end)


class Phone:
    """One call's audio."""

    __slots__ = (
        "_after", "_due", "_event_start", "_held", "_keys", "_pause", "_prompt", "_queue",
        "_sequence", "_time", "alive", "report", "sock",
    )  # fmt: skip

    def __init__(self, sock: socket.socket, orders: Orders, call: int) -> None:
        keys = orders.keys[call]
        self.sock = sock
        self.alive = False
        self.report = Report.of(len(keys))
        self._keys = keys
        self._after = orders.after[call]
        self._held = orders.held
        self._pause = orders.pause
        self._prompt = -1
        self._due = 0.0
        self._queue: deque[tuple[bytes, ...] | None] = deque()
        self._sequence = 0
        self._time = 0
        self._event_start = 0

    def start(self, port: int) -> None:
        """Begin to send to that port of 127.0.0.1."""
        self.sock.connect(("127.0.0.1", port))
        self.report.last_packet = time.time()
        self.alive = True

    def receive(self, frames: Mapping[bytes, Position]) -> None:
        """Take one packet."""
        packet = self.sock.recv(2048)
        now = time.time()
        report = self.report
        if not report.received:
            report.first_packet = now
        report.last_packet = now
        report.received += 1
        where = frames.get(packet[12:])
        if where is not None:
            prompt = where.prompt
            report.heard[prompt] = now
            report.frames[prompt] += 1
            if not report.began[prompt]:
                report.began[prompt] = now - where.frame * FRAME_SECONDS
                if self._keys[prompt]:
                    self._prompt = prompt
                    self._due = report.began[prompt] + self._after[prompt]

    def send(self, now: float) -> None:
        """Send what is due in this 20 ms: sound or a key."""
        if now - self.report.last_packet > _QUIET_SECONDS:
            self.alive = False
            return
        if self._due and now >= self._due:
            self._due = 0.0
            for key in self._keys[self._prompt]:
                self._queue.extend(key_packets(key, self._held))
                self._queue.extend([None] * self._pause)
        self._time = (self._time + _SAMPLES) & 0xFFFFFFFF
        payloads = self._queue.popleft() if self._queue else None
        if payloads is None:
            self._transmit(_ULAW, self._time, _SOUND)
            return
        duration = _EVENT.unpack(payloads[0])[2]
        if duration == _SAMPLES and len(payloads) == 1:
            self._event_start = self._time
            if not self.report.pressed[self._prompt]:
                self.report.pressed[self._prompt] = now
        elif len(payloads) > 1:
            if not self.report.released[self._prompt]:
                self.report.released[self._prompt] = now
            self.report.answered[self._prompt] = now
        marker = _MARKER if duration == _SAMPLES and len(payloads) == 1 else 0
        for payload in payloads:
            self._transmit(marker | _TELEPHONE_EVENT, self._event_start, payload)

    def _transmit(self, kind: int, timestamp: int, payload: bytes) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        packet = _HEADER.pack(0x80, kind, self._sequence, timestamp, id(self) & 0xFFFFFFFF)
        self.sock.send(packet + payload)
        self.report.sent += 1


class Engine:
    """All phones of one run, in one loop without threads."""

    def __init__(self, orders: Orders) -> None:
        prompts = [[bytes.fromhex(frame) for frame in frames] for frames in orders.prompts]
        self._frames = positions(prompts)
        self._phones: dict[int, Phone] = {}
        self._phases: list[list[Phone]] = [[] for _ in range(_PHASES)]
        self.lateness: list[float] = []
        self.ports: list[int] = []
        port = _FIRST_PORT
        for call in range(len(orders.keys)):
            sock, port = _bound(port)
            self.ports.append(port)
            self._phones[sock.fileno()] = Phone(sock, orders, call)
            port += 2

    @property
    def reports(self) -> list[Report]:
        """What each phone has heard and done so far, in the order of the calls."""
        return [phone.report for phone in self._phones.values()]

    def run(self, until: int, answers: int) -> None:
        """Play all phones.

        Args:
            until: the file descriptor that ends it by having something to read, or being closed.
            answers: the named pipe: lines of a call's number, from 1, and Asterisk's audio port.
        """
        poll = select.epoll()
        for number in (until, answers, *self._phones):
            poll.register(number, select.EPOLLIN)
        phones = list(self._phones.values())
        begun = b""
        tick = int(time.time() * 1000)
        while True:
            for number, _ in poll.poll(0.001):
                if number == until:
                    return
                if number == answers:
                    *lines, begun = (begun + os.read(answers, 65536)).split(b"\n")
                    for call, port in (line.split() for line in lines):
                        phones[int(call) - 1].start(int(port))
                        self._phases[tick % _PHASES].append(phones[int(call) - 1])
                    continue
                try:
                    self._phones[number].receive(self._frames)
                except OSError:
                    self._phones[number].alive = False
            now = time.time()
            while tick <= now * 1000:
                self._send(tick % _PHASES, now)
                if tick % 1000 == 0:
                    self.lateness.append(now - tick / 1000)
                tick += 1

    def _send(self, phase: int, now: float) -> None:
        for phone in self._phases[phase]:
            try:
                phone.send(now)
            except OSError:
                phone.alive = False
        if not all(phone.alive for phone in self._phases[phase]):
            self._phases[phase] = [phone for phone in self._phases[phase] if phone.alive]


def _bound(port: int) -> tuple[socket.socket, int]:
    """A socket on the first free even port from `port` on."""
    while port <= _LAST_PORT:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            sock.close()
            port += 2
            continue
        return sock, port
    raise SystemExit("no free audio ports left for the phones")


def main() -> None:
    """Read the orders, play the phones, print what they heard."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    orders: dict[str, Any] = json.loads(sys.stdin.readline())
    engine = Engine(Orders(**orders))
    answers = os.open(sys.argv[1], os.O_RDWR | os.O_NONBLOCK)
    print(json.dumps(engine.ports), flush=True)
    gc.freeze()
    gc.disable()
    engine.run(sys.stdin.fileno(), answers)
    reports = [asdict(report) for report in engine.reports]
    print(json.dumps({"reports": reports, "lateness": engine.lateness}), flush=True)


if __name__ == "__main__":
    main()
