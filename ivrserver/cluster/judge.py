"""Who is dead: pure decisions about signs of life, on the observer's own clock.

No two machines' clocks are compared: a controller is dead when its counter has not changed for the
length of a lease while the observer could read it all the time.
"""

from __future__ import annotations

from collections.abc import Sequence

from ivrserver.cluster.ports import Beat


class Judge:
    """Watches the others' counters.

    Args:
        lease: seconds without a sign of life after which a controller is dead.
    """

    def __init__(self, lease: float) -> None:
        self._lease = lease
        self._seen: dict[str, tuple[Beat, float]] = {}
        self._looked = float("-inf")

    def dead(self, beats: Sequence[Beat], now: float) -> list[Beat]:
        """Those of `beats` that are dead; `now` in seconds of a clock that never goes back.

        An observer who has not looked for a while knows nothing: it may have been frozen itself.
        """
        if now - self._looked > self._lease / 2:
            self.forget()
        self._looked = now
        for beat in beats:
            if beat.controller not in self._seen or self._seen[beat.controller][0] != beat:
                self._seen[beat.controller] = beat, now
        known = {beat.controller for beat in beats}
        self._seen = {name: seen for name, seen in self._seen.items() if name in known}
        return [beat for beat in beats if beat.released or self._silent(beat, now)]

    def forget(self) -> None:
        """Begin anew: what was seen before says nothing now."""
        self._seen.clear()

    def _silent(self, beat: Beat, now: float) -> bool:
        return now - self._seen[beat.controller][1] >= self._lease
