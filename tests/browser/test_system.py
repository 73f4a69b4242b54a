"""Trunks, health and settings are shown in the portal, without secrets."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI
from playwright.async_api import expect
from yarl import URL

from ivrserver.access import Role
from ivrserver.config import AriSettings, TrunkSettings
from tests.browser.conftest import Look
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import PASSWORD, Live, Site, open_site
from tests.telephony.conftest import in_own_task
from tests.unit.web.serving import serving

pytestmark = pytest.mark.asyncio(loop_scope="session")


def asterisk() -> FastAPI:
    """What answers like an Asterisk with two trunks, two phones and a softphone."""
    app = FastAPI()

    def endpoint(name: str, *channels: str, state: str = "online") -> dict[str, object]:
        return {
            "technology": "PJSIP",
            "resource": name,
            "state": state,
            "channel_ids": channels,
        }

    @app.get("/ari/asterisk/info")
    def info() -> dict[str, object]:
        started = "2026-01-02T03:04:05.000+0000"
        return {"system": {"version": "22.5.2"}, "status": {"startup_time": started}}

    @app.get("/ari/asterisk/variable")
    def variable() -> dict[str, str]:
        return {"value": "carrier=Registered,backup=Rejected"}

    @app.get("/ari/endpoints")
    def endpoints() -> list[dict[str, object]]:
        return [
            endpoint("carrier", "1", "2"),
            endpoint("backup"),
            endpoint("desk", "3"),
            endpoint("hall", state="offline"),
            endpoint("softphone.mia.01jd"),
        ]

    return app


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def wired(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A portal of settings with trunks and phones, beside what answers like their Asterisk."""
    trunk = TrunkSettings(
        host="sip.example.com", username="us", password="hidden-1", registers=True
    )
    async with in_own_task(serving(asterisk())) as address:
        changes: dict[str, object] = {
            "ari": AriSettings(port=URL(address).port, password="hidden-3"),
            "trunks": {"carrier": trunk, "backup": trunk.model_copy(update={"transport": "tcp"})},
        }
        folder = tmp_path_factory.mktemp("wired")
        async with in_own_task(
            open_site(folder, seeded=False, phones={"desk": "41", "hall": "42"}, **changes)
        ) as site:
            yield site


async def test_settings_are_found_and_keep_secrets(look: Look, site: Site) -> None:
    watched = await look(site.address)
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/settings")
    await expect(page.get_by_role("heading", name="webhook")).to_be_visible()
    token = page.get_by_role("row", name=re.compile("^token")).first
    await expect(token).to_contain_text("not set")
    await assert_accessible(page)
    await shoot(page, "settings")
    await page.get_by_label("Search").fill("time zone iana")
    await page.get_by_role("button", name="Filter").click()
    await expect(page.get_by_role("table")).to_have_count(1)
    await expect(page.get_by_role("row", name=re.compile("^time_zone"))).to_contain_text(
        "America/New_York"
    )
    await page.goto("/settings?origin=given")
    await expect(page.get_by_role("row", name=re.compile("^data"))).to_contain_text(
        "Chosen at the start"
    )
    await page.goto("/settings?q=nowhere-to-be-found")
    await expect(page.get_by_role("heading", name="No setting is like that")).to_be_visible()


async def test_the_doctor_examines_at_a_button(look: Look, site: Site) -> None:
    watched = await look(site.address)
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/health")
    await expect(page.get_by_role("table", name="Asterisks")).to_contain_text("Away")
    await page.get_by_role("button", name="Examine now").focus()
    await page.keyboard.press("Enter")
    findings = page.get_by_role("table", name="Findings")
    await expect(findings).to_contain_text("clock", timeout=60_000)
    await expect(page.get_by_role("button", name="Examine now")).to_be_enabled(timeout=60_000)
    await expect(findings).to_contain_text("make up starts Asterisk")
    await assert_accessible(page)
    await shoot(page, "health")


async def test_without_asterisk_nobody_knows_of_trunks(look: Look, site: Site) -> None:
    watched = await look(site.address)
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/trunks")
    await expect(page.get_by_text("Nothing is known about what is connected")).to_be_visible()
    await expect(page.get_by_role("heading", name="No trunk yet")).to_be_visible()
    await assert_accessible(page)


async def test_trunks_and_phones_are_as_asterisk_sees_them(look: Look, wired: Site) -> None:
    watched = await look(wired.address)
    await wired.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/trunks")
    trunks = page.get_by_role("table", name="Trunks")
    await expect(trunks.get_by_role("row", name=re.compile("^carrier"))).to_contain_text(
        "registered"
    )
    await expect(trunks.get_by_role("row", name=re.compile("^backup"))).to_contain_text("rejected")
    await expect(trunks.get_by_role("row", name=re.compile("^backup"))).to_contain_text(
        "trunks.backup.username"
    )
    phones = page.get_by_role("table", name="Phones")
    await expect(phones.get_by_role("row", name=re.compile("^desk"))).to_contain_text("registered")
    await expect(phones.get_by_role("row", name=re.compile("^hall"))).to_contain_text(
        "not registered"
    )
    await expect(page.get_by_role("table", name="Softphones")).to_contain_text("mia")
    await page.get_by_text("[trunks.carrier]").click()
    await expect(page.get_by_role("table", name="Settings of trunks.carrier")).to_be_visible()
    html = await page.content()
    assert not re.search(rf"hidden-\d|{PASSWORD}", html)
    await assert_accessible(page)
    await shoot(page, "trunks")
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.emulate_media(color_scheme="dark")
    await assert_accessible(page)
    await shoot(page, "trunks-narrow-dark")


async def test_a_running_controller_is_shown_with_its_softphones(look: Look, live: Live) -> None:
    watched = await look(live.site.address)
    await live.site.sign_in(watched)
    page = watched.page
    await page.goto("/trunks")
    softphones = page.get_by_role("table", name="Softphones")
    await expect(softphones).to_contain_text("ada", timeout=20_000)
    await page.goto("/health")
    await expect(page.get_by_role("table", name="Asterisks")).to_contain_text("Answers")
    await expect(page.get_by_role("table", name="Controllers")).to_contain_text("Works")
    await expect(page.get_by_role("table", name="Parts of this controller")).to_contain_text(
        "Database"
    )
    await assert_accessible(page)
    await shoot(page, "health-live")


@pytest.mark.parametrize("path", ["health", "settings?q=sip"])
async def test_the_system_is_read_on_a_phone_in_the_dark(look: Look, live: Live, path: str) -> None:
    watched = await look(live.site.address, viewport=NARROW, color_scheme="dark")
    await live.site.sign_in(watched)
    page = watched.page
    await page.goto(f"/{path}")
    await assert_accessible(page)
    await shoot(page, f"{path.partition('?')[0]}-narrow-dark")
