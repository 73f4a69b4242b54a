"""Address translation (NAT): what this machine's own addresses are, and what peers outside see."""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ivrserver.config import Settings

_ROUTES: Final = Path("/proc/net/route")
_UP: Final = 0x1
_VIA_GATEWAY: Final = 0x2
_ANY_PORT: Final = 9
"""Nothing is sent there."""


@dataclass(frozen=True, slots=True)
class Translation:
    """How peers outside reach this machine.

    Attributes:
        public: the address that they see.
        sip_port: SIP port there; 0: the same as here.
        own: our own address that stands behind it; empty: there is no way out of this machine.
        local: networks, as Asterisk writes them, whose peers see our own address.
    """

    public: str
    sip_port: int
    own: str
    local: tuple[str, ...]


def translation(settings: Settings, routes: Path = _ROUTES) -> Translation | None:
    """Tell what is between us and peers outside; None: nothing is, or the proxy sees to it.

    Args:
        settings: the local networks among them, else those that we are attached to count.
        routes: Linux's table of IPv4 routes.
    """
    network = settings.network
    if not network.public_address or network.proxy:
        return None
    local = network.local_networks or tuple(_attached(routes))
    own = _own_address(settings.sip.bind, network.public_address)
    return Translation(network.public_address, network.public_sip_port, own, local)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What browsers are told (ICE): the address at which they reach our audio, and our own."""

    public: str
    own: str


def candidate(settings: Settings) -> Candidate | None:
    """What browsers are told in place of our own address; None: that, nothing is between us.

    A proxy for SIP is not between us: audio does not go through it.
    """
    public = settings.network.public_address
    own = _own_address(settings.sip.bind, public) if public else ""
    return Candidate(public, own) if own else None


def _attached(routes: Path) -> Iterator[str]:
    """The networks that are reached without a gateway."""
    try:
        lines = routes.read_text().splitlines()[1:]
    except OSError:
        return
    for line in lines:
        _, target, _, flags, _, _, _, mask, *_ = line.split()
        if int(flags, 16) & (_UP | _VIA_GATEWAY) == _UP and int(mask, 16):
            yield str(ipaddress.ip_network(f"{_ipv4(target)}/{_ipv4(mask)}", strict=False))


def _ipv4(hexadecimal: str) -> str:
    """The address that the kernel prints as the number that its bytes are in memory."""
    return str(ipaddress.IPv4Address(struct.pack("=I", int(hexadecimal, 16))))


def _own_address(bind: str, public: str) -> str:
    """The address that we listen on; of several, the one that leads to the outside."""
    if not _is_any(bind):
        return bind
    family = socket.AF_INET6 if ":" in public else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((public, _ANY_PORT))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def _is_any(bind: str) -> bool:
    try:
        return ipaddress.ip_address(bind).is_unspecified
    except ValueError:
        return False
