"""Events to whom they concern: by channel, playback or recording id (ARCHITECTURE §5).

Dispatching is synchronous, looks up one id and never awaits, so its cost per event does not grow
with the number of calls. Listen before you ask: register the id, then send the request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import structlog

from ivrserver.cluster import Trust

log = structlog.get_logger(__name__)

Event = Mapping[str, Any]
"""One ARI event as it came; ``type`` names it."""

Listener = Callable[[Event], None]

_SUBJECTS = {
    "StasisStart": ("channel", "id"),
    "StasisEnd": ("channel", "id"),
    "ChannelDestroyed": ("channel", "id"),
    "ChannelDtmfReceived": ("channel", "id"),
    "ChannelUserevent": ("channel", "id"),
    "Dial": ("peer", "id"),
    "PlaybackFinished": ("playback", "id"),
    "RecordingStarted": ("recording", "name"),
    "RecordingFinished": ("recording", "name"),
    "RecordingFailed": ("recording", "name"),
}
"""Event type → where it names its subject. Ids are ours and unique across these kinds."""

UNHEARD = (
    "BridgeCreated",
    "BridgeDestroyed",
    "ChannelCallerId",
    "ChannelConnectedLine",
    "ChannelCreated",
    "ChannelDialplan",
    "ChannelEnteredBridge",
    "ChannelHangupRequest",
    "ChannelHold",
    "ChannelLeftBridge",
    "ChannelStateChange",
    "ChannelUnhold",
    "ChannelVarset",
    "PlaybackContinuing",
    "PlaybackStarted",
)
"""Event types that nobody here listens to; Asterisk is told not to send them."""


class Router:
    """Wakes the one listener that an event concerns.

    Args:
        heard: told the type of every event.
    """

    def __init__(
        self, heard: Callable[[str], None] = lambda _kind: None, trust: Trust | None = None
    ) -> None:
        self._heard, self._trust = heard, trust
        self._subjects: dict[str, Listener] = {}
        self._types: dict[str, Listener] = {}

    def listen(self, subject: str, listener: Listener) -> None:
        """Hand every event about the channel, playback or recording `subject` to `listener`."""
        self._subjects[subject] = listener

    def forget(self, subject: str) -> None:
        """Stop that; does nothing when nobody listens."""
        self._subjects.pop(subject, None)

    def otherwise(self, kind: str, listener: Listener) -> None:
        """Hand events of type `kind` to `listener` when nobody listens to their subject."""
        self._types[kind] = listener

    def dispatch(self, event: Event) -> None:
        """Wake the listener of `event`. Never raises: a listener's failure is logged.

        What comes while nobody knows whose the calls are waits until that is known.
        """
        kind = event.get("type", "")
        self._heard(kind)
        if self._trust is not None and self._trust.lost:
            return
        if self._trust is not None and self._trust.lapsed:
            self._trust.put_off(partial(self._deliver, kind, event))
        else:
            self._deliver(kind, event)

    def _deliver(self, kind: str, event: Event) -> None:
        try:
            listener = None
            if (path := _SUBJECTS.get(kind)) is not None:
                listener = self._subjects.get(event[path[0]][path[1]])
            if listener is None:
                listener = self._types.get(kind)
            if listener is not None:
                listener(event)
        except Exception as error:
            # No text of the error: it may carry what the caller pressed.
            log.error("event_failed", event_type=kind, error=type(error).__name__)  # noqa: TRY400 - a traceback may tell it too
