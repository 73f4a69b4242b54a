"""What is seen from outside: brings the parts of a controller to `ivrserver.monitoring`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver import web
from ivrserver.config import Settings
from ivrserver.errors import StorageError
from ivrserver.flow.ports import Clock, Journal, Recogniser, Speech, WebhookClient
from ivrserver.monitoring.call_log import LoggedJournal
from ivrserver.monitoring.event_loop import EventLoopWatch
from ivrserver.monitoring.health import Checkup
from ivrserver.monitoring.metrics import Metrics
from ivrserver.monitoring.metrics.asterisk import OneAsterisk
from ivrserver.speech.listening import Listener
from ivrserver.speech.speaker import Speaker
from ivrserver.storage import Jobs, ensure_writable
from ivrserver.storage import Journal as StoredJournal
from ivrserver.telephony.boards import Boards

if TYPE_CHECKING:
    from ivrserver.monitoring.traces import Traces

STUCK_SECONDS: Final = 10.0
"""An event loop that was busy for so long at a stretch has let calls hang."""
COUNT_JOBS_SECONDS: Final = 15.0
"""How often jobs are counted: Prometheus mostly asks as often."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one controller that are looked at."""

    boards: Boards
    journal: StoredJournal
    engine: AsyncEngine
    speech: Speaker
    listener: Listener


class Observed:
    """Everything that looks at one controller. Make it inside the running event loop."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings.metrics, clock
        self._metrics = Metrics()
        self._traces = _traces(settings, clock, self._metrics)
        self.prompts = self._metrics.prompts
        self.jobs = self._metrics.jobs
        self.loop = EventLoopWatch(noted=self._metrics.loop_delayed)

    def asterisk(self, name: str) -> OneAsterisk:
        """What the Asterisk of that name is to tell."""
        return self._metrics.asterisks.of(name)

    def journal(self, journal: Journal) -> Journal:
        """`journal`, looked at. Comes before `speech`."""
        journal = LoggedJournal(self._metrics.journal(journal))
        return self._traces.journal(journal) if self._traces else journal

    def webhooks(self, client: WebhookClient) -> WebhookClient:
        """`client`, looked at."""
        client = self._metrics.webhooks(client)
        return self._traces.webhooks(client) if self._traces else client

    def speech(self, speech: Speech) -> Speech:
        """`speech`, looked at."""
        speech = self._metrics.speech(speech)
        return self._traces.speech(speech) if self._traces else speech

    def recogniser(self, recogniser: Recogniser) -> Recogniser:
        """`recogniser`, looked at."""
        return self._metrics.recogniser(recogniser)

    def look_at(self, parts: Parts) -> Iterator[APIRouter]:
        """Look at `parts` from now on; the routes of our HTTP server that tell about them."""
        boards, journal = parts.boards, parts.journal
        self._metrics.look(
            calls=lambda: boards.calls,
            queued=lambda: journal.queued,
            lost=lambda: journal.lost,
            away=lambda: journal.away,
        )
        for name, board in boards.by_name.items():
            self.asterisk(name).look(
                connected=board.ready.is_set,
                channels=partial(len, board.live.channels),
                bridges=partial(len, board.live.bridges),
            )
        self._metrics.engines(lambda: parts.speech.problems, lambda: parts.listener.problems)
        yield web.health_routes(_alive(parts, self.loop), _ready(parts))
        if self._settings.enabled and self._settings.port is None:
            yield self._routes()

    def ready(self, parts: Parts) -> Checkup:
        """Whether `parts` take calls, as ``/readyz`` says it."""
        return _ready(parts)

    async def count_jobs(self, jobs: Jobs, kinds: Iterable[str]) -> None:
        """Show how many jobs there are, until cancelled.

        What is shown stays while they cannot be read: that the database is away is told elsewhere.

        Args:
            jobs: all of them.
            kinds: shown even if there are none of them.
        """
        self.jobs.know(kinds)
        while True:
            with suppress(StorageError):
                self.jobs.counted(await jobs.counts(), self._clock.now())
            await asyncio.sleep(COUNT_JOBS_SECONDS)

    async def close(self) -> None:
        """Send what is still to be told."""
        if self._traces is not None:
            await self._traces.close()

    async def run(self) -> None:
        """Look until cancelled.

        Raises:
            SetupError: the port for metrics is taken.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.loop.run())
            if self._settings.enabled and self._settings.port is not None:
                app = web.plain_app(self._routes())
                tasks.create_task(web.serve(app, self._settings.host, self._settings.port))

    def _routes(self) -> APIRouter:
        return web.metrics_routes(self._metrics, self._settings.token)


def _traces(settings: Settings, clock: Clock, metrics: Metrics) -> Traces | None:
    """What makes traces, if they are wanted."""
    if not settings.traces.endpoint:
        return None
    # Only here: every command would start a tenth of a second later with its libraries.
    from ivrserver.monitoring.traces import Traces  # noqa: PLC0415 - few switch it on

    return Traces(settings.traces, settings.ari.application, clock, metrics.spans)


def _alive(parts: Parts, loop: EventLoopWatch) -> Checkup:
    """What only a restart can mend."""

    async def event_loop() -> str:
        return f"it was stuck for {loop.worst:.1f} s" if loop.worst >= STUCK_SECONDS else ""

    async def journal() -> str:
        return "" if parts.journal.writing else "nothing is stored any more"

    return Checkup({"event_loop": event_loop, "journal": journal})


def _ready(parts: Parts) -> Checkup:
    """What real work needs, and what calls are better with."""

    async def asterisk() -> str:
        return "not connected" if len(parts.boards.away) == len(parts.boards.by_name) else ""

    async def every_asterisk() -> str:
        away = parts.boards.away
        return f"not connected to {', '.join(away)}" if away else ""

    async def calls() -> str:
        return "draining: no more calls are taken" if parts.boards.draining else ""

    async def database() -> str:
        if parts.journal.away:
            return f"it takes no rows; {parts.journal.queued} wait in memory"
        await ensure_writable(parts.engine)
        return ""

    async def speech() -> str:
        return _wrong(parts.speech.problems)

    async def listening() -> str:
        return _wrong(parts.listener.problems)

    async def capacity() -> str:
        return refusals(parts.boards.objections, len(parts.boards.by_name))

    wished = {"speech": speech, "listening": listening, "capacity": capacity}
    if len(parts.boards.by_name) > 1:
        wished["every_asterisk"] = every_asterisk
    return Checkup({"asterisk": asterisk, "calls": calls, "database": database}, wished)


def refusals(objections: Mapping[str, str], asterisks: int) -> str:
    """Why calls are refused, for people.

    Args:
        objections: by the name of the Asterisk that the calls come from.
        asterisks: how many there are.
    """
    reasons = set(objections.values())
    if len(reasons) == 1 and len(objections) == asterisks:
        return f"calls are refused: {reasons.pop()}"
    return "; ".join(f"calls from {name} are refused: {why}" for name, why in objections.items())


def _wrong(problems: Mapping[str, str]) -> str:
    """All engines' problems in one text."""
    return "; ".join(f"{engine}: {problem}" for engine, problem in problems.items() if problem)
