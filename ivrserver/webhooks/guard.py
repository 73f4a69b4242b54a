"""The address guard: webhooks go to public addresses, and where the settings allow (SPEC §14).

It sits where a socket is made for one resolved address, so it sees what is really connected to:
a name that resolves differently a moment later, or an address in an odd notation such as
``0x7f.1``, gains nothing.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

from aiohttp import AddrInfoType

from ivrserver.config import WebhookSettings

Address = IPv4Address | IPv6Address
Networks = tuple[IPv4Network | IPv6Network, ...]

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# What older Pythons take for public (special-purpose registry), and the address at which Azure
# serves a virtual machine's own metadata, public though it looks.
_ALSO_REFUSED_4 = (IPv4Network("192.0.0.0/24"), IPv4Network("168.63.129.16/32"))
_ALSO_REFUSED_6 = IPv6Network("3fff::/20")

REFUSED = errno.EACCES
"""`OSError.errno` of a refusal; connecting with TCP does not fail so otherwise."""


def _networks(*texts: str) -> Networks:
    return tuple(map(ip_network, texts))


_PRIVATE: Final = _networks(
    *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"),
    *("::1/128", "fc00::/7"),
)
"""What `webhook.allow_private` opens: this machine, RFC 1918, shared (RFC 6598) and unique local
addresses. Link-local ones are not among them: clouds serve a machine's credentials there."""

_METADATA: Final = _networks("100.100.100.200/32", "fd00:ec2::254/128")
"""Those among them at which clouds serve a machine's credentials (Alibaba, Amazon)."""


def is_public(address: Address) -> bool:
    """Whether `address` is one of the public Internet, also where it wraps another one."""
    address = _unwrapped(address)
    if isinstance(address, IPv4Address):
        return (
            address.is_global
            and not address.is_multicast
            and not address.is_reserved
            and not any(address in network for network in _ALSO_REFUSED_4)
        )
    return address in _GLOBAL_UNICAST and address.is_global and address not in _ALSO_REFUSED_6


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that leads there."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or address


class Guard:
    """Decides which addresses are connected to."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._allowed: Networks = settings.allow
        self._private = settings.allow_private

    def permits(self, address: Address) -> bool:
        """Whether web servers there are called."""
        inner = _unwrapped(address)
        if is_public(inner) or _within(inner, self._allowed):
            return True
        return self._private and _within(inner, _PRIVATE) and not _within(inner, _METADATA)

    def socket(self, info: AddrInfoType) -> socket.socket:
        """Make the socket for one resolved address (a `socket_factory` of aiohttp's connector).

        Raises:
            OSError: the address is not called; `errno` is `REFUSED`.
        """
        family, kind, protocol, _, place = info
        host = str(place[0]).partition("%")[0]
        if not self.permits(ip_address(host)):
            raise OSError(REFUSED, f"{host} is not called")
        return socket.socket(family=family, type=kind, proto=protocol)


def _within(address: Address, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in networks)
