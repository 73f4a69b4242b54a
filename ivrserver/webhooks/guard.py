"""The address guard: webhooks go to public addresses only (SPEC §14).

It sits where a socket is made for one resolved address, so it sees what is really connected to:
a name that resolves differently a moment later, or an address in an odd notation such as
``0x7f.1``, gains nothing.
"""

from __future__ import annotations

import errno
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from aiohttp import AddrInfoType

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
# What older Pythons take for public (special-purpose registry), and the address at which Azure
# serves a virtual machine's own metadata, public though it looks.
_ALSO_REFUSED_4 = (IPv4Network("192.0.0.0/24"), IPv4Network("168.63.129.16/32"))
_ALSO_REFUSED_6 = IPv6Network("3fff::/20")

REFUSED = errno.EACCES
"""`OSError.errno` of a refusal; connecting with TCP does not fail so otherwise."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether `address` is one of the public Internet, also where it wraps another one."""
    if isinstance(address, IPv4Address):
        return (
            address.is_global
            and not address.is_multicast
            and not address.is_reserved
            and not any(address in network for network in _ALSO_REFUSED_4)
        )
    wrapped = address.ipv4_mapped or address.sixtofour
    if address in _NAT64:
        wrapped = IPv4Address(address.packed[-4:])
    if wrapped is not None:
        return is_public(wrapped)
    return address in _GLOBAL_UNICAST and address.is_global and address not in _ALSO_REFUSED_6


def guarded_socket(info: AddrInfoType) -> socket.socket:
    """Make the socket for one resolved address (a `socket_factory` of aiohttp's connector).

    Raises:
        OSError: the address is not public; `errno` is `REFUSED`.
    """
    family, kind, protocol, _, place = info
    host = str(place[0]).partition("%")[0]
    if not is_public(ip_address(host)):
        raise OSError(REFUSED, f"{host} is not a public address")
    return socket.socket(family=family, type=kind, proto=protocol)
