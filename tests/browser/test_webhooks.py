"""Requests to web servers are found in the portal, told whole, and sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import expect

from benchmarks.portal import Plan, seed
from ivrserver.access import Role
from ivrserver.flow.delivery import BODY_KEPT
from ivrserver.flow.events import (
    ActionChosen,
    BackupRouted,
    Event,
    WebhookAnswered,
    WebhookMissed,
    WebhookRequested,
)
from ivrserver.flow.jobs import JobState
from ivrserver.flow.records import JobOrdered, JobTried, Record, TimelineEntry
from ivrserver.storage import AuditFilter, Jobs, open_journal
from tests.browser.conftest import Look
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import Site, open_site
from tests.telephony.caller import PATIENCE, POLL_SECONDS
from tests.telephony.conftest import in_own_task
from tests.unit.jobs.controller import DELIVERY, at_work, survey
from tests.unit.storage.records import attempt, opened, respondent
from tests.unit.webhooks.servers import Exchange, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVIL = "<script>window.harmed=1</script><img src=x onerror=window.harmed=1>"
NOTE = f"<note><![CDATA[{EVIL}]]></note>"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def busy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A portal with many calls of the last days, and jobs that were given up."""
    folder = tmp_path_factory.mktemp("busy")
    async with in_own_task(open_site(folder)) as site:
        await seed(site.engine, folder / "audio", Plan(calls=900, days=6))
        await site.record()
        now = datetime.now(UTC)
        mail = JobOrdered(kind="mail", key="letter", call_id="", at=now, due=now)
        await write(
            site, mail,
            JobTried(kind="mail", key="letter", at=now, attempts=9, error=f"refused: {EVIL}"),
        )  # fmt: skip
        yield site


async def write(site: Site, *records: Record) -> None:
    async with open_journal(site.settings, site.engine) as journal:
        for each in records:
            journal.write(each)


async def was_refused(site: Site, job_id: str) -> None:
    """Wait until this job has been tried once, and is to be tried again."""
    jobs = Jobs(site.engine)
    async with asyncio.timeout(PATIENCE):
        while (job := await jobs.one(job_id)) is None or not job.error:  # noqa: ASYNC110 - stored
            await asyncio.sleep(POLL_SECONDS)


async def test_requests_are_found_and_one_tells_everything(look: Look, busy: Site) -> None:
    watched = await look(busy.address)
    await busy.sign_in(watched)
    page = watched.page
    await page.goto("/webhooks")
    rows = page.get_by_role("table", name="Requests", exact=True).locator("tbody tr")
    await expect(rows).to_have_count(50)
    await expect(page.get_by_role("figure", name="How long replies take")).to_be_visible()
    await assert_accessible(page)
    await shoot(page, "webhooks")
    await page.get_by_role("link", name="Older").click()
    await page.get_by_role("link", name="Newer").click()
    await expect(rows).to_have_count(50)
    await page.goto("/webhooks?ivr=100&state=failed")
    await expect(page.get_by_label("Outcome")).to_have_value("failed")
    await expect(page.get_by_role("combobox", name="IVR")).to_have_value("100")
    await expect(rows.first).to_contain_text("Given up")
    await expect(rows.filter(has_text="Delivered")).to_have_count(0)
    await page.get_by_label("Status").select_option("No reply")
    await page.get_by_role("button", name="Filter").click()
    await expect(rows.filter(has_not_text="no reply in 15 s")).to_have_count(0)
    await expect(rows).not_to_have_count(0)
    await expect(page.get_by_label("Status")).to_have_value("none")
    await page.get_by_label("Host").fill("elsewhere.example.com")
    await page.get_by_role("button", name="Filter").click()
    await expect(page.get_by_role("heading", name="No request is like that")).to_be_visible()
    await page.goto("/webhooks?ivr=100&state=failed&status=5")
    await rows.first.get_by_role("link").first.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("of Customer survey")
    await expect(page.get_by_role("table", name="Parameters")).to_contain_text("ivr_response_id")
    await expect(page.get_by_label("The reply")).to_have_text("Service Unavailable")
    await assert_accessible(page)
    await shoot(page, "webhook")


async def test_a_reply_is_explained_line_by_line_with_what_was_then_done(
    look: Look, busy: Site
) -> None:
    """A reply that is understood, and three that are not: the page says what came instead."""
    url, now = "https://example.com/", datetime.now(UTC)
    action = f"<action>\n<app>ivr</app>\n<parameters><id>102</id></parameters>\n{NOTE}\n</action>"
    reasons = {
        "broken": ("<action>\n<app>ivr</action>", "", "not well-formed XML"),
        "page": (f"<!doctype html>{EVIL}", "", "an HTML page"),
        "long": (EVIL * 200, "the reply is larger than 65,536 bytes", "larger than 65,536 bytes"),
    }
    replies = {"good": (action, "", "")} | reasons
    for call, (body, error, reason) in replies.items():
        sent = replace(attempt(1, call, body[:BODY_KEPT]), at=now, error=error)
        came = WebhookMissed(error, 0.1) if error else WebhookAnswered(200, body, 0.1)
        follows: Event = BackupRouted("the call ends", f"the reply cannot be used: {reason}")
        if call == "good":
            follows = ActionChosen("go on with IVR 102", ["<note> is ignored"])
        events = (WebhookRequested("POST", url, {}, 1), came, follows)
        await write(
            busy,
            opened(call, at=now),
            replace(respondent(call), ivr_id=101),
            *(TimelineEntry(call, now + timedelta(seconds=at), event)
              for at, event in enumerate(events)),
            sent,
        )  # fmt: skip
    watched = await look(busy.address)
    await busy.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/webhooks/r-good/1")
    elements = page.get_by_role("table", name="The elements of the reply").locator("tbody tr")
    await expect(elements.filter(has_text="<id>")).to_contain_text("102: an IVR, “Thanks”")
    await expect(elements.filter(has_text="<note>")).to_contain_text("ignored")
    done = page.get_by_role("list", name="What was then done")
    await expect(done).to_contain_text("go on with IVR 102")
    await expect(done).to_contain_text("warning: <note> is ignored")
    await expect(page.get_by_label("The reply").locator("li.is-warn")).to_contain_text(EVIL)
    await assert_accessible(page)
    await shoot(page, "webhook-explained")
    await page.set_viewport_size(NARROW)
    await assert_accessible(page)
    await shoot(page, "webhook-explained-narrow")
    for call, (_, error, reason) in reasons.items():
        await page.goto(f"/webhooks/r-{call}/1")
        why = page.locator(".trial .facts" if error else ".trial .notice.is-danger").first
        await expect(why).to_contain_text(reason)
        await expect(done).to_contain_text("the call ends: the reply cannot be used")
        assert await page.evaluate("window.harmed") is None
    await expect(page.get_by_text("The first 8,000 characters")).to_be_visible()


async def test_a_request_that_failed_is_sent_again(look: Look, busy: Site) -> None:
    """The web server refuses at first; what is sent again has the same id, and is in the log."""
    mood = {"status": b"503 Service Unavailable"}

    async def moody(exchange: Exchange) -> None:
        await exchange.reply(EVIL.encode(), b"Content-Type: text/html\r\n", mood["status"])

    now = datetime.now(UTC)
    told = replace(DELIVERY, parameters=(*DELIVERY.parameters, ("note", EVIL)))
    await write(busy, opened(at=now), respondent(), told.ordered(now, now))
    job = "webhook-r-call-1"
    watched = await look(busy.address)
    await busy.sign_in(watched, Role.EDITOR)
    page = watched.page
    async with (
        serving(moody) as server,
        at_work(
            busy.settings.model_copy(
                update={"webhook": busy.settings.webhook.model_copy(update={"allow_private": True})}
            ),
            survey(server.url),
        ),
    ):
        await was_refused(busy, job)
        await page.goto("/webhooks")
        rows = page.get_by_role("table", name="Requests", exact=True).locator("tbody tr")
        await expect(rows.filter(has_text="the server answered 503")).not_to_have_count(0)
        assert await Jobs(busy.engine).cancel(job, datetime.now(UTC)) is not None
        await page.goto("/webhooks/r-call-1/1")
        await expect(page.get_by_text("somebody has cancelled it")).to_be_visible()
        await expect(page.get_by_label("The reply")).to_have_text(EVIL)
        sent = page.get_by_role("table", name="Parameters")
        await expect(sent).to_contain_text(EVIL)
        await expect(sent).to_contain_text("•••")
        assert await page.evaluate("window.harmed") is None
        mood["status"] = b"200 OK"
        await page.get_by_role("button", name="Send again").press("Enter")
        await expect(page.get_by_text("request 2 got through")).to_be_visible()
        await shoot(page, "webhook-sent-again")
        await page.get_by_role("link", name="Webhooks").last.click()
        await expect(rows.first).to_contain_text("Delivered")
    first, second = server.requests
    assert b"webhook-id: r-call-1\r\n" in first
    assert b"webhook-id: r-call-1\r\n" in second
    assert b"pin=4711" in second, "masked for people only"
    log = (await busy.people.audit.page(AuditFilter(kind="job", thing=job))).items
    assert [(each.author.name, each.deed.verb) for each in log] == [("edgar", "retry")]


async def test_what_was_given_up_is_listed_and_tried_again(look: Look, busy: Site) -> None:
    watched = await look(busy.address)
    await busy.sign_in(watched, Role.EDITOR)
    page = watched.page
    await page.goto("/webhooks/jobs?kind=mail")
    row = page.get_by_role("table", name="Jobs").locator("tbody tr")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text(f"refused: {EVIL}")
    await assert_accessible(page)
    await page.get_by_role("button", name="Try again").press("Enter")
    await expect(row).to_contain_text("Being done")
    job = await Jobs(busy.engine).one("mail-letter")
    assert job is not None
    assert job.state is JobState.WAITING
    await page.goto("/webhooks/jobs?state=any")
    await assert_accessible(page)
    await shoot(page, "jobs")


async def test_a_viewer_sends_nothing_again(look: Look, busy: Site) -> None:
    watched = await look(busy.address, viewport=NARROW, color_scheme="dark")
    watched.expect("status of 403")
    await busy.sign_in(watched, Role.VIEWER)
    page = watched.page
    for path in ("/webhooks?state=failed", "/webhooks/jobs"):
        await page.goto(path)
        await expect(page.locator(".status", has_text="Given up").first).to_be_visible()
        await expect(page.get_by_role("button", name="again")).to_have_count(0)
        await assert_accessible(page)
    await page.goto("/webhooks?state=failed")
    await shoot(page, "webhooks-narrow-dark")
    await page.get_by_role("table", name="Requests", exact=True).get_by_role("link").first.click()
    await expect(page.get_by_role("table", name="Parameters")).to_be_visible()
    await assert_accessible(page)
    await shoot(page, "webhook-narrow-dark")
    token = await page.locator("meta[name=csrf]").get_attribute("content")
    refused = await page.request.post(
        "/webhooks/jobs/mail-letter/again",
        headers={"X-CSRF-Token": token or "", "Origin": busy.address},
    )
    assert refused.status == 403


async def test_what_never_was_is_nowhere(look: Look, busy: Site) -> None:
    watched = await look(busy.address)
    watched.expect("status of 404", "status of 400")
    await busy.sign_in(watched)
    page = watched.page
    await page.goto("/webhooks/nobody/1")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is here")
    for area in ("/webhooks", "/webhooks/jobs", "/voicemail/400", "/calls"):
        await page.goto(f"{area}?cursor=strange")
        await expect(page.get_by_text("The cursor is not one of this list's")).to_be_visible()
