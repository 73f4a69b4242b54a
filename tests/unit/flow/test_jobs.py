"""When what failed is tried again."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from ivrserver.flow.jobs import WEBHOOK_RETRIES, Schedule
from tests.fakes import START

THREE = Schedule((10, 60, 600), jitter=0.2, give_up_after=timedelta(hours=1))


def pause(attempts: int, chance: float = 0.5, schedule: Schedule = THREE) -> float:
    due = schedule.next(attempts, START, START, chance)
    assert due is not None
    return (due - START).total_seconds()


def test_pauses_grow_and_the_last_one_repeats() -> None:
    assert [pause(attempts) for attempts in (1, 2, 3, 4, 99)] == [10, 60, 600, 600, 600]


@given(st.integers(1, 50), st.floats(0, 1))
def test_a_pause_varies_by_its_jitter_and_no_more(attempts: int, chance: float) -> None:
    exactly = pause(attempts)
    assert exactly * 0.8 <= pause(attempts, chance) <= exactly * 1.2


def test_at_the_end_it_is_given_up() -> None:
    end = START + THREE.give_up_after
    assert THREE.next(7, START, end - timedelta(seconds=1), 0.5) is not None
    assert THREE.next(7, START, end, 0.5) is None


def test_a_web_server_that_is_down_for_a_day_is_asked_about_twenty_times() -> None:
    now, attempts = START, 0
    while (due := WEBHOOK_RETRIES.next(attempts + 1, START, now, 0.5)) is not None:
        now, attempts = due, attempts + 1
    assert 15 <= attempts <= 25
    assert timedelta(hours=24) <= now - START <= timedelta(hours=26)
