"""One Asterisk for the contract tests, whose carrier is itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivrserver.config import Settings, load
from ivrserver.telephony.asterisk import Asterisk, ports
from tests.asterisk_fixture import asterisk
from tests.contract.parties import (
    Exchange,
    FakeParty,
    Party,
    exchange,
    with_trunk_to_itself,
)

__all__ = ["asterisk"]


@pytest.fixture(scope="session")
def asterisk_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = load().model_copy(update={"data": tmp_path_factory.mktemp("data")})
    return with_trunk_to_itself(ports.fresh(settings))


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sounds")


@pytest.fixture
async def board(asterisk: Asterisk, sounds: Path) -> AsyncIterator[Exchange]:
    async with exchange(asterisk.settings, sounds) as tested:
        yield tested


@pytest.fixture(params=["fake", "asterisk"])
async def party(request: pytest.FixtureRequest) -> AsyncIterator[Party]:
    """Somebody whose call is answered: on the fake, and on a real Asterisk."""
    if request.param == "fake":
        yield FakeParty()
        return
    server: Asterisk = request.getfixturevalue("asterisk")
    async with exchange(server.settings, request.getfixturevalue("sounds")) as tested:
        real = await tested.party()
        yield real
        await real.leave()
