"""One real Asterisk for all tests that need it, on ports and in folders of its own.

Import the fixtures in the ``conftest.py`` of the tests that use them::

    from tests.asterisk_fixture import asterisk, asterisk_settings

It runs in a thread with an event loop of its own, so that it lives through every test's loop and is
restarted when a test kills it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import pytest

from ivrserver.config import Settings, load
from ivrserver.telephony.asterisk import Asterisk, ports, running

START_SECONDS = 300.0  # the first start on a machine downloads it
STOP_SECONDS = 20.0


@pytest.fixture(scope="session")
def asterisk_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the shared Asterisk: free ports, a new data folder, open to any phone.

    The folder's name has a dot in it, which Asterisk's cache would not bear.
    """
    settings = load()
    settings = settings.model_copy(
        update={
            "data": tmp_path_factory.mktemp("example.com"),
            "sip": settings.sip.model_copy(update={"guests": True}),
        }
    )
    return ports.fresh(settings)


@pytest.fixture(scope="session")
def asterisk(asterisk_settings: Settings) -> Iterator[Asterisk]:
    """A running Asterisk. Its `settings` hold the ARI password."""
    with started(asterisk_settings) as server:
        yield server


@contextmanager
def started(settings: Settings) -> Iterator[Asterisk]:
    """An Asterisk that runs in a thread of its own, for fixtures that outlive a test's loop."""
    ready: Future[Asterisk] = Future()
    loop = asyncio.new_event_loop()
    finish = asyncio.Event()

    async def run() -> None:
        try:
            async with running(settings, say=print) as server:
                ready.set_result(server)
                await finish.wait()
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), name="asterisk")
    thread.start()
    try:
        yield ready.result(START_SECONDS)
    finally:
        loop.call_soon_threadsafe(finish.set)
        thread.join(STOP_SECONDS)
        loop.close()
