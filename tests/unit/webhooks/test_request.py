"""The bytes that leave: exactly as the reference shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from ivrserver.blocks import WebhookMethod
from ivrserver.flow.ports import WebhookRequest
from ivrserver.webhooks.client import HttpWebhookClient
from ivrserver.webhooks.request import UnusableRequest, place, wire_request
from tests.unit.webhooks.servers import Exchange, serving

NOW = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
GET, POST = WebhookMethod.GET, WebhookMethod.POST


def order(url: str, method: WebhookMethod = GET, *parameters: tuple[str, str], secret: str = ""):
    return WebhookRequest(
        webhook_id="msg_1", method=method, url=url, parameters=parameters, secret=secret
    )


def sent_url(url: str, *parameters: tuple[str, str], method: WebhookMethod = GET) -> str:
    return str(wire_request(order(url, method, *parameters), NOW).url)


def test_the_reference_s_own_example() -> None:
    assert (
        sent_url("https://www.example.com/listener.php?auth=abc123", ("qos", "5"))
        == "https://www.example.com/listener.php?auth=abc123&qos=5"
    )


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://h.example", "http://h.example/?q=5"),
        ("http://h.example/?", "http://h.example/?q=5"),
        ("http://h.example/?a", "http://h.example/?a&q=5"),
        ("http://h.example/?a=1&", "http://h.example/?a=1&q=5"),
        ("http://h.example/?b=2&a=1&b=1", "http://h.example/?b=2&a=1&b=1&q=5"),
        ("http://h.example/?a=%7e+%41&b[]=1", "http://h.example/?a=%7e+%41&b[]=1&q=5"),
        ("http://h.example/%7Euser/../x//y?z", "http://h.example/%7Euser/../x//y?z&q=5"),
        ("http://h.example/x#part", "http://h.example/x?q=5"),
        ("http://h.example/x?a=1#p?art", "http://h.example/x?a=1&q=5"),
        ("http://h.example/a b?c=d é", "http://h.example/a%20b?c=d%20%C3%A9&q=5"),
        ("HTTP://H.example:8080/X", "http://h.example:8080/X?q=5"),
        ("http://münchen.example/", "http://xn--mnchen-3ya.example/?q=5"),
        ("http://[2001:db8::1]:81/x", "http://[2001:db8::1]:81/x?q=5"),
        (" http://h.example/x ", "http://h.example/x?q=5"),
    ],
)
def test_the_url_s_own_parts_stay_as_they_are(url: str, sent: str) -> None:
    assert sent_url(url, ("q", "5")) == sent


def test_a_get_without_parameters_is_the_url_itself() -> None:
    assert sent_url("http://h.example/x?a=1") == "http://h.example/x?a=1"


@pytest.mark.parametrize(
    "url",
    ["", "h.example", "ftp://h.example/", "http://", "http:///x", "http://h:0/", "http://h:x/",
     "http://[::1/", "http://user:secret@h.example/", "http://a b/", "file:///etc/passwd"],
)  # fmt: skip
def test_what_is_no_web_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(UnusableRequest) as caught:
        wire_request(order(url), NOW)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("secret", ["whsec_", "hello!", "whsec_aGk=", "é"])
def test_a_bad_secret_is_refused_without_repeating_it(secret: str) -> None:
    with pytest.raises(UnusableRequest, match="the secret must be"):
        wire_request(order("http://h.example/", secret=secret), NOW)


@given(st.text(max_size=40))
def test_every_text_is_a_url_or_refused(text: str) -> None:
    for candidate in (text, f"http://h.example/{text}", f"http://{text}/"):
        try:
            wire = wire_request(order(candidate, GET, ("q", text)), NOW)
        except UnusableRequest:
            continue
        assert str(wire.url).isascii()
        assert not {" ", "\r", "\n", "#"} & set(str(wire.url))


def test_a_url_is_shown_without_query_and_credentials() -> None:
    assert place("https://u:p@h.example:1/x/y?secret=1#f") == "https://h.example:1/x/y"


async def answer(exchange: Exchange) -> None:
    await exchange.reply(b"ok")


def head_and_body(request: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert len(headers) == len(lines)
    return first, headers, body


async def test_a_get_on_the_wire(client: HttpWebhookClient) -> None:
    async with serving(answer) as server:
        url = f"{server.url}listener.php?auth=abc123&b=%7e"
        await client.send(order(url, GET, ("qos", "5"), ("name", "Zoë & Co"), ("empty", "")))
    first, headers, body = head_and_body(server.requests[0])
    assert first == (
        "GET /listener.php?auth=abc123&b=%7e&qos=5&name=Zo%C3%AB+%26+Co&empty= HTTP/1.1"
    )
    assert body == b""
    assert headers == {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": "ivrserver/0.1.0",
        "accept": "*/*",
        "accept-encoding": "identity",
        "webhook-id": "msg_1",
    }


async def test_a_post_on_the_wire(client: HttpWebhookClient) -> None:
    async with serving(answer) as server:
        url = f"{server.url}listener.php?auth=abc123"
        await client.send(order(url, POST, ("qos", "5"), ("p", "a|b||c|d\n é"), ("qos", "6")))
    first, headers, body = head_and_body(server.requests[0])
    assert first == "POST /listener.php?auth=abc123 HTTP/1.1"
    assert body == b"qos=5&p=a%7Cb%7C%7Cc%7Cd%0A+%C3%A9&qos=6"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert headers["content-length"] == str(len(body))


async def test_a_signed_post_is_verified_by_the_specification_s_own_library(
    client: HttpWebhookClient,
) -> None:
    async with serving(answer) as server:
        await client.send(order(server.url, POST, ("qos", "5"), secret=SECRET))
    _, headers, body = head_and_body(server.requests[0])
    assert (
        Webhook(SECRET).sign("msg_1", _stamp(headers), body.decode())
        == (headers["webhook-signature"])
    )


async def test_of_a_signed_get_the_query_string_is_signed(client: HttpWebhookClient) -> None:
    async with serving(answer) as server:
        await client.send(order(f"{server.url}x?a=%7e", GET, ("qos", "5"), secret=SECRET))
    first, headers, _ = head_and_body(server.requests[0])
    query = first.split(" ")[1].partition("?")[2]
    assert query == "a=%7e&qos=5"
    assert Webhook(SECRET).sign("msg_1", _stamp(headers), query) == headers["webhook-signature"]


@pytest.mark.parametrize("method", [GET, POST])
def test_a_traced_request_differs_by_one_header_alone(method: WebhookMethod) -> None:
    plain = order("https://h.example/x?a=1", method, ("qos", "5"), secret=SECRET)
    place = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    traced = replace(plain, traceparent=place)
    wire, wire_traced = wire_request(plain, NOW), wire_request(traced, NOW)
    assert wire_traced == replace(wire, headers={**wire.headers, "traceparent": place})


def _stamp(headers: dict[str, str]) -> datetime:
    return datetime.fromtimestamp(int(headers["webhook-timestamp"]), tz=UTC)
