"""How late the event loop is, with a clock that goes on while the loop is busy."""

from __future__ import annotations

import asyncio

import pytest

from ivrserver.monitoring.event_loop import MEMORY_SECONDS, PERIOD_SECONDS, EventLoopWatch

pytestmark = pytest.mark.looptime


class BusyClock:
    """The loop's virtual time and what the loop was busy for on top of it."""

    def __init__(self) -> None:
        self.busy = 0.0

    def __call__(self) -> float:
        return asyncio.get_running_loop().time() + self.busy


async def test_a_busy_loop_is_noticed_and_forgotten_after_some_seconds() -> None:
    clock, noted = BusyClock(), list[float]()
    watch = EventLoopWatch(clock, noted.append)
    assert (watch.worst, watch.usual) == (0.0, 0.0)
    task = asyncio.create_task(watch.run())
    await asyncio.sleep(1)
    assert watch.worst == pytest.approx(0)
    clock.busy += 0.7
    await asyncio.sleep(PERIOD_SECONDS)
    assert watch.worst == pytest.approx(0.7)
    assert max(noted) == pytest.approx(0.7)
    assert watch.usual == pytest.approx(0.7 / 50)
    await asyncio.sleep(MEMORY_SECONDS)
    assert watch.worst == pytest.approx(0)
    task.cancel()
