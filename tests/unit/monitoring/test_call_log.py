"""Every line of the log that is about a call says which, and nothing about who."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.contextvars import get_contextvars, merge_contextvars
from structlog.testing import capture_logs
from structlog.typing import EventDict
from ulid import ULID

from ivrserver.blocks import Digits, FindMe, Prompt
from ivrserver.flow.world import World
from ivrserver.monitoring.call_log import LoggedJournal
from tests.fakes import START, FakeSpeech, FarEnd
from tests.unit.flow.scene import Scene, ivr

pytestmark = pytest.mark.looptime

CALLED = {"call": "id1", "channel": "caller-1"}


class LoggedScene(Scene):
    """A call whose beginning and end are logged."""

    def world(self) -> World:
        return replace(super().world(), journal=LoggedJournal(self.journal))


class BrokenSpeech(FakeSpeech):
    """Has a mistake in it."""

    async def sound(self, *_: object) -> None:  # type: ignore[override]
        raise RuntimeError("4711")


async def logged(scene: Scene) -> list[EventDict]:
    with capture_logs(processors=[merge_contextvars]) as lines:
        await scene.call()
    assert "2125550199" not in str(lines)
    return lines


async def test_a_leg_that_fails_is_found_by_its_call_and_by_its_own_id() -> None:
    scene = LoggedScene((FindMe(block_id=3, name="Sales", phones=("a", "b")),))
    scene.dialer.people = {"a": FarEnd(error=RuntimeError("4711")), "b": FarEnd(acts=[(9, "1")])}
    began, failed, ended = await logged(scene)
    assert [line["event"] for line in (began, failed, ended)] == [
        "call_started", "leg_failed", "call_ended",
    ]  # fmt: skip
    assert all(CALLED.items() <= line.items() for line in (began, failed, ended))
    assert failed["leg"] == scene.dialer.orders[0].leg_id
    assert "leg" not in ended


async def test_a_call_that_fails_is_found_by_its_id() -> None:
    question = Digits(question_id=1, name="pin", prompt=Prompt("pin"))
    lines = await logged(LoggedScene((ivr(question),), speech=BrokenSpeech()))
    assert [line["event"] for line in lines] == [
        "call_started", "call_failed", "apology_failed", "call_ended",
    ]  # fmt: skip
    assert all(CALLED.items() <= line.items() for line in lines)


async def test_what_is_bound_to_a_call_ends_with_it() -> None:
    await logged(LoggedScene((ivr(),)))
    assert get_contextvars() == {}


async def test_the_last_line_says_how_long_the_call_was_and_why_it_ended() -> None:
    scene = LoggedScene((ivr(Digits(question_id=1, name="pin", prompt=Prompt("pin"))),))
    plain = scene.world()
    call_id = str(ULID.from_datetime(START))
    scene.world = lambda: replace(plain, new_id=lambda: call_id)  # type: ignore[method-assign]
    lines = await logged(scene)
    assert lines[-1] == {
        "event": "call_ended", "log_level": "info", "call": call_id, "channel": "caller-1",
        "reason": "hung_up", "seconds": lines[-1]["seconds"],
    }  # fmt: skip
    assert lines[-1]["seconds"] > 10
