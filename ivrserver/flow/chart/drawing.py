"""What each event of a timeline means to the chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

from ivrserver.flow import events as ev
from ivrserver.flow.chart.legs import leg_event
from ivrserver.flow.chart.model import Chart, Line, MarkKind, Tone
from ivrserver.flow.chart.sketch import CALLER, FLOW, WEBHOOK, Sketch, Span
from ivrserver.flow.chart.tones import tone_of
from ivrserver.flow.event_kinds import kind_of
from ivrserver.flow.records import TimelineEntry
from ivrserver.flow.story import StoryLine, story
from ivrserver.flow.transcribed import Transcribed, VoicemailTranscribed

_AFTER = 30.0
"""Seconds behind a call's end that are still drawn; later events are in the list alone."""
_SHORTEST = 1.0
"""A chart shows at least this many seconds."""
_END_SPACE = 1.01
"""So much longer is a chart than its call, so that the end is seen."""


def draw_chart(entries: Sequence[TimelineEntry], now: datetime | None = None) -> Chart:
    """The chart of a call.

    Args:
        entries: its timeline, in order.
        now: the call is live, and this is the time (aware); None: it is over, or lost.
    """
    lines = list(story(entries))
    drawn = _drawn(entries)
    drawing = _Drawing()
    for at, entry in enumerate(entries[:drawn]):
        drawing.add(at, lines[at].seconds, entry)
    until = lines[drawn - 1].seconds if drawn else 0.0
    live = now is not None and drawn == len(entries) and not drawing.ended
    if live and now is not None and entries:
        until = max(until, (now - entries[0].at).total_seconds())

    def told(numbers: list[int]) -> str:
        return "; ".join(_words(lines[number]) for number in numbers)

    sketch = drawing.sketch
    marks = sketch.marks(until, live, told)
    return Chart(
        seconds=max(_SHORTEST, round(until if live else until * _END_SPACE, 3)),
        live=live,
        lanes=sketch.lanes(marks),
        marks=marks,
        links=sketch.links(marks),
        lines=tuple(
            Line(
                line.seconds,
                kind_of(entry.event),
                line.actor,
                line.leg,
                line.text,
                line.more,
                tone_of(entry.event),
                at < drawn,
            )
            for at, (line, entry) in enumerate(zip(lines, entries, strict=True))
        ),
    )


def _words(line: StoryLine) -> str:
    return f"{line.actor} {line.text}" if line.actor in {"caller", "question"} else line.text


def _drawn(entries: Sequence[TimelineEntry]) -> int:
    """How many events are on the chart: not those long behind the call's end."""
    for entry in entries:
        if isinstance(entry.event, ev.CallEnded):
            last = entry.at + timedelta(seconds=_AFTER)
            return sum(each.at <= last for each in entries)
    return len(entries)


_Spanning = (
    ev.RecordingStarted
    | ev.RecordingEnded
    | ev.HoldStarted
    | ev.WebhookRequested
    | ev.WebhookAnswered
    | ev.WebhookMissed
)
_Decision = (
    ev.CallStarted
    | ev.CallContinued
    | ev.CallRouted
    | ev.CallAnswered
    | ev.ActionChosen
    | ev.BackupRouted
    | ev.OpeningChecked
    | ev.VoicemailLeft
    | VoicemailTranscribed
    | ev.VoicemailDropped
    | ev.MailboxOpened
    | ev.MailboxRefused
    | ev.MailboxChanged
    | Transcribed
)
_Step = (
    _Decision
    | ev.BlockEntered
    | ev.BlockLeft
    | ev.QuestionAsked
    | ev.MenuPlayed
    | ev.AnswerAccepted
    | ev.AnswerRejected
    | ev.MenuChosen
    | ev.MenuFailed
    | ev.CallEnded
)


@dataclass(slots=True)
class _Drawing:
    """Reads events one by one.

    Attributes:
        saying: parties whose newest event was a prompt: one more prompt follows without a gap.
        ended: the call is over.
    """

    sketch: Sketch = field(default_factory=Sketch)
    saying: set[str] = field(default_factory=set)
    ended: bool = False

    def add(self, line: int, at: float, entry: TimelineEntry) -> None:
        """Draw the event at position `line`, `at` seconds after the first."""
        event, leg_id = entry.event, entry.leg_id
        more = leg_id in self.saying
        if not isinstance(event, ev.Warned):
            self.saying.discard(leg_id)
        match event:
            case ev.PromptPlayed(text, seconds):
                lane, row = (self.sketch.lane_of(leg_id), 1) if leg_id else (CALLER, 0)
                span = Span(lane, row, MarkKind.PROMPT, at, text, [line])
                span.at_most = seconds or None
                if not leg_id:
                    self.sketch.finish("hold", at)
                self.sketch.say(leg_id, span, more=more)
                self.saying.add(leg_id)
            case ev.PromptStopped():
                self.sketch.silence(leg_id, at, line)
            case ev.Warned():
                lane = self.sketch.lane_of(leg_id) if leg_id else FLOW
                mark = self.sketch.moment(lane, MarkKind.WARNING, at, line, "warning")
                mark.tone = Tone.BAD
            case (
                ev.LegDialled()
                | ev.LegDecided()
                | ev.GroupDialled()
                | ev.LegScreened()
                | ev.WordHeard()
                | ev.Referred()
                | ev.Bridged()
                | ev.Unbridged()
            ):
                leg_event(self.sketch, line, at, event, leg_id)
            case (
                ev.RecordingStarted()
                | ev.RecordingEnded()
                | ev.HoldStarted()
                | ev.WebhookRequested()
                | ev.WebhookAnswered()
                | ev.WebhookMissed()
            ):
                self._span(line, at, event)
            case _:
                self._step(line, at, event)

    def _step(self, line: int, at: float, event: _Step) -> None:
        """Where the call is, and what decides where it goes."""
        sketch = self.sketch
        match event:
            case ev.BlockEntered():
                self._leave(at)
                label = event.name or event.kind
                sketch.begin("block", Span(FLOW, 0, MarkKind.BLOCK, at, label, [line]))
            case ev.BlockLeft():
                self._leave(at, line)
            case ev.QuestionAsked(_, name, attempt, _):
                self._ask(line, at, name, attempt)
            case ev.MenuPlayed(attempt, _):
                self._ask(line, at, "Menu", attempt)
            case ev.AnswerAccepted(_, keys, _, _) | ev.MenuChosen(keys, _, _):
                self._keys(line, at, keys, event)
            case ev.AnswerRejected() | ev.MenuFailed():
                self._keys(line, at, "✕" if event.keys else "none", event)
            case ev.CallEnded(reason, _):
                self.ended = True
                self._leave(at)
                end = sketch.moment(FLOW, MarkKind.END, at, line, reason.replace("_", " "))
                end.tone = tone_of(event)
            case _:
                mark = sketch.moment(FLOW, MarkKind.DECISION, at, line, _NAMES[type(event)])
                mark.tone = tone_of(event)

    def _leave(self, at: float, line: int | None = None) -> None:
        """The block is over, and what the caller heard in it."""
        self.sketch.silence("", at)
        for name in ("question", "hold"):
            self.sketch.finish(name, at)
        self.sketch.finish("block", at, line)

    def _ask(self, line: int, at: float, name: str, attempt: int) -> None:
        label = name if attempt == 1 else f"{name}, try {attempt}"
        self.sketch.silence("", at)
        self.sketch.begin("question", Span(FLOW, 1, MarkKind.QUESTION, at, label, [line]))

    def _keys(self, line: int, at: float, label: str, event: ev.Event) -> None:
        mark = self.sketch.moment(CALLER, MarkKind.KEYS, at, line, label)
        mark.tone = tone_of(event)
        asked = self.sketch.under_way.get("question")
        if asked is not None:
            asked.lines.append(line)
            asked.tone = mark.tone

    def _span(self, line: int, at: float, event: _Spanning) -> None:
        """What takes time, besides prompts and legs."""
        sketch = self.sketch
        match event:
            case ev.RecordingStarted(name):
                span = Span(CALLER, 1, MarkKind.RECORDING, at, "recording", [line])
                sketch.begin(f"recording:{name}", span)
            case ev.RecordingEnded(name, seconds, _):
                if sketch.finish(f"recording:{name}", at, line) is None:
                    # Its beginning was lost with the controller that saw it.
                    began = max(0.0, at - seconds)
                    span = Span(CALLER, 1, MarkKind.RECORDING, began, "recording", [line], at)
                    sketch.spans.append(span)
            case ev.HoldStarted():
                sketch.silence("", at)
                sketch.begin("hold", Span(CALLER, 0, MarkKind.HOLD, at, "hold", [line]))
            case ev.WebhookRequested(method, _, _, _):
                span = Span(WEBHOOK, 0, MarkKind.WEBHOOK, at, method, [line])
                sketch.begin("webhook", span)
            case ev.WebhookAnswered() | ev.WebhookMissed():
                asked = sketch.finish("webhook", at, line, tone_of(event))
                if asked is not None:
                    got = f" {event.status}" if isinstance(event, ev.WebhookAnswered) else ""
                    asked.label += got or ", no reply"
                sketch.finish("hold", at)
            case _:
                assert_never(event)


_NAMES: dict[type[_Decision], str] = {
    ev.CallStarted: "call",
    ev.CallContinued: "continued",
    ev.CallRouted: "route",
    ev.CallAnswered: "answered",
    ev.ActionChosen: "action",
    ev.BackupRouted: "backup",
    ev.OpeningChecked: "hours",
    ev.VoicemailLeft: "message",
    VoicemailTranscribed: "written down",
    ev.VoicemailDropped: "no message",
    ev.MailboxOpened: "mailbox",
    ev.MailboxRefused: "mailbox",
    ev.MailboxChanged: "mailbox",
    Transcribed: "written down",
}
"""The decisions, in a word."""
