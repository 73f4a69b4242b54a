import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from ivrserver.errors import SpeechError
from ivrserver.speech.flights import Flights

pytestmark = pytest.mark.looptime


class Work:
    """Takes a second; counts what became of it."""

    def __init__(self, result: str | Exception = "done") -> None:
        self.result = result
        self.begun = self.cancelled = 0

    async def __call__(self) -> str:
        self.begun += 1
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


Make = Callable[[], Coroutine[Any, Any, str]]


async def start(flights: Flights[str], work: Make, after: float = 0) -> asyncio.Task[str]:
    task = asyncio.create_task(flights.join("key", work))
    await asyncio.sleep(after)
    return task


async def test_callers_who_want_the_same_share_the_work() -> None:
    flights, work = Flights[str](), Work()
    tasks = [await start(flights, work) for _ in range(10)]
    assert await asyncio.gather(*tasks) == ["done"] * 10
    assert work.begun == 1


async def test_a_later_caller_makes_it_again() -> None:
    flights, work = Flights[str](), Work()
    await flights.join("key", work)
    await flights.join("key", work)
    assert work.begun == 2


async def test_one_who_leaves_does_not_spoil_it_for_the_others() -> None:
    flights, work = Flights[str](), Work()
    first = await start(flights, work, after=0.3)
    second = await start(flights, work, after=0.3)
    first.cancel()
    assert await second == "done"
    assert (work.begun, work.cancelled) == (1, 0)


async def test_the_last_one_to_leave_ends_the_work() -> None:
    flights, work = Flights[str](), Work()
    tasks = [await start(flights, work, after=0.1) for _ in range(3)]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)
    assert (work.begun, work.cancelled) == (1, 1)


async def test_who_comes_right_after_the_last_one_left_gets_a_new_flight() -> None:
    flights, left, new = Flights[str](), Work(), Work("new")
    task = await start(flights, left, after=0.1)
    task.cancel()
    await asyncio.sleep(0)
    assert await flights.join("key", new) == "new"


async def test_every_waiter_learns_of_a_failure() -> None:
    flights, work = Flights[str](), Work(SpeechError("no"))
    tasks = [await start(flights, work) for _ in range(3)]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(result) for result in results] == ["no"] * 3


async def test_a_failure_in_the_moment_in_which_the_last_one_leaves_makes_no_noise() -> None:
    noise: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))
    flights = Flights[str]()

    waiting: list[asyncio.Task[str]] = []

    async def fail() -> str:
        waiting.pop().cancel()
        raise SpeechError("no")

    waiting.append(asyncio.create_task(flights.join("key", fail)))
    await asyncio.sleep(1)
    gc.collect()
    assert waiting == []
    assert noise == []


async def test_closing_ends_the_work_and_tells_the_waiters() -> None:
    flights, work = Flights[str](), Work()
    task = await start(flights, work, after=0.1)
    await flights.close()
    with pytest.raises(SpeechError, match="shut down"):
        await task
    assert work.cancelled == 1
