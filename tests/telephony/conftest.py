"""A whole server for each module of tests that wants one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

import pytest
import pytest_asyncio

from tests.telephony.house import House, house_settings, open_house

T = TypeVar("T")


@asynccontextmanager
async def in_own_task(manager: AbstractAsyncContextManager[T]) -> AsyncIterator[T]:
    """Enter and leave `manager` in one task, as task groups want it; fixtures do it in two."""
    entered: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    finish = asyncio.Event()

    async def live() -> None:
        try:
            async with manager as value:
                entered.set_result(value)
                await finish.wait()
        except BaseException as error:
            if entered.done():
                raise
            entered.set_exception(error)

    task = asyncio.create_task(live())
    try:
        yield await entered
    finally:
        finish.set()
        await task


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    settings = house_settings(tmp_path_factory.mktemp("house"))
    async with in_own_task(open_house(settings)) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def house(shared_house: House) -> AsyncIterator[House]:
    """A running server that many tests use; each leaves nothing behind in it."""
    yield shared_house
    await shared_house.nothing_is_left()
