"""Only the public Internet is called, whatever an address looks like."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrserver.blocks import WebhookMethod
from ivrserver.config import WebhookSettings
from ivrserver.flow.ports import WebhookRequest
from ivrserver.webhooks.client import HttpWebhookClient
from ivrserver.webhooks.guard import guarded_socket, is_public
from tests.fakes import FakeClock
from tests.unit.webhooks.servers import Exchange, serving


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.8.8.8",
     "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1",
     "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250",
     "233.252.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
     "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
     "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1",
     "2001::1", "2001:db8::1", "100::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1",
     "ff02::1", "ff0e::1", "3fff::1"],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "100.63.0.1", "100.128.0.1", "172.32.0.1", "198.20.0.1",
     "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)  # fmt: skip
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_an_address_is_as_public_inside_ipv6_as_outside(address) -> None:
    assert is_public(ip_address(f"::ffff:{address}")) == is_public(address)


@pytest.mark.parametrize(
    "info",
    [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)),
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1%eth0", 80, 0, 2)),
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::ffff:127.0.0.1", 80, 0, 0)),
    ],
)
def test_no_socket_is_made_for_them(info: aiohttp.AddrInfoType) -> None:
    with pytest.raises(OSError, match="not a public address"):
        guarded_socket(info)


def test_a_socket_is_made_for_a_public_address() -> None:
    with guarded_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 80))) as made:
        assert made.type == socket.SOCK_STREAM


def order(url: str) -> WebhookRequest:
    return WebhookRequest(webhook_id="m", method=WebhookMethod.GET, url=url, parameters=())


async def answer(exchange: Exchange) -> None:
    await exchange.reply(b"inside")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "0", "0.0.0.0",
     "[::1]", "[::ffff:127.0.0.1]", "127.0.0.1.", "①②⑦.⓪.⓪.①"],
)  # fmt: skip
async def test_no_notation_of_loopback_gets_through(host: str) -> None:
    async with (
        serving(answer) as server,
        HttpWebhookClient(WebhookSettings(total_timeout=3), FakeClock()) as client,
    ):
        result = await client.send(order(f"http://{host}:{server.port}/"))
    assert server.connections == 0
    assert result.error
    assert not result.sent


async def test_the_refusal_says_which_setting_permits_it() -> None:
    async with (
        serving(answer) as server,
        HttpWebhookClient(WebhookSettings(), FakeClock()) as client,
    ):
        result = await client.send(order(server.url))
    assert result.error == (
        f"127.0.0.1:{server.port} is not on the public Internet: not called "
        "(the setting webhook.allow_private permits it)"
    )
