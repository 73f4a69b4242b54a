"""What Asterisk holds at one moment, as far as adopting calls needs it."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from ivrserver.telephony.client import Ari
from ivrserver.telephony.router import Event


def is_caller(channel_id: str) -> bool:
    """Whether that channel is a call to us, no leg of ours.

    Asterisk's own ids are times with a point, such as ``1795820893.0``; those of ours have none.
    """
    return "." in channel_id


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Channels and bridges of one Asterisk.

    Attributes:
        channels: every channel, by id, as ARI describes it.
        bridges: the channels in each bridge, by its id.
        held: ids of the channels that belong to the Stasis application asked about.
    """

    channels: Mapping[str, Event]
    bridges: Mapping[str, Set[str]]
    held: Set[str]

    def bridge_of(self, channel_id: str) -> str:
        """The bridge that the channel is in; empty: none."""
        for bridge_id, channels in self.bridges.items():
            if channel_id in channels:
                return bridge_id
        return ""


async def look(ari: Ari, application: str) -> Snapshot:
    """What Asterisk holds now, and which channels are those of `application`.

    Raises:
        AriUnavailable, AriRefused: Asterisk cannot be asked.
    """
    channels = {channel["id"]: channel for channel in await ari.channels()}
    bridges = {bridge["id"]: frozenset(bridge["channels"]) for bridge in await ari.bridges()}
    return Snapshot(channels, bridges, (await ari.channels_of(application)) & channels.keys())
