"""What is old is deleted, and what nobody else ends is ended, again and again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from ivrserver.access import PROGRAM
from ivrserver.config import RetentionSettings
from ivrserver.errors import AriUnavailable, StorageError
from ivrserver.flow.jobs import Job, JobState
from ivrserver.flow.saved import SavedCall
from ivrserver.jobs import upkeep
from ivrserver.jobs.kinds import NextAt
from ivrserver.jobs.upkeep import Deletions, Upkeep
from ivrserver.storage import (
    Calls,
    Deed,
    RecordingRows,
    Retention,
    Revisions,
    database,
    migrate,
    open_journal,
    tables,
)
from ivrserver.storage.audit import write
from ivrserver.storage.tables import audit
from tests.fakes.jobs import FakeEngine
from tests.unit.storage.records import START, checkpoint, opened, settings, whole_call

HOUR = timedelta(hours=1)
JOB = Job(
    job_id="retention-retention", kind="retention", key="retention", call_id="", lane="",
    state=JobState.STARTED, due_at=None, run=0, attempts=1, error="", detail={}, ordered_at=START,
    since=START, settled_at=None,
)  # fmt: skip


@dataclass
class Clock:
    """Wall-clock time that the test sets: ten days after the calls."""

    time: datetime = START + timedelta(days=10)

    def now(self) -> datetime:
        return self.time


@dataclass
class Shop:
    """A database, and somebody who deletes recordings."""

    engine: AsyncEngine
    deleted: list[str] = field(default_factory=list)
    broken: dict[str, Exception] = field(default_factory=dict)
    """What cannot be deleted, and why."""

    async def delete_recording(self, name: str) -> None:
        if name in self.broken:
            raise self.broken[name]
        await RecordingRows(self.engine).forget(name)
        self.deleted.append(name)

    async def runs(self, job: Job = JOB, **days: int) -> NextAt:
        """Delete once, with these days to keep; jobs are kept."""
        work = Deletions(
            settings=RetentionSettings(**({"jobs": 0} | days)),
            rows=Retention(self.engine),
            revisions=Revisions(self.engine),
            recordings=RecordingRows(self.engine),
            delete_recording=self.delete_recording,
            clock=Clock(),
        )
        return await work.delete(job)

    async def rows(self, table: Any) -> int:
        async with self.engine.connect() as connection:
            return await connection.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
async def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    """With three calls, ten days old."""
    monkeypatch.setattr(upkeep, "PAUSE", 0)
    config = settings(f"sqlite:///{tmp_path / 'ivrserver.db'}")
    async with database(config) as engine:
        await migrate(engine)
        async with open_journal(config, engine) as journal:
            for name in ("a", "b", "c"):
                for record in whole_call(name):
                    journal.write(record)
            await journal.commit()
        yield Shop(engine)


async def test_by_default_calls_are_kept_for_ever(shop: Shop) -> None:
    assert await shop.runs() == NextAt(Clock().now() + HOUR, {})
    assert (await shop.rows(tables.calls), await shop.rows(tables.answers)) == (3, 9)
    assert shop.deleted == []


async def test_where_ended_calls_were_goes_whatever_is_kept(shop: Shop, tmp_path: Path) -> None:
    config = settings(f"sqlite:///{tmp_path / 'ivrserver.db'}")
    async with open_journal(config, shop.engine) as journal:
        journal.write(checkpoint(1, "a"))
        await journal.commit()
    assert await shop.rows(tables.checkpoints) == 1
    await shop.runs()
    assert await shop.rows(tables.checkpoints) == 0


async def test_each_kind_of_thing_has_days_of_its_own(shop: Shop) -> None:
    await shop.runs(recordings=9)
    assert shop.deleted == ["rec-a", "rec-b", "rec-c"]
    assert (await shop.rows(tables.calls), await shop.rows(tables.answers)) == (3, 9)
    come_to = await shop.runs(answers=9, calls=11)
    assert (await shop.rows(tables.calls), await shop.rows(tables.answers)) == (3, 0)
    assert come_to.detail == {"started_at": START.isoformat(), "call_id": "c"}
    await shop.runs(jobs=9)
    assert await shop.rows(tables.jobs) == 0
    async with shop.engine.begin() as connection:
        await write(connection, PROGRAM, Deed("change", "block", "1"), at=START)
    for days, left in ((0, 1), (11, 1), (9, 0)):
        await shop.runs(audit=days)
        assert await shop.rows(audit) == left
    await shop.runs(calls=9)
    assert await shop.rows(tables.calls) == 0


async def test_with_a_call_go_its_recordings_first(shop: Shop) -> None:
    await shop.runs(calls=9, recordings=365)
    assert shop.deleted == ["rec-a", "rec-b", "rec-c"]
    assert await shop.rows(tables.calls) == 0


async def test_a_recording_that_cannot_be_deleted_keeps_its_call_and_no_other(shop: Shop) -> None:
    shop.broken["rec-b"] = AriUnavailable("no answer")
    with capture_logs() as logs:
        await shop.runs(calls=9)
    assert shop.deleted == ["rec-a", "rec-c"]
    assert [row.call_id for row in await Calls(shop.engine).newest()] == ["b"]
    assert logs == [
        {"event": "recording_not_deleted", "log_level": "warning", "recording": "rec-b",
         "error": "AriUnavailable"}
    ]  # fmt: skip
    shop.broken.clear()
    await shop.runs(calls=9)
    assert await shop.rows(tables.calls) == 0


async def test_without_the_database_it_is_tried_again(shop: Shop) -> None:
    shop.broken["rec-b"] = StorageError("away")
    with pytest.raises(StorageError):
        await shop.runs(calls=9)


async def test_what_there_is_no_time_for_is_left_to_the_next_run_which_goes_on_there(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "BUDGET", 0)
    monkeypatch.setattr("ivrserver.storage.retention.BATCH", 2)
    first = await shop.runs(answers=9)
    assert first == NextAt(Clock().now(), {"started_at": START.isoformat(), "call_id": "b"})
    assert await shop.rows(tables.answers) == 3
    second = await shop.runs(replace(JOB, detail=first.detail), answers=9)
    assert second.detail == {"started_at": START.isoformat(), "call_id": "c"}
    third = await shop.runs(replace(JOB, detail=second.detail), answers=9)
    assert third == NextAt(Clock().now() + HOUR, second.detail)


async def test_a_call_that_never_ended_is_ended_when_no_call_can_last_so_long(
    shop: Shop, tmp_path: Path
) -> None:
    config = settings(f"sqlite:///{tmp_path / 'ivrserver.db'}")
    async with open_journal(config, shop.engine) as journal:
        journal.write(opened("lost"))
        journal.write(opened("live", Clock().now() - 4.5 * HOUR))
        await journal.commit()
    ended: list[SavedCall] = []
    engine = FakeEngine()

    async def end(call: SavedCall) -> None:
        ended.append(call)

    work = Upkeep(
        calls=Calls(shop.engine), longest=4 * HOUR, end=end, forget=engine.forget, clock=Clock()
    )
    with capture_logs() as logs:
        outcome = await work.work(JOB)
    assert [call.call_id for call in ended] == ["lost"]
    assert [entry["event"] for entry in logs] == ["call_never_ended"]
    assert engine.forgotten == [Clock().now() - HOUR]
    assert outcome == NextAt(Clock().now() + timedelta(minutes=5))
    assert all(kind.recurs for kind in (work.kind(),))
