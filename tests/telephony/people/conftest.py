"""A server and the people whom it calls, for all tests of this folder, which run together."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.telephony.conftest import in_own_task
from tests.telephony.people.together import together
from tests.telephony.people.town import Town, open_town
from tests.telephony.together import Together


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """Where all of it happens."""
    async with in_own_task(open_town(tmp_path_factory.mktemp("town"))) as running:
        yield running


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def running(request: pytest.FixtureRequest, town: Town) -> AsyncIterator[Together[Town]]:
    """The tests that were selected, begun."""
    together.start([item.nodeid for item in request.session.items], town)
    yield together
    await together.stop()
