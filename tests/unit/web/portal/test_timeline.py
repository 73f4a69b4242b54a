"""The chart of a call stands where its seconds are, and says everything in words too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from ivrserver.flow.chart import MarkKind, draw_chart
from ivrserver.flow.events import (
    BlockEntered,
    CallEnded,
    CallStarted,
    Event,
    HoldStarted,
    LegDialled,
    PromptPlayed,
    WebhookAnswered,
    WebhookRequested,
)
from ivrserver.web.portal import Pages
from ivrserver.web.portal.timeline import INSET, Timeline, clock, tick, timeline
from tests.unit.flow.test_chart import NOON, PARALLEL, SURVEY, entries
from tests.unit.web.portal.conftest import request
from tests.unit.web.portal.visitors import somebody

Write = Callable[[str], str]
BOTH = (
    '{% extends "base.html" %}{% block title %}T{% endblock %}{% block content %}'
    '{% from "calls/timeline.html" import timeline_chart, timeline_story with context %}'
    "{{ timeline_chart(view) }}{{ timeline_story(view) }}{% endblock %}"
)


def page_of(pages: Pages, template: Write, view: Timeline) -> Any:
    answer = pages.render(request("/calls/1"), somebody(), template(BOTH), view=view)
    return html.fromstring(bytes(answer.body))


def percent(text: str) -> float:
    return float(text.removesuffix("%"))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00.00"), (4.2, "0:04.20"), (59.999, "1:00.00"), (3723.4, "1:02:03.40")],
)
def test_a_time_within_a_call_is_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


def test_the_axis_has_few_ticks_and_words_that_fit_the_length() -> None:
    def ticks(seconds: float) -> list[str]:
        ended = entries((0.0, CallStarted("1", "")), (seconds, CallEnded("hung_up", "")))
        return [words for _, words in timeline(draw_chart(ended)).ticks]

    assert ticks(2) == ["0.0 s", "0.5 s", "1.0 s", "1.5 s", "2.0 s"]
    assert ticks(71)[:3] == ["0:00", "0:10", "0:20"]
    assert ticks(3600) == ["0:00", "10:00", "20:00", "30:00", "40:00", "50:00", "1:00:00"]
    assert tick(90, 30) == "1:30"


def test_spans_lie_where_their_seconds_are_and_moments_over_them() -> None:
    view = timeline(draw_chart(PARALLEL))
    whole, room = view.chart.seconds, 100 - 2 * INSET
    for shown in view.marks:
        mark = shown.mark
        assert percent(shown.x) == pytest.approx(INSET + room * mark.start / whole, abs=0.001)
        assert percent(shown.width) == pytest.approx(
            room * (mark.end - mark.start) / whole, abs=0.001
        )
    assert [bool(shown.shape or shown.pill) for shown in view.marks] == sorted(
        bool(shown.shape or shown.pill) for shown in view.marks
    )


def test_lanes_are_one_below_the_other_and_a_bridge_joins_two() -> None:
    view = timeline(draw_chart(PARALLEL))
    ends = [each.y + each.height for each in view.lanes]
    assert [each.y for each in view.lanes][1:] == ends[:-1]
    (link,) = view.links
    places = {each.lane.name: each for each in view.lanes}
    assert places["caller"].y < link.y1 < ends[1]
    assert places["leg-2"].y < link.y2 < places["leg-3"].y


def test_a_click_leads_from_every_mark_to_its_line(pages: Pages, template: Write) -> None:
    page = page_of(pages, template, timeline(draw_chart(SURVEY)))
    lines = {f"#{name}" for name in page.xpath("//ol[@class='story']/li/@id")}
    marks = page.xpath("//a[contains(@class, 'mark')]/@href")
    assert len(lines) == len(SURVEY)
    assert marks
    assert set(marks) <= lines
    titles = page.xpath("//a[contains(@class, 'is-webhook')]/title/text()")
    assert titles == ["POST 200, 0:09.10 to 0:11.00: POST https://example.com/; 200 after 1.900 s"]
    assert page.xpath("count(//a[contains(@class, 'mark')][@tabindex='0'])") == 1


def test_request_and_reply_can_be_opened_in_the_list(pages: Pages, template: Write) -> None:
    page = page_of(pages, template, timeline(draw_chart(SURVEY)))
    boxes = {
        each.xpath("string(summary)"): each.xpath("string(pre)") for each in page.xpath("//details")
        if each.xpath("pre")
    }  # fmt: skip
    assert boxes == {
        "What was sent": "score = 5",
        "The reply": "<action/>\nmore",
        "Warnings": "warning: unknown parameter x",
    }


def test_what_callers_and_servers_say_is_never_markup(pages: Pages, template: Write) -> None:
    bad = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    story: list[tuple[float, Event] | tuple[float, Event, str]] = [
        (0, BlockEntered(1, bad, bad)),
        (1, PromptPlayed(bad, 1.0)),
        (2, WebhookRequested("GET", bad, {bad: bad}, 1)),
        (3, WebhookAnswered(200, bad, 1.0)),
        (4, LegDialled("x", bad, 30), "x"),
    ]
    page = page_of(pages, template, timeline(draw_chart(entries(*story))))
    assert page.xpath("count(//script[not(@src)])") == 0
    assert page.xpath("count(//img[@src='x'] | //@onerror | //@style)") == 0


def test_a_live_call_says_what_goes_on(pages: Pages, template: Write) -> None:
    now = NOON + timedelta(seconds=5)
    view = timeline(
        draw_chart(entries((0.0, HoldStarted("music")), (1.0, CallStarted("", ""))), now)
    )
    (hold,) = [shown for shown in view.marks if shown.mark.kind is MarkKind.HOLD]
    assert "is-running" in hold.classes
    assert hold.words == "hold, 0:00.00 to 0:05.00, still going on: music"
    page = page_of(pages, template, view)
    assert page.xpath("//div[@data-part='timeline']/@data-seconds") == ["5.0"]


@given(st.floats(0.05, 20_000))
def test_no_length_of_call_has_more_ticks_than_fit(seconds: float) -> None:
    ended = entries((0.0, CallStarted("1", "")), (seconds, CallEnded("hung_up", "")))
    ticks = timeline(draw_chart(ended)).ticks
    assert 1 <= len(ticks) <= 9
    assert all(0 <= percent(x) <= 100 for x, _ in ticks)
