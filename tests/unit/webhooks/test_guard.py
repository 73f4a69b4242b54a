"""Only the public Internet is called, whatever an address looks like."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from ipaddress import ip_address

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from ivrserver.blocks import WebhookMethod
from ivrserver.config import WebhookSettings
from ivrserver.flow.ports import WebhookRequest
from ivrserver.webhooks.client import HttpWebhookClient
from ivrserver.webhooks.guard import Guard, is_public
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
    with pytest.raises(OSError, match="is not called"):
        Guard(WebhookSettings()).socket(info)


def test_a_socket_is_made_for_a_public_address() -> None:
    info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 80))
    with Guard(WebhookSettings()).socket(info) as made:
        assert made.type == socket.SOCK_STREAM


METADATA = ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"]
INSIDE = ["127.0.0.1", "10.1.2.3", "172.20.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd12::1"]


@pytest.mark.parametrize("address", [*INSIDE, "::ffff:10.1.2.3", "64:ff9b::a01:203"])
def test_private_addresses_are_called_where_the_setting_permits_it(address: str) -> None:
    assert Guard(WebhookSettings(allow_private=True)).permits(ip_address(address))
    assert not Guard(WebhookSettings()).permits(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [*METADATA, "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "0.0.0.0",
     "::", "fe80::1", "169.254.1.1", "224.0.0.1", "ff02::1", "255.255.255.255"],
)  # fmt: skip
def test_that_setting_opens_neither_link_local_addresses_nor_those_of_metadata(
    address: str,
) -> None:
    assert not Guard(WebhookSettings(allow_private=True)).permits(ip_address(address))


def test_networks_that_are_allowed_are_called_and_their_neighbours_are_not() -> None:
    guard = Guard(WebhookSettings(allow=("10.1.2.0/24", "fd12::/64")))
    for address in ("10.1.2.255", "::ffff:10.1.2.3", "fd12::9"):
        assert guard.permits(ip_address(address))
    for address in ("10.1.3.0", "::ffff:10.1.3.1", "fd13::9", "127.0.0.1", *METADATA):
        assert not guard.permits(ip_address(address))


def order(url: str) -> WebhookRequest:
    return WebhookRequest(webhook_id="m", method=WebhookMethod.GET, url=url, parameters=())


async def answer(exchange: Exchange) -> None:
    await exchange.reply(b"inside")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "0x7f.1", "2130706433", "0177.0.0.1", "0", "0.0.0.0",
     "[::1]", "[::ffff:127.0.0.1]", "127.0.0.1.", "①②⑦.⓪.⓪.①",
     "8.8.8.8@127.0.0.1", "127.0.0.1#@8.8.8.8", "8.8.8.8:80@127.0.0.1", "127.0.0.1\\@8.8.8.8",
     "8.8.8.8\\@127.0.0.1", "127.0.0.1%2f@8.8.8.8", "8.8.8.8%40127.0.0.1", "127.0.0.1\t"],
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


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "2852039166", "0xA9FEA9FE", "0251.0376.0251.0376", "169.254.43518",
     "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[64:ff9b::169.254.169.254]",
     "[fd00:ec2::254]", "100.100.100.200", "[fe80::1]"],
)  # fmt: skip
@pytest.mark.parametrize("private", [False, True])
async def test_no_notation_of_a_metadata_address_gets_through(host: str, private: bool) -> None:
    settings = WebhookSettings(allow_private=private)
    async with HttpWebhookClient(settings, FakeClock()) as client:
        result = await client.send(order(f"http://{host}/latest/meta-data/"))
    assert re.search(r"is not on the public Internet: not called|cannot be read", result.error)
    assert not result.sent


class Changing(AbstractResolver):
    """A name server that answers each question differently."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host=each, port=port, family=socket.AF_INET, proto=0, flags=0
            )
            for each in self.answers.pop(0)
        ]

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_name_that_leads_elsewhere_the_next_time_gains_nothing() -> None:
    resolver = Changing(["127.0.0.1"], ["127.0.0.2"])
    settings = WebhookSettings(allow=("127.0.0.1/32",), total_timeout=3)
    results = []
    async with serving(answer, host="0.0.0.0") as server:
        for _ in range(2):
            async with HttpWebhookClient(settings, FakeClock(), resolver) as client:
                results.append(await client.send(order(f"http://rebound.example:{server.port}/")))
    assert [result.body for result in results] == [b"inside", b""]
    assert "rebound.example" in results[1].error
    assert "not called" in results[1].error
    assert server.connections == 1


async def test_what_was_judged_is_what_is_connected_to() -> None:
    resolver = Changing(["127.0.0.2", "127.0.0.1"])
    settings = WebhookSettings(allow=("127.0.0.1/32",), total_timeout=3)
    async with (
        serving(answer, host="0.0.0.0") as server,
        HttpWebhookClient(settings, FakeClock(), resolver) as client,
    ):
        result = await client.send(order(f"http://both.example:{server.port}/"))
    assert (result.body, result.error) == (b"inside", "")
    assert [writer.get_extra_info("sockname")[0] for writer in server.writers] == ["127.0.0.1"]
    assert resolver.answers == [], "the name is looked up once"


async def test_the_refusal_says_which_settings_permit_it() -> None:
    async with (
        serving(answer) as server,
        HttpWebhookClient(WebhookSettings(), FakeClock()) as client,
    ):
        result = await client.send(order(server.url))
    assert result.error == (
        f"127.0.0.1:{server.port} is not on the public Internet: not called "
        "(the settings webhook.allow and webhook.allow_private say what else is)"
    )
