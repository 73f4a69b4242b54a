"""What every page knows, and what no page lets through."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import jinja2
import pytest
from lxml import html

from ivrserver.access import Right, Role
from ivrserver.web.portal import Pages
from ivrserver.web.portal.render import data_for_scripts
from tests.unit.web.portal.conftest import request
from tests.unit.web.portal.visitors import somebody

Write = Callable[[str], str]
PAGE = (
    '{% extends "base.html" %}{% block title %}T{% endblock %}{% block content %}%s{% endblock %}'
)
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def page_of(content: str) -> str:
    """A template of a page."""
    start = '{% extends "base.html" %}{% block title %}T{% endblock %}'
    return f"{start}{{% block content %}}{content}{{% endblock %}}"


def text(pages: Pages, name: str, **context: object) -> str:
    return bytes(pages.render(request(), somebody(), name, **context).body).decode()


def test_the_navigation_has_what_the_visitor_may_see_and_marks_where_they_are(
    pages: Pages, template: Write
) -> None:
    viewer = somebody(Role.VIEWER, Right.CALLS_READ)
    name = template(page_of(""))
    page = html.fromstring(pages.render(request("/calls/7"), viewer, name).body)
    links = page.xpath("//nav[@id='nav']//a[@data-nav]")
    assert [link.get("href") for link in links] == ["/", "/calls", "/answers", "/webhooks"]
    assert [link.get("href") for link in links if link.get("aria-current")] == ["/calls"]


def test_text_is_never_markup_in_any_component(pages: Pages, template: Write) -> None:
    name = template(
        page_of("""
        {{ x }} {{ ui.badge(x) }} {{ ui.status(x) }} {{ ui.mono(x) }} {{ ui.button(x) }}
        {{ ui.link_button(x, x) }} {{ ui.icon_button("x", x) }} {{ ui.tile(x, x, x) }}
        {{ ui.code(x, x) }}
        {{ ui.notice(x) }} {{ ui.field(x, x, x, hint=x, error=x) }} {{ ui.textarea(x, x, x) }}
        {{ ui.select(x, x, [(x, x), (x, [(x, x)])], x) }} {{ ui.checkbox(x, x, hint=x) }}
        {{ ui.segments(x, [(x, x)], x, label=x) }} {{ ui.facts([(x, x)]) }}
        {{ ui.tabs([(x, x, x)], x) }}
        {{ ui.player(x, x) }} {{ ui.cell(x, x) }} {{ ui.pagination(x, x) }}
        {{ charts.bars(x, [x], [(x, [1])]) }} {{ charts.lines(x, [x, x], [(x, [1, 2])]) }}
        {{ charts.distribution(x, [(x, 1)]) }} {{ data_for_scripts("d", x) }}
        {% call ui.header(x, x, crumbs=[(x, x)], badge_text=x) %}{{ x }}{% endcall %}
        {% call ui.card(x, x) %}{{ x }}{% endcall %}{% call ui.empty(x) %}{{ x }}{% endcall %}
        {% call ui.dialog("i", x) %}{{ x }}{% endcall %}
        {% call ui.confirm("c", x, x, x) %}{{ x }}{% endcall %}
        """)
    )
    page = html.fromstring(text(pages, name, x=HOSTILE))
    assert page.xpath("count(//script[not(@src) and not(@type='application/json')])") == 0
    assert page.xpath("count(//@onerror)") == 0
    assert page.xpath("count(//img[@src='x'])") == 0


def test_no_page_has_inline_styles_or_handlers(pages: Pages, template: Write) -> None:
    page = html.fromstring(text(pages, template(page_of(""))))
    assert page.xpath("count(//@style | //style | //@*[starts-with(name(), 'on')])") == 0


def test_forms_and_scripts_have_the_token_of_the_session(pages: Pages, template: Write) -> None:
    page = html.fromstring(text(pages, template(page_of('{% call ui.form("/x") %}{% endcall %}'))))
    assert set(page.xpath("//input[@name='csrf']/@value")) == {"a-csrf-token"}
    assert page.xpath("//meta[@name='csrf']/@content") == ["a-csrf-token"]


def test_what_a_template_names_but_nobody_gave_is_an_error(pages: Pages, template: Write) -> None:
    with pytest.raises(jinja2.UndefinedError, match="'nothing' is undefined"):
        text(pages, template(page_of("{{ nothing }}")))


def test_an_icon_that_is_not_listed_says_what_to_do(pages: Pages, template: Write) -> None:
    with pytest.raises(KeyError, match=r"add it to frontend/icons.txt"):
        text(pages, template(page_of('{{ ui.icon("unicorn") }}')))


@pytest.mark.parametrize(
    ("cookie", "theme"),
    [("theme=dark", "dark"), ("theme=light", "light"), ("theme=x", None), ("", None)],
)
def test_colours_are_those_that_were_chosen(
    pages: Pages, template: Write, cookie: str, theme: str | None
) -> None:
    response = pages.render(request(cookies=cookie), somebody(), template(page_of("")))
    assert html.fromstring(response.body).get("data-theme") == theme


def test_a_redirect_tells_the_next_page_what_happened_once(pages: Pages, template: Write) -> None:
    response = pages.redirect(request(), "/calls", "Saved “A & B”.", "warn")
    assert response.status_code == 303
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie
    shown = pages.render(request(cookies=cookie.split(";")[0]), somebody(), template(page_of("")))
    (notice,) = html.fromstring(shown.body).xpath("//div[@class='notice is-warn']")
    assert notice.text_content().strip() == "Saved “A & B”."
    assert 'flash=""' in shown.headers["set-cookie"]


def test_a_part_of_a_page_leaves_the_message_to_the_page(pages: Pages, template: Write) -> None:
    """Parts are asked for again and again, also while the next page is on its way."""
    put = pages.redirect(request(), "/numbers", "Saved.").headers["set-cookie"].partition(";")[0]
    part = pages.render(request(cookies=put), somebody(), template("<p>3 calls</p>"))
    assert "set-cookie" not in part.headers


@pytest.mark.parametrize(
    "cookie", ["flash=x", "flash=[1,2]", 'flash=["a","b"]', "flash=%5B%5D", "flash=1"]
)
def test_a_cookie_that_is_not_ours_tells_nothing(
    pages: Pages, template: Write, cookie: str
) -> None:
    page = html.fromstring(
        pages.render(request(cookies=cookie), somebody(), template(page_of(""))).body
    )
    assert not page.xpath("//div[@id='page']//*[@role='status']")


def test_the_address_of_a_page_with_another_filter(pages: Pages, template: Write) -> None:
    name = template("{{ here(result='left', after=none) }}")
    response = pages.render(request("/calls", "q=a%26b&result=all&after=5"), None, name)
    assert (
        html.fromstring(f"<p>{bytes(response.body).decode()}</p>").text
        == "/calls?q=a%26b&result=left"
    )


def test_data_for_scripts_is_what_it_was_and_ends_nothing() -> None:
    value = {"text": "</script><!-- & \u2028 ü"}
    written = str(data_for_scripts("d", value))
    assert written.count("</script>") == 1
    assert "<!--" not in written
    assert json.loads(html.document_fromstring(written).xpath("string(//script)")) == value


def test_times_are_the_accounts(pages: Pages, template: Write) -> None:
    moment = datetime(2026, 3, 6, 2, 4, 7, tzinfo=UTC)
    page = html.fromstring(text(pages, template("<p>{{ ui.time(m) }}</p>"), m=moment))
    (time,) = page.xpath("//time")
    assert (time.text, time.get("datetime")) == ("Mar 5, 21:04", "2026-03-06T02:04:07Z")
    assert time.get("title") == "2026-03-05 21:04:07 EST"
