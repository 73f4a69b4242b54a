"""The doctor for people who look at pages: asked by a button, one examination at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import structlog

from ivrserver.doctor.finding import Finding

log = structlog.get_logger(__name__)

Examination = Callable[[], AsyncIterator[list[Finding]]]


class Consultation:
    """Examines when somebody asks; whoever asks meanwhile gets the same examination.

    Args:
        examine: finds something about one part after the other.

    Attributes:
        findings: of the newest examination, as far as it is.
        began_at: when it began; None: there has been none.
        ended_at: when it ended; None: it goes on, or there has been none.
    """

    def __init__(self, examine: Examination) -> None:
        self._examine = examine
        self._task: asyncio.Task[None] | None = None
        self.findings: list[Finding] = []
        self.began_at: datetime | None = None
        self.ended_at: datetime | None = None

    @property
    def goes_on(self) -> bool:
        """Whether an examination is under way."""
        return self._task is not None

    def begin(self) -> bool:
        """Begin to examine; False: somebody else has, and it goes on."""
        if self._task is not None:
            return False
        self.findings, self.began_at, self.ended_at = [], datetime.now(UTC), None
        self._task = asyncio.create_task(self._run())
        return True

    async def finished(self) -> None:
        """Wait until the examination that goes on is over."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def _run(self) -> None:
        try:
            async for some in self._examine():
                self.findings += some
        except Exception as error:
            log.exception("examination_failed")
            mend = "look for examination_failed in the log, and report it"
            self.findings.append(
                Finding("doctor", ok=False, detail=f"failed: {type(error).__name__}", mend=mend)
            )
        finally:
            self.ended_at, self._task = datetime.now(UTC), None
