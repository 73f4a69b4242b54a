"""Messages that are no SIP, or hardly any, by UDP and TCP, from strangers and from the carrier."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from tests.telephony.attacks.fortress import CARRIER, STRANGER, Fortress
from tests.telephony.attacks.stranger import status, still_serves, stranger
from tests.telephony.attacks.torture import MESSAGES

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

HEADERS = 20_000
IDLE = 1000
READ_SECONDS = 0.5


async def by_tcp(fortress: Fortress, address: str, data: bytes) -> None:
    """Send it on a connection of its own, and read what comes until Asterisk is silent."""
    port = fortress.house.settings.sip.port
    with suppress(OSError, TimeoutError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        try:
            writer.write(data)
            async with asyncio.timeout(READ_SECONDS):
                await writer.drain()
                while await reader.read(65536):
                    pass
        finally:
            writer.transport.abort()


@pytest.mark.parametrize("address", [STRANGER, CARRIER])
async def test_no_torture_message_harms_us_by_udp(fortress: Fortress, address: str) -> None:
    assert len(MESSAGES) == 49
    async with stranger(fortress, address) as somebody:
        for name, message in MESSAGES.items():
            somebody.send(message)
            # What was sent before has been read.
            assert status(await somebody.ask(somebody.request("OPTIONS", "8008", name))) in (
                200,
                401,
            )
    await still_serves(fortress)


@pytest.mark.parametrize("address", [STRANGER, CARRIER])
async def test_no_torture_message_harms_us_by_tcp(fortress: Fortress, address: str) -> None:
    messages = [each.replace(b"/UDP", b"/TCP") for each in MESSAGES.values()]
    halves = [each[: len(each) // 2] for each in messages]
    await asyncio.gather(*(by_tcp(fortress, address, each) for each in messages + halves))
    await still_serves(fortress)


@pytest.mark.parametrize("address", [STRANGER, CARRIER])
async def test_nothing_oversized_is_taken(fortress: Fortress, address: str) -> None:
    async with stranger(fortress, address) as somebody:
        whole = somebody.request("INVITE", "8008", "2125550123")
        long = [
            somebody.request("INVITE", "8" * 50_000, "2125550123"),
            somebody.request("INVITE", "8008", "x" * 50_000),
            whole.replace(b"Max-Forwards", b"X: y\r\n" * 9_000 + b"Max-Forwards"),
            whole.replace(
                b"Max-Forwards", b"v: SIP/2.0/UDP 192.0.2.1\r\n" * 2_000 + b"Max-Forwards"
            ),
            somebody.request(
                "INVITE", "8008", "1", body="v=0\r\n" + "m=audio 0 RTP/AVP 0\r\n" * 2500
            ),
        ]
        for message in long:
            somebody.send(message)
        assert status(await somebody.ask(somebody.request("OPTIONS", "8008", "x"))) in (200, 401)
    endless = b"INVITE sip:8008@127.0.0.1 SIP/2.0\r\n" + b"X-More: and more\r\n" * HEADERS
    negative = whole.replace(b"Content-Length: 0", b"Content-Length: 2147483648")
    blank = b"\r\n" * 100_000
    tricks = [endless, negative, blank, bytes(range(256)) * 400, *long]
    await asyncio.gather(*(by_tcp(fortress, address, trick) for trick in tricks))
    await still_serves(fortress)


async def test_connections_that_say_nothing_keep_nobody_out(fortress: Fortress) -> None:
    port = fortress.house.settings.sip.port
    idle = await asyncio.gather(
        *(asyncio.open_connection("127.0.0.1", port, local_addr=(STRANGER, 0)) for _ in range(IDLE))
    )
    try:
        await still_serves(fortress)
    finally:
        for _, writer in idle:
            writer.transport.abort()
