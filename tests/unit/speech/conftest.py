"""Settings with the two offline engines present, fetched if the machine has not got them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrserver.config import Settings, load
from ivrserver.programs import fetch, find


@pytest.fixture(scope="session")
def offline_engines() -> Settings:
    """Settings with which flite and espeak-ng are found."""
    settings = load()
    names = [name for name in ("flite", "espeak-ng") if find(name, settings.packages) is None]
    if names:
        fetch(names, settings.packages, say=print)
    return settings


@pytest.fixture
def settings(offline_engines: Settings, tmp_path: Path) -> Settings:
    """The same, with a prompt folder of the test's own."""
    return offline_engines.model_copy(update={"data": tmp_path})
