"""Webhook settings: mapped, refused, kept from being lost; a secret that is shown once."""

from __future__ import annotations

from dataclasses import replace

from ivrserver.actions.parameters import IVR_PARAMETERS, SOURCETRAK_PARAMETERS
from ivrserver.blocks import HangUp, WebhookMethod, WebhookMode, WebhookParameter
from ivrserver.blocks.webhook import valid_secret
from tests.unit.web.portal.blocks.conftest import SECRET, SURVEY, Site

FIELDS = {
    "webhook.mode": "read_message", "webhook.method": "GET", "webhook.url": "http://example.com/",
    "webhook.parameters.4.key": "qos", "webhook.parameters.4.value": "2",
    "webhook.include_sourcetrak": "1", "webhook.transcription_url": "https://example.com/t",
    "backup_routing": "hangup",
}  # fmt: skip


async def version(site: Site) -> str:
    html = (await site.editor.get("/blocks/101/webhook")).text
    return html.partition('name="version" value="')[2].partition('"')[0]


async def test_the_page_explains_every_parameter_and_offers_what_can_be_sent(site: Site) -> None:
    for who in (site.editor, site.viewer):
        html = (await who.get("/blocks/101/webhook")).text
        assert all(each.name in html for each in IVR_PARAMETERS)
    html = (await site.editor.get("/blocks/101/webhook")).text
    assert all(each.name in html for each in SOURCETRAK_PARAMETERS)
    menu = html.partition('name="webhook.parameters.0.value"')[2].partition("</select>")[0]
    assert menu.count("<option") == 1
    assert "2. Score" in menu
    assert "Recorded answers cannot be sent: “Remark”" in html


async def test_settings_are_saved_and_the_secret_stays(site: Site) -> None:
    answer = await site.editor.post(
        "/blocks/101/webhook", FIELDS | {"version": await version(site)}
    )
    assert answer.status_code == 303
    ivr = await site.block(101)
    assert ivr.webhook == replace(
        SURVEY.webhook,
        mode=WebhookMode.READ_MESSAGE,
        method=WebhookMethod.GET,
        url="http://example.com/",
        parameters=(WebhookParameter("qos", 2),),
        include_sourcetrak=True,
        transcription_url="https://example.com/t",
    )
    assert (ivr.backup_routing, ivr.next_step) == (HangUp(), SURVEY.next_step)


async def test_mistakes_are_told_at_their_fields(site: Site) -> None:
    wrong = FIELDS | {
        "version": await version(site), "webhook.url": "ftp://x",
        "webhook.parameters.4.key": "st_mine",
        "webhook.parameters.7.key": "wish", "webhook.parameters.7.value": "3",
    }  # fmt: skip
    html = (await site.editor.post("/blocks/101/webhook", wrong)).text
    assert "Must begin with http:// or https://" in html
    assert "Names that begin with ivr_ or st_ are the system&#39;s own; choose another." in html
    assert 'id="field-webhook-parameters-0-key-error"' in html
    right = wrong | {"webhook.url": "https://x", "webhook.parameters.4.key": "mine"}
    html = (await site.editor.post("/blocks/101/webhook", right)).text
    assert "Question 3 is a recording, which cannot be sent; choose another." in html
    assert 'id="field-webhook-parameters-1-value-error"' in html
    assert (await site.block(101)).webhook == SURVEY.webhook


async def test_a_newer_version_is_not_overwritten_unseen(site: Site) -> None:
    old = await version(site)
    await site.editor.post("/blocks/101/webhook", FIELDS | {"version": old})
    mine = FIELDS | {"version": old, "webhook.url": "https://mine.example"}
    answer = await site.editor.post("/blocks/101/webhook", mine)
    assert "Somebody else has saved this" in answer.text
    assert 'value="https://mine.example"' in answer.text
    assert SECRET not in answer.text


async def test_a_secret_is_shown_once_and_leaves_what_is_typed_alone(site: Site) -> None:
    before = await version(site)
    path = "/blocks/101/webhook/secret"
    made = await site.editor.post(path, {"action": "make"}, **{"HX-Request": "true"})
    secret = (await site.block(101)).webhook.secret
    assert valid_secret(secret) != SECRET
    assert made.text.count(secret) == 1
    assert "<main" not in made.text
    assert await version(site) == before
    await site.editor.post(path, {"action": "remove"})
    assert (await site.block(101)).webhook == replace(SURVEY.webhook, secret="")
