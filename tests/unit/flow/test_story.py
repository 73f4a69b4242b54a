"""Every kind of event has words, and they are in the order of the call."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any, get_type_hints

import pytest

from ivrserver.flow.event_kinds import KINDS, kind_of
from ivrserver.flow.events import (
    BlockEntered,
    CallAnswered,
    Event,
    LegDecided,
    LegDialled,
    LegScreened,
    PromptPlayed,
)
from ivrserver.flow.records import TimelineEntry
from ivrserver.flow.story import tell

NOON = datetime(2030, 1, 2, 12, 0, 0, tzinfo=UTC)
SAMPLES: dict[Any, Any] = {
    str: "text",
    int: 3,
    float: 1.5,
    bool: True,
    dict[str, str]: {"qos": "5"},
    list[str]: ["careful"],
}


def sample(kind: type[Event]) -> Event:
    hints = get_type_hints(kind)
    return kind(**{field.name: SAMPLES[hints[field.name]] for field in dataclasses.fields(kind)})


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_every_event_is_told(kind: type[Event]) -> None:
    lines = list(tell([TimelineEntry("c", NOON, sample(kind))]))
    assert lines[0].startswith("   0.00s  ")
    assert len(lines[0]) > 20


def test_names_on_the_wire_are_the_class_names_in_snake_case() -> None:
    assert kind_of(CallAnswered()) == "call_answered"
    assert all(kind_of(sample(kind)) == name for name, kind in KINDS.items())


def test_times_count_from_the_first_event() -> None:
    entries = [
        TimelineEntry("c", NOON, CallAnswered()),
        TimelineEntry("c", NOON + timedelta(seconds=2.5), PromptPlayed("Hello", 1.0)),
    ]
    assert list(tell(entries)) == [
        "   0.00s  call       answered",
        "   2.50s  says       “Hello” (1.0 s)",
    ]


def test_a_call_without_events_has_no_story() -> None:
    assert list(tell([])) == []


def test_what_concerns_a_leg_names_it_by_its_number_in_the_block() -> None:
    events: list[tuple[Event, str]] = [
        (BlockEntered(7, "Sales", "the reply"), ""),
        (LegDialled("x", "2125550111", 30), "x"),
        (LegDialled("y", "2125550112", 30), "y"),
        (LegScreened("y", "accepted", "pressed 1"), "y"),
        (LegDecided("x", "cancelled", "leg 2 accepted"), "x"),
        (BlockEntered(8, "Support", "the next action"), ""),
        (LegDialled("z", "2125550113", 30), "z"),
    ]
    told = [line[10:] for line in tell([TimelineEntry("c", NOON, e, leg) for e, leg in events])]
    assert told[1:5] == [
        "dial       leg 1: 2125550111, at most 30 s",
        "dial       leg 2: 2125550112, at most 30 s",
        "answer     leg 2: accepted: pressed 1",
        "leg        leg 1: cancelled because leg 2 accepted",
    ]
    assert told[6] == "dial       leg 1: 2125550113, at most 30 s"


def test_nobody_who_is_told_about_gives_orders_to_the_terminal() -> None:
    forged = "2125550123\n   9.99s  end        all is well"
    events = [LegDialled("x", forged, 30), PromptPlayed("\x1b]0;title\x07 \x9b2J \u202eabc", 1.0)]
    told = list(tell([TimelineEntry("c", NOON, event) for event in events]))
    assert told == [
        "   0.00s  dial       2125550123\\n   9.99s  end        all is well, at most 30 s",
        "   0.00s  says       “\\x1b]0;title\\x07 \\x9b2J \\u202eabc” (1.0 s)",
    ]


def test_letters_of_every_script_are_told_as_they_are() -> None:
    text = "Zoë \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 😀\tx"
    (line,) = tell([TimelineEntry("c", NOON, PromptPlayed(text, 0.0))])
    assert line.endswith(f"“{text}”")
