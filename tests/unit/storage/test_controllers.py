"""Who carries which call, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from ivrserver.cluster import Beat
from ivrserver.flow.records import CallClosed, Record, RespondentClosed
from ivrserver.flow.saved import Asking, Following, SavedMove, doing_as_json
from ivrserver.storage import Calls, Controllers, database, migrate, open_journal, tables
from tests.unit.storage.records import (
    START,
    answer,
    attempt,
    checkpoint,
    opened,
    recording,
    respondent,
    settings,
)

A, B = "ivr-a-1", "ivr-b-1"


@dataclass
class Place:
    """A database, and its register."""

    url: str
    engine: AsyncEngine
    register: Controllers

    async def store(self, *records: Record) -> None:
        async with open_journal(settings(self.url), self.engine) as journal:
            for record in records:
                journal.write(record)
            await journal.commit()


@pytest.fixture
async def place(database_url: str) -> AsyncIterator[Place]:
    async with _place(database_url) as found:
        yield found


@asynccontextmanager
async def _place(url: str) -> AsyncIterator[Place]:
    async with database(settings(url)) as engine:
        await migrate(engine)
        yield Place(url, engine, Controllers(engine, "main"))


def live(call_id: str, controller: str = A, asterisk: str = "main") -> tuple[Record, ...]:
    """A call in the middle of an IVR."""
    begun = replace(opened(call_id), controller=controller, asterisk=asterisk)
    doing = doing_as_json(Asking(monitored=2.5))
    place = replace(checkpoint(2, call_id), doing=doing, backed_up=True)
    return (begun, respondent(call_id), answer(1, "123", call_id), attempt(1, call_id), place)


async def test_a_lease_is_held_until_the_same_name_enters_again(place: Place) -> None:
    first = await place.register.enter(A)
    assert await place.register.beat(first)
    second = await place.register.enter(A)
    assert second.epoch == first.epoch + 1
    assert not await place.register.beat(first)
    assert await place.register.beat(second)


async def test_others_are_seen_with_their_counters(place: Place) -> None:
    mine, other = await place.register.enter(A), await place.register.enter(B)
    assert await place.register.others(mine) == [Beat(B, 1, 0, released=False)]
    await place.register.beat(other)
    assert await place.register.others(mine) == [Beat(B, 1, 1, released=False)]
    await place.register.release(other)
    assert await place.register.others(mine) == [Beat(B, 1, 1, released=True)]


async def test_only_one_takes_a_lease_away_and_none_of_who_has_beaten_since(place: Place) -> None:
    mine, other = await place.register.enter(A), await place.register.enter(B)
    (seen,) = await place.register.others(mine)
    await place.register.beat(other)
    assert not await place.register.fence(seen)
    (seen,) = await place.register.others(mine)
    outcomes = await asyncio.gather(*(place.register.fence(seen) for _ in range(5)))
    assert sorted(outcomes) == [False] * 4 + [True]
    assert not await place.register.beat(other)


async def test_each_call_has_one_heir(place: Place) -> None:
    for number in range(20):
        await place.store(*live(f"call-{number}"))
    heirs = await asyncio.gather(
        *(place.register.claim(A, ["main"], f"ivr-heir-{n}") for n in range(4))
    )
    claimed = [call.call_id for calls in heirs for call in calls]
    assert sorted(claimed) == sorted(f"call-{number}" for number in range(20))


async def test_a_claimed_call_tells_everything_that_is_needed_to_go_on(place: Place) -> None:
    await place.store(*live("call-1"))
    (call,) = await place.register.claim(A, ["main"], B)
    assert (call.call_id, call.channel_id, call.asterisk) == ("call-1", "channel-call-1", "main")
    assert (call.number_called, call.caller_id) == ("2125550100", "2125550123")
    assert (call.question_id, call.doing, call.backed_up) == (2, Asking(monitored=2.5), True)
    assert (call.pass_through, call.blocks_visited) == ("user|1||stép|2", (100, 101))
    assert call.user_parameters == {"name": "Zoë"}
    assert call.run is not None
    assert (call.run.response_id, call.run.ivr_id) == ("r-call-1", 100)
    assert (call.run.answers, call.run.attempts, call.run.completed) == ({1: "123"}, 1, None)
    assert await place.register.claim(A, ["main"], "ivr-c-1") == []
    assert [each.call_id for each in await place.register.claim(B, ["main"], B)] == ["call-1"]


async def test_calls_that_have_ended_or_are_elsewhere_are_nobodys_to_claim(place: Place) -> None:
    await place.store(*live("here"), *live("there", asterisk="far"))
    await place.store(*live("others", controller=B))
    async with open_journal(settings(place.url), place.engine) as journal:
        for record in live("over"):
            journal.write(record)
        journal.write(RespondentClosed(response_id="r-over", at=START, completed=True))
    async with place.engine.begin() as connection:
        over = tables.calls.update().where(tables.calls.c.call_id == "over")
        await connection.execute(over.values(ended_at=START))
    claimed = await place.register.claim(A, ["main"], "ivr-c-1")
    assert [call.call_id for call in claimed] == ["here"]
    claimed = await place.register.claim(A, ["far"], "ivr-c-1")
    assert [call.call_id for call in claimed] == ["there"]


async def test_a_recording_that_is_stored_already_is_not_in_progress(place: Place) -> None:
    move = SavedMove(to="block", reason="", block_id=300)
    for name, taken in (("rec-call-1", ""), ("another", "another")):
        doing = doing_as_json(Following(move=move, recording=name))
        place_of_call = replace(checkpoint(0), doing=doing)
        await place.store(*live("call-1")[:2], recording(), place_of_call)
        (call,) = await place.register.claim(A, ["main"], A)
        assert call.recording == taken


async def test_what_cannot_be_read_is_begun_again_and_told(place: Place) -> None:
    await place.store(*live("call-1")[:2], replace(checkpoint(0), doing={"stage": "dancing"}))
    with capture_logs() as logs:
        (call,) = await place.register.claim(A, ["main"], B)
    assert call.doing is None
    assert [entry["event"] for entry in logs] == ["checkpoint_unreadable"]


async def test_a_controller_without_a_row_whose_calls_never_ended_is_dead(place: Place) -> None:
    await place.store(*live("call-1", controller="ivr-long-gone-1"))
    mine = await place.register.enter(A)
    assert await place.register.others(mine) == [Beat("ivr-long-gone-1", 0, 0, released=True)]


async def test_who_has_no_calls_left_is_forgotten(place: Place) -> None:
    mine, other = await place.register.enter(A), await place.register.enter(B)
    await place.store(*live("call-1", controller=B))
    await place.register.release(other)
    assert len(await place.register.claim(B, ["main"], A)) == 1
    assert await place.register.claim(B, ["main"], A) == []
    assert await place.register.others(mine) == []


async def test_who_lost_its_lease_stores_nothing_more(place: Place) -> None:
    lease = await place.register.enter(A)
    with capture_logs() as logs:
        async with open_journal(settings(place.url), place.engine, lease) as journal:
            journal.write(opened("before"))
            await journal.commit()
            await place.register.enter(A)
            journal.write(opened("after"))
            waiting = asyncio.create_task(journal.commit())
            await asyncio.sleep(0.5)
            assert not waiting.done(), "whoever waits is about to be cancelled"
            waiting.cancel()
    assert [call.call_id for call in await Calls(place.engine).newest()] == ["before"]
    assert "lease_lost" in [entry["event"] for entry in logs]


async def places_stored(place: Place) -> list[tuple[str, int]]:
    """Which calls have a place, and which question is in progress there."""
    where = tables.checkpoints.c
    async with place.engine.connect() as connection:
        rows = await connection.execute(select(where.call_id, where.question_id))
        return [(row.call_id, row.question_id) for row in rows]


async def test_of_several_places_of_a_call_the_last_is_stored(place: Place) -> None:
    await place.store(opened(), respondent(), *(checkpoint(number) for number in range(1, 6)))
    assert await places_stored(place) == [("call-1", 5)]


async def test_with_its_end_goes_the_place_of_a_call_and_no_other(place: Place) -> None:
    ended = CallClosed(call_id="over", at=START, reason="hung_up")
    for call_id in ("over", "live"):
        await place.store(opened(call_id), respondent(call_id), checkpoint(1, call_id))
    await place.store(checkpoint(2, "over"), ended, checkpoint(2, "live"))
    await place.store(opened("short"), checkpoint(1, "short"), replace(ended, call_id="short"))
    assert await places_stored(place) == [("live", 2)]
