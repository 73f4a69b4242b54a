"""What was said in voicemail messages, as far as that is written down."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ivrserver.flow.jobs import TRANSCRIPTION, JobState, job_id
from ivrserver.storage.jobs import UNDER_WAY
from ivrserver.storage.tables import jobs, message_transcripts


class TextState(StrEnum):
    """How far a message is written down."""

    WAITING = "waiting"
    """It will be, or is just being written down."""
    DONE = "done"
    FAILED = "failed"
    """It could not be, or nobody wanted it any more; it may be tried again by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageText:
    """What was said in a message.

    Attributes:
        job_id: of the job that writes it down.
        text: empty: it is not there yet, or nothing could be made out.
        engine: what has written it down; empty: nothing has.
        error: why it is not there; empty: nothing has gone wrong yet.
        due: when it is tried next; None: it is being written down, or that is over.
    """

    state: TextState
    job_id: str
    text: str = field(default="", repr=False)
    engine: str = ""
    error: str = ""
    due: datetime | None = None


async def texts_of(
    connection: AsyncConnection, message_ids: Collection[str]
) -> dict[str, MessageText]:
    """The texts of those messages that are or were to be written down, by their ids."""
    names = {job_id(TRANSCRIPTION, each): each for each in message_ids}
    columns = (jobs.c.job_id, jobs.c.state, jobs.c.error, jobs.c.due_at)
    orders = select(*columns).where(jobs.c.job_id.in_(list(names)), jobs.c.state != JobState.DONE)
    found: dict[str, MessageText] = {}
    for name, state, error, due in await connection.execute(orders):
        found[names[name]] = MessageText(
            state=TextState.WAITING if state in UNDER_WAY else TextState.FAILED,
            job_id=name,
            error=error or ("it was cancelled" if state == JobState.CANCELLED else ""),
            due=due,
        )
    written = message_transcripts.c
    query = select(written.message_id, written.text, written.engine)
    query = query.where(written.message_id.in_(list(message_ids)))
    for message_id, text, engine in await connection.execute(query):
        found[message_id] = MessageText(
            state=TextState.DONE,
            job_id=job_id(TRANSCRIPTION, message_id),
            text=text,
            engine=engine,
        )
    return found
