"""What of Asterisk's channels and bridges is ours and in use."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivrserver.telephony.channel import AriChannel


@dataclass(frozen=True, slots=True)
class LeftConnection:
    """Two whom a controller that is gone has connected; either may have left meanwhile.

    Attributes:
        bridge_id: the bridge that one of them is in; empty: neither is in any.
        whole: both are in it.
    """

    caller: AriChannel
    leg: AriChannel
    bridge_id: str
    whole: bool


@dataclass(slots=True)
class Live:
    """Callers, legs and bridges of this controller, by id.

    Attributes:
        legs: the legs that were placed for each caller, and are there, by the caller's id.
        left: callers and legs whom another controller has connected, by the leg's id.
    """

    channels: dict[str, AriChannel] = field(default_factory=dict)
    bridges: set[str] = field(default_factory=set)
    legs: dict[str, set[AriChannel]] = field(default_factory=dict)
    left: dict[str, LeftConnection] = field(default_factory=dict)

    def add(self, channel: AriChannel) -> None:
        """Keep `channel` until it is gone."""
        if channel.gone.done():
            return
        self.channels[channel.channel_id] = channel
        channel.gone.add_done_callback(lambda _: self.channels.pop(channel.channel_id, None))

    def add_leg(self, leg: AriChannel, caller_id: str) -> None:
        """Keep a leg that is placed for the caller of that channel id, until it is gone."""
        self.add(leg)
        if leg.gone.done():
            return
        self.legs.setdefault(caller_id, set()).add(leg)
        leg.gone.add_done_callback(lambda _: self._drop_leg(leg, caller_id))

    def _drop_leg(self, leg: AriChannel, caller_id: str) -> None:
        legs = self.legs[caller_id]
        legs.discard(leg)
        if not legs:
            del self.legs[caller_id]
