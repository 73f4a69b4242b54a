"""Tasks end with their scope, whatever happens."""

from __future__ import annotations

import asyncio

import pytest

from ivrserver.errors import ChannelGone
from ivrserver.flow.crew import Crew

pytestmark = pytest.mark.looptime


async def slow_end() -> None:
    try:
        await asyncio.sleep(1000)
    finally:
        await asyncio.sleep(1)


def alone() -> bool:
    return asyncio.all_tasks() == {asyncio.current_task()}


async def test_what_still_runs_is_cancelled_and_waited_for() -> None:
    async with Crew() as crew:
        crew.start(slow_end())
        await asyncio.sleep(1)
    assert asyncio.get_running_loop().time() == pytest.approx(2)
    assert alone()


async def test_an_error_of_the_body_comes_out_as_it_is() -> None:
    async def body() -> None:
        async with Crew() as crew:
            crew.start(slow_end())
            await asyncio.sleep(0)
            raise ChannelGone("the party left")

    with pytest.raises(ChannelGone):
        await body()
    assert alone()


async def test_an_error_of_a_task_is_for_whoever_awaits_it() -> None:
    async def fail() -> None:
        raise ValueError("no")

    async with Crew() as crew:
        task = crew.start(fail())
        other = crew.start(asyncio.sleep(1, "done"))
        assert await other == "done"
        with pytest.raises(ValueError, match="no"):
            await task


async def test_a_second_cancellation_does_not_leave_tasks_behind() -> None:
    async def body() -> None:
        async with Crew() as crew:
            crew.start(slow_end())
            await asyncio.sleep(1000)

    task = asyncio.create_task(body())
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.get_running_loop().time() == pytest.approx(2)
    assert alone()


async def test_tasks_may_be_given_time_to_end_by_themselves() -> None:
    async with Crew() as crew:
        task = crew.start(asyncio.sleep(2, "done"))
        await crew.settle(5)
        assert task.result() == "done"
        crew.start(asyncio.sleep(1000))
        await crew.settle(5)
    assert asyncio.get_running_loop().time() == pytest.approx(7)
