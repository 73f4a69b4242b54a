"""The journal groups, waits, retries and never loses what can be stored. Virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from ivrserver.flow.events import Warned
from ivrserver.flow.records import TimelineEntry
from ivrserver.storage.journal import Journal, Pace
from ivrserver.storage.rows import Entry
from ivrserver.storage.sinks import DatabaseAway, RecordRefused

pytestmark = pytest.mark.looptime

AT = datetime(2030, 1, 2, tzinfo=UTC)


def record(text: str) -> TimelineEntry:
    return TimelineEntry("call", AT, Warned(text))


class FakeSink:
    """Remembers each transaction and when it was; can be away, and refuses what it is told to."""

    def __init__(self) -> None:
        self.transactions: list[tuple[float, list[str]]] = []
        self.attempts = 0
        self.away = False
        self.broken = False
        self.refused: set[str] = set()
        self.mended_by_cleaning: set[str] = set()
        self.seconds = 0.0
        self.seqs: list[int] = []

    async def write(self, entries: Sequence[Entry], *, clean: bool = False) -> None:
        self.attempts += 1
        if self.broken:
            self.broken = False
            raise RuntimeError("4711")
        texts = [entry.event.text for _, entry in entries]
        await asyncio.sleep(self.seconds)
        if self.away:
            raise DatabaseAway("no route")
        refused = self.refused - self.mended_by_cleaning if clean else self.refused
        if refused & set(texts):
            raise RecordRefused("IntegrityError")
        self.seqs += [seq for seq, _ in entries]
        self.transactions.append((round(asyncio.get_running_loop().time(), 3), texts))

    async def close(self) -> None:
        pass

    @property
    def stored(self) -> list[str]:
        return [text for _, texts in self.transactions for text in texts]


@asynccontextmanager
async def running(
    sink: FakeSink, commit_wait: float = 2.0, pace: Pace | None = None
) -> AsyncIterator[Journal]:
    journal = Journal(sink, commit_wait, pace)
    writer = asyncio.create_task(journal.run())
    yield journal
    journal.close()
    await writer


def now() -> float:
    return round(asyncio.get_running_loop().time(), 3)


async def test_a_commit_returns_when_everything_before_it_is_stored() -> None:
    sink = FakeSink()
    async with running(sink) as journal:
        journal.write(record("a"))
        journal.write(record("b"))
        await journal.commit()
        assert sink.stored == ["a", "b"]
        assert now() == 0.0


async def test_a_commit_with_nothing_new_returns_at_once() -> None:
    sink = FakeSink()
    async with running(sink) as journal:
        await journal.commit()
        journal.write(record("a"))
        await journal.commit()
        await journal.commit()
    assert len(sink.transactions) == 1


async def test_what_nobody_waits_for_is_stored_after_a_fifth_of_a_second() -> None:
    sink = FakeSink()
    async with running(sink) as journal:
        for text in "abc":
            journal.write(record(text))
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
    assert sink.transactions == [(0.2, ["a", "b", "c"])]


async def test_the_commits_of_many_calls_share_a_transaction() -> None:
    sink = FakeSink()
    sink.seconds = 0.005

    async def call(journal: Journal, name: str) -> None:
        for question in range(5):
            journal.write(record(f"{name}{question}"))
            await journal.commit()

    async with running(sink) as journal:
        await asyncio.gather(*(call(journal, f"call{n}-") for n in range(50)))
    assert sorted(sink.stored) == sorted(f"call{n}-{q}" for n in range(50) for q in range(5))
    assert len(sink.transactions) <= 7


async def test_transactions_of_busy_times_begin_ten_milliseconds_apart() -> None:
    sink = FakeSink()
    async with running(sink) as journal:
        for _ in range(5):
            journal.write(record("x"))
            await journal.commit()
    assert [at for at, _ in sink.transactions] == [0.0, 0.01, 0.02, 0.03, 0.04]


async def test_order_is_kept_and_numbers_grow() -> None:
    sink = FakeSink()
    async with running(sink) as journal:
        for n in range(5000):
            journal.write(record(str(n)))
        await journal.commit()
    assert sink.stored == [str(n) for n in range(5000)]
    assert sink.seqs == sorted(set(sink.seqs))


async def test_closing_stores_what_is_queued() -> None:
    sink = FakeSink()
    async with running(sink) as journal:
        journal.write(record("a"))
    assert sink.stored == ["a"]


async def test_a_commit_gives_up_waiting_when_the_database_is_away() -> None:
    sink = FakeSink()
    sink.away = True
    with capture_logs() as logs:
        async with running(sink, commit_wait=2.0) as journal:
            journal.write(record("a"))
            await journal.commit()
            assert now() == 2.0
            journal.write(record("b"))
            await journal.commit()
            assert now() == 2.0, "it is known to be away: the next caller does not wait again"
            await asyncio.sleep(28)
            sink.away = False
            await asyncio.sleep(2.5)
            assert sink.stored == ["a", "b"]
            journal.write(record("c"))
            await journal.commit()
    assert sink.stored == ["a", "b", "c"]
    assert [entry["event"] for entry in logs] == [
        "database_away",
        "commit_not_confirmed",
        "database_back",
    ]


async def test_retries_back_off_to_two_seconds() -> None:
    sink = FakeSink()
    sink.away = True
    async with running(sink) as journal:
        journal.write(record("a"))
        await journal.commit()
        tried = sink.attempts
        await asyncio.sleep(60)
        assert sink.attempts - tried <= 31
        sink.away = False
        await asyncio.sleep(3)
        assert sink.stored == ["a"]


async def test_a_record_that_is_refused_leaves_all_others_stored_in_order() -> None:
    sink = FakeSink()
    sink.refused = {"37", "38", "999"}
    with capture_logs() as logs:
        async with running(sink) as journal:
            for n in range(1000):
                journal.write(record(str(n)))
            await journal.commit()
    assert sink.stored == [str(n) for n in range(1000) if n not in {37, 38, 999}]
    assert [(entry["event"], entry["record"]) for entry in logs] == [
        ("record_refused", "TimelineEntry")
    ] * 3
    assert not any("37" in str(entry) for entry in logs), "what it holds is nobody's business"


async def test_a_record_that_only_needs_cleaning_is_stored() -> None:
    sink = FakeSink()
    sink.refused = sink.mended_by_cleaning = {"bad"}
    with capture_logs() as logs:
        async with running(sink) as journal:
            journal.write(record("bad"))
            journal.write(record("good"))
            await journal.commit()
    assert sink.stored == ["bad", "good"]
    assert logs == []


async def test_memory_is_bounded_and_the_loss_is_logged() -> None:
    sink = FakeSink()
    sink.away = True
    with capture_logs() as logs:
        async with running(sink, pace=Pace(capacity=100)) as journal:
            for n in range(150):
                journal.write(record(str(n)))
            await journal.commit()
            sink.away = False
            await asyncio.sleep(3)
    assert sink.stored == [str(n) for n in range(100)]
    assert {"event": "journal_full", "log_level": "error", "records": 100} in logs
    (back,) = [entry for entry in logs if entry["event"] == "database_back"]
    assert back["lost"] == 50


async def test_closing_without_a_database_ends_and_says_what_is_lost() -> None:
    sink = FakeSink()
    sink.away = True
    with capture_logs() as logs:
        async with running(sink) as journal:
            journal.write(record("a"))
        assert now() < 5
    assert logs[-1]["event"] == "records_lost_at_shutdown"
    assert logs[-1]["records"] == 1


async def test_a_caller_who_hangs_up_while_waiting_harms_nobody() -> None:
    sink = FakeSink()
    sink.seconds = 0.5
    async with running(sink) as journal:
        journal.write(record("a"))
        leaving = asyncio.create_task(journal.commit())
        await asyncio.sleep(0.1)
        leaving.cancel()
        journal.write(record("b"))
        await journal.commit()
    assert sink.stored == ["a", "b"]


async def test_a_database_that_hangs_holds_up_only_the_first_who_wait() -> None:
    sink = FakeSink()
    sink.seconds = 30
    async with running(sink) as journal:
        journal.write(record("a"))
        await asyncio.gather(journal.commit(), journal.commit())
        assert now() == 2.0
        journal.write(record("b"))
        await journal.commit()
        assert now() == 2.0
        await asyncio.sleep(29)
        sink.seconds = 0
        await asyncio.sleep(31)
        journal.write(record("c"))
        await journal.commit()
        assert sink.stored == ["a", "b", "c"]


async def test_an_unexpected_error_costs_no_record_and_shows_none() -> None:
    sink = FakeSink()
    sink.broken = True
    with capture_logs() as logs:
        async with running(sink) as journal:
            journal.write(record("a"))
            await journal.commit()
    assert sink.stored == ["a"]
    assert logs[0] == {
        "event": "database_away",
        "log_level": "warning",
        "error": "RuntimeError",
        "queued": 1,
    }
