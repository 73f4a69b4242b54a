"""A call is drawn as it went: who heard what, who rang, who talked, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrserver.flow.chart import Chart, Mark, MarkKind, Tone, draw_chart
from ivrserver.flow.event_kinds import KINDS
from ivrserver.flow.events import (
    ActionChosen,
    AnswerAccepted,
    AnswerRejected,
    BlockEntered,
    BlockLeft,
    Bridged,
    CallAnswered,
    CallEnded,
    CallStarted,
    Event,
    HoldStarted,
    LegDecided,
    LegDialled,
    LegScreened,
    PromptPlayed,
    PromptStopped,
    QuestionAsked,
    RecordingEnded,
    RecordingStarted,
    Unbridged,
    Warned,
    WebhookAnswered,
    WebhookMissed,
    WebhookRequested,
)
from ivrserver.flow.records import TimelineEntry
from ivrserver.flow.transcribed import Transcribed
from tests.unit.flow.hunt import Hunt, accepts, silent
from tests.unit.flow.test_story import sample

NOON = datetime(2030, 1, 2, 12, 0, 0, tzinfo=UTC)


def entries(*events: tuple[float, Event] | tuple[float, Event, str]) -> list[TimelineEntry]:
    return [
        TimelineEntry("c", NOON + timedelta(seconds=at), event, *leg) for at, event, *leg in events
    ]


def marks(chart: Chart, kind: MarkKind) -> list[Mark]:
    return [mark for mark in chart.marks if mark.kind is kind]


def spans(chart: Chart, kind: MarkKind) -> list[tuple[str, float, float]]:
    return [(mark.label, mark.start, mark.end) for mark in marks(chart, kind)]


SURVEY = entries(
    (0, CallStarted("100", "2125550123")),
    (0.1, CallAnswered()),
    (0.2, BlockEntered(1, "Survey", "100 leads here")),
    (0.2, QuestionAsked(1, "Score", 1, "its turn")),
    (0.3, PromptPlayed("Hello.", 2.0)),
    (0.3, PromptPlayed("Your score?", 3.0)),
    (1.5, PromptStopped("the caller pressed a key")),
    (1.5, AnswerRejected(1, 1, "not allowed")),
    (1.5, QuestionAsked(1, "Score", 2, "not allowed")),
    (1.6, PromptPlayed("Your score?", 3.0)),
    (6.0, AnswerAccepted(1, "5", 1, "the only digit")),
    (6.0, QuestionAsked(2, "Comment", 1, "its turn")),
    (6.1, RecordingStarted("r")),
    (9.0, RecordingEnded("r", 2.9, "the key #")),
    (9.0, BlockLeft(1, True, "every question was asked")),
    (9.1, WebhookRequested("POST", "https://example.com/", {"score": "5"}, 1)),
    (10.6, HoldStarted("the webhook takes long")),
    (11.0, WebhookAnswered(200, "<action/>\nmore", 1.9)),
    (11.0, ActionChosen("hangup", ["unknown parameter x"])),
    (11.1, CallEnded("hung_up", "the reply says so")),
)


def test_a_block_and_its_questions_are_bands() -> None:
    chart = draw_chart(SURVEY)
    assert spans(chart, MarkKind.BLOCK) == [("Survey", 0.2, 9.0)]
    assert spans(chart, MarkKind.QUESTION) == [
        ("Score", 0.2, 1.5),
        ("Score, try 2", 1.5, 6.0),
        ("Comment", 6.0, 9.0),
    ]
    assert [mark.tone for mark in marks(chart, MarkKind.QUESTION)] == [
        Tone.BAD,
        Tone.GOOD,
        Tone.PLAIN,
    ]


def test_prompts_follow_one_another_and_end_with_a_key() -> None:
    chart = draw_chart(SURVEY)
    # The second prompt of the first try was never heard.
    assert spans(chart, MarkKind.PROMPT) == [("Hello.", 0.3, 1.5), ("Your score?", 1.6, 4.6)]
    cut = marks(chart, MarkKind.PROMPT)[0]
    assert cut.text == "“Hello.” (2.0 s); the caller pressed a key"


def test_prompts_that_are_heard_to_their_end_stand_one_behind_the_other() -> None:
    chart = draw_chart(
        entries((0, PromptPlayed("a", 2.0)), (0.1, PromptPlayed("b", 1.0)), (9, CallAnswered()))
    )
    assert spans(chart, MarkKind.PROMPT) == [("a", 0, 2.0), ("b", 2.0, 3.0)]


def test_keys_recordings_and_hold_are_what_the_caller_does_and_hears() -> None:
    chart = draw_chart(SURVEY)
    assert spans(chart, MarkKind.KEYS) == [("✕", 1.5, 1.5), ("5", 6, 6)]
    assert spans(chart, MarkKind.RECORDING) == [("recording", 6.1, 9.0)]
    assert spans(chart, MarkKind.HOLD) == [("hold", 10.6, 11.0)]


def test_a_webhook_is_a_span_with_its_status_and_the_list_has_request_and_reply() -> None:
    chart = draw_chart(SURVEY)
    assert spans(chart, MarkKind.WEBHOOK) == [("POST 200", 9.1, 11.0)]
    (hook,) = marks(chart, MarkKind.WEBHOOK)
    assert hook.tone is Tone.GOOD
    asked, replied = (chart.lines[number] for number in hook.lines)
    assert asked.more == ("score = 5",)
    assert replied.more == ("<action/>", "more")
    assert [lane.name for lane in chart.lanes] == ["flow", "caller", "webhook"]
    missed = entries(
        (0, WebhookRequested("GET", "https://example.com/", {}, 1)), (15, WebhookMissed("slow", 15))
    )
    assert spans(draw_chart(missed), MarkKind.WEBHOOK) == [("GET, no reply", 0, 15)]


PARALLEL = entries(
    (0, BlockEntered(7, "Sales", "the reply", kind="findme")),
    (0, HoldStarted("the standard music, while people are called")),
    (0, LegDialled("x", "ann", 30), "x"),
    (0, LegDialled("y", "bob", 30), "y"),
    (0, LegDialled("z", "cat", 30), "z"),
    (3, LegDecided("z", "busy", "busy (SIP 486)"), "z"),
    (4, LegDecided("y", "answered", "answered"), "y"),
    (4, PromptPlayed("Call from", 1.0), "y"),
    (7, LegScreened("y", "accepted", "pressed 1"), "y"),
    (7, LegDecided("x", "cancelled", "bob accepted"), "x"),
    (7, Bridged("y"), "y"),
    (67, Unbridged("y", 60, "the far end hung up"), "y"),
    (67, BlockLeft(7, True, "the far end hung up", "findme")),
    (67, CallEnded("transferred", "the far end hung up")),
)


def test_three_legs_that_ring_at_once_have_a_lane_each() -> None:
    chart = draw_chart(PARALLEL)
    lanes = {lane.name: lane.title for lane in chart.lanes}
    assert lanes == {
        "flow": "Flow",
        "caller": "Caller",
        "leg-1": "ann",
        "leg-2": "bob",
        "leg-3": "cat",
    }
    rang = {lanes[m.lane]: (m.label, m.end, m.tone) for m in marks(chart, MarkKind.RINGING)}
    assert rang == {
        "ann": ("cancelled", 7, Tone.QUIET),
        "bob": ("ringing", 4, Tone.PLAIN),
        "cat": ("busy", 3, Tone.BAD),
    }
    assert "leg 1: cancelled because bob accepted" in marks(chart, MarkKind.RINGING)[0].text
    assert spans(chart, MarkKind.SCREENING) == [("accepted", 4, 7)]
    assert [(mark.lane, mark.row) for mark in marks(chart, MarkKind.PROMPT)] == [("leg-2", 1)]


def test_who_hears_whom_is_on_both_lanes_and_joins_them() -> None:
    chart = draw_chart(PARALLEL)
    assert {(m.lane, m.start, m.end) for m in marks(chart, MarkKind.BRIDGED)} == {
        ("leg-2", 7, 67),
        ("caller", 7, 67),
    }
    assert [(link.lane, link.start, link.end) for link in chart.links] == [("leg-2", 7, 67)]
    assert spans(chart, MarkKind.HOLD) == [("hold", 0, 7)]


def test_a_number_that_is_tried_again_keeps_its_lane_but_two_at_once_have_two() -> None:
    again = entries(
        (0, LegDialled("a", "ann", 20), "a"),
        (0, LegDialled("b", "ann", 20), "b"),
        (20, LegDecided("a", "no_answer", "no answer"), "a"),
        (20, LegDecided("b", "no_answer", "no answer"), "b"),
        (20, LegDialled("c", "ann", 20), "c"),
        (40, LegDecided("c", "no_answer", "no answer"), "c"),
    )
    chart = draw_chart(again)
    assert [lane.title for lane in chart.lanes] == ["Flow", "Caller", "ann", "ann"]
    rang = [(mark.lane, mark.start) for mark in marks(chart, MarkKind.RINGING)]
    assert rang == [("leg-1", 0), ("leg-2", 0), ("leg-1", 20)]


def test_a_live_call_reaches_to_now_and_what_is_open_runs() -> None:
    chart = draw_chart(PARALLEL[:9], NOON + timedelta(seconds=9.5))
    assert chart.live
    assert chart.seconds == 9.5
    running = {(mark.kind, mark.end) for mark in chart.marks if mark.running}
    assert running == {
        (MarkKind.BLOCK, 9.5),
        (MarkKind.HOLD, 9.5),
        (MarkKind.RINGING, 9.5),
    }


def test_a_call_that_was_lost_ends_with_its_last_event() -> None:
    chart = draw_chart(SURVEY[:6])
    assert not chart.live
    assert spans(chart, MarkKind.BLOCK) == [("Survey", 0.2, 0.3)]
    assert chart.seconds == 1.0


def test_what_comes_long_behind_the_end_is_in_the_list_alone() -> None:
    late = entries((3600, Transcribed(2, "Comment", "good", "engine")))
    chart = draw_chart([*SURVEY, *late], NOON + timedelta(hours=2))
    assert chart.seconds < 12
    assert not chart.live
    assert [line.moment for line in chart.lines] == [True] * len(SURVEY) + [False]
    assert chart.lines[-1].text == "2 “Comment”: “good” (engine)"


def test_a_warning_is_on_the_lane_that_it_is_about() -> None:
    warned = entries(
        (0, LegDialled("a", "ann", 20), "a"), (1, Warned("no audio"), "a"), (2, Warned("late"))
    )
    chart = draw_chart(warned)
    assert [(m.lane, m.text) for m in marks(chart, MarkKind.WARNING)] == [
        ("leg-1", "leg 1: no audio"),
        ("flow", "late"),
    ]


def test_a_call_without_events_is_an_empty_chart() -> None:
    chart = draw_chart([])
    assert (chart.marks, chart.lines, chart.seconds) == ((), (), 1.0)


@pytest.mark.looptime
async def test_a_findme_as_it_runs_is_drawn_without_loose_ends() -> None:
    hunt = Hunt([silent(), accepts(), accepts(at=9.0)])
    hunt.findme = type(hunt.findme)(phones=hunt.findme.phones, simultaneous=3)
    await hunt.run()
    chart = draw_chart(hunt.journal.of(TimelineEntry))
    assert len([lane for lane in chart.lanes if lane.name.startswith("leg-")]) == 3
    assert len(chart.links) == 1
    outcomes = {mark.label for mark in marks(chart, MarkKind.SCREENING)}
    assert outcomes == {"accepted", "taken"}


EVENTS = st.sampled_from([sample(kind) for kind in KINDS.values()])


@given(
    st.lists(st.tuples(st.floats(0, 5), EVENTS, st.sampled_from(["", "text", "b"]))), st.booleans()
)
def test_whatever_comes_in_whatever_order_stays_within_the_chart(
    steps: list[tuple[float, Event, str]], live: bool
) -> None:
    at, story = 0.0, []
    for wait, event, leg in steps:
        at += wait
        story.append((at, event, leg))
    now = NOON + timedelta(seconds=at + 1) if live else None
    chart = draw_chart(entries(*story), now)
    rows = {lane.name: lane.rows for lane in chart.lanes}
    assert len(chart.lines) == len(steps)
    for mark in chart.marks:
        assert 0 <= mark.start <= mark.end <= chart.seconds
        assert mark.row < rows[mark.lane]
        assert mark.text
        assert all(chart.lines[line].moment for line in mark.lines)
