"""Several people work on the same account: nothing typed is lost, and what was can be restored."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from ivrserver.access import Role
from tests.browser.conftest import Look
from tests.browser.ivrs import edit, ivr_of, save
from tests.browser.pages import assert_accessible, shoot
from tests.browser.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_who_saves_over_a_newer_version_sees_both_and_loses_nothing(
    sampled: Site, look: Look
) -> None:
    mine, theirs = await look(sampled.address), await look(sampled.address)
    mine.expect("status of 422")
    await sampled.sign_in(mine, Role.EDITOR)
    await sampled.sign_in(theirs)
    for watched, text in ((mine, "My own words."), (theirs, "Their words.")):
        await watched.page.goto("/blocks/101")
        await edit(watched.page, "Welcome")
        form = watched.page.locator("#question-1")
        await form.get_by_label("What the caller hears: text").fill(text)
    await save(theirs.page.locator("#question-1"))
    await expect(theirs.page.get_by_role("link", name="Edit Welcome")).to_be_focused()

    form = mine.page.locator("#question-1")
    await save(form)
    alert = form.get_by_role("alert")
    await expect(alert).to_contain_text("Somebody else has saved this")
    await expect(alert).to_contain_text("Their words.")
    await expect(form.get_by_label("What the caller hears: text")).to_have_value("My own words.")
    await assert_accessible(mine.page)
    await shoot(mine.page, "ivr-conflict")
    assert (await ivr_of(sampled, 101)).questions[0].prompt.text == "Their words."
    await form.get_by_role("button", name="Save again, in place of theirs").click()
    await expect(mine.page.get_by_role("link", name="Edit Welcome")).to_be_focused()
    await expect(mine.page.locator("#question-1")).to_contain_text("My own words.")
    assert (await ivr_of(sampled, 101)).questions[0].prompt.text == "My own words."


async def test_who_has_a_page_open_is_told_of_what_others_save_and_not_of_their_own(
    sampled: Site, look: Look
) -> None:
    mine, theirs = await look(sampled.address), await look(sampled.address)
    for watched in (mine, theirs):
        await sampled.sign_in(watched)
        await watched.page.goto("/blocks/101")
    newer = "Somebody has changed the account since this page was made."
    await mine.page.get_by_role("button", name="Move Sorry up").click()
    await expect(theirs.page.get_by_text(newer)).to_be_visible()
    await expect(mine.page.locator(".toast", has_text="Sorry is number 4 now.")).to_be_visible()
    await edit(mine.page, "PIN")
    await mine.page.locator("#question-3").get_by_label("Name", exact=True).fill("Half typed")
    about = mine.page.locator("#about")
    await about.get_by_label("Name", exact=True).fill("Survey of ours")
    await about.get_by_role("button", name="Save").click()
    await expect(mine.page.get_by_role("heading", level=1)).to_have_text("Survey of ours")
    await mine.page.get_by_role("button", name="Remove Suggestion").click()
    await mine.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(mine.page.locator("#question-7")).to_have_count(0)
    await expect(mine.page.locator("#question-3").get_by_label("Name", exact=True)).to_have_value(
        "Half typed"
    )
    await mine.page.get_by_role("link", name="Edit Welcome").click()
    await save(mine.page.locator("#question-1"))
    await expect(mine.page.locator(".toast", has_text="Saved.").first).to_be_visible()
    await expect(mine.page.get_by_text(newer)).to_be_hidden()
    await shoot(theirs.page, "ivr-newer")


async def test_two_people_change_two_questions_without_noticing(sampled: Site, look: Look) -> None:
    mine, theirs = await look(sampled.address), await look(sampled.address)
    for watched, name in ((mine, "Welcome"), (theirs, "Sorry")):
        await sampled.sign_in(watched)
        await watched.page.goto("/blocks/101")
        await edit(watched.page, name)
        await watched.page.get_by_label("What the caller hears: text").fill(f"New {name}.")
    for watched in (mine, theirs):
        await save(watched.page.locator(".question.is-edited"))
        await expect(watched.page.locator(".question.is-edited")).to_have_count(0)
    prompts = [each.prompt.text for each in (await ivr_of(sampled, 101)).questions]
    assert (prompts[0], prompts[4]) == ("New Welcome.", "New Sorry.")


async def test_a_revision_is_compared_and_restored(sampled: Site, look: Look) -> None:
    watched = await look(sampled.address)
    await sampled.sign_in(watched, Role.EDITOR)
    page = watched.page
    await page.goto("/blocks/103")
    about = page.locator("form[action$='/settings']")
    await about.get_by_label("Name", exact=True).fill("In the worst case")
    await about.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("In the worst case")
    await page.goto("/revisions")
    await expect(page.get_by_role("table", name="Revisions")).to_contain_text("edgar portal")
    await page.get_by_role("button", name="Compare the two that are marked").click()
    removed, added = page.locator(".diff .is-removed"), page.locator(".diff .is-added")
    await expect(removed).to_contain_text("name: Backup")
    await expect(added).to_contain_text("name: In the worst case")
    await assert_accessible(page)
    await shoot(page, "revisions-compare")
    await page.get_by_role("button", name="Restore…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    await expect(page.get_by_role("table", name="Revisions")).to_contain_text("Restored revision 1")
    assert (await ivr_of(sampled, 103)).name == "Backup"
