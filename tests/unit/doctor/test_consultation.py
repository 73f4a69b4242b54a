"""The doctor is asked by several at once, and examines once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ivrserver.doctor import Finding
from ivrserver.doctor.consultation import Consultation

WELL = Finding("Python", ok=True, detail="3.11.2")


async def test_findings_are_shown_as_they_come_and_nobody_begins_twice() -> None:
    waiting, go_on = asyncio.Event(), asyncio.Event()

    async def examine() -> AsyncIterator[list[Finding]]:
        yield [WELL]
        waiting.set()
        await go_on.wait()
        yield [WELL, WELL]

    doctor = Consultation(examine)
    assert (doctor.goes_on, doctor.began_at, doctor.findings) == (False, None, [])
    assert doctor.begin()
    await waiting.wait()
    assert not doctor.begin()
    assert doctor.goes_on
    assert doctor.findings == [WELL]
    assert doctor.ended_at is None
    go_on.set()
    await doctor.finished()
    assert doctor.findings == [WELL, WELL, WELL]
    assert doctor.ended_at is not None
    assert doctor.begin()
    await doctor.finished()


async def test_an_examination_that_fails_says_so_and_another_may_begin() -> None:
    async def examine() -> AsyncIterator[list[Finding]]:
        yield [WELL]
        raise RuntimeError("secret words")

    doctor = Consultation(examine)
    doctor.begin()
    await doctor.finished()
    well, failed = doctor.findings
    assert well.ok
    assert not failed.ok
    assert failed.detail == "failed: RuntimeError"
    assert not doctor.goes_on
