"""What health requests are told, whatever happens to the parts that are asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from ivrserver.errors import StorageError
from ivrserver.monitoring.health import PATIENCE_SECONDS, Checkup

pytestmark = pytest.mark.looptime


def says(problem: str) -> Callable[[], Awaitable[str]]:
    async def check() -> str:
        return problem

    return check


def raises(error: Exception) -> Callable[[], Awaitable[str]]:
    async def check() -> str:
        raise error

    return check


async def test_all_is_well() -> None:
    health = await Checkup({"database": says("")}, {"speech": says("")}).examine()
    assert (health.status, health.failing) == ("ok", False)
    assert health.parts == {"database": "", "speech": ""}


async def test_a_part_that_is_only_wished_for_degrades() -> None:
    health = await Checkup({"database": says("")}, {"speech": says("no engine")}).examine()
    assert (health.status, health.failing) == ("degraded", False)


async def test_a_needed_part_fails_it_with_our_own_words() -> None:
    away = StorageError("cannot write to the database")
    health = await Checkup({"database": raises(away)}, {"speech": says("")}).examine()
    assert (health.status, health.failing) == ("failing", True)
    assert health.parts["database"] == "cannot write to the database"


async def test_a_part_that_never_answers_is_not_waited_for_and_delays_no_other() -> None:
    async def hangs() -> str:
        await asyncio.sleep(3600)
        return ""

    checkup = Checkup({"database": hangs, "asterisk": hangs, "calls": says("")})
    health = await checkup.examine()
    assert asyncio.get_running_loop().time() == pytest.approx(PATIENCE_SECONDS)
    assert health.parts == {
        "database": "no answer within 2 s", "asterisk": "no answer within 2 s", "calls": "",
    }  # fmt: skip


async def test_a_foreign_error_is_told_by_its_kind_alone() -> None:
    with capture_logs() as logged:
        health = await Checkup({"database": raises(ValueError("4711"))}).examine()
    assert health.parts == {"database": "an error of the server: ValueError"}
    assert [line["event"] for line in logged] == ["health_check_failed"]
