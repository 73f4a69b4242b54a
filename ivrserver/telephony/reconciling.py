"""Keeps our idea of channels and bridges equal to Asterisk's.

Events are lost while there is no connection, and a controller that dies leaves things behind. So
lists are compared now and then; what nobody carries any more is taken down.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from ivrserver.errors import TelephonyError
from ivrserver.telephony.causes import UNSEEN
from ivrserver.telephony.client import Ari
from ivrserver.telephony.live import Live
from ivrserver.telephony.snapshot import look
from ivrserver.telephony.watching import UNWATCHED, AriWatcher

log = structlog.get_logger(__name__)

RECONCILE_SECONDS = 30.0
"""Between two looks while all is well."""

_CONTROLLER = "ivr-"
"""How every controller's application is called in front."""


class Reconciler:
    """Compares one Asterisk's lists with ours.

    Args:
        watcher: told of what is taken down.
        reaps: what a controller of our name left behind is nobody's.

    Attributes:
        reaps: see above; False while it may still be adopted.
    """

    def __init__(
        self, ari: Ari, live: Live, watcher: AriWatcher = UNWATCHED, *, reaps: bool = True
    ) -> None:
        self._ari, self._live, self._watcher = ari, live, watcher
        self.reaps = reaps
        self._strangers: set[str] = set()
        self._missing: set[str] = set()

    async def keep(self, connected: asyncio.Event) -> None:
        """Look every now and then while `connected` is set, until cancelled."""
        while True:
            await asyncio.sleep(RECONCILE_SECONDS)
            if not connected.is_set():
                continue
            try:
                await self.reconcile()
            except TelephonyError as error:
                log.warning("reconcile_failed", error=type(error).__name__)

    async def reconcile(self) -> None:
        """Compare lists. What differs twice in a row is set right; once may be under way.

        Raises:
            TelephonyError: Asterisk cannot be asked what it holds.
        """
        held = await look(self._ari, self._ari.application)
        present, bridges = held.channels.keys(), held.bridges
        missing = self._live.channels.keys() - present
        for channel_id in missing & self._missing:
            if (channel := self._live.channels.get(channel_id)) is not None:
                channel.leave(UNSEEN)
        self._missing = missing
        if not self.reaps:
            return
        ours = f"{self._ari.application}-"
        strangers = {
            *(held.held - self._live.channels.keys()),
            *(
                bridge
                for bridge, channels in bridges.items()
                if bridge not in self._live.bridges
                # What a dead controller has made is nobody's once it is empty.
                and (bridge.startswith(ours) or (bridge.startswith(_CONTROLLER) and not channels))
            ),
        }
        for orphan in strangers & self._strangers:
            await self._reap(orphan, is_bridge=orphan in bridges)
        self._strangers = strangers

    async def _reap(self, orphan: str, *, is_bridge: bool) -> None:
        """Take down what a controller of our name left behind; nobody carries it any more."""
        log.warning("orphan_taken_down", id=orphan, kind="bridge" if is_bridge else "channel")
        self._watcher.reaped("bridge" if is_bridge else "channel")
        with suppress(TelephonyError):
            if is_bridge:
                await self._ari.destroy_bridge(orphan)
            else:
                await self._ari.hang_up(orphan)
