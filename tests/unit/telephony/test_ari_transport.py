"""Requests: two routes, one timer, our own errors, and no secret in sight."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from ivrserver.config import AriSettings
from ivrserver.errors import AriRefused, AriUnavailable, ChannelGone
from ivrserver.telephony.client import Ari
from ivrserver.telephony.transport import Transport
from tests.unit.telephony.fake_asterisk import PASSWORD, FakeAsterisk, fake_asterisk


@asynccontextmanager
async def connected(server: FakeAsterisk) -> AsyncIterator[Ari]:
    """A loaded client with its socket attached and read."""
    transport = Transport(server.settings)
    ari = Ari(transport, "ivr-main-1")
    await ari.load()
    socket = await transport.connect("ivr-main-1")
    transport.socket.attach(socket)

    async def read() -> None:
        async for message in socket:
            transport.socket.settle(message.json())
        transport.socket.detach()

    reader = asyncio.create_task(read())
    try:
        yield ari
    finally:
        reader.cancel()
        await asyncio.wait({reader})
        await transport.disconnect(socket)
        await transport.close()


async def test_what_never_blocks_goes_over_the_websocket_and_what_may_by_http() -> None:
    async with fake_asterisk() as server, connected(server) as ari:
        server.seen.clear()
        await ari.play("c;1", "p/1", ["sound:/a b", "sound:/c"])
        await ari.answer("c;1")
        assert server.seen == [
            "WS POST channels/c%3B1/play/p%2F1?media=sound%3A%2Fa%20b%2Csound%3A%2Fc",
            "HTTP POST channels/c;1/answer",
        ]


async def test_when_asterisk_takes_no_http_connection_the_websocket_is_used() -> None:
    async with fake_asterisk() as server, connected(server) as ari:
        server.seen.clear()
        server.full = True
        with capture_logs() as logs:
            await ari.answer("c1")
        assert server.seen == ["WS POST channels/c1/answer"]
        assert [entry["event"] for entry in logs] == ["asterisk_http_refused"]
        server.replies["answer"] = (404, {"message": "not found"})
        with pytest.raises(ChannelGone):
            await ari.answer("c1")
        server.full = False
        del server.replies["answer"]
        await ari.answer("c1")
        assert server.seen[-1] == "HTTP POST channels/c1/answer"


async def test_without_a_websocket_there_is_no_other_way() -> None:
    async with fake_asterisk() as server:
        transport = Transport(server.settings)
        ari = Ari(transport, "ivr-main-1")
        await ari.load()
        server.full = True
        with pytest.raises(AriUnavailable, match="no connection"):
            await ari.answer("c1")
        await transport.close()


@pytest.mark.parametrize("status", [404, 409, 422])
async def test_a_channel_that_moved_on_is_gone(status: int) -> None:
    async with fake_asterisk() as server, connected(server) as ari:
        server.replies["answer"] = server.replies["moh"] = (status, {"message": "not in Stasis"})
        for command in (ari.answer, ari.start_hold):
            with pytest.raises(ChannelGone, match="not in Stasis"):
                await command("c1")


@pytest.mark.parametrize("status", [400, 403, 412, 500, 503])
async def test_other_errors_are_refusals_with_their_status(status: int) -> None:
    async with fake_asterisk() as server, connected(server) as ari:
        server.replies["moh"] = (status, {"error": "no music"})
        with pytest.raises(AriRefused, match="no music") as refused:
            await ari.start_hold("c1")
        assert refused.value.status == status


async def test_a_claim_that_another_won_is_no_error() -> None:
    async with fake_asterisk() as server, connected(server) as ari:
        assert await ari.claim("c1")
        for status in (404, 409):
            server.replies["claim"] = (status, None)
            assert not await ari.claim("c1")


async def test_stopping_what_has_ended_is_no_error() -> None:
    async with fake_asterisk() as server, connected(server) as ari:
        server.replies["p1"] = (404, {"message": "Playback not found"})
        assert not await ari.stop_playback("p1")


async def test_an_operation_that_this_asterisk_lacks_is_told() -> None:
    async with fake_asterisk() as server, connected(server) as ari:
        with pytest.raises(AriRefused, match=r"channels\.record"):
            await ari.record("c", "n", max_seconds=1, silence=0, beep=False, terminator="none")


async def test_no_answer_in_time_is_unavailable() -> None:
    async with fake_asterisk() as server, connected(server) as ari:
        server.mute = True
        with pytest.raises(AriUnavailable, match=r"no answer in 0\.5 s"):
            await ari.ping()


async def test_requests_in_flight_fail_when_the_socket_drops() -> None:
    async with fake_asterisk() as server, connected(server) as ari:
        server.mute = True
        asked = asyncio.create_task(ari.start_hold("c1"))
        await server.until(lambda: any("moh" in request for request in server.seen))
        began = asyncio.get_running_loop().time()
        await server.sockets[0].close()
        with pytest.raises(AriUnavailable):
            await asked
        assert asyncio.get_running_loop().time() - began < 0.3


async def test_a_write_that_blocks_is_given_up_in_time() -> None:
    async with fake_asterisk(deaf=True) as server, connected(server) as ari:
        much = "x" * 200_000
        results = await asyncio.gather(
            *(ari.play("c1", f"p{number}", [much]) for number in range(60)),
            return_exceptions=True,
        )
        assert {type(result) for result in results} == {AriUnavailable}


async def test_a_request_made_while_disconnected_waits_for_the_next_connection() -> None:
    async with fake_asterisk() as server:
        transport = Transport(server.settings)
        ari = Ari(transport, "ivr-main-1")
        await ari.load()
        asked = asyncio.create_task(ari.ping())
        await asyncio.sleep(0.05)
        socket = await transport.connect("ivr-main-1")
        transport.socket.attach(socket)
        transport.socket.settle(await socket.receive_json())
        await asked
        await transport.disconnect(socket)
        await transport.close()


async def test_without_a_server_everything_is_unavailable() -> None:
    transport = Transport(AriSettings(host="127.0.0.1", port=9, request_timeout=0.3))
    with pytest.raises(AriUnavailable, match="no connection"):
        await transport.http.request("GET", "asterisk/ping")
    with pytest.raises(AriUnavailable, match="no connection"):
        await transport.connect("ivr-main-1")
    with pytest.raises(AriUnavailable, match="no connection"):
        await transport.http.warm_up()
    await transport.close()


async def test_the_password_is_in_no_url_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with fake_asterisk() as server, connected(server) as ari:
        await ari.play("c1", "p1", ["digits:47114711"])
        await ari.answer("c1")
        server.replies["answer"] = (500, None)
        with pytest.raises(AriRefused) as refused:
            await ari.answer("c1")
        assert all(header.startswith("Basic ") for header in server.headers)
        encoded = server.headers[0].removeprefix("Basic ")
        said = f"{server.urls} {server.seen} {refused.value!r} {caplog.text}"
        assert PASSWORD not in said
        assert encoded not in said
        assert "47114711" not in caplog.text
