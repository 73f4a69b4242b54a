"""What is looked at from outside: brings the parts of a controller to `ivrserver.monitoring`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.monitoring.event_loop import EventLoopWatch
from ivrserver.monitoring.health import Checkup
from ivrserver.speech.listening import Listener
from ivrserver.speech.speaker import Speaker
from ivrserver.storage import Journal, ensure_writable
from ivrserver.telephony.boards import Boards

STUCK_SECONDS: Final = 10.0
"""An event loop that was busy for so long at a stretch has let calls hang."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one controller whose health is asked for."""

    boards: Boards
    journal: Journal
    engine: AsyncEngine
    speech: Speaker
    listener: Listener
    loop: EventLoopWatch

    @property
    def alive(self) -> Checkup:
        """What only a restart can mend."""
        return Checkup({"event_loop": self._event_loop, "journal": self._journal})

    @property
    def ready(self) -> Checkup:
        """What real work needs, and what calls are better with."""
        needed = {"asterisk": self._asterisk, "calls": self._calls, "database": self._database}
        wished = {"speech": self._speech, "listening": self._listening}
        if len(self.boards.by_name) > 1:
            wished["every_asterisk"] = self._every_asterisk
        return Checkup(needed, wished)

    async def _event_loop(self) -> str:
        worst = self.loop.worst
        return f"it was stuck for {worst:.1f} s" if worst >= STUCK_SECONDS else ""

    async def _journal(self) -> str:
        return "" if self.journal.writing else "nothing is stored any more"

    async def _asterisk(self) -> str:
        away = self.boards.away
        return "not connected" if len(away) == len(self.boards.by_name) else ""

    async def _every_asterisk(self) -> str:
        away = self.boards.away
        return f"not connected to {', '.join(away)}" if away else ""

    async def _calls(self) -> str:
        return "draining: no more calls are taken" if self.boards.draining else ""

    async def _database(self) -> str:
        if self.journal.away:
            return f"it takes no rows; {self.journal.queued} wait in memory"
        await ensure_writable(self.engine)
        return ""

    async def _speech(self) -> str:
        return _wrong(self.speech.problems)

    async def _listening(self) -> str:
        return _wrong(self.listener.problems)


def _wrong(problems: Mapping[str, str]) -> str:
    """All engines' problems in one text."""
    return "; ".join(f"{engine}: {problem}" for engine, problem in problems.items() if problem)
