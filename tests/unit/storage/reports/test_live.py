"""What is live now, and what has changed since the last look."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.flow.events import CallAnswered, CallEnded, QuestionAsked
from ivrserver.flow.records import CallClosed, Record, TimelineEntry
from ivrserver.flow.transcribed import Transcribed, VoicemailTranscribed
from ivrserver.storage import LiveCalls, database, migrate, open_journal
from tests.unit.storage.records import (
    START,
    answer,
    checkpoint,
    message,
    message_transcribed,
    opened,
    recording,
    respondent,
    settings,
    timeline,
    transcribed,
)

NOW = START + timedelta(hours=1)
ASKED = QuestionAsked(7, "Rating", 1, "the next question")


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        yield engine


async def store(engine: AsyncEngine, url: str, *records: Record) -> None:
    async with open_journal(settings(url), engine) as journal:
        for record in records:
            journal.write(record)


async def test_a_look_tells_what_is_new_since_the_last(
    engine: AsyncEngine, database_url: str
) -> None:
    live, at = LiveCalls(engine), NOW - timedelta(seconds=1)
    assert await live.look(NOW, {}) == {}
    old = START - timedelta(days=1)
    await store(
        engine, database_url, opened("over", old), CallClosed(call_id="over", at=old, reason="x"),
        opened("long", START), *timeline("long"), opened("young", at),
    )  # fmt: skip
    first = await live.look(NOW, {})
    assert set(first) == {"long", "young"}
    assert first["long"].seq > 0
    assert (first["young"].seq, first["young"].ended_at) == (0, None)
    assert await live.look(NOW, first) == first
    await store(engine, database_url, TimelineEntry("young", at, CallAnswered()))
    second = await live.look(NOW, first)
    assert [name for name in second if second[name] != first.get(name)] == ["young"]
    ended = CallClosed(call_id="long", at=NOW, reason="hung_up")
    await store(engine, database_url, TimelineEntry("long", NOW, CallEnded("hung_up", "")), ended)
    third = await live.look(NOW, second)
    assert third["long"].ended_at == NOW
    assert third["long"].seq > second["long"].seq
    assert set(await live.look(NOW, third)) == {"young"}


async def test_a_call_that_came_and_went_between_two_looks_is_seen(
    engine: AsyncEngine, database_url: str
) -> None:
    at = NOW - timedelta(seconds=5)
    closed = CallClosed(call_id="quick", at=at, reason="caller_hung_up")
    await store(engine, database_url, opened("quick", at), closed)
    live = LiveCalls(engine)
    first = await live.look(NOW, {})
    assert first["quick"].ended_at == at
    assert await live.look(NOW + timedelta(minutes=2), first) == {}


async def test_a_call_long_over_is_seen_again_when_something_of_it_is_written_down(
    engine: AsyncEngine, database_url: str
) -> None:
    live = LiveCalls(engine)
    for name in ("message", "answer"):
        said = f"said-{name}"
        await store(
            engine, database_url, opened(name), recording(name, said), respondent(name),
            message(1, 300, name), answer(3, "", name, recording=said), *timeline(name),
            CallClosed(call_id=name, at=START, reason="hung_up"),
        )  # fmt: skip
    assert await live.look(NOW, {}) == {}
    written = replace(message_transcribed(1, "message", name="said-message"), at=NOW)
    event = VoicemailTranscribed("m-message-1", 300, 3, "pocketsphinx")
    await store(engine, database_url, written, TimelineEntry("message", NOW, event))
    first = await live.look(NOW, {})
    assert list(first) == ["message"]
    news = await live.after("message", first["message"].told)
    assert [each.entry.event for each in news] == [event], "nothing is told twice"
    assert await live.look(NOW, first) == first
    later = NOW + timedelta(seconds=50)
    told = Transcribed(3, "wish", "more téa", "pocketsphinx")
    await store(
        engine, database_url, replace(transcribed(3, "x", "answer", "said-answer"), at=later),
        TimelineEntry("answer", later, told),
    )  # fmt: skip
    second = await live.look(later, first)
    assert set(second) == {"message", "answer"}
    news = await live.after("answer", second["answer"].told)
    assert [each.entry.event for each in news] == [told]
    assert await live.look(later + timedelta(minutes=2), second) == {}


async def test_the_tail_of_a_timeline_is_read_from_any_event_on(
    engine: AsyncEngine, database_url: str
) -> None:
    entries = timeline("one")
    await store(engine, database_url, opened("one"), *entries, opened("two"), *timeline("two"))
    live = LiveCalls(engine)
    everything = await live.after("one", 0)
    assert [each.entry for each in everything] == entries
    assert await live.after("one", everything[1].seq) == everything[2:]
    assert await live.after("one", everything[1].seq, limit=1) == everything[2:3]
    assert await live.after("one", everything[-1].seq) == []
    assert await live.after("nobody", 0) == []


async def test_live_calls_say_what_they_are_doing(engine: AsyncEngine, database_url: str) -> None:
    await store(
        engine, database_url, opened("a"), respondent("a"), checkpoint(7, "a"), *timeline("a")[:1],
        TimelineEntry("a", START, ASKED), opened("b", NOW), opened("c"),
        CallClosed(call_id="c", at=NOW, reason="hung_up"),
    )  # fmt: skip
    live = LiveCalls(engine)
    assert await live.count() == 2
    young, talking = await live.calls()
    assert (young.call.call_id, young.block_id, young.question_id) == ("b", 0, 0)
    assert young.last is None
    assert (talking.block_id, talking.response_id, talking.question_id) == (100, "r-a", 7)
    assert talking.last is not None
    assert talking.last.entry.event == ASKED
    assert [each.call.call_id for each in await live.calls(limit=1)] == ["b"]
