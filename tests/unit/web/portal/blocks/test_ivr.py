"""An IVR's settings and questions, changed by pages and by parts of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import html
from markupsafe import escape

from ivrserver.blocks import (
    Account,
    Choice,
    ChoiceKey,
    GoToQuestion,
    Message,
    Prompt,
    Transfer,
    Webhook,
)
from ivrserver.web.portal.blocks.question_types import TYPES, QuestionType
from tests.unit.web.portal.blocks.conftest import BOX, BY, SURVEY, Site, toast

EVIL = "<script>alert(1)</script>\"'{{7*7}}"

PART = {"HX-Request": "true"}
CHOICE = {
    "type": "choice", "name": "Score", "prompt.text": "Well?", "barge_in": "1",
    "keys.0.key": "1", "keys.0.label": "well", "keys.0.then": "question:1",
}  # fmt: skip


async def version(site: Site, path: str) -> str:
    shown = (await site.editor.part(path)).text
    return shown.partition('name="version" value="')[2].partition('"')[0]


async def test_an_ivr_begins_with_a_name(site: Site) -> None:
    wrong = await site.editor.post("/blocks/new/ivr", {"name": " ", "language": "xx_"})
    assert wrong.status_code == 422
    assert "Must not be empty." in wrong.text
    assert "Must be a language tag such as en-US." in wrong.text
    made = await site.editor.post("/blocks/new/ivr", {"name": "New", "language": "de-DE"})
    ivr = await site.block(int(made.headers["location"].rpartition("/")[2]))
    assert (ivr.name, ivr.language, ivr.questions) == ("New", "de-DE", ())


async def test_settings_that_are_wrong_are_shown_as_they_were_typed(site: Site) -> None:
    fields = {"name": "<b>", "language": "en-US", "next_step": "number", "next_step.number": "??"}
    answer = await site.editor.post("/blocks/101/settings", fields)
    assert answer.status_code == 422
    assert 'value="&lt;b&gt;"' in answer.text
    assert 'value="??"' in answer.text
    assert "Must be a number such as 2125550123" in answer.text


async def test_settings_saved_over_newer_ones_are_not_and_both_are_shown(site: Site) -> None:
    fields = {"version": "old", "name": "Mine", "language": "en-US", "next_step": "block:303"}
    answer = await site.editor.post("/blocks/101/settings", fields)
    assert answer.status_code == 422
    assert "Somebody else has saved this" in answer.text
    assert 'value="Mine"' in answer.text
    assert "name: Survey" in answer.text
    assert (await site.block(101)).name == "Survey"
    shown = answer.text.partition('name="version" value="')[2].partition('"')[0]
    await site.editor.post("/blocks/101/settings", fields | {"version": shown})
    assert (await site.block(101)).name == "Mine"


async def test_a_question_is_added_under_a_new_id(site: Site) -> None:
    form = await site.editor.part("/blocks/101/questions/new?type=choice")
    assert 'name="keys.0.key" value="1"' in form.text
    answer = await site.editor.post("/blocks/101/questions", CHOICE, **PART)
    assert toast(answer) == "Added."
    assert 'id="question-4"' in answer.text
    assert 'id="block-troubles" hx-swap-oob="true"' in answer.text
    question = (await site.block(101)).questions[-1]
    assert isinstance(question, Choice)
    assert question.keys == (ChoiceKey("1", "well", GoToQuestion(1)),)
    assert question.question_id == 4


async def test_a_question_that_leads_nowhere_is_told_at_its_field(site: Site) -> None:
    wrong = CHOICE | {"keys.0.then": "question:77", "then": "block:99"}
    answer = await site.editor.post("/blocks/101/questions", wrong, **PART)
    assert answer.status_code == 422
    assert "This IVR has no question 77" in answer.text
    assert "There is no block 99" in answer.text
    assert 'id="qnew-then-error"' in answer.text
    assert 'id="qnew-keys-0-then-error"' in answer.text
    assert len((await site.block(101)).questions) == 3


async def test_a_question_is_changed_in_its_place(site: Site) -> None:
    shown = await version(site, "/blocks/101/questions/2/edit")
    fields = CHOICE | {"name": "Grade", "version": shown}
    answer = await site.editor.post("/blocks/101/questions/2", fields, **PART)
    assert toast(answer) == "Saved."
    assert [each.name for each in (await site.block(101)).questions] == [
        "Welcome", "Grade", "Remark",
    ]  # fmt: skip
    late = await site.editor.post("/blocks/101/questions/2", CHOICE | {"version": shown}, **PART)
    assert late.status_code == 422
    assert "name: Grade" in late.text
    assert 'value="Score"' in late.text


async def test_without_scripts_a_question_is_edited_on_the_whole_page(site: Site) -> None:
    page = await site.editor.get("/blocks/101/questions/1/edit")
    assert "<main" in page.text
    assert 'action="/blocks/101/questions/1"' in page.text
    shown = page.text.partition('action="/blocks/101/questions/1"')[2]
    shown = shown.partition('name="version" value="')[2].partition('"')[0]
    fields = {"type": "message", "name": "Hi", "prompt.text": "Hi.", "version": shown}
    answer = await site.editor.post("/blocks/101/questions/1", fields)
    assert answer.headers["location"] == "/blocks/101#question-1"
    question = (await site.block(101)).questions[0]
    assert question == Message(question_id=1, name="Hi", prompt=Prompt("Hi."), barge_in=False)


async def test_questions_move_to_a_place_or_a_step(site: Site) -> None:
    for to, order in (("2", [2, 3, 1]), ("up", [2, 1, 3]), ("down", [2, 3, 1]), ("0", [1, 2, 3])):
        answer = await site.editor.post("/blocks/101/questions/1/move", {"to": to}, **PART)
        assert answer.status_code == 204
        asked = [each.question_id for each in (await site.block(101)).questions]
        assert asked == order


async def test_a_question_goes_with_its_parameter_unless_something_leads_there(site: Site) -> None:
    await site.editor.post("/blocks/101/questions", CHOICE)
    await site.editor.post("/blocks/101/questions/1/remove", {})
    assert (await site.block(101)).index_of(1) == 0, "the new one leads to it"
    await site.editor.post("/blocks/101/questions/2/remove", {})
    ivr = await site.block(101)
    assert ivr.index_of(2) is None
    assert ivr.webhook.parameters == ()


async def test_prompts_are_heard_by_who_may_see_them(site: Site) -> None:
    fields = {"text": "Hello @first_name.", "language": "en-GB", "voice": "kal"}
    answer = await site.viewer.post("/hear", fields)
    assert (answer.content, answer.headers["content-type"]) == (b"RIFF", "audio/wav")
    assert site.voice.asked == [(Prompt("Hello first name."), "en-GB", "kal", "")]
    assert (await site.viewer.post("/hear", {"text": " "})).status_code == 422
    refused = await site.viewer.post("/hear", {"text": "unspeakable"}, **PART)
    assert (refused.status_code, refused.text) == (503, "No engine could speak the text.")


async def test_nobody_listens_to_everything_at_once(site: Site) -> None:
    for _ in range(60):
        assert (await site.viewer.post("/hear", {"text": "x"})).status_code == 200
    assert (await site.viewer.post("/hear", {"text": "x"}, **PART)).status_code == 429
    assert (await site.editor.post("/hear", {"text": "x"})).status_code == 200


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.word)
async def test_what_people_type_into_any_field_is_text(site: Site, kind: QuestionType) -> None:
    form = (await site.editor.part(f"/blocks/101/questions/new?type={kind.word}")).text
    names = {each.get("name") for each in html.fromstring(form).xpath("//*[@name]")}
    names -= {"csrf", "version", "type"}
    assert {"name", "prompt.text", "then"} <= names
    for audio in ({}, {"prompt.kind": "audio"}):
        evil = dict.fromkeys(names, EVIL) | {"type": kind.word} | audio
        for path in ("/blocks/101/questions", "/blocks/101/questions/2"):
            answer = await site.editor.post(path, evil, **PART)
            assert answer.status_code == 422
            assert "<script>alert" not in answer.text
            assert escape(EVIL) in answer.text
            assert escape(EVIL.replace("{{7*7}}", "49")) not in answer.text


async def test_what_is_wrong_as_it_is_stored_is_told_beside_its_field(site: Site) -> None:
    gone = replace(SURVEY, questions=(
        Transfer(question_id=1, name="T", prompt=Prompt("Hold."), destination="lobby"),
    ), webhook=Webhook())  # fmt: skip
    await site.accounts.change(
        lambda before: replace(before, revision=9, account=Account(blocks=(gone, BOX))), by=BY
    )
    html_of = (await site.editor.part("/blocks/101/questions/1/edit")).text
    assert "As it is stored: one thing is to be mended." in html_of
    assert 'id="q1-destination-error"' in html_of
    assert "question-trouble is-error" in (await site.editor.get("/blocks/101")).text


async def test_what_is_saved_beside_open_forms_leaves_them_alone(site: Site) -> None:
    page = (await site.editor.get("/blocks/101")).text
    shown = page.partition('action="/blocks/101/settings"')[2]
    shown = shown.partition('name="version" value="')[2].partition('"')[0]
    fields = {"version": shown, "name": "<i>", "language": "en-GB", "next_step": "hangup"}
    answer = await site.editor.post("/blocks/101/settings", fields, **PART)
    assert toast(answer) == "Saved."
    assert 'id="about"' in answer.text
    assert "<main" not in answer.text
    assert '<span hx-swap-oob="innerHTML:.page-title h1">&lt;i&gt;</span>' in answer.text
    assert 'id="spoken-in" data-language="en-GB"' in answer.text
    gone = await site.editor.post("/blocks/101/questions/2/remove", {}, **PART)
    assert toast(gone).startswith("The question is removed")
    assert 'id="block-troubles" hx-swap-oob="true"' in gone.text
    await site.editor.post("/blocks/101/questions", CHOICE)
    refused = await site.editor.post("/blocks/101/questions/1/remove", {}, **PART)
    assert refused.status_code == 409
    assert "something leads to it" in refused.text
