"""What of Asterisk's channels and bridges is ours and in use."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivrserver.telephony.channel import AriChannel


@dataclass(slots=True)
class Live:
    """Callers, legs and bridges of this controller, by id."""

    channels: dict[str, AriChannel] = field(default_factory=dict)
    bridges: set[str] = field(default_factory=set)

    def add(self, channel: AriChannel) -> None:
        """Keep `channel` until it is gone."""
        self.channels[channel.channel_id] = channel
        channel.gone.add_done_callback(lambda _: self.channels.pop(channel.channel_id, None))
