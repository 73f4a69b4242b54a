"""Whatever the far end does, there is a result that says what happened."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

from ivrserver.blocks import WebhookMethod
from ivrserver.config import WebhookSettings
from ivrserver.flow.ports import WebhookRequest
from ivrserver.webhooks.client import HttpWebhookClient
from tests.fakes import FakeClock
from tests.unit.webhooks.servers import Exchange, serving

PRIVATE = ("pin", "31337")


def order(url: str, method: WebhookMethod = WebhookMethod.POST) -> WebhookRequest:
    return WebhookRequest(webhook_id="msg_1", method=method, url=url, parameters=(PRIVATE,))


def reset(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()


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
    assert "31337" not in repr(result)


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
