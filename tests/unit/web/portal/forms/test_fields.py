"""The macros of blocks/fields.html show what there is, and text of people as text."""

from __future__ import annotations

from collections.abc import Callable

from ivrserver.blocks import Account, Choice, ChoiceKey, GoToBlock, Message, Prompt
from ivrserver.blocks.question_forms import ChoiceForm
from ivrserver.web.portal import Pages
from ivrserver.web.portal.forms import Choices, FormView, Mistakes
from tests.unit.web.portal.conftest import request
from tests.unit.web.portal.visitors import somebody

EVIL = "<script>alert(1)</script>\"'{{7*7}}"
QUESTION = Choice(
    question_id=2,
    name=EVIL,
    prompt=Prompt(EVIL),
    keys=(ChoiceKey("1", EVIL), ChoiceKey("2", "", GoToBlock(99))),
)
TEMPLATE = """
{% import "blocks/fields.html" as fields with context %}
{{ fields.mistakes(f) }}
{{ fields.text(f, "name", "Name") }}{{ fields.number(f, "timeout", "Wait") }}
{{ fields.flag(f, "sensitive", "Sensitive") }}{{ fields.prompt(f, "prompt", "Prompt", audio) }}
{{ fields.place(f, "keys.1.then", "Leads to", steps) }}
{{ fields.retries(f, "no_input", "No input", steps, audio) }}
{{ fields.text(f, "keys.0.label", "Label") }}
{{ fields.conflict(["--- a", "+++ b", "@@", "-old", "+<b>new", " same"], "/blocks/1") }}
"""


def shown(pages: Pages, template: Callable[[str], str], view: FormView) -> str:
    answer = pages.render(
        request(),
        somebody(),
        template(TEMPLATE),
        f=view,
        audio=["a.wav"],
        steps=Choices(Account(), {}).destinations(),
    )
    return bytes(answer.body).decode()


def test_text_of_people_is_text(pages: Pages, template: Callable[[str], str]) -> None:
    html = shown(pages, template, FormView.of(ChoiceForm, QUESTION))
    assert "<script>alert" not in html
    assert "{{7*7}}" in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;") == 3
    assert "&lt;b&gt;new" in html


def test_a_place_that_is_gone_is_still_there_to_be_seen(
    pages: Pages, template: Callable[[str], str]
) -> None:
    html = shown(pages, template, FormView.of(ChoiceForm, QUESTION))
    assert '<option value="block:99" selected>block:99, which is not there</option>' in html


def test_mistakes_are_told_at_the_top_and_at_their_fields(
    pages: Pages, template: Callable[[str], str]
) -> None:
    view = FormView(ChoiceForm, {"timeout": "x"}, Mistakes([("timeout", "must be a number")]), "q-")
    html = shown(pages, template, view)
    assert '<a href="#q-timeout" hx-boost="false">Timeout</a>: Must be a number.' in html
    assert 'aria-invalid="true" aria-describedby="q-timeout-hint q-timeout-error"' in html


def test_a_message_has_no_keys() -> None:
    message = Message(question_id=1, name="Hello", prompt=Prompt("Hello"))
    assert FormView.of(ChoiceForm, message).value("keys") == ""
