"""Messages are heard and sorted in the portal, beside the phone; new ones come by themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from benchmarks.portal import Plan, seed
from ivrserver.access import Role
from ivrserver.flow.events import VoicemailLeft
from ivrserver.flow.jobs import TRANSCRIPTION
from ivrserver.flow.records import (
    JobTried,
    MessageLeft,
    MessageTranscribed,
    Record,
    TimelineEntry,
)
from ivrserver.flow.spoken_messages import SpokenMessage
from ivrserver.storage import AuditFilter, Mailboxes, open_journal
from tests.browser.conftest import Look
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import Site, open_site
from tests.telephony.conftest import in_own_task
from tests.unit.storage.records import opened, recording

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOX = 401
EVIL = "<script>alert(1)</script><b>boo"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def busy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A portal with some hundred calls of the last week."""
    folder = tmp_path_factory.mktemp("busy")
    async with in_own_task(open_site(folder)) as site:
        await seed(site.engine, folder / "audio", Plan(calls=600, days=10))
        await site.record()
        yield site


async def leave(
    site: Site, name: str, caller_id: str = "2125550177", *, transcribe: bool = False
) -> None:
    """Let somebody leave a message in the box."""
    now = datetime.now(UTC)
    call = f"call-{name}"
    said = f"{name}-said"
    message = MessageLeft(
        message_id=name, call_id=call, block_id=BOX, at=now, caller_id=caller_id,
        recording=said, seconds=4.0,
    )  # fmt: skip
    await write(site, opened(call, now, caller_id=caller_id), recording(call, said))
    await site.record()
    orders = spoken(name).orders(now, transcribe=transcribe)
    await write(site, message, *orders, TimelineEntry(call, now, VoicemailLeft(name, BOX, 4.0)))


def spoken(name: str) -> SpokenMessage:
    return SpokenMessage(message_id=name, block_id=BOX, language="en-US", letter=False)


def written_down(name: str, text: str) -> MessageTranscribed:
    return MessageTranscribed(
        message_id=name, at=datetime.now(UTC), recording=f"{name}-said", text=text,
        engine="pocketsphinx",
    )  # fmt: skip


def given_up(name: str, error: str) -> JobTried:
    now = datetime.now(UTC)
    return JobTried(kind=TRANSCRIPTION, key=name, at=now, attempts=1, error=error)


async def write(site: Site, *records: Record) -> None:
    async with open_journal(site.settings, site.engine) as journal:
        for each in records:
            journal.write(each)


async def by_phone(site: Site) -> dict[str, bool]:
    """Which messages the owner hears by phone, and whether as new ones."""
    return {each.message_id: each.new for each in await Mailboxes(site.engine).messages(BOX)}


async def first_id(page: Page) -> str:
    shown = await page.locator("#messages > li").first.get_attribute("id")
    return (shown or "").removeprefix("message-")


async def test_messages_are_heard_saved_and_deleted_without_a_new_page(
    look: Look, busy: Site
) -> None:
    watched = await look(busy.address)
    await busy.sign_in(watched, Role.EDITOR)
    page = watched.page
    await page.goto("/voicemail")
    await assert_accessible(page)
    await shoot(page, "voicemail")
    await page.get_by_role("link", name="Office messages").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Office messages")
    await expect(page.locator("#messages [data-drawn='']").first).to_be_visible()
    await expect(page.get_by_text("Transcribed by pocketsphinx").first).to_be_visible()
    await assert_accessible(page)
    await shoot(page, "voicemail-box")

    name = await first_id(page)
    first = page.locator(f"#message-{name}")
    counts = page.get_by_role("navigation", name="Which messages")
    new = sum((await by_phone(busy)).values())
    await expect(counts.get_by_role("link", name="New")).to_have_text(f"New{new}")
    audio = first.locator("audio")
    await audio.evaluate("each => { each.kept = true; each.muted = true; return each.play(); }")
    save = first.get_by_role("button", name="Save")
    await save.press("Enter")
    await expect(first.get_by_role("button", name="Mark as new")).to_be_focused()
    await expect(counts.get_by_role("link", name="New")).to_have_text(f"New{new - 1}")
    assert await audio.evaluate("each => each.kept && !each.paused"), "it goes on playing"
    assert (await by_phone(busy))[name] is False
    await page.keyboard.press("Enter")
    await expect(first.get_by_role("button", name="Save")).to_be_focused()
    assert (await by_phone(busy))[name] is True

    await first.get_by_role("button", name="Delete").press("Enter")
    await expect(first).to_contain_text("is deleted")
    await expect(first.get_by_role("button", name="Undo")).to_be_focused()
    assert name not in await by_phone(busy)
    await assert_accessible(page)
    await shoot(page, "voicemail-deleted")
    await page.keyboard.press("Enter")
    await expect(first.get_by_role("button", name="Delete")).to_be_focused()
    assert (await by_phone(busy))[name] is False
    log = (await busy.people.audit.page(AuditFilter(kind="message", thing=name))).items
    assert [each.deed.verb for each in log] == ["change", "delete", "change", "change"]
    assert {each.author.name for each in log} == {"edgar"}

    await counts.get_by_role("link", name="Saved").click()
    await expect(counts.get_by_role("link", name="Saved")).to_have_attribute("aria-current", "page")
    await expect(page.locator(f"#message-{name}")).to_have_count(1)


async def test_a_new_message_and_what_the_phone_does_appear_by_themselves(
    look: Look, busy: Site
) -> None:
    watched = await look(busy.address)
    await busy.sign_in(watched, Role.EDITOR)
    page = watched.page
    await page.goto(f"/voicemail/{BOX}")
    await expect(page.locator("[data-part=live]")).to_have_attribute("data-state", "live")
    before = await first_id(page)
    await leave(busy, "zz-1", EVIL)
    first = page.locator("#messages > li").first
    await expect(first).to_have_id("message-zz-1")
    await expect(first).to_contain_text(EVIL)
    await Mailboxes(busy.engine).delete("zz-1")
    await Mailboxes(busy.engine).save(before)
    await leave(busy, "zz-2")
    await expect(first).to_have_id("message-zz-2")
    gone = page.locator("#message-zz-1")
    await expect(gone).to_contain_text("is deleted")
    await expect(gone).to_contain_text(EVIL)
    await expect(
        page.locator(f"#message-{before}").get_by_role("button", name="Mark as new")
    ).to_be_visible()
    await page.goto("/calls/call-zz-1")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(EVIL)


async def test_what_was_said_appears_as_soon_as_it_is_written_down(look: Look, busy: Site) -> None:
    watched = await look(busy.address)
    await busy.sign_in(watched, Role.EDITOR)
    page = watched.page
    await leave(busy, "zz-3", transcribe=True)
    await page.goto(f"/voicemail/{BOX}")
    said = page.locator("#message-zz-3-said")
    await expect(said).to_have_text("Being transcribed")
    await assert_accessible(page)
    await shoot(page, "voicemail-being-transcribed")
    await write(busy, written_down("zz-3", f"{EVIL} please call me back"))
    await expect(said).to_contain_text(f"{EVIL} please call me back")
    await expect(said).to_contain_text("Transcribed by pocketsphinx")
    assert await said.locator("script, b").count() == 0
    await assert_accessible(page)

    await leave(busy, "zz-4", transcribe=True)
    await page.reload()
    said = page.locator("#message-zz-4-said")
    await expect(said).to_have_text("Being transcribed")
    await write(busy, given_up("zz-4", f"{EVIL} is not known"))
    await expect(said).to_contain_text("Not transcribed")
    await expect(said).to_contain_text(f"{EVIL} is not known")
    await assert_accessible(page)
    await said.get_by_role("button", name="Try again").press("Enter")
    await expect(said).to_contain_text("Being transcribed")
    await write(busy, written_down("zz-4", ""))
    await expect(said).to_have_text("Nothing that could be made out.")
    log = (await busy.people.audit.page(AuditFilter(thing="transcription-zz-4"))).items
    assert [each.author.name for each in log] == ["edgar"]


async def test_a_viewer_hears_and_changes_nothing(look: Look, busy: Site) -> None:
    watched = await look(busy.address, viewport=NARROW, color_scheme="dark")
    watched.expect("status of 403")
    await busy.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/voicemail")
    await assert_accessible(page)
    await page.goto(f"/voicemail/{BOX}")
    await expect(page.locator("#messages [data-drawn='']").first).to_be_visible()
    await expect(page.locator("#messages button")).to_have_count(0)
    await assert_accessible(page)
    await shoot(page, "voicemail-narrow-dark")
    name = await first_id(page)
    token = await page.locator("meta[name=csrf]").get_attribute("content")
    refused = await page.request.post(
        f"/voicemail/{BOX}/{name}",
        form={"becomes": "deleted"},
        headers={"X-CSRF-Token": token or "", "Origin": busy.address},
    )
    assert refused.status == 403
    assert name in await by_phone(busy)


async def test_a_box_that_never_was_is_nowhere(look: Look, busy: Site) -> None:
    watched = await look(busy.address)
    watched.expect("status of 404")
    await busy.sign_in(watched)
    await watched.page.goto("/voicemail/999")
    await expect(watched.page.get_by_role("heading", level=1)).to_have_text("Nothing is here")
