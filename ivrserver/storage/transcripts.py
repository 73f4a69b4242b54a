"""What callers said: recordings and texts, for those who write them down and tell about them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.flow.spoken_answers import RecordedAnswer, WrittenAnswer
from ivrserver.flow.spoken_messages import RecordedMessage
from ivrserver.storage.database import storage_errors
from ivrserver.storage.mailboxes import DELETED
from ivrserver.storage.tables import answers, message_transcripts, messages, recordings, transcripts


class Transcripts:
    """Reads recorded answers and messages; every method raises `StorageError` when it cannot.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def recorded(self, response_id: str, question_id: int) -> RecordedAnswer | None:
        """The recording that is that answer now; None: the answer or its recording is deleted."""
        query = (
            select(answers.c.recording, answers.c.sensitive, recordings.c.seconds)
            .join(recordings, recordings.c.name == answers.c.recording)
            .where(answers.c.response_id == response_id, answers.c.question_id == question_id)
        )
        row = await self._first(query)
        return None if row is None else RecordedAnswer(**row)

    async def written(self, response_id: str, question_id: int) -> WrittenAnswer | None:
        """What was said in it; None: nobody has written that down, or it is deleted."""
        same = (transcripts.c.response_id == answers.c.response_id) & (
            transcripts.c.question_id == answers.c.question_id
        )
        query = (
            select(
                answers.c.recording,
                answers.c.sensitive,
                transcripts.c.seconds,
                transcripts.c.transcribed_at.label("at"),
                transcripts.c.text,
                transcripts.c.engine,
            )
            .join(transcripts, same & (transcripts.c.recording == answers.c.recording))
            .where(answers.c.response_id == response_id, answers.c.question_id == question_id)
        )
        row = await self._first(query)
        return None if row is None else WrittenAnswer(**row)

    async def message(self, message_id: str) -> RecordedMessage | None:
        """That message; None: it or its recording is deleted."""
        query = (
            select(messages.c.recording, messages.c.call_id, message_transcripts.c.text)
            .join(recordings, recordings.c.name == messages.c.recording)
            .outerjoin(
                message_transcripts, message_transcripts.c.message_id == messages.c.message_id
            )
            .where(messages.c.message_id == message_id, messages.c.state != DELETED)
        )
        row = await self._first(query)
        if row is None:
            return None
        return RecordedMessage(row["recording"], row["call_id"] or "", row["text"])

    async def _first(self, query: Select[Any]) -> dict[str, Any] | None:
        with storage_errors("cannot read what was recorded"):
            async with self._engine.connect() as connection:
                row = (await connection.execute(query)).mappings().first()
        return None if row is None else dict(row)
