"""A town for each way in which a controller's calls go on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.postgres_fixture import PostgresServer
from tests.telephony.conftest import in_own_task
from tests.telephony.lost.scene import Lost, open_lost


@pytest_asyncio.fixture(scope="package", loop_scope="package", params=["restarted", "inherited"])
async def lost(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres: PostgresServer,
) -> AsyncIterator[Lost]:
    """The tests that were selected, begun."""
    how: str = request.param
    names = [
        item.originalname
        for item in request.session.items
        if isinstance(item, pytest.Function) and f"[{how}]" in item.name
    ]
    data = tmp_path_factory.mktemp(how)
    if how == "restarted":
        async with in_own_task(open_lost(data, how, "")) as scene:
            scene.start(names)
            yield scene
        return
    async with (
        postgres.new_database() as url,
        in_own_task(open_lost(data, how, url)) as scene,
    ):
        scene.start(names)
        yield scene
