"""A soak is judged strictly: by a line through memory, and by the rows of each caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from benchmarks.soak import Plan
from benchmarks.soak.judging import MIB, Story, slope, targets
from benchmarks.soak.report import kinds_table, rows_table, sample_table, told
from benchmarks.soak.rows import Found
from benchmarks.soak.samples import Process, Sample, of_metrics, of_status
from benchmarks.soak.script import (
    BEHAVIOURS,
    Call,
    Kind,
    Left,
    Reply,
    account,
    mixed_calls,
    short_calls,
)

LATER = Call(Kind.LATER, "2120000001", "12345")
SHORT = Call(Kind.SHORT, "2120000000", "")


def sample(minute: float, own: float, phase: str = "load", **other: int) -> Sample:
    """One, `own` MiB of memory in both processes."""
    both = Process(round((own + 20) * MIB), round(own * MIB), 40, 20)
    figures = {
        "channels": 0, "bridges": 0, "live": 0, "callers": 0, "queued": 0, "lost": 0,
        "looks": 600, "late": 0, "database": MIB, "spool": 0, "stored": 0,
    } | other  # fmt: skip
    processes = {"asterisk": both, "controller": both}
    return Sample(minute * 60, phase, processes, rows={"calls": round(minute)}, **figures)


def course(growth: float) -> list[Sample]:
    """An hour: 30 MiB of warm-up, then `growth` MiB an hour; and what comes before and after."""
    warm = [sample(minute, 100 + minute) for minute in range(1, 31)]
    later = [sample(minute, 130 + growth * (minute - 30) / 60) for minute in range(31, 61)]
    return [sample(0, 100, "idle"), *warm, *later, sample(65, 130, "end")]


def story(
    *,
    left: Left = LATER.behaviour.left,
    seen: Sequence[tuple[str, Reply]] = tuple(("r1", reply) for reply in LATER.behaviour.replies),
    failures: Mapping[str, str] | None = None,
    unfinished: Mapping[str, int] | None = None,
    calls: Mapping[str, int] | None = None,
) -> Story:
    """One short call, and one whose webhook came at the third attempt."""
    made = {SHORT.caller: 1, LATER.caller: 1} if calls is None else calls
    rows = {SHORT.caller: SHORT.behaviour.left, LATER.caller: left}
    ids = {LATER.caller: frozenset({"r1"})}
    return Story(
        [SHORT, LATER],
        failures or {},
        {LATER.caller: seen},
        Found(made, rows, ids, unfinished or {}),
    )


def judged(samples: list[Sample], found: Story) -> list[str]:
    """What does not hold."""
    return [target.text for target in targets(samples, found) if not target.holds]


def test_a_soak_in_which_all_is_well_holds() -> None:
    assert judged(course(0.5), story()) == []


def test_memory_is_judged_by_a_line_through_the_second_half_of_the_load() -> None:
    assert slope(course(12.0), "controller") == pytest.approx(12.0)
    assert slope(course(0.0), "asterisk") == pytest.approx(0.0)
    assert len(judged(course(12.0), story())) == 2


def test_memory_is_not_judged_after_a_short_load() -> None:
    samples = [sample(0, 100, "idle"), *(sample(minute, 100 + minute) for minute in range(1, 29))]
    found = targets([*samples, sample(30, 130, "end")], story())
    assert not any("memory" in target.text for target in found)


def test_too_few_samples_make_no_line() -> None:
    short = [sample(0, 100, "idle"), sample(1, 120), sample(2, 140), sample(3, 140, "end")]
    assert slope(short, "controller") == 0.0


@pytest.mark.parametrize("left", ["channels", "bridges", "live", "spool", "lost", "queued"])
def test_whatever_is_left_at_the_end_fails(left: str) -> None:
    samples = [*course(0.0)[:-1], sample(65, 130, "end", **{left: 1})]
    assert len(judged(samples, story())) == 1


def test_descriptors_and_threads_must_come_back() -> None:
    samples = course(0.0)
    held = Process(150 * MIB, 130 * MIB, 90, 60)
    samples[-1] = replace(samples[-1], processes={"asterisk": held, "controller": held})
    assert len(judged(samples, story())) == 4


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ({"left": replace(LATER.behaviour.left, answers=0)}, "answers: 0 instead of 1"),
        ({"failures": {SHORT.caller: "not hung up"}}, "phone: not hung up"),
        ({"calls": {LATER.caller: 1}}, "0 rows for the call"),
        ({"seen": [("r1", Reply.HANG_UP)]}, "webhook: 1 requests instead of 3"),
        (
            {"seen": [("r1", Reply.ERROR), ("r2", Reply.RESET), ("r1", Reply.HANG_UP)]},
            "webhook: other ids at the web server than in the database, or several",
        ),
    ],
)
def test_each_call_is_told_by_what_is_wrong_with_it(
    damage: dict[str, object], complaint: str
) -> None:
    found = story(**damage)  # type: ignore[arg-type]
    assert complaint in [what for _, what in found.complaints()]
    assert judged(course(0.0), found)


def test_a_webhook_that_is_accepted_twice_fails() -> None:
    again = (*story().seen[LATER.caller], ("r1", Reply.HANG_UP))
    wrong = judged(course(0.0), story(seen=again))
    assert any("`webhook-id` once" in text for text in wrong)


def test_calls_that_nobody_made_and_what_is_not_finished_fail() -> None:
    more = {SHORT.caller: 1, LATER.caller: 1, "2125550000": 1}
    assert len(judged(course(0.0), story(calls=more))) == 1
    assert len(judged(course(0.0), story(unfinished={"jobs not settled": 2}))) == 1


def test_the_tables_tell_what_was_wanted_and_found() -> None:
    samples, found = course(1.0), story(left=Left(respondents=1))
    assert "| attempts    | 3             | 0               |" in rows_table(found)
    assert "LATER" not in kinds_table(found)
    assert f"| {Kind.LATER.value} | 1    | 1     |" in kinds_table(found)
    table = sample_table(samples).splitlines()
    assert table[2].startswith("| 0   | idle")
    assert table[-1].startswith("| 65  | end")
    assert len(table) < 20
    assert "130.0 MiB of its own" in told(samples[-1])


def test_the_mixture_has_every_kind_and_is_always_the_same() -> None:
    calls = mixed_calls(200, 1000)
    assert calls == mixed_calls(200, 1000)
    assert {call.kind for call in calls} == set(Kind) - {Kind.SHORT}
    assert len({call.caller for call in (*short_calls(1000), *calls)}) == 1200


def test_every_kind_calls_a_number_of_the_account() -> None:
    numbers = {number.number for number in account("http://127.0.0.1/answers").numbers}
    assert {behaviour.number for behaviour in BEHAVIOURS.values()} == numbers


def test_processes_and_metrics_are_read_as_they_are_written() -> None:
    status = "Name:\tasterisk\nVmRSS:\t   2048 kB\nRssAnon:\t   1024 kB\nThreads:\t12\n"
    assert of_status(status, 7) == Process(2 * MIB, MIB, 7, 12)
    text = (
        "# TYPE delay histogram\n"
        'delay_bucket{le="0.1"} 8.0\ndelay_bucket{le="+Inf"} 9.0\ndelay_count 9.0\ndelay_sum 1.0\n'
        "# TYPE live gauge\nlive 3.0\n"
    )
    assert of_metrics(text) == {
        "delay_bucket 0.1": 8.0, "delay_count": 9.0, "delay_sum": 1.0, "live": 3.0,
    }  # fmt: skip


def test_a_short_soak_is_looked_at_more_often_and_a_long_one_each_minute() -> None:
    assert Plan(120, 10_000, 0.5).sample_seconds == 60
    assert Plan(4, 100, 0.5).sample_seconds == 6


def test_calls_of_a_plan_are_as_many_as_it_says() -> None:
    short, mixed = Plan(2, 70, 0.5).calls
    assert (len(short), len(mixed)) == (70, 60)
