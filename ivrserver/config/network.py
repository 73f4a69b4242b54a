"""Settings of what stands between Asterisk and its peers: address translation, a SIP proxy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import Field

from ivrserver.config.section import AnyAddress, AnyHost, Network, Section
from ivrserver.config.sip import PhoneSettings, TrunkSettings


class NetworkSettings(Section):
    """What stands between Asterisk and its peers: address translation (NAT), a SIP proxy."""

    public_address: AnyAddress = ""
    """IP address at which peers outside reach us, if it is not our own; the ports are the same."""
    public_sip_port: int = Field(default=0, ge=0, le=65535)
    """SIP port there, UDP and TCP, if another; 0: `sip.port`."""
    local_networks: tuple[Network, ...] = ()
    """Networks whose peers reach us at our own address; empty: those that we are attached to."""
    proxy: AnyHost = ""
    """SIP proxy, such as Kamailio, that all calls come from and all legs go through. It says in the
    header `X-Trunk` which trunk a call is from; from anybody else nothing is taken."""
    proxy_port: int = Field(default=5060, ge=1, le=65535)
    """SIP port of the proxy, UDP."""

    def contradictions(
        self, trunks: Mapping[str, TrunkSettings], phones: Mapping[str, PhoneSettings]
    ) -> Iterator[str]:
        """What is wrong beside other sections, as ``SETTING: what to do``."""
        if not self.proxy:
            return
        if phones:
            yield "network.proxy: phones log in at one Asterisk; remove them, or the proxy"
        for name, trunk in trunks.items():
            if trunk.registers:
                yield f"trunks.{name}.registers: behind network.proxy carriers know us by address"
            if trunk.transport != "udp":
                yield f"trunks.{name}.transport: the way to network.proxy is udp"
