"""What all tests share."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.side_by_side import SideBySide, turn_of

if TYPE_CHECKING:
    from xdist.remote import Producer

# pytest-asyncio asks for "the current loop" before its first test; Python up to 3.13 then makes one
# that nobody closes. Having said that there is none, nothing is made.
asyncio.set_event_loop(None)

pytest_plugins = ["tests.postgres_fixture"]

# How long an example takes depends on what else the machine does: no test here is a timed one.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SideBySide:
    """Let processes that run side by side share the tests in these pieces."""
    return SideBySide(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: turn_of(item.nodeid))


def pytest_addoption(parser: pytest.Parser) -> None:
    """``make test ARGS=--pictures``."""
    parser.addoption(
        "--pictures",
        action="store_true",
        help="let browser tests take pictures of pages, into tests/browser/shots",
    )


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and in what tests make: not again in all that has been imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
