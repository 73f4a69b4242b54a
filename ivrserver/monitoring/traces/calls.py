"""A call's spans, made of what is written of it (`flow.records`).

Names of blocks and questions are in them; answers, numbers of callers and of legs are not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from ivrserver.flow import events
from ivrserver.flow.event_kinds import kind_of
from ivrserver.flow.ports import Journal
from ivrserver.flow.records import CallClosed, CallOpened, Record, TimelineEntry
from ivrserver.monitoring.call_ids import began
from ivrserver.monitoring.traces.ids import Place, root_of, sampled
from ivrserver.monitoring.traces.spans import Moment, Sink, Span, Value, dotted

MOST_CALLS: Final = 20_000
"""Calls that are followed at the same time; more would be a leak, and the oldest are let go."""

_LEG_ANSWERED: Final = "answered"
_SCREENED_OUT: Final = frozenset({"declined", "no_key", "taken", "hung_up", "cancelled", "failed"})

_MOMENTS: Final[Mapping[type, Callable[[Any], Mapping[str, Value]]]] = {
    events.CallAnswered: lambda _: {},
    events.CallContinued: lambda _: {},
    events.PromptPlayed: lambda event: {"seconds": event.seconds},
    events.PromptStopped: lambda _: {},
    events.HoldStarted: lambda _: {},
    events.BackupRouted: lambda _: {},
    events.ActionChosen: lambda event: {"warnings": len(event.warnings)},
    events.GroupDialled: lambda event: {
        "loop": event.loop, "group": event.group, "legs": len(event.destinations),
    },
    events.WordHeard: lambda event: {"understood": bool(event.word)},
    events.Referred: lambda event: {"accepted": event.accepted},
    events.OpeningChecked: lambda event: {"open": event.open},
    events.MenuPlayed: lambda event: {"attempt": event.attempt},
    events.MenuChosen: lambda _: {},
    events.MenuFailed: lambda _: {},
    events.VoicemailLeft: lambda event: {"seconds": event.seconds},
    events.VoicemailDropped: lambda _: {},
    events.MailboxOpened: lambda event: {"new": event.new, "saved": event.saved},
    events.MailboxRefused: lambda _: {},
    events.MailboxChanged: lambda _: {},
    events.Warned: lambda _: {},
}  # fmt: skip
"""Events that are no beginning and no end: what is told of them besides their name."""


class CallTrace:
    """The open spans of one call."""

    def __init__(self, call_id: str, at: datetime, sink: Sink) -> None:
        self._sink = sink
        self.root = Span(
            name="call",
            place=root_of(call_id),
            began=began(call_id) or at,
            kind="server",
            attributes=dotted({"call__id": call_id}),
        )
        self._block: Span | None = None
        self._question: Span | None = None
        self._legs: dict[str, Span] = {}
        self._bridges: dict[str, Span] = {}
        self._recordings: dict[str, Span] = {}

    def note(self, entry: TimelineEntry) -> None:
        """Go on with what happened."""
        at, event = entry.at, entry.event
        match event:
            case events.BlockEntered():
                self._enter(event, at)
            case events.BlockLeft():
                self._leave(event, at)
            case events.QuestionAsked() | events.AnswerAccepted() | events.AnswerRejected():
                self._converse(event, at)
            case events.RecordingStarted(name):
                self._recordings[name] = self._inner(entry.leg_id).inside("recording", at)
            case events.RecordingEnded(name, seconds):
                self._end(self._recordings.pop(name, None), at, seconds=seconds)
            case (
                events.LegDialled()
                | events.LegDecided()
                | events.LegScreened()
                | events.Bridged()
                | events.Unbridged()
            ):
                self._call_others(event, at)
            case events.CallEnded(reason):
                self.root.attributes |= dotted({"call__end": reason})
                if reason == "failed":
                    self.root.error = "an error of the server"
            case _:
                self._mention(entry)

    @property
    def inner(self) -> Place:
        """Where whatever is done for the caller now belongs."""
        return self._inner("").place

    def close(self, at: datetime) -> None:
        """The call is over: end whatever is still open, from the inside out."""
        inner = (self._recordings, self._bridges, self._legs)
        for span in [span for spans in inner for span in spans.values()]:
            self._end(span, at)
        self._end(self._question, at)
        self._end(self._block, at)
        self._end(self.root, at)

    # ---- blocks and questions

    def _enter(self, event: events.BlockEntered, at: datetime) -> None:
        self._end(self._block, at)
        self._block = self.root.inside(
            event.kind, at, block__id=event.block_id, block__name=event.name
        )
        if event.response_id:
            self._block.attributes |= dotted({"response__id": event.response_id})

    def _leave(self, event: events.BlockLeft, at: datetime) -> None:
        self._end(self._question, at)
        self._end(self._block, at, completed=event.completed)
        self._block = self._question = None

    def _converse(
        self,
        event: events.QuestionAsked | events.AnswerAccepted | events.AnswerRejected,
        at: datetime,
    ) -> None:
        match event:
            case events.QuestionAsked():
                self._end(self._question, at)
                self._question = (self._block or self.root).inside(
                    "question",
                    at,
                    question__id=event.question_id,
                    question__name=event.name,
                    attempt=event.attempt,
                )
                return
            case events.AnswerAccepted(keys=keys):
                outcome = "accepted"
            case events.AnswerRejected(keys=keys):
                outcome = "invalid" if keys else "no_input"
        self._end(self._question, at, outcome=outcome, keys=keys)
        self._question = None

    # ---- legs

    def _call_others(
        self,
        event: events.LegDialled
        | events.LegDecided
        | events.LegScreened
        | events.Bridged
        | events.Unbridged,
        at: datetime,
    ) -> None:
        leg_id = event.leg_id
        leg = self._legs.get(leg_id)
        match event:
            case events.LegDialled(timeout=timeout):
                around = self._question or self._block or self.root
                leg = around.inside("leg", at, leg__id=leg_id, timeout=timeout)
                leg.kind = "client"
                self._legs[leg_id] = leg
            case events.LegDecided(outcome=outcome):
                self._tell(leg, outcome=outcome)
                if outcome == _LEG_ANSWERED:
                    _mention(leg, Moment(_LEG_ANSWERED, at))
                else:
                    self._end(self._legs.pop(leg_id, None), at)
            case events.LegScreened(outcome=outcome):
                self._tell(leg, screening=outcome)
                if outcome in _SCREENED_OUT:
                    self._end(self._legs.pop(leg_id, None), at)
            case events.Bridged():
                self._bridges[leg_id] = (leg or self._inner("")).inside("bridge", at)
            case events.Unbridged(seconds=seconds):
                self._end(self._bridges.pop(leg_id, None), at, seconds=seconds)
                self._end(self._legs.pop(leg_id, None), at)

    # ---- all of them

    def _inner(self, leg_id: str) -> Span:
        """The innermost open span of that leg; of the caller, if it is none."""
        leg = self._bridges.get(leg_id) or self._legs.get(leg_id)
        return leg or self._question or self._block or self.root

    def _mention(self, entry: TimelineEntry) -> None:
        if (told := _MOMENTS.get(type(entry.event))) is not None:
            moment = Moment(kind_of(entry.event), entry.at, dotted(told(entry.event)))
            _mention(self._inner(entry.leg_id), moment)

    def _tell(self, span: Span | None, **attributes: Value) -> None:
        if span is not None:
            span.attributes |= dotted(attributes)

    def _end(self, span: Span | None, at: datetime, **attributes: Value) -> None:
        if span is not None and span.ended is None:
            span.attributes |= dotted(attributes)
            span.ended = at
            self._sink(span)


def _mention(span: Span | None, moment: Moment) -> None:
    if span is not None:
        span.moments.append(moment)


class Calls:
    """The calls that are traced here.

    Args:
        sink: gets every span that has ended.
        share: of calls that are traced, 0 to 1.
    """

    def __init__(self, sink: Sink, share: float) -> None:
        self._sink, self._share = sink, share
        self._open: dict[str, CallTrace] = {}

    def note(self, record: Record) -> None:
        """Go on with what was written."""
        match record:
            case CallOpened():
                if (call := self._begin(record.call_id, record.at)) is not None:
                    call.root.attributes |= dotted(
                        {"phone__label": record.phone_label, "revision": record.revision}
                    )
            case TimelineEntry(call_id=call_id, event=event):
                # Webhooks of calls that are over are written too, and go on with nothing.
                if isinstance(event, events.CallContinued):
                    self._begin(call_id, record.at)
                if (open_call := self._open.get(call_id)) is not None:
                    open_call.note(record)
            case CallClosed(call_id=call_id):
                if (closed := self._open.pop(call_id, None)) is not None:
                    closed.close(record.at)

    def around(self, call_id: str) -> Place | None:
        """Where whatever is done for that call now belongs; None: it is not traced here."""
        call = self._open.get(call_id)
        return None if call is None else call.inner

    def _begin(self, call_id: str, at: datetime) -> CallTrace | None:
        """Follow that call from now on, if it is among those that are traced."""
        if not sampled(root_of(call_id), self._share):
            return None
        while len(self._open) >= MOST_CALLS:
            del self._open[next(iter(self._open))]
        call = self._open[call_id] = CallTrace(call_id, at, self._sink)
        return call


class TracedJournal:
    """Makes spans of what is written on its way into another journal."""

    def __init__(self, journal: Journal, calls: Calls) -> None:
        self._journal, self._calls = journal, calls

    def write(self, record: Record) -> None:
        """See `Journal.write`."""
        self._journal.write(record)
        self._calls.note(record)

    async def commit(self) -> None:
        """See `Journal.commit`."""
        await self._journal.commit()
