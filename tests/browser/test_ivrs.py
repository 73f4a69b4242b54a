"""An IVR is built from nothing in a browser: by mouse, by keyboard alone, against somebody else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from ivrserver import shelves
from ivrserver.access import Role
from ivrserver.blocks import (
    Choice,
    ChoiceKey,
    Digits,
    EndIvr,
    Ivr,
    Message,
    Prompt,
    Record,
    WebhookMode,
    WebhookParameter,
)
from tests.browser.conftest import Look
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import Site, open_site
from tests.telephony.conftest import in_own_task

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVIL = "<script>alert(1)</script>\"'{{7*7}}"


@pytest_asyncio.fixture(loop_scope="session")
async def sampled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A portal of its own with the sample account: what a test changes disturbs no other.

    Tests ask for it before `look`, so that it outlives the pages, which listen to it.
    """
    async with in_own_task(open_site(tmp_path_factory.mktemp("ivrs"))) as site:
        yield site


async def ivr_of(site: Site, block_id: int) -> Ivr:
    account = await shelves.accounts(site.settings, site.engine).export()
    (block,) = (each for each in account.blocks if each.block_id == block_id)
    assert isinstance(block, Ivr)
    return block


async def add(page: Page, kind: str) -> Locator:
    """Begin a question of that type; returns its form."""
    await page.get_by_text("Add a question").click()
    await page.get_by_role("link", name=kind).click()
    form = page.locator("#question-new")
    await expect(form.get_by_label("Name", exact=True)).to_be_focused()
    return form


async def edit(page: Page, name: str) -> None:
    """Open the form of the question of that name."""
    await page.get_by_role("link", name=f"Edit {name}").click()
    opened = page.locator(f".is-edited input[name=name][value='{name}']")
    await expect(opened).to_be_focused()


async def save(form: Locator) -> None:
    await form.get_by_role("button", name="Save question").click()


async def test_an_ivr_with_its_webhook_is_built_by_clicks(sampled: Site, look: Look) -> None:
    watched = await look(sampled.address)
    watched.expect("status of 422")
    await sampled.sign_in(watched, Role.EDITOR)
    page = watched.page
    await page.goto("/blocks")
    await begin(page, "Parcels")
    block_id = int(page.url.rsplit("/", maxsplit=1)[1])
    await ask(page)
    await assert_accessible(page)
    await shoot(page, "ivr")
    secret = await send(page)
    await assert_accessible(page)
    await shoot(page, "ivr-webhook")

    ivr = await ivr_of(sampled, block_id)
    welcome, wish, number, remark = ivr.questions
    assert welcome == Message(question_id=1, name="Welcome", prompt=Prompt("Welcome to parcels."))
    assert isinstance(wish, Choice)
    assert wish.keys == (ChoiceKey("1", "track"), ChoiceKey("2", "end", EndIvr()))
    assert isinstance(number, Digits)
    assert (number.min_digits, number.max_digits, number.no_input.tries) == (6, 6, 2)
    assert isinstance(remark, Record)
    assert ivr.webhook.mode is WebhookMode.NEXT_ACTION
    assert ivr.webhook.parameters == (WebhookParameter("parcel", 3),)
    assert ivr.webhook.secret == secret
    await page.reload()
    assert secret not in await page.content(), "it is shown once"


async def begin(page: Page, name: str) -> None:
    """Begin an IVR from the list."""
    await page.locator("summary", has_text="New").click()
    await page.get_by_role("link", name="IVR Ask questions").click()
    await page.get_by_label("Name").fill(name)
    await page.get_by_role("button", name="Begin").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)


async def ask(page: Page) -> None:
    """Add questions of four types, one of them wrong at first."""
    form = await add(page, "Message")
    await form.get_by_label("Name", exact=True).fill("Welcome")
    await form.get_by_label("What the caller hears: text").fill("Welcome to parcels.")
    await save(form)
    await expect(page.locator("#question-1")).to_contain_text("Welcome to parcels.")

    form = await add(page, "Choice")
    await form.get_by_label("Name", exact=True).fill("Wish")
    await form.get_by_label("What the caller hears: text").fill("Press 1 to track, 2 to end.")
    await form.get_by_label("Means").fill("track")
    await form.get_by_role("button", name="Add a key").click()
    await expect(form.get_by_label("Key", exact=True).nth(1)).to_be_focused()
    await form.get_by_label("Key", exact=True).nth(1).fill("1")
    await form.get_by_label("Means").nth(1).fill("end")
    await form.get_by_label("Leads to", exact=True).nth(1).select_option("End of the IVR")
    await save(form)
    await expect(form.get_by_role("alert")).to_contain_text("1 is there twice")
    await expect(form.get_by_role("alert")).to_be_focused()
    await expect(form.get_by_label("Means").nth(1)).to_have_value("end")
    await form.get_by_label("Key", exact=True).nth(1).fill("2")
    await save(form)
    await expect(page.locator("#question-2")).to_contain_text("end of the IVR")

    form = await add(page, "Digits")
    await form.get_by_label("Name", exact=True).fill("Parcel number")
    await form.get_by_label("What the caller hears: text").fill("Enter its number.")
    await form.get_by_label("Fewest digits").fill("6")
    await form.get_by_label("Most digits").fill("6")
    await form.get_by_text("When nothing, or something wrong, comes").click()
    await form.get_by_label("Tries").first.fill("2")
    await save(form)
    await expect(page.locator("#question-3")).to_contain_text("6 digits")

    form = await add(page, "Recording")
    await form.get_by_label("Name", exact=True).fill("Remark")
    await save(form)
    await expect(page.locator("#question-4 .question-name")).to_contain_text("Recording")


async def send(page: Page) -> str:
    """Let the results be sent, with one mistake after the other; returns the secret."""
    await page.get_by_role("link", name="Webhook", exact=True).click()
    await page.get_by_label("Retrieve next action").check()
    await page.get_by_role("button", name="Save webhook settings").click()
    await expect(page.get_by_role("alert")).to_contain_text("next_action needs a url")
    await page.get_by_label("Target URL").fill("https://www.example.com/listener?auth=abc123")
    await page.get_by_role("button", name="Add a parameter").click()
    await page.get_by_label("Parameter", exact=True).fill("ivr_wish")
    choice = page.get_by_label("Carries the answer to")
    assert await choice.locator("option").all_text_contents() == ["2. Wish", "3. Parcel number"]
    await choice.select_option("3. Parcel number")
    await page.get_by_role("button", name="Save webhook settings").click()
    await expect(page.get_by_role("alert")).to_contain_text("are the system's own")
    await page.get_by_label("Parameter", exact=True).fill("parcel")
    await page.get_by_label("Backup Routing", exact=True).select_option("Hang up")
    await page.get_by_role("button", name="Save webhook settings").click()
    await expect(page.get_by_role("status").first).to_contain_text("settings are saved")
    await page.get_by_role("button", name="Make a secret").click()
    return await page.locator("#secret code").text_content() or ""


async def test_an_ivr_is_built_by_keyboard_alone(sampled: Site, look: Look) -> None:
    watched = await look(sampled.address)
    await sampled.sign_in(watched, Role.EDITOR)
    page = watched.page
    keys = page.keyboard
    await page.goto("/blocks/new/ivr")
    await expect(page.get_by_label("Name")).to_be_focused()
    await keys.type("By hand")
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    for name in ("First", "Second"):
        await tab_to(page, page.locator(".add-question summary"))
        await keys.press("Enter")
        await tab_to(page, page.get_by_role("link", name="Message"))
        await keys.press("Enter")
        form = page.locator("#question-new")
        await expect(form.get_by_label("Name", exact=True)).to_be_focused()
        await keys.type(name)
        await keys.press("Enter")
        await expect(form).to_have_count(0)
        await expect(page.get_by_role("link", name=f"Edit {name}")).to_be_focused()
    up = page.get_by_role("button", name="Move Second up")
    await tab_to(page, up, back=True)
    await keys.press("Enter")
    await expect(page.locator(".question h3")).to_have_text(["Second", "First"])
    await expect(page.locator(".toast", has_text="Second is number 1 now.")).to_be_visible()
    await tab_to(page, page.get_by_role("button", name="Remove First"))
    await keys.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await tab_to(page, page.get_by_role("dialog").get_by_role("button", name="Remove"))
    await keys.press("Enter")
    await expect(page.locator(".question h3")).to_have_text(["Second"])
    block_id = int(page.url.rsplit("/", maxsplit=1)[1])
    assert [each.name for each in (await ivr_of(sampled, block_id)).questions] == ["Second"]


async def tab_to(page: Page, wanted: Locator, *, back: bool = False) -> None:
    """Press Tab until `wanted` has the focus."""
    for _ in range(80):
        if await wanted.evaluate("(element) => element === document.activeElement"):
            return
        await page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"the keyboard does not reach {wanted}")


async def test_questions_are_dragged_to_their_places(sampled: Site, look: Look) -> None:
    watched = await look(sampled.address)
    await sampled.sign_in(watched, Role.EDITOR)
    page = watched.page
    await page.goto("/blocks/101")
    await page.locator("#question-1 [data-grip]").hover()
    await page.mouse.down()
    box = await page.locator("#question-3").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 50, box["y"] + box["height"] - 4, steps=12)
    await page.mouse.up()
    await expect(page.locator(".toast", has_text="Welcome is number 3 now.")).to_be_visible()
    asked = (await ivr_of(sampled, 101)).questions
    assert [each.question_id for each in asked] == [2, 3, 1, 4, 5, 6, 7]


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


@pytest.mark.parametrize("path", ["/blocks", "/blocks/101", "/blocks/101/webhook"])
async def test_viewers_see_everything_and_can_change_nothing(
    look: Look, site: Site, path: str
) -> None:
    watched = await look(site.address, viewport=NARROW, color_scheme="dark")
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto(path)
    main = page.locator("#main")
    await expect(main).to_contain_text("Customer survey")
    for words in ("Edit", "Save", "New", "Remove", "Delete", "Add", "Duplicate"):
        await expect(main.get_by_role("button", name=words)).to_have_count(0)
        await expect(main.get_by_role("link", name=words, exact=True)).to_have_count(0)
    await assert_accessible(page)
    await shoot(page, f"viewer{path.replace('/', '-')}")


async def test_a_prompt_is_heard_as_callers_will_hear_it(look: Look, site: Site) -> None:
    watched = await look(site.address)
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/blocks/101")
    hear = page.locator("#question-1 [data-part=hear]")
    await expect(hear).to_have_attribute("data-mounted", "")
    async with page.expect_response("**/hear") as asked:
        await hear.click()
    answer = await asked.value
    assert answer.headers["content-type"] == "audio/wav"
    button = page.locator("#question-1 [data-playing]")
    await expect(button).to_have_text("Stop: Welcome")
    seconds = float(await button.get_attribute("data-playing") or 0)
    assert 2 < seconds < 8, "a sentence of nine words"
    await button.click()
    await expect(page.locator("#question-1 [data-part=hear]")).to_have_text("Hear it: Welcome")


async def test_what_people_write_is_shown_and_never_run(sampled: Site, look: Look) -> None:
    watched = await look(sampled.address)
    watched.expect("status of 422")
    await sampled.sign_in(watched)
    page = watched.page
    page.on(
        "dialog", lambda dialog: watched.complaints.append(f"a script has run: {dialog.message}")
    )
    await page.goto("/blocks/101")
    about = page.locator("form[action$='/settings']")
    await about.get_by_label("Name", exact=True).fill(EVIL)
    await about.locator("[name=voice]").fill(EVIL)
    await about.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(EVIL)
    await edit(page, "Score")
    form = page.locator("#question-4")
    for field in ("Name", "What the caller hears: text"):
        await form.get_by_label(field, exact=True).fill(EVIL)
    await form.get_by_label("Means").first.fill(EVIL)
    await save(form)
    await expect(form.get_by_role("heading", name=EVIL, exact=True)).to_be_visible()
    await expect(form.locator(".question-keys")).to_contain_text(EVIL)
    await page.goto("/blocks/101/webhook")
    await page.get_by_label("Target URL").fill(f"https://example.com/?{EVIL}")
    await page.get_by_label("Parameter", exact=True).first.fill(EVIL)
    await page.get_by_role("button", name="Save webhook settings").click()
    await expect(page.get_by_label("Target URL")).to_have_value(f"https://example.com/?{EVIL}")
    await expect(page.get_by_label("Parameter", exact=True).first).to_have_value(EVIL)
    for path in ("/blocks", "/blocks/101", "/blocks/101/webhook", "/blocks/101/map"):
        await page.goto(path)
        await expect(page.locator("#main")).to_contain_text("{{7*7}}")


async def test_a_block_that_something_leads_to_stays_and_others_go(
    sampled: Site, look: Look
) -> None:
    watched = await look(sampled.address)
    await sampled.sign_in(watched)
    page = watched.page
    await page.goto("/blocks/103")
    await page.get_by_text("More", exact=True).click()
    await page.get_by_role("button", name="Delete…").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("cannot be deleted")
    await expect(dialog.get_by_role("link", name="Customer survey")).to_be_visible()
    await dialog.get_by_role("button", name="Close").last.click()
    await page.get_by_text("More", exact=True).click()
    await page.get_by_role("button", name="Duplicate").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Backup (copy)")
    await page.get_by_text("More", exact=True).click()
    await page.get_by_role("button", name="Delete…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("IVRs and blocks")
    await expect(page.locator("#main")).not_to_contain_text("Backup (copy)")


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
