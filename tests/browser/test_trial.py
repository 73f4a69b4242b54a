"""A webhook is tried in the portal; what web servers answer is only ever shown."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from ivrserver import sample, shelves
from ivrserver.access import Role
from tests.browser.conftest import Look
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import Site
from tests.unit.webhooks.servers import Exchange, RawServer, serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = "/blocks/101/webhook/test"
EVIL = "<img src=x onerror=window.harmed=1>"
REPLY = f"""<?xml version="1.0"?>
<action>
  <app>ivr</app>
  <parameters>
    <id>102</id>
    <user_parameters><firstname>Alex</firstname><score><![CDATA[{EVIL}]]></score></user_parameters>
    <colour>{EVIL.replace("<", "&lt;")}</colour>
    <p_t>step|2||&lt;b&gt;|{EVIL.replace("<", "&lt;")}</p_t>
  </parameters>
</action>"""


async def answers(exchange: Exchange) -> None:
    head = f"Content-Type: text/xml\r\nX-Evil: {EVIL}\r\n".encode()
    await exchange.reply(REPLY.encode(), head)


async def at(site: Site, server: RawServer) -> None:
    """Let the sample account ask that server."""
    accounts = shelves.accounts(site.settings, site.engine)
    await accounts.apply(sample.at(await accounts.export(), server.url))


async def test_a_webhook_is_tried_and_its_reply_explained(look: Look, site: Site) -> None:
    watched = await look(site.address)
    await site.sign_in(watched, Role.EDITOR)
    page = watched.page
    async with serving(answers) as server:
        await at(site, server)
        await page.goto(PATH)
        await page.get_by_label("Answer to “Customer number”").fill("77777")
        await page.get_by_text("Caller, number called").click()
        await page.get_by_label("Caller", exact=False).first.fill("2125550177")
        await page.get_by_role("button", name="Send a test").click()
        result = page.get_by_role("region", name="What came of the test")
        await expect(result.get_by_text("The call goes on with IVR 102 “Thanks”.")).to_be_visible()
    assert b"customer=77777" in server.requests[0]
    assert b"ivr_caller_id=2125550177" in server.requests[0]
    elements = result.get_by_role("table", name="The elements of the reply").locator("tbody tr")
    await expect(elements.filter(has_text="<colour>")).to_contain_text("ignored")
    marked = result.locator(".trial-source li.is-warn")
    await expect(marked).to_contain_text("<colour>&lt;img")
    await expect(result).to_contain_text(EVIL)
    assert await page.evaluate("window.harmed") is None
    await assert_accessible(page)
    await shoot(page, "webhook-test")
    await page.set_viewport_size(NARROW)
    await assert_accessible(page)
    await shoot(page, "webhook-test-narrow")


async def test_what_is_wrong_is_told_and_nothing_sent(look: Look, site: Site) -> None:
    watched = await look(site.address)
    await site.sign_in(watched, Role.EDITOR)
    page = watched.page
    async with serving(answers) as server:
        await at(site, server)
        await page.goto(PATH)
        answer = page.get_by_label("Answer to “Score”")
        await answer.fill("9")
        await page.get_by_role("button", name="Send a test").click()
        await expect(page.get_by_text("a caller could not answer question")).to_be_visible()
    async with serving(answers) as gone:
        await at(site, gone)
    await page.get_by_role("button", name="Send a test").click()
    await expect(page.get_by_text("The webhook failed: cannot connect")).to_be_visible()


async def test_who_may_only_look_cannot_send_anything(look: Look, site: Site) -> None:
    watched = await look(site.address)
    watched.expect("status of 403")
    await site.sign_in(watched, Role.VIEWER)
    await watched.page.goto(PATH)
    await expect(watched.page.get_by_role("button", name="Send a test")).to_have_count(0)
    refused = await watched.context.request.post(PATH, form={}, headers={"Origin": site.address})
    assert refused.status == 403


async def test_below_the_settings_what_is_typed_there_is_tried(look: Look, site: Site) -> None:
    watched = await look(site.address)
    await site.sign_in(watched, Role.EDITOR)
    page = watched.page
    await page.goto(PATH)
    csrf = await page.locator('meta[name="csrf"]').get_attribute("content")
    assert csrf
    headers = {"Origin": site.address, "HX-Request": "true"}
    async with serving(answers) as server:
        typed = {
            "csrf": csrf,
            "answer-2": "1",
            "webhook.mode": "read_message",
            "webhook.method": "GET",
            "webhook.url": f"{server.url}typed?x=1",
        }
        told = await watched.context.request.post(PATH, form=typed, headers=headers)
        text = await told.text()
        assert told.status == 200, text
        assert server.requests[0].startswith(b"GET /typed?x=1&ivr_number_called=100&")
        assert "The caller hears" in text
        assert "<html" not in text
        wrong = typed | {"webhook.url": "ftp://nowhere"}
        refused = await watched.context.request.post(PATH, form=wrong, headers=headers)
        assert "the settings above are wrong: url" in await refused.text()
        assert len(server.requests) == 1
