"""Connections that are refused, kept, lost or not to be trusted, and whether a request was sent."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from ivrserver.blocks import WebhookMethod
from ivrserver.config import WebhookSettings
from ivrserver.webhooks.client import HttpWebhookClient
from tests.fakes import FakeClock
from tests.unit.webhooks.servers import Exchange, order, reset, serving


@pytest.mark.parametrize("abrupt", [True, False])
async def test_a_connection_lost_in_the_middle_of_the_reply_is_explained(
    client: HttpWebhookClient, abrupt: bool
) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.say(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")
        await asyncio.sleep(0.05)
        reset(exchange.writer) if abrupt else exchange.writer.close()

    async with serving(temper) as server:
        result = await client.send(order(server.url))
    assert result.error == "the server closed the connection in the middle of its reply"
    assert result.sent


@pytest.mark.parametrize("abrupt", [True, False])
async def test_a_new_connection_closed_without_a_reply_counts_as_sent(
    client: HttpWebhookClient, abrupt: bool
) -> None:
    async def temper(exchange: Exchange) -> None:
        reset(exchange.writer) if abrupt else exchange.writer.close()

    async with serving(temper) as server:
        result = await client.send(order(server.url))
    assert "connection" in result.error
    assert result.sent


async def test_connections_are_kept_and_used_again(client: HttpWebhookClient) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.reply(b"ok")

    async with serving(temper) as server:
        for _ in range(3):
            assert (await client.send(order(server.url))).error == ""
    assert (server.connections, len(server.requests)) == (1, 3)


async def test_a_connection_the_server_closed_while_idle_is_not_used(
    client: HttpWebhookClient,
) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.reply(b"ok")
        exchange.writer.close()

    async with serving(temper) as server:
        await client.send(order(server.url))
        await asyncio.sleep(0.02)
        assert (await client.send(order(server.url))).error == ""
    assert server.connections == 2


@pytest.mark.parametrize("abrupt", [True, False])
async def test_a_kept_connection_closed_just_as_the_request_comes_counts_as_unsent(
    client: HttpWebhookClient, abrupt: bool
) -> None:
    async def temper(exchange: Exchange) -> None:
        if len(exchange.server.requests) == 1:
            await exchange.reply(b"ok")
        else:  # the close and the request have crossed on their way
            reset(exchange.writer) if abrupt else exchange.writer.close()

    async with serving(temper) as server:
        await client.send(order(server.url))
        result = await client.send(order(server.url))
    assert result.error
    assert not result.sent


async def test_a_get_on_a_kept_connection_is_made_again_at_once(client: HttpWebhookClient) -> None:
    async def temper(exchange: Exchange) -> None:
        if len(exchange.server.requests) == 2:
            exchange.writer.close()
        else:
            await exchange.reply(b"ok")

    async with serving(temper) as server:
        await client.send(order(server.url, WebhookMethod.GET))
        result = await client.send(order(server.url, WebhookMethod.GET))
    assert result.error == ""
    assert len(server.requests) == 3


async def test_nobody_listening_means_nothing_was_sent(client: HttpWebhookClient) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = await client.send(order(f"http://127.0.0.1:{port}/?token=1"))
    assert result.error == f"cannot connect to 127.0.0.1:{port}: connection refused"
    assert not result.sent


async def test_a_name_that_does_not_exist_means_nothing_was_sent(
    client: HttpWebhookClient,
) -> None:
    result = await client.send(order("http://nobody.invalid/?token=1"))
    assert not result.sent
    assert "nobody.invalid" in result.error
    assert "token" not in result.error


async def test_a_host_that_does_not_take_the_connection_is_given_up() -> None:
    limits = WebhookSettings(connect_timeout=0.2, total_timeout=5, allow_private=True)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        place = full.getsockname()
        crowd = [socket.socket() for _ in range(4)]
        for one in crowd:  # fill the backlog: further connections get no answer
            one.setblocking(False)
            one.connect_ex(place)
        async with HttpWebhookClient(limits, FakeClock()) as client:
            result = await client.send(order(f"http://127.0.0.1:{place[1]}/"))
        for one in crowd:
            one.close()
    assert result.error == f"no connection to 127.0.0.1:{place[1]} within 0.2 s"
    assert not result.sent


async def test_an_unusable_url_or_secret_is_an_error_of_the_settings(
    client: HttpWebhookClient,
) -> None:
    result = await client.send(order("gopher://x/"))
    assert (result.error, result.sent) == ("the URL must begin with http:// or https://", False)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's identity that nobody vouches for."""
    folder: Path = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-subj", "/CN=elsewhere.example", "-days", "2",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    client: HttpWebhookClient, tls: ssl.SSLContext
) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.reply(b"ok")

    async with serving(temper, tls) as server:
        result = await client.send(order(f"https://127.0.0.1:{server.port}/"))
    assert "certificate of 127.0.0.1" in result.error
    assert "self" in result.error
    assert not result.sent


async def test_tls_spoken_to_a_plain_server_is_explained(client: HttpWebhookClient) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.reply(b"ok")

    async with serving(temper) as server:
        server_url = f"https://127.0.0.1:{server.port}/"
        result = await client.send(order(server_url))
    assert result.error
    assert not result.sent


async def test_hanging_up_interrupts_the_request(client: HttpWebhookClient) -> None:
    async def temper(exchange: Exchange) -> None:
        await asyncio.sleep(5)

    async with serving(temper) as server:
        sending = asyncio.create_task(client.send(order(server.url)))
        await asyncio.sleep(0.05)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending


async def test_no_cookie_passes_from_one_call_to_the_next(client: HttpWebhookClient) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.reply(b"ok", b"Set-Cookie: caller=1\r\n")

    async with serving(temper) as server:
        await client.send(order(server.url))
        await client.send(order(server.url))
    assert b"ookie" not in server.requests[1]
