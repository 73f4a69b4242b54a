"""The kind ``totals``: counts days that are over, so that reports need not count every answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ivrserver.flow.jobs import Job
from ivrserver.flow.ports import Clock
from ivrserver.jobs.kinds import Kind, NextAt, recurring
from ivrserver.jobs.upkeep import BUDGET, PAUSE
from ivrserver.storage import DayTotals

EVERY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts what can be counted and is not, the newest day first."""

    days: DayTotals
    clock: Clock

    def kind(self) -> Kind:
        """This kind of job."""
        return recurring("totals", self.work, 2 * BUDGET)

    async def work(self, job: Job) -> NextAt:
        """Count for a while; what is left comes soon."""
        del job
        ends = asyncio.get_running_loop().time() + BUDGET
        await self.days.check(self.clock.now())
        for day in await self.days.due(self.clock.now()):
            if asyncio.get_running_loop().time() >= ends:
                return NextAt(self.clock.now())
            await self.days.count(day, self.clock.now())
            await asyncio.sleep(PAUSE)
        return NextAt(self.clock.now() + EVERY)
