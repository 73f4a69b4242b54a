"""What was said in recorded answers: what is read, what is shown, and when it counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.flow.records import Record
from ivrserver.flow.spoken_answers import RecordedAnswer, WrittenAnswer
from ivrserver.storage import Calls, RecordingRows, Transcripts, database, migrate, open_journal
from tests.unit.storage.records import (
    START,
    answer,
    opened,
    recording,
    respondent,
    settings,
    transcribed,
)

RUN = "r-call-1"


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """A database with a call that has two recorded answers, the second one sensitive."""
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        await store(
            engine, opened(), respondent(), recording(name="first"), recording(name="second"),
            answer(3, "", recording="first"), answer(4, "", recording="second", sensitive=True),
        )  # fmt: skip
        yield engine


async def store(engine: AsyncEngine, *records: Record) -> None:
    url = engine.url.render_as_string(hide_password=False)
    async with open_journal(settings(url), engine) as journal:
        for record in records:
            journal.write(record)
        await journal.commit()


async def said(engine: AsyncEngine) -> dict[int, tuple[str, str]]:
    """What people are shown of each answer."""
    details = await Calls(engine).details("call-1")
    assert details is not None
    return {each.question_id: (each.said, each.engine) for each in details.respondents[0].answers}


async def test_what_was_written_down_is_read_back_and_shown_with_its_answer(
    engine: AsyncEngine,
) -> None:
    answers = Transcripts(engine)
    recorded = RecordedAnswer(recording="first", seconds=2.5, sensitive=False)
    assert await answers.recorded(RUN, 3) == recorded
    assert await answers.written(RUN, 3) is None
    assert await said(engine) == {3: ("", ""), 4: ("", "")}
    await store(engine, transcribed(3, name="first"))
    assert await answers.written(RUN, 3) == WrittenAnswer(
        recording="first", seconds=2.5, sensitive=False, at=START + timedelta(minutes=1),
        text="more téa", engine="pocketsphinx",
    )  # fmt: skip
    assert await said(engine) == {3: ("more téa", "pocketsphinx"), 4: ("", "")}


async def test_a_sensitive_text_is_stored_but_not_shown(engine: AsyncEngine) -> None:
    await store(engine, transcribed(4, "my code is four seven one one", name="second"))
    written = await Transcripts(engine).written(RUN, 4)
    assert written is not None
    assert (written.text, written.shown) == ("my code is four seven one one", "•••")
    assert (await said(engine))[4] == ("•••", "pocketsphinx")
    assert "four" not in f"{written} {await Calls(engine).details('call-1')}"


async def test_the_text_of_a_recording_that_is_not_the_answer_any_more_does_not_count(
    engine: AsyncEngine,
) -> None:
    await store(engine, transcribed(3, name="first"))
    await store(engine, recording(name="third"), answer(3, "", recording="third"))
    assert await Transcripts(engine).written(RUN, 3) is None
    assert (await said(engine))[3] == ("", "")
    await store(engine, transcribed(3, "once more", name="third"))
    assert (await said(engine))[3] == ("once more", "pocketsphinx")


async def test_of_a_deleted_recording_only_what_was_written_down_is_left(
    engine: AsyncEngine,
) -> None:
    await store(engine, transcribed(3, name="first"))
    await RecordingRows(engine).forget("first")
    answers = Transcripts(engine)
    assert await answers.recorded(RUN, 3) is None
    written = await answers.written(RUN, 3)
    assert written is not None
    assert (written.text, written.seconds) == ("more téa", 2.5)


async def test_a_text_for_an_answer_that_was_deleted_meanwhile_is_not_stored(
    engine: AsyncEngine,
) -> None:
    await store(engine, transcribed(9, name="first"), answer(5, "7"))
    assert await Transcripts(engine).written(RUN, 9) is None
    assert set(await said(engine)) == {3, 4, 5}, "what was written with it is"
