"""What callers answered: in charts, in a table, and in files that other programs read."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from pathlib import Path

import openpyxl
import pytest
import pytest_asyncio
from playwright.async_api import expect

from benchmarks.portal import Plan, seed
from ivrserver.access import Role
from tests.browser.conftest import Look
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import Site, open_site
from tests.telephony.conftest import in_own_task

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def busy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A portal with some hundred calls of the last month."""
    folder = tmp_path_factory.mktemp("busy")
    async with in_own_task(open_site(folder)) as site:
        await seed(site.engine, folder / "audio", Plan(calls=300, days=28))
        await site.record()
        yield site


async def test_answers_are_shown_in_charts(look: Look, busy: Site) -> None:
    watched = await look(busy.address)
    await busy.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/answers")
    await assert_accessible(page)
    await shoot(page, "answers-ivrs")
    await page.get_by_role("link", name="Customer survey").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Customer survey")
    reason = page.get_by_role("table", name="Answers to Reason for visit")
    await expect(reason).to_contain_text("1 Purchase")
    await expect(page.get_by_text("answers, which are sensitive")).to_be_visible()
    await assert_accessible(page)
    await shoot(page, "answers")
    heading = page.get_by_role("heading", name="Reason for visit")
    card = page.locator("section.card").filter(has=heading)
    await card.get_by_role("link", name="over time").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Reason for visit")
    await page.get_by_text("As a table").click()
    days = page.get_by_role("table", name="Answers by day")
    await expect(days.locator("tbody tr")).to_have_count(30)
    await expect(days.get_by_role("columnheader", name="1 Purchase")).to_be_visible()
    await assert_accessible(page)
    await shoot(page, "answers-question")


async def test_answers_are_found_in_a_table_and_taken_away(
    look: Look, busy: Site, tmp_path: Path
) -> None:
    watched = await look(busy.address)
    await busy.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/answers/100/table")
    rows = page.get_by_role("table", name="Respondents").locator("tbody tr")
    await expect(rows).to_have_count(50)
    await assert_accessible(page)
    await shoot(page, "answers-table")
    await page.get_by_label("State").select_option("Completed")
    await page.get_by_role("combobox", name="Question").select_option("Reason for visit")
    answer = page.get_by_role("textbox", name="Answer")
    await answer.fill("2")
    await page.get_by_role("button", name="Filter").click()
    await expect(rows).not_to_have_count(50)
    await expect(answer).to_have_value("2")
    shown = await rows.count()
    assert 0 < shown < 50
    async with page.expect_download() as download:
        await page.get_by_role("link", name="CSV").click()
    file = tmp_path / "answers.csv"
    await (await download.value).save_as(file)
    heading, *lines = csv.reader(file.read_text("utf-8-sig").splitlines())
    assert len(lines) == shown
    assert {line[heading.index("Reason for visit")] for line in lines} == {"2"}
    assert {line[heading.index("State")] for line in lines} == {"completed"}
    assert {line[heading.index("Member number")] for line in lines} <= {"•••", ""}
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Excel").click()
    book = tmp_path / "answers.xlsx"
    await (await download.value).save_as(book)
    sheet = openpyxl.load_workbook(book).active
    table = [["" if cell is None else cell for cell in row] for row in sheet.values]
    assert table == [heading, *lines]


async def test_answers_on_a_phone_in_the_dark(look: Look, busy: Site) -> None:
    watched = await look(busy.address, viewport=NARROW, color_scheme="dark")
    await busy.sign_in(watched)
    await watched.page.goto("/answers/100")
    await assert_accessible(watched.page)
    await shoot(watched.page, "answers-narrow-dark")
    await watched.page.goto("/answers/100/table?state=completed")
    await assert_accessible(watched.page)


async def test_an_ivr_that_never_was_is_nowhere(look: Look, busy: Site) -> None:
    watched = await look(busy.address)
    watched.expect("status of 404")
    await busy.sign_in(watched)
    await watched.page.goto("/answers/999")
    await expect(watched.page.get_by_role("heading", level=1)).to_have_text("Nothing is here")
