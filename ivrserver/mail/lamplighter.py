"""Keeps the message lamps of phones in step with the voicemail boxes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from ivrserver.blocks import Voicemail
from ivrserver.errors import IvrError
from ivrserver.flow.ports import Library
from ivrserver.flow.post import Lamps, Notices, Waiting

LOOK_SECONDS: Final = 1.0
"""How often the boxes are looked at: the database is where all ways of changing them meet."""

log = structlog.get_logger(__name__)


class Lamplighter:
    """Shows each phone the sum of the boxes that name it, at first and whenever it changes."""

    def __init__(self, notices: Notices, library: Library, lamps: Lamps) -> None:
        self._notices = notices
        self._library = library
        self._lamps = lamps
        self._shown: dict[str, Waiting] = {}
        self._failing = False

    def start_anew(self) -> None:
        """Show every lamp again soon, because the phone server has forgotten them all."""
        self._shown = {}

    async def run(self) -> None:
        """Look for ever; the background task's body."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Bring every lamp up to date; what cannot be done now is done at the next look."""
        try:
            wanted = self._wanted(await self._notices.waiting())
        except IvrError as error:
            self._note([error])
            return
        shown, failures = self._shown, []
        dark = {phone: Waiting() for phone in shown if phone not in wanted}
        changed = {phone: now for phone, now in wanted.items() if shown.get(phone) != now}
        for phone, now in (dark | changed).items():
            try:
                await self._lamps.show(phone, now.new, now.saved)
            except IvrError as error:
                failures.append(error)
                continue
            if phone in dark:
                del shown[phone]
            else:
                shown[phone] = now
        self._note(failures)

    def _note(self, failures: Sequence[IvrError]) -> None:
        """Log the first failure of many, once."""
        if failures and not self._failing:
            log.warning("lamps_not_shown", error=str(failures[0]))
        self._failing = bool(failures)

    def _wanted(self, waiting: Mapping[int, Waiting]) -> dict[str, Waiting]:
        """What each phone that a box names is to show."""
        new: Counter[str] = Counter()
        saved: Counter[str] = Counter()
        for block in self._library.current().blocks.values():
            if isinstance(block, Voicemail):
                mine = waiting.get(block.block_id, Waiting())
                for phone in dict.fromkeys(block.phones):
                    new[phone] += mine.new
                    saved[phone] += mine.saved
        return {phone: Waiting(new[phone], saved[phone]) for phone in new}
