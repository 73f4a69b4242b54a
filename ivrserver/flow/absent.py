"""End a call whose caller cannot be there any more, though nobody saw them leave (SPEC §13)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NoReturn

from ivrserver.errors import ChannelGone, MediaFailed
from ivrserver.flow.call import Call
from ivrserver.flow.ports import (
    ChannelEvent,
    Hangup,
    RecordedAudio,
    Recording,
    RecordingOrder,
    Sound,
)
from ivrserver.flow.saved import Asking, Following, SavedCall
from ivrserver.flow.world import World

LOST: Final = "nobody knows when the party left: its controller was lost"


async def end_without_caller(world: World, saved: SavedCall) -> None:
    """Store how the call ended and report the IVR in progress, like any caller's who hung up.

    Args:
        world: of any Asterisk: nothing is asked of it.
        saved: the call.
    """
    if isinstance(saved.doing, Following | Asking):
        # Nobody is connected any more, and no recording is left to be fetched.
        saved = replace(saved, doing=replace(saved.doing, connection=None, recording=""))
    await Call(world, Absent(saved.channel_id), saved).run()


class Absent:
    """Implements `ports.Channel` for a party who has left. Make it inside the event loop."""

    handed_over = False

    def __init__(self, channel_id: str) -> None:
        self._channel_id = channel_id
        self.gone: asyncio.Future[Hangup] = asyncio.get_running_loop().create_future()
        self.gone.set_result(Hangup(0, LOST))

    @property
    def channel_id(self) -> str:
        """Asterisk's unique id of the channel that there was."""
        return self._channel_id

    async def answer(self) -> None:
        """See `ports.Channel`."""
        self._refuse()

    async def play(self, sounds: Sequence[Sound]) -> str:
        """See `ports.Channel`."""
        del sounds
        self._refuse()

    async def stop(self) -> None:
        """See `ports.Channel`."""
        self._refuse()

    async def next_event(self, until: float | None = None) -> ChannelEvent | None:
        """See `ports.Channel`."""
        del until
        self._refuse()

    def forget_keys(self) -> None:
        """See `ports.Channel`."""

    async def record(self, order: RecordingOrder) -> Recording:
        """See `ports.Channel`."""
        del order
        self._refuse()

    async def left_behind(self, name: str) -> RecordedAudio:
        """See `ports.Channel`."""
        raise MediaFailed(f"the recording {name} cannot be had")

    async def start_hold(self) -> None:
        """See `ports.Channel`."""
        self._refuse()

    async def stop_hold(self) -> None:
        """See `ports.Channel`."""
        self._refuse()

    async def start_ringing(self) -> None:
        """See `ports.Channel`."""
        self._refuse()

    async def stop_ringing(self) -> None:
        """See `ports.Channel`."""
        self._refuse()

    async def hang_up(self) -> None:
        """See `ports.Channel`."""

    def _refuse(self) -> NoReturn:
        raise ChannelGone(f"channel {self._channel_id} has left")
