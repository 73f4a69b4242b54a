"""Calls, counted by what is written of them: every record and event passes the journal."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry

from ivrserver.flow.events import (
    AnswerAccepted,
    AnswerRejected,
    BackupRouted,
    BlockEntered,
    Bridged,
    CallContinued,
    LegDecided,
    LegDialled,
    LegScreened,
    MailboxOpened,
    MailboxRefused,
    QuestionAsked,
    Referred,
    Unbridged,
    VoicemailDropped,
    VoicemailLeft,
    Warned,
    WordHeard,
)
from ivrserver.flow.ports import Journal, LegOutcome
from ivrserver.flow.records import CallClosed, CallOpened, Record, RecordingMade, TimelineEntry
from ivrserver.monitoring.call_ids import began
from ivrserver.monitoring.metrics.making import (
    MOMENTS,
    TALKS,
    Counted,
    counter,
    gauge,
    histogram,
)

_ENDS: Final = ("caller_hung_up", "hung_up", "transferred", "failed", "limit")
_KINDS: Final = ("ivr", "findme", "receptionist", "voicemail")
_SCREENED: Final = (
    "accepted", "declined", "no_key", "taken", "hung_up", "cancelled", "failed",
)  # fmt: skip
_RECORDINGS_END: Final = ("key", "silence", "limit", "hangup")


class CallMetrics:
    """Counts what happens on calls."""

    def __init__(self, registry: CollectorRegistry) -> None:
        add = registry
        self._started = counter(add, "calls_started_total", "Calls taken.")
        self._continued = counter(
            add, "calls_continued_total", "Calls of other controllers, or of the time before a"
            " restart, that went on here.",
        )  # fmt: skip
        self._ended = Counted(
            add, "calls_ended_total", "Calls that are over, by why.", "reason", _ENDS
        )
        self._lasted = histogram(add, "call_seconds", "How long calls lasted.", TALKS)
        self._blocks = Counted(
            add, "blocks_entered_total", "Building blocks that calls entered.", "kind", _KINDS
        )
        self._asked = counter(add, "questions_asked_total", "Questions asked, repetitions too.")
        self._answers = Counted(
            add,
            "answers_total",
            "What came of questions that want keys, at each try.",
            "outcome",
            ("accepted", "invalid", "no_input"),
        )
        self._recordings = Counted(
            add, "recordings_total", "Finished recordings, by what ended them.", "ended_by",
            _RECORDINGS_END,
        )  # fmt: skip
        self._words = Counted(
            add, "words_heard_total", "What speech recognition made of spoken words.", "outcome",
            ("understood", "not_understood"),
        )  # fmt: skip
        self._messages = Counted(
            add, "voicemail_messages_total", "Callers at voicemail boxes.", "outcome",
            ("left", "dropped"),
        )  # fmt: skip
        self._mailboxes = Counted(
            add, "mailbox_openings_total", "Owners who wanted to hear their messages.", "outcome",
            ("opened", "refused"),
        )  # fmt: skip
        self._backups = counter(
            add, "backup_routings_total", "Times that Backup Routing, or an apology, took over."
        )
        self._warnings = counter(add, "call_warnings_total", "Warnings on timelines of calls.")
        self._heard: Mapping[type, Callable[[Any], None]] = {
            CallContinued: lambda _: self._continued.inc(),
            BlockEntered: lambda event: self._blocks.add(event.kind),
            QuestionAsked: lambda _: self._asked.inc(),
            AnswerAccepted: lambda _: self._answers.add("accepted"),
            AnswerRejected: lambda event: self._answers.add(
                "invalid" if event.keys else "no_input"
            ),
            WordHeard: lambda event: self._words.add(
                "understood" if event.word else "not_understood"
            ),
            VoicemailLeft: lambda _: self._messages.add("left"),
            VoicemailDropped: lambda _: self._messages.add("dropped"),
            MailboxOpened: lambda _: self._mailboxes.add("opened"),
            MailboxRefused: lambda _: self._mailboxes.add("refused"),
            BackupRouted: lambda _: self._backups.inc(),
            Warned: lambda _: self._warnings.inc(),
        }

    def note(self, record: Record) -> None:
        """Count `record`."""
        match record:
            case TimelineEntry(event=event):
                if (count := self._heard.get(type(event))) is not None:
                    count(event)
            case CallOpened():
                self._started.inc()
            case CallClosed():
                self._ended.add(record.reason)
                if (since := began(record.call_id)) is not None:
                    self._lasted.observe(max(0.0, (record.at - since).total_seconds()))
            case RecordingMade():
                self._recordings.add(record.ended_by)


class LegMetrics:
    """Counts whom calls call. What is forgotten of a leg ends with its call."""

    def __init__(self, registry: CollectorRegistry) -> None:
        add = registry
        self._dialled = counter(add, "legs_dialled_total", "Legs that calls placed.")
        self._decided = Counted(
            add, "legs_decided_total", "What became of legs.", "outcome",
            (outcome.value for outcome in LegOutcome),
        )  # fmt: skip
        self._screened = Counted(
            add, "legs_screened_total", "What the people called decided.", "outcome", _SCREENED
        )
        self._ringing = gauge(add, "legs_ringing", "Legs that are being called now.")
        self._bridged = gauge(add, "legs_bridged", "Legs that hear their caller now.")
        self._together = histogram(
            add, "bridge_seconds", "How long callers and legs heard each other.", TALKS
        )
        self._referred = Counted(
            add, "referrals_total", "Callers handed on by SIP REFER.", "outcome",
            ("accepted", "refused"),
        )  # fmt: skip
        self._rings: dict[str, set[str]] = {}
        self._talks: dict[str, set[str]] = {}
        self._ringing.set_function(lambda: sum(map(len, self._rings.values())))
        self._bridged.set_function(lambda: sum(map(len, self._talks.values())))

    def note(self, record: Record) -> None:
        """Count `record`."""
        match record:
            case TimelineEntry(call_id=call_id, event=event):
                self._note_event(call_id, event)
            case CallClosed(call_id=call_id):
                self._rings.pop(call_id, None)
                self._talks.pop(call_id, None)

    def _note_event(self, call_id: str, event: object) -> None:
        match event:
            case LegDialled(leg_id=leg_id):
                self._dialled.inc()
                self._rings.setdefault(call_id, set()).add(leg_id)
            case LegDecided(leg_id=leg_id, outcome=outcome):
                self._decided.add(outcome)
                self._rings.get(call_id, set()).discard(leg_id)
            case LegScreened(outcome=outcome):
                self._screened.add(outcome)
            case Bridged(leg_id=leg_id):
                self._talks.setdefault(call_id, set()).add(leg_id)
            case Unbridged(leg_id=leg_id, seconds=seconds):
                self._talks.get(call_id, set()).discard(leg_id)
                self._together.observe(seconds)
            case Referred(accepted=accepted):
                self._referred.add("accepted" if accepted else "refused")


class MeteredJournal:
    """Counts what is written on its way into another journal, and how long commits take."""

    def __init__(self, journal: Journal, registry: CollectorRegistry) -> None:
        self._journal = journal
        self._calls, self._legs = CallMetrics(registry), LegMetrics(registry)
        self._records = counter(registry, "journal_records_total", "Records written by calls.")
        self._committed = histogram(
            registry,
            "journal_commit_seconds",
            "How long calls waited until what they wrote was durable.",
            MOMENTS,
        )

    def write(self, record: Record) -> None:
        """See `Journal.write`."""
        self._journal.write(record)
        self._records.inc()
        self._calls.note(record)
        self._legs.note(record)

    async def commit(self) -> None:
        """See `Journal.commit`."""
        began_at = time.perf_counter()
        await self._journal.commit()
        self._committed.observe(time.perf_counter() - began_at)
