"""A browser, and portals to look at: one without Asterisk, and one with phones that call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.browser import pages
from tests.browser.chromium import CALLING, FLAGS, NoBrowser, find
from tests.browser.gallery import gallery_app
from tests.browser.pages import Watched, watch
from tests.browser.site import Live, Site, open_live, open_site
from tests.telephony.conftest import in_own_task
from tests.unit.web.serving import serving

Look = Callable[..., Awaitable[Watched]]

expect.set_options(timeout=15_000)
"""Milliseconds; on a machine with much else to do a page may need more than Playwright's five."""


def pytest_configure(config: pytest.Config) -> None:
    pages.pictures_wanted = config.getoption("--pictures")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, with a microphone that hums."""
    try:
        path = find()
    except NoBrowser as error:
        pytest.fail(str(error))
    async with async_playwright() as playwright:
        # Playwright's own idea of headless is another program: the flag says which we mean.
        running = await playwright.chromium.launch(
            executable_path=path, headless=False, args=[*FLAGS, *CALLING]
        )
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def look(browser: Browser) -> AsyncIterator[Look]:
    """Opens pages, each in a browser of its own; what their consoles say must be nothing.

    `await look(site.address, viewport=NARROW, color_scheme="dark")`.
    """
    opened: list[Watched] = []

    async def open_page(address: str, **options: Any) -> Watched:
        opened.append(await watch(browser, address, **options))
        return opened[-1]

    yield open_page
    for watched in opened:
        await watched.context.close()
    for watched in opened:
        watched.nothing_is_wrong()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The portal of the sample account, without Asterisk, for all tests of a file."""
    async with in_own_task(open_site(tmp_path_factory.mktemp("site"))) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def sampled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A portal of its own with the sample account: what a test changes disturbs no other.

    Tests ask for it before `look`, so that it outlives the pages, which listen to it.
    """
    async with in_own_task(open_site(tmp_path_factory.mktemp("sampled"))) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def new_site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The portal without Asterisk, of nobody and with nothing in it."""
    async with in_own_task(open_site(tmp_path_factory.mktemp("site"), seeded=False)) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    """The whole product on a real Asterisk, and phones that call it."""
    async with in_own_task(open_live(tmp_path_factory.mktemp("live"))) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gallery(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of a page with one of everything, at /gallery."""
    app = gallery_app(tmp_path_factory.mktemp("gallery"))
    async with in_own_task(serving(app)) as address:
        yield address
