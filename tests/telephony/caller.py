"""Somebody with a scripted phone, and what the server stored of their call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.demo import listening
from ivrserver.demo.phone import Heard, Phone, PhoneEvent
from ivrserver.flow.event_kinds import KINDS
from ivrserver.flow.events import CallEnded, Event, PromptPlayed, QuestionAsked, Warned
from ivrserver.flow.records import NO_REPLY_KNOWN, TimelineEntry, WebhookAttempt
from ivrserver.flow.story import tell
from ivrserver.storage import CallDetails, Calls, tables

PATIENCE = 20.0
POLL_SECONDS = 0.05
AFTER_PROMPT_SECONDS = 0.1

E = TypeVar("E")


@dataclass(frozen=True)
class Outcome:
    """A call that is over.

    Attributes:
        heard: all that reached the phone; pauses in which nothing was sent are not in it.
        played: what came out of it, on the clock.
        began: when `played` began, on the loop's clock.
        answers: what is stored, in clear, by question name, in the order of the questions; of a
            question that was answered in several IVRs the last.
        recordings: names of recordings by question name.
    """

    heard: listening.Sound
    played: listening.Sound
    began: float
    details: CallDetails
    answers: dict[str, str]
    recordings: dict[str, str]

    def all(self, kind: type[E]) -> list[E]:
        """The timeline's events of one kind."""
        return [entry.event for entry in self.details.timeline if isinstance(entry.event, kind)]

    def one(self, kind: type[E]) -> E:
        """The timeline's only event of one kind."""
        (event,) = self.all(kind)
        return event

    @property
    def ended(self) -> CallEnded:
        """How the call ended."""
        return self.one(CallEnded)

    @property
    def completed(self) -> list[bool | None]:
        """Of each respondent, whether it was completed."""
        return [run.completed for run in self.details.respondents]

    def silent(self, start: float, end: float | None = None) -> bool:
        """Whether nothing was heard between these times of the loop's clock."""
        until = None if end is None else end - self.began
        return listening.silence_from(self.played, start - self.began, until)


@dataclass
class Caller:
    """A phone in somebody's hand.

    Attributes:
        keys: everything pressed so far.
        poll: seconds between two looks at the database.
    """

    phone: Phone
    number: str
    port: int
    engine: AsyncEngine
    keys: str = ""
    call_id: str = ""
    poll: float = POLL_SECONDS
    _heard: Heard | None = None
    _entries: list[TimelineEntry] = field(default_factory=list)
    _seq: int = -1

    async def dial(self, number: str) -> None:
        """Call `number`; returns when it is answered."""
        await self.phone.call(f"sip:{number}@127.0.0.1:{self.port}")

    async def press(self, keys: str, *, gap: float = 0.1) -> PhoneEvent:
        """Press `keys`; the time of the event is that of the last release."""
        self.keys += keys
        return await self.phone.press(keys, gap=gap)

    async def speak(self, file: Path) -> None:
        """Say what is in `file`."""
        await self.phone.speak(file)

    # ---- what the server did

    async def timeline(self) -> list[TimelineEntry]:
        """Everything on the newest call's timeline so far."""
        if not self.call_id:
            rows = await Calls(self.engine).newest(1, number=self.number)
            if not rows:
                return []
            self.call_id = rows[0].call_id
        table = tables.timeline
        query = select(table).where(table.c.call_id == self.call_id, table.c.seq > self._seq)
        async with self.engine.connect() as connection:
            for row in (await connection.execute(query.order_by(table.c.seq))).mappings():
                event = KINDS[row["kind"]](**row["data"])
                self._entries.append(TimelineEntry(self.call_id, row["happened_at"], event))
                self._seq = row["seq"]
        return self._entries

    async def until(
        self, happened: Callable[[Event], bool], seconds: float = PATIENCE
    ) -> TimelineEntry:
        """Wait until the timeline holds such an event; the newest one."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    for entry in reversed(await self.timeline()):
                        if happened(entry.event):
                            return entry
                    await asyncio.sleep(self.poll)
        except TimeoutError:
            story = "\n".join(tell(self._entries)) or "no call arrived"
            raise AssertionError(f"it did not happen within {seconds:g} s:\n{story}") from None

    async def sees(self, kind: type[Event], times: int = 1) -> TimelineEntry:
        """Wait until the timeline holds an event of this kind, so often; the newest one."""

        def enough(event: Event) -> bool:
            seen = sum(isinstance(entry.event, kind) for entry in self._entries)
            return isinstance(event, kind) and seen >= times

        return await self.until(enough)

    async def asked(self, name: str, attempt: int = 1) -> None:
        """Wait until this question is asked."""
        await self.until(
            lambda event: (
                isinstance(event, QuestionAsked) and (event.name, event.attempt) == (name, attempt)
            )
        )

    async def listens(self, name: str, attempt: int = 1) -> None:
        """Wait until this question is asked and its prompts have been heard."""
        await self.asked(name, attempt)
        while True:
            left = self._left_to_hear(await self.timeline())
            if left <= 0:
                return
            await asyncio.sleep(left)

    def _left_to_hear(self, entries: list[TimelineEntry]) -> float:
        """Seconds until the prompts of the newest question are over, so far as they have begun."""
        seconds, began = 0.0, None
        for entry in entries:
            match entry.event:
                case QuestionAsked():
                    seconds, began = 0.0, None
                case PromptPlayed(seconds=length):
                    seconds, began = seconds + length, entry.at
        if began is None:
            return self.poll
        return seconds + AFTER_PROMPT_SECONDS - (datetime.now(UTC) - began).total_seconds()

    # ---- the end

    async def hangs_up(self) -> Outcome:
        """Hang up; what became of the call."""
        self._heard = await self.phone.hang_up()
        return await self.outcome()

    async def waits(self, seconds: float = PATIENCE) -> Outcome:
        """Wait until the server has hung up; what became of the call."""
        self._heard = await self.phone.wait_closed(timeout=seconds)
        return await self.outcome()

    async def outcome(self) -> Outcome:
        """What is stored, once the call is closed there."""
        await self.sees(CallEnded)
        details = await self._closed()
        rows = await self._answers()
        outcome = Outcome(
            listening.load(self._heard.path) if self._heard else np.zeros(0),
            listening.load(self._heard.played) if self._heard else np.zeros(0),
            self._heard.started_at if self._heard else 0.0,
            details,
            {name: value for name, value, recording in rows if not recording},
            {name: recording for name, _, recording in rows if recording},
        )
        self._assert_answers_are_keys([value for _, value, _ in rows])
        return outcome

    async def attempts(self, count: int = 1) -> list[WebhookAttempt]:
        """The requests to the web server, once there are `count`: the last may follow the end."""
        async with asyncio.timeout(PATIENCE):
            while True:
                details = await self._closed()
                made = [attempt for run in details.respondents for attempt in run.attempts]
                under_way = any(attempt.error == NO_REPLY_KNOWN for attempt in made)
                if len(made) >= count and not under_way:
                    return made
                await asyncio.sleep(self.poll)

    async def _closed(self) -> CallDetails:
        async with asyncio.timeout(PATIENCE):
            while True:
                details = await Calls(self.engine).details(self.call_id)
                if details is not None and details.call.ended_at is not None:
                    return details
                await asyncio.sleep(self.poll)

    async def _answers(self) -> list[tuple[str, str, str]]:
        """Question name, value in clear, and recording of each answer, as they were given."""
        answers, runs, questions = tables.answers, tables.respondents, tables.questions
        query = (
            select(questions.c.name, answers.c.value, answers.c.recording)
            .join(runs, runs.c.response_id == answers.c.response_id)
            .join(
                questions,
                (questions.c.block_id == runs.c.ivr_id)
                & (questions.c.question_id == answers.c.question_id),
            )
            .where(runs.c.call_id == self.call_id)
            .order_by(answers.c.answered_at)
        )
        async with self.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(query)]

    def _assert_answers_are_keys(self, values: list[str]) -> None:
        """Every answer was pressed, in this order; what was pressed besides did not count."""
        at = 0
        for value in values:
            found = self.keys.find(value, at)
            assert found >= 0, f"the answer {value!r} is not among the keys {self.keys[at:]!r}"
            at = found + len(value)

    def warnings(self) -> list[str]:
        """The warnings on the timeline so far."""
        return [entry.event.text for entry in self._entries if isinstance(entry.event, Warned)]
