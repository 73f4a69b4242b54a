"""Somebody who sends packets to where another's audio is taken, and counts what comes back."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

_RTP = struct.Struct("!BBHII")
_PATIENCE = 5.0
_MOMENT = 0.02
"""What is sent in one, the kernel hands over."""
STUN_REQUEST = struct.pack("!HH16s", 1, 0, b"\x21\x12\xa4\x42" + b"x" * 12)


def rtp(
    payload: bytes = b"", *, kind: int = 0, first: int = 0x80, number: int = 1, source: int = 0xBAD
) -> bytes:
    """A packet; `first` is its first octet: version, padding, extension and CSRC count."""
    return _RTP.pack(first, kind, number & 0xFFFF, number * 160 & 0xFFFFFFFF, source) + payload


def rtcp(kind: int, words: bytes = b"", *, count: int = 0, length: int | None = None) -> bytes:
    """A report; `length` in words, less one, if it is a lie."""
    said = len(words) // 4 if length is None else length
    return struct.pack("!BBH", 0x80 | count, kind, said) + words


def event(number: int, flags: int = 0x8A, duration: int = 800) -> bytes:
    """What a telephone-event packet carries (RFC 4733)."""
    return struct.pack("!BBH", number, flags, duration)


def stun(attributes: bytes, *, kind: int = 1, length: int | None = None) -> bytes:
    """A STUN message; `length` if it is a lie."""
    said = len(attributes) if length is None else length
    return struct.pack("!HH16s", kind, said, b"\x21\x12\xa4\x42" + b"y" * 12) + attributes


def broken(rng: random.Random) -> Iterator[bytes]:
    """What can be no audio, whoever sends it: too short, or of other versions of RTP."""
    whole = rtp(b"\x00" * 160)
    yield b""
    yield from (whole[:length] for length in range(1, _RTP.size + 1))
    for first in (*range(0, 0x80, 5), *range(0xC0, 0x100, 5)):
        yield rtp(first=first)
        yield rtp(rng.randbytes(172), first=first)
    yield rtp(b"\xbe\xde\xff\xff", first=0x90)  # a header longer than all
    yield rtp(b"\x00" * 20, first=0x8F)  # fifteen sources
    yield rtp(b"\xff", first=0xA0)  # more padding than packet


def garbage(rng: random.Random) -> Iterator[bytes]:
    """What is no RTP, or hardly any."""
    yield from broken(rng)
    yield from (bytes([value]) * 172 for value in (0, 0x7F, 0x80, 0xFF))
    for first in range(0, 256, 5):  # all versions, with padding, extensions and sources
        yield rtp(first=first)
        yield rtp(b"\xff" * 3, first=first)
        yield rtp(rng.randbytes(172), first=first)
    yield rtp(b"\xbe\xde\xff\xff" + b"\x00" * 8, first=0x90)  # a header longer than all
    yield rtp(b"\x00" * 160, first=0x8F)  # fifteen sources
    yield rtp(b"\x00" * 159 + b"\xff", first=0xA0)  # more padding than packet
    yield from (rtp(b"\x00" * 160, kind=kind) for kind in range(128))
    yield rtp(b"\x00" * 60_000)
    yield from (rng.randbytes(rng.randrange(1, 1500)) for _ in range(500))


def reports(rng: random.Random) -> Iterator[bytes]:
    """What is no RTCP, or the end of a party, or of another's stream."""
    for source in (0, 1, 0xBAD, 0xFFFFFFFF):
        ssrc = struct.pack("!I", source)
        yield rtcp(203, ssrc, count=1)
        yield rtcp(203, ssrc + b"\x06hacked\x00", count=1)
        yield rtcp(203, count=31)
        for kind in range(192, 224):
            yield rtcp(kind, ssrc)
            yield rtcp(kind, ssrc * 2 + rng.randbytes(40), count=1)
            yield rtcp(kind, ssrc * 7, count=31)
            yield rtcp(kind, ssrc, length=0xFFFF)
            yield rtcp(kind, ssrc * 12, count=1) + rtcp(203, ssrc, count=1)
    yield from (rng.randbytes(rng.randrange(1, 1500)) for _ in range(500))


def stuns(rng: random.Random) -> Iterator[bytes]:
    """What is no STUN, or more than is good."""
    yield STUN_REQUEST
    for kind in (0, 1, 0x101, 0x111, 0x3FFF):
        yield stun(b"", kind=kind)
        yield stun(b"", kind=kind, length=0xFFFF)
        yield stun(struct.pack("!HH", 6, 0xFFFF), kind=kind)
        yield stun(struct.pack("!HH", 6, 0), kind=kind)
        yield stun(struct.pack("!HH", 6, 4) + b"user", kind=kind)
        yield stun(struct.pack("!HH", 6, 600) + b"u" * 600, kind=kind)
        yield stun(struct.pack("!HH", 1, 8) + b"\x00\x01\x00\x35" + b"\x7f\x00\x00\x42", kind=kind)
        yield from (stun(rng.randbytes(rng.randrange(1200)), kind=kind) for _ in range(50))


class Intruder:
    """One UDP socket.

    Attributes:
        sent: bytes.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self.sent = 0

    @property
    def address(self) -> tuple[str, int]:
        """Its own."""
        host, port = self._sock.getsockname()
        return host, port

    async def send(
        self, packets: Iterable[bytes], target: tuple[str, int], *, per_second: int = 500
    ) -> None:
        """Send them, no faster than that."""
        for number, packet in enumerate(packets, 1):
            self._sock.sendto(packet, target)
            self.sent += len(packet)
            if number % round(per_second * _MOMENT) == 0:
                await asyncio.sleep(_MOMENT)

    async def next(self) -> bytes:
        """The next packet that comes back."""
        async with asyncio.timeout(_PATIENCE):
            return await asyncio.get_running_loop().sock_recv(self._sock, 65536)

    def received(self) -> list[bytes]:
        """All that has come back since the last time."""
        packets = []
        while True:
            try:
                packets.append(self._sock.recv(65536))
            except BlockingIOError:
                return packets


@contextmanager
def intruder(address: str) -> Iterator[Intruder]:
    """Somebody at a free port of an address of the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind((address, 0))
        yield Intruder(sock)
