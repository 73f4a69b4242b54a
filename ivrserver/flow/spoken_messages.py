"""Voicemail messages that are written down, and the letters that say what was said. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from ivrserver.flow.jobs import LETTER_WAITS, MAIL, TRANSCRIPTION
from ivrserver.flow.records import JobOrdered


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """The recording of a message, and what was said in it.

    Attributes:
        recording: its name.
        call_id: empty: the call is deleted already.
        text: empty: nothing could be made out; None: nobody has written it down.
    """

    recording: str
    call_id: str
    text: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenMessage:
    """One message in a box, for those who write it down and tell about it.

    Attributes:
        block_id: the box.
        language: what was to be spoken, a BCP 47 tag.
        letter: its owners are told by e-mail.
    """

    message_id: str
    block_id: int
    language: str
    letter: bool

    def orders(self, at: datetime, *, transcribe: bool) -> Iterator[JobOrdered]:
        """What is to be done about it when it has been left.

        The letter is ordered first, so that nobody who has written the message down already can
        have ordered it before: it would be made to wait again.

        Args:
            at: now.
            transcribe: it is to be written down; its letter waits for that, but not for long.
        """
        if self.letter:
            yield self._letter(at, at + LETTER_WAITS if transcribe else at)
        if transcribe:
            yield self._ordered(
                TRANSCRIPTION,
                at,
                at,
                lane=str(self.block_id),
                detail={
                    "block_id": self.block_id,
                    "language": self.language,
                    "letter": self.letter,
                },
            )

    def letters(self, ordered_at: datetime, now: datetime) -> Iterator[JobOrdered]:
        """The order to write its letter now, unless it waits no more.

        Args:
            ordered_at: when it was to be written down.
            now: when it is, or it is known that it cannot be.
        """
        if self.letter and now - ordered_at < LETTER_WAITS:
            yield self._letter(now, now)

    def _letter(self, at: datetime, due: datetime) -> JobOrdered:
        return self._ordered(MAIL, at, due)

    def _ordered(
        self,
        kind: str,
        at: datetime,
        due: datetime,
        *,
        lane: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> JobOrdered:
        return JobOrdered(
            kind=kind,
            key=self.message_id,
            call_id="",  # it outlives its call
            at=at,
            due=due,
            lane=lane,
            detail=detail or {},
        )

    @classmethod
    def of(cls, message_id: str, detail: Mapping[str, Any]) -> Self:
        """The message that a job with that detail is about."""
        return cls(message_id=message_id, **detail)
