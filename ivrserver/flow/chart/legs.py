"""What the events of legs mean to the chart."""

from __future__ import annotations

from typing import assert_never

from ivrserver.flow import events as ev
from ivrserver.flow.chart.model import MarkKind, Tone
from ivrserver.flow.chart.sketch import CALLER, FLOW, Sketch, Span
from ivrserver.flow.chart.tones import tone_of
from ivrserver.flow.ports import LegOutcome
from ivrserver.flow.story_legs import LegEvent

_ACCEPTED = "accepted"


def leg_event(sketch: Sketch, line: int, at: float, event: LegEvent, leg_id: str) -> None:
    """Draw it.

    Args:
        sketch: what is drawn so far.
        line: the event's position.
        at: its time, in seconds.
        event: what happened.
        leg_id: the leg that it is about; empty: none.
    """
    match event:
        case ev.LegDialled(dialled, destination, _):
            lane = sketch.dial(dialled, destination)
            span = Span(lane, 0, MarkKind.RINGING, at, "ringing", [line])
            sketch.begin(f"leg:{dialled}", span)
        case ev.LegDecided(dialled, LegOutcome.ANSWERED.value, _):
            sketch.finish(f"leg:{dialled}", at, line)
            lane = sketch.lane_of(dialled)
            span = Span(lane, 0, MarkKind.SCREENING, at, "answered", [line])
            sketch.begin(f"leg:{dialled}", span)
        case ev.LegDecided(dialled, outcome, _) | ev.LegScreened(dialled, outcome, _):
            sketch.silence(dialled, at)
            span_over = sketch.finish(f"leg:{dialled}", at, line, tone_of(event))
            if span_over is not None:
                span_over.label = outcome.replace("_", " ")
            if outcome != _ACCEPTED:
                sketch.hang_up(dialled)
        case ev.Bridged(dialled):
            _bridged(sketch, line, at, dialled)
        case ev.Unbridged(dialled, _, _):
            sketch.finish(f"talk:{dialled}", at, line)
            sketch.finish(f"leg:{dialled}", at, line)
            sketch.hang_up(dialled)
        case ev.GroupDialled(loop, group, _):
            label = f"group {group}" if loop == 1 else f"loop {loop}, group {group}"
            sketch.moment(FLOW, MarkKind.DECISION, at, line, label)
        case ev.Referred():
            mark = sketch.moment(FLOW, MarkKind.DECISION, at, line, "referred")
            mark.tone = tone_of(event)
        case ev.WordHeard(word):
            lane = sketch.lane_of(leg_id)
            sketch.moment(lane, MarkKind.KEYS, at, line, word or "no word")
        case _:
            assert_never(event)


def _bridged(sketch: Sketch, line: int, at: float, leg_id: str) -> None:
    """Both are in one bridge: whatever each was doing is over."""
    sketch.finish("hold", at)
    for party in ("", leg_id):
        sketch.silence(party, at)
    for name, lane in (("leg", sketch.lane_of(leg_id)), ("talk", CALLER)):
        span = Span(lane, 0, MarkKind.BRIDGED, at, "connected", [line], tone=Tone.GOOD)
        sketch.begin(f"{name}:{leg_id}", span)
