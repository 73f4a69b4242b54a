"""Calls are judged strictly, and figures are computed as their names say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.figures import Contestant, Run, Spread, latencies, most_at_once
from benchmarks.load import Load
from benchmarks.media import Report
from benchmarks.outcome import Outcome
from benchmarks.report import ratio, table
from benchmarks.script import SHORT, SURVEY, Caller
from benchmarks.sipp import Signalling
from benchmarks.targets import targets
from benchmarks.usage import busy_seconds, cpu_seconds, resident
from benchmarks.web import Delivery

ANSWERS = {"code": "12345", "topic": "2", "agree": "1"}
LENGTHS = (70, 130, 290, 60)


def good(line: str = "survey") -> Outcome:
    """A call in which everything went well."""
    heard = Report(
        first_packet=10.005,
        last_packet=16.0,
        received=300,
        sent=300,
        frames=[70, 30, 30, 60],
        began=[10.005, 11.4, 13.030, 13.51],
        heard=[11.4, 11.99, 13.48, 14.7],
        pressed=[0.0, 11.9, 13.4, 14.9],
        released=[0.0, 12.0, 13.5, 15.0],
        answered=[0.0, 13.0, 13.5, 15.0],
    )
    return Outcome(
        SURVEY if line == "survey" else SHORT,
        Caller("2122000000", tuple(ANSWERS.values())),
        Signalling(9.9, 10.0, 16.0, 16.1),
        heard,
        LENGTHS,
        Delivery(15.02, {**ANSWERS, "ivr_completed": "True"}),
        ANSWERS,
    )


def run(who: Contestant, outcomes: list[Outcome], asterisk: float, controller: float = 0.0) -> Run:
    cpu = {"asterisk": asterisk, "controller": controller}
    grown = {"asterisk": 1 << 20, "controller": 1 << 20}
    return Run(who, outcomes[0].line, Load(1, 1.0, 1, 10.0), outcomes, cpu, grown, 0.0)


def test_a_good_call_has_not_failed() -> None:
    assert good().failure() == ""


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ({"signalling": Signalling(9.9, 0.0, 0.0, 0.0)}, "not answered"),
        ({"signalling": Signalling(9.9, refused=10.0)}, "refused"),
        ({"signalling": Signalling(9.9, 10.0, 16.0, 0.0)}, "not ended in order"),
        ({"delivery": None}, "no webhook"),
        ({"stored": {**ANSWERS, "code": "12344"}}, "stored answers differ from the keys"),
        ({"stored": {}}, "stored answers differ from the keys"),
        (
            {"delivery": Delivery(15.0, {**ANSWERS, "topic": "3", "ivr_completed": "True"})},
            "webhook: wrong answers",
        ),
        (
            {"delivery": Delivery(15.0, {**ANSWERS, "ivr_completed": "False"})},
            "webhook: wrong ivr_completed",
        ),
    ],
)
def test_whatever_goes_wrong_fails_the_call(damage: dict[str, object], reason: str) -> None:
    assert replace(good(), **damage).failure() == reason  # type: ignore[arg-type]


def test_a_prompt_that_was_not_heard_to_its_end_fails_the_call() -> None:
    call = good()
    call.heard.frames[3] -= 5
    assert call.failure() == "prompt not heard whole: agree"


def test_a_caller_who_leaves_needs_only_what_was_answered() -> None:
    delivery = Delivery(15.0, {"code": "12345", "ivr_completed": "False"})
    caller = Caller("2122000000", ("12345", "", ""), leaves=True)
    call = replace(good(), caller=caller, delivery=delivery, stored={"code": "12345"})
    call.heard.began[2:] = [0.0, 0.0]
    assert call.failure() == ""


def test_latencies_are_between_the_moments_they_name() -> None:
    found = latencies([run("server", [good()], 1.0)])
    assert found["answer → first prompt"] == Spread(pytest.approx(0.005), pytest.approx(0.005), 1)
    between = found["last key released → next prompt"]
    assert between is not None
    assert (between.count, between.median) == (2, pytest.approx(0.020))
    silence = found["key released → prompt silent"]
    assert silence is not None
    assert silence.median == pytest.approx((0.010 + 0.0) / 2)
    webhook = found["last key released → webhook"]
    assert webhook is not None
    assert webhook.median == pytest.approx(0.02)


def test_failed_calls_lend_no_latencies() -> None:
    failed = replace(good(), delivery=None)
    assert set(latencies([run("server", [failed], 1.0)]).values()) == {None}


def test_the_ratio_counts_asterisk_and_controller() -> None:
    plain = run("plain", [good(), good()], asterisk=0.020)
    server = run("server", [good(), good()], asterisk=0.022, controller=0.006)
    assert ratio([plain, server]) == pytest.approx(1.4)


def test_a_target_that_is_missed_is_said_to_be() -> None:
    plain, server = run("plain", [good()], 0.010), run("server", [good()], 0.012, 0.008)
    short = run("server", [good("short call")], 0.001, 0.0031)
    holds = {each.text.split(",")[0]: each.holds for each in targets([plain, server], [short], 1)}
    assert holds["CPU per call over plain dialplan with CURL"] is False
    assert holds["controller's CPU per short call"] is False
    assert holds["answer → first prompt"] is True


def test_calls_that_touch_do_not_overlap() -> None:
    assert most_at_once([(0, 1), (1, 2), (1.5, 3)]) == 2
    assert most_at_once([]) == 0


def test_cpu_and_memory_are_read_also_from_odd_process_names() -> None:
    stat = "42 (a) b (c) S 1 1 1 0 -1 4194304 1 0 0 0 250 50 9 9 20 0 1 0 100 1000 30 0"
    assert cpu_seconds(stat) == pytest.approx(3.0)
    assert resident(stat) == 30 * 4096


def test_the_machine_is_busy_with_all_that_is_neither_idle_nor_waiting() -> None:
    stat = "cpu  100 20 30 9000 800 5 6 7 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n"
    assert busy_seconds(stat) == pytest.approx(1.68)


def test_tables_are_aligned() -> None:
    assert table(["a", "bb"], [["long", "x"]]) == "| a    | bb |\n|------|----|\n| long | x  |"
