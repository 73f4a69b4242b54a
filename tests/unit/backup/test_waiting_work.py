"""Work that waited when a backup was made is done after it was restored, by a real controller."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivrserver import backup
from ivrserver.config import Settings
from ivrserver.flow.jobs import JobState
from ivrserver.flow.records import Record
from ivrserver.storage import Calls, Jobs, is_empty
from ivrserver.storage.snapshot import replace_all
from tests.unit.backup import estate
from tests.unit.jobs.controller import at_work, left_behind, store, survey
from tests.unit.jobs.controller import settings as controller_settings
from tests.unit.jobs.test_deliveries import accept, job_when
from tests.unit.storage.records import answer, recording, transcribed
from tests.unit.webhooks.servers import RawServer, serving


class House:
    """A database in which a webhook waits for the controller that was lost, and its backup."""

    def __init__(self, url: str, folder: Path) -> None:
        config: Settings = controller_settings(url).model_copy(update={"data": folder / "data"})
        self.config, self.path = config, folder / "all.backup"

    async def fill(self, *records: Record) -> None:
        async with estate.ready(self.config) as engine:
            await store(self.config, engine, *left_behind(), *records)

    async def back_up(self) -> None:
        async with estate.ready(self.config) as engine:
            await estate.make(self.config, engine, self.path)

    async def lose(self) -> None:
        async with estate.ready(self.config) as engine:
            await replace_all(engine, {})
            assert await is_empty(engine)

    async def restore(self) -> None:
        async with estate.ready(self.config) as engine:
            await backup.restore(self.config, engine, self.path, print, force=True)

    async def deliver(self, server: RawServer) -> None:
        """Let a controller work until the webhook is delivered."""
        async with at_work(self.config, survey(server.url)) as (_, engine):
            await job_when(engine, lambda job: job.state is JobState.DONE)


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> House:
    return House(database_url, tmp_path)


def ids(requests: Sequence[bytes]) -> list[bytes]:
    """The ``webhook-id`` of each request."""
    return [found for each in requests for found in re.findall(rb"webhook-id: (\S+)", each)]


async def test_a_waiting_webhook_is_sent_once_and_what_was_said_is_shown(house: House) -> None:
    spoken = answer(3, "", recording="rec-call-1")
    await house.fill(recording(), spoken, transcribed(3, "more téa"))
    await house.back_up()
    await house.lose()
    await house.restore()
    async with serving(accept) as server:
        await house.deliver(server)
    assert ids(server.requests) == [b"r-call-1"]
    async with estate.ready(house.config) as engine:
        details = await Calls(engine).details("call-1")
        job = await Jobs(engine).one("webhook-r-call-1")
    assert job is not None
    assert (job.state, job.run, job.attempts, job.due_at) == (JobState.DONE, 0, 1, None)
    assert details is not None
    (run,) = details.respondents
    (shown,) = run.answers
    assert (shown.recording, shown.said, shown.engine) == ("rec-call-1", "more téa", "pocketsphinx")
    assert [made.status for made in run.attempts] == [200]


async def test_what_was_done_since_the_backup_is_done_again_under_the_same_id(house: House) -> None:
    await house.fill()
    await house.back_up()
    async with serving(accept) as server:
        await house.deliver(server)
        # The engine remembers that attempt: it is no part of the backup.
        await house.restore()
        await house.deliver(server)
    assert ids(server.requests) == [b"r-call-1", b"r-call-1"]


async def test_what_was_being_done_when_the_backup_was_made_is_tried_again(house: House) -> None:
    await house.fill()
    async with estate.ready(house.config) as engine:
        assert await Jobs(engine).begin("webhook-r-call-1", 0, 1) is not None
    await house.back_up()
    await house.lose()
    await house.restore()
    async with (
        serving(accept) as server,
        at_work(house.config, survey(server.url)) as (_, engine),
    ):
        job = await job_when(engine, lambda job: job.state is JobState.WAITING)
        assert (job.attempts, job.error) == (1, "whoever did it died with it")
        assert await Jobs(engine).again(job.job_id, datetime.now(UTC)) is not None
        job = await job_when(engine, lambda job: job.state is JobState.DONE)
    assert job.attempts == 2
    assert ids(server.requests) == [b"r-call-1"]
