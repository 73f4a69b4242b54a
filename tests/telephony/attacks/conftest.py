"""One house for all attacks; beside each of them a call goes on, and nothing may be harmed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.telephony.attacks.fortress import Beside, Fortress, call_beside, open_fortress
from tests.telephony.attacks.together import together
from tests.telephony.conftest import in_own_task
from tests.telephony.together import Together

MEMORY = 64_000_000
MEMORY_TOGETHER = 160_000_000
"""Bytes; the tests themselves take most of it, which compare what was heard."""
FILES = 64


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def shared_fortress(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Fortress]:
    """What all attacks are aimed at."""
    data = tmp_path_factory.mktemp("fortress")
    async with in_own_task(open_fortress(data)) as fortress:
        yield fortress


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def attack(
    request: pytest.FixtureRequest, shared_fortress: Fortress
) -> AsyncIterator[asyncio.Task[None]]:
    """The attacks that were selected of those that run together. They harm nothing."""
    names = [item.nodeid for item in request.session.items]
    house, begun = shared_fortress.house, asyncio.Event()

    async def run() -> None:
        pid, watched = house.asterisk.pid, shared_fortress.watched(MEMORY_TOGETHER, FILES)
        async with call_beside(shared_fortress) as call, watched:
            mark = call.mark()
            together.start(names, shared_fortress)
            begun.set()
            await together.over()
            await call.heard_all_since(mark)
        await house.nothing_is_left()
        assert (house.asterisk.pid, house.said) == (pid, [])

    task = asyncio.create_task(run())
    waiting = asyncio.create_task(begun.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    yield task
    try:
        await task
    finally:
        await together.stop()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def running(attack: asyncio.Task[None]) -> Together[Fortress]:
    """Those attacks, begun."""
    return together


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def quiet(shared_fortress: Fortress, attack: asyncio.Task[None]) -> Fortress:
    """The house when those attacks are over."""
    await asyncio.wait({attack})
    return shared_fortress


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def shared_call(quiet: Fortress) -> AsyncIterator[Beside]:
    """The call beside all attacks of a module; in the end it is whole, and its keys count."""
    async with in_own_task(call_beside(quiet)) as call:
        yield call


@pytest_asyncio.fixture(loop_scope="package")
async def fortress(
    request: pytest.FixtureRequest, quiet: Fortress, shared_call: Beside
) -> AsyncIterator[Fortress]:
    """What is attacked. After each attack the call beside was heard well, and nothing has grown.

    An attack that is known to take more memory says how much: ``@pytest.mark.memory(bytes)``.
    """
    pid, mark = quiet.house.asterisk.pid, shared_call.mark()
    known = request.node.get_closest_marker("memory")
    async with quiet.watched(known.args[0] if known else MEMORY, FILES):
        yield quiet
    await shared_call.heard_all_since(mark)
    assert quiet.house.asterisk.pid == pid, "Asterisk has been restarted"
    assert quiet.house.boards.away == []
