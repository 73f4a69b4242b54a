"""Whatever the far end does, there is a result that says what happened."""

from __future__ import annotations

import asyncio
import zlib

import pytest

from ivrserver.blocks import WebhookMethod
from ivrserver.webhooks.client import HttpWebhookClient
from tests.unit.webhooks.servers import PRIVATE, Exchange, order, serving


async def test_a_good_reply_is_read_whole(client: HttpWebhookClient) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.reply(
            "<é/>".encode("latin-1"), b"Content-Type: Text/XML; charset=Latin-1\r\n"
        )

    async with serving(temper) as server:
        result = await client.send(order(server.url))
    assert (result.status, result.error, result.sent) == (200, "", True)
    assert result.body == b"<\xe9/>"
    assert (result.content_type, result.charset.lower()) == ("text/xml", "latin-1")
    assert 0 < result.seconds < 1


async def test_what_the_server_does_not_say_stays_empty(client: HttpWebhookClient) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.reply(b"hello")

    async with serving(temper) as server:
        result = await client.send(order(server.url))
    assert (result.content_type, result.charset) == ("", "")


@pytest.mark.parametrize("kind", [b"", b";", b'\xff/;charset="', b"a;charset=;;=", b"text"])
async def test_a_garbled_content_type_does_no_harm(client: HttpWebhookClient, kind: bytes) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.reply(b"hello", b"Content-Type: " + kind + b"\r\n")

    async with serving(temper) as server:
        result = await client.send(order(server.url))
    assert (result.body, result.error) == (b"hello", "")


async def test_a_reply_of_no_content_is_empty(client: HttpWebhookClient) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.say(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with serving(temper) as server:
        result = await client.send(order(server.url))
    assert (result.status, result.body, result.error) == (204, b"", "")


async def test_an_old_server_s_reply_ends_with_its_connection(client: HttpWebhookClient) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.say(b"HTTP/1.0 200 OK\r\n\r\nhello")
        exchange.writer.close()

    async with serving(temper) as server:
        result = await client.send(order(server.url))
    assert (result.body, result.error) == (b"hello", "")


async def test_a_server_error_is_an_error_whose_body_is_kept(client: HttpWebhookClient) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.reply(b"oops", status=b"500 Whatever")

    async with serving(temper) as server:
        result = await client.send(order(server.url))
    assert (result.status, result.body) == (500, b"oops")
    assert result.error == "the server answered 500 Internal Server Error"


async def test_a_redirect_is_reported_and_not_followed(client: HttpWebhookClient) -> None:
    async def temper(exchange: Exchange) -> None:
        place = b"http://u:pw@127.0.0.1:%d/inside?token=1" % exchange.server.port
        await exchange.reply(head=b"Location: " + place + b"\r\n", status=b"302 Found")

    async with serving(temper) as server:
        result = await client.send(order(server.url, WebhookMethod.GET))
    assert len(server.requests) == 1
    assert result.status == 302
    assert f"302 Found to http://127.0.0.1:{server.port}/inside;" in result.error
    assert "token" not in result.error
    assert "pw" not in result.error


async def test_a_server_that_says_nothing_is_given_up(client: HttpWebhookClient) -> None:
    async def temper(exchange: Exchange) -> None:
        await asyncio.sleep(5)

    async with serving(temper) as server:
        result = await client.send(order(server.url))
    assert (result.status, result.sent) == (None, True)
    assert result.error == "no complete reply within 0.6 s"
    assert 0.5 < result.seconds < 1.5


async def test_a_reply_that_drips_for_ever_is_given_up(client: HttpWebhookClient) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.say(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await exchange.say(b".")
            await asyncio.sleep(0.02)

    async with serving(temper) as server:
        result = await client.send(order(server.url))
    assert (result.status, result.sent) == (200, True)
    assert result.error == "no complete reply within 0.6 s"


async def test_headers_that_never_end_are_given_up(client: HttpWebhookClient) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.say(b"HTTP/1.1 200 OK\r\n")
        while True:
            await exchange.say(b"X-More: yes\r\n")
            await asyncio.sleep(0.002)

    async with serving(temper) as server:
        result = await client.send(order(server.url))
    assert result.error
    assert result.sent


@pytest.mark.parametrize("head", [b"", b"Content-Length: 1000000000\r\n"])
async def test_a_gigabyte_is_cut_at_the_cap(client: HttpWebhookClient, head: bytes) -> None:
    written = 0

    async def temper(exchange: Exchange) -> None:
        nonlocal written
        await exchange.say(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        while written < 1_000_000_000:
            await exchange.say(b"x" * 65536)
            written += 65536

    async with serving(temper) as server:
        result = await client.send(order(server.url))
        await asyncio.sleep(0.05)
    assert result.error == "the reply is larger than 2,048 bytes"
    assert len(result.body) == 2048
    assert written < 20_000_000


async def test_a_reply_of_exactly_the_cap_is_whole(client: HttpWebhookClient) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.reply(b"x" * 2048)

    async with serving(temper) as server:
        result = await client.send(order(server.url))
    assert (len(result.body), result.error) == (2048, "")


def compressed(data: bytes, wbits: int) -> bytes:
    stream = zlib.compressobj(9, wbits=wbits)
    return stream.compress(data) + stream.flush()


@pytest.mark.parametrize(
    ("encoding", "wbits"), [(b"gzip", 31), (b"GZip", 31), (b"deflate", 15), (b"deflate", -15)]
)
async def test_a_compressed_reply_is_understood(
    client: HttpWebhookClient, encoding: bytes, wbits: int
) -> None:
    async def temper(exchange: Exchange) -> None:
        head = b"Content-Encoding: " + encoding + b"\r\n"
        await exchange.reply(compressed(b"<action/>" * 20, wbits), head)

    async with serving(temper) as server:
        result = await client.send(order(server.url))
    assert (result.body, result.error) == (b"<action/>" * 20, "")


@pytest.mark.parametrize(
    ("encoding", "body", "error"),
    [
        (b"gzip", compressed(b"\0" * 2_000_000, 31), "larger than 2,048 bytes"),
        (b"gzip", compressed(b"hello", 31)[:-9], "cut off"),
        (b"gzip", b"not gzip", "broken"),
        (b"br", b"\x8b\x02\x80hello\x03", "compressed (br)"),
    ],
)
async def test_a_compressed_reply_that_cannot_be_used_is_explained(
    client: HttpWebhookClient, encoding: bytes, body: bytes, error: str
) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.reply(body, b"Content-Encoding: " + encoding + b"\r\n")

    async with serving(temper) as server:
        result = await client.send(order(server.url))
    assert error in result.error
    assert len(result.body) <= 2048


@pytest.mark.parametrize(
    "garbage",
    [b"hello\r\n\r\n", b"\x16\x03\x01\x02\x00" * 20, b"HTTP/1.1 abc\r\n\r\n",
     b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
     b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", b"SSH-2.0-x\r\n"],
)  # fmt: skip
async def test_garbage_is_explained(client: HttpWebhookClient, garbage: bytes) -> None:
    async def temper(exchange: Exchange) -> None:
        await exchange.say(garbage)
        await asyncio.sleep(0.05)
        exchange.writer.close()

    async with serving(temper) as server:
        result = await client.send(order(server.url))
    assert result.error
    assert result.sent
    assert PRIVATE[1] not in repr(result)
