"""What is done whether or not a caller waits for it, and when it is tried again. Pure.

A job is one row that says what is to be done and when. A call orders it by a record
(`records.JobOrdered`); a controller does it when it is due (`ivrserver.jobs`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

WEBHOOK: Final = "webhook"
"""Kind of the job that tells a web server about a respondent; its key is the respondent's id."""
MAIL: Final = "mail"
"""Kind of the job that tells owners of a voicemail box about a message; its key is its id."""

TRANSCRIPTION: Final = "transcription"
"""Kind of the job that writes down what was said: in a recorded answer (its key is the respondent's
id and the question's) or in a voicemail message (its key is the message's id)."""
POSTBACK: Final = "postback"
"""Kind of the job that tells a web server what was written down; its key is that of the other."""

ORDERED: Final = (WEBHOOK, MAIL, TRANSCRIPTION, POSTBACK)
"""Kinds of which calls order jobs, and people may have them done again; others order themselves."""


class JobState(StrEnum):
    """What has become of a job."""

    WAITING = "waiting"
    """It will be done when it is due."""
    STARTED = "started"
    """A controller is doing it."""
    DONE = "done"
    FAILED = "failed"
    """It is not tried again, unless somebody asks for that."""
    CANCELLED = "cancelled"
    """Somebody did not want it any more."""


def job_id(kind: str, key: str) -> str:
    """What a job is called: its kind, and what it is about."""
    return f"{kind}-{key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it is stored; see `records.JobOrdered` for what is not said here.

    Attributes:
        call_id: empty: it outlives its call.
        due_at: None unless it waits.
        run: how often somebody had it done again.
        attempts: how often it was begun in this run.
        error: why it is not done yet, or not wholly; for people.
        since: when this run began.
        settled_at: None while it waits or is being done.
    """

    job_id: str
    kind: str
    key: str
    call_id: str
    lane: str
    state: JobState
    due_at: datetime | None
    run: int
    attempts: int
    error: str
    detail: Mapping[str, Any] = field(repr=False)
    ordered_at: datetime
    since: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class JobCount:
    """How many jobs of one kind are in one state.

    Attributes:
        since: the earliest `Job.since` among them.
        due: the earliest `Job.due_at`; None: none of them waits.
    """

    kind: str
    state: JobState
    count: int
    since: datetime
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something that failed is tried again.

    Attributes:
        pauses: seconds from an attempt that failed to the next; the last one repeats.
        jitter: share by which a pause is longer or shorter, so that not all try again together.
        give_up_after: since the beginning.
    """

    pauses: tuple[float, ...]
    jitter: float = 0.2
    give_up_after: timedelta = timedelta(hours=24)

    def next(self, attempts: int, since: datetime, now: datetime, chance: float) -> datetime | None:
        """When it is tried again; None: never.

        Args:
            attempts: how many have failed by now, from 1.
            since: when it was to be done at first.
            now: when the last of them ended.
            chance: from 0 to 1; spreads the attempts.
        """
        if now - since >= self.give_up_after:
            return None
        pause = self.pauses[min(attempts, len(self.pauses)) - 1]
        spread = 1 - self.jitter + 2 * self.jitter * chance
        return now + timedelta(seconds=pause * spread)


WEBHOOK_RETRIES: Final = Schedule((5, 30, 120, 300, 600, 1200, 2400, 3600, 7200))
"""A web server that was only restarted is told at once; one that is down is not flooded."""
POSTBACK_RETRIES: Final = WEBHOOK_RETRIES
TRANSCRIPTION_RETRIES: Final = Schedule((30, 120, 600, 1800, 3600, 7200))
"""A store or a server that is away is back within minutes; what fails by itself costs much."""
LETTER_WAITS: Final = timedelta(minutes=5)
"""So long a letter waits for what was said in the message that it is about: there is one letter."""
LETTER_RETRIES: Final = Schedule((60, 120, 300, 600, 1200, 2400, 3600, 7200))
"""Who is greylisted (RFC 6647) is told within minutes."""
