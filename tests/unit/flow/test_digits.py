"""The digit machine: rules by example, and by Hypothesis on virtual time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrserver.flow.digits import DigitMachine, DigitRule, Ending, Verdict

ZIP = DigitRule(shortest=5, longest=5, terminator="#", first=5.0, between=3.0)
AMOUNT = DigitRule(shortest=2, longest=6, terminator="#", first=5.0, between=3.0)


def typed(rule: DigitRule, keys: str, *, every: float = 0.2) -> Verdict | None:
    machine = DigitMachine(rule)
    machine.begin(0.0)
    verdict = None
    for index, key in enumerate(keys):
        verdict = machine.feed(key, index * every)
    return verdict


def test_a_fixed_length_answer_ends_at_its_last_digit() -> None:
    assert typed(ZIP, "1234") is None
    assert typed(ZIP, "12345") == Verdict("12345", Ending.LAST_DIGIT)


def test_the_terminator_ends_a_shorter_answer_and_is_no_part_of_it() -> None:
    assert typed(AMOUNT, "123#") == Verdict("123", Ending.TERMINATOR)


def test_too_few_digits_do_not_count() -> None:
    verdict = typed(AMOUNT, "1#")
    assert verdict is not None
    assert not verdict.counts
    assert verdict.problem == "1 of at least 2 keys"


def test_a_pause_takes_the_answer_as_it_is() -> None:
    machine = DigitMachine(AMOUNT)
    machine.begin(0.0)
    machine.feed("4", 1.0)
    machine.feed("2", 2.0)
    assert machine.deadline == 5.0
    assert machine.expire(4.9) is None
    assert machine.expire(5.0) == Verdict("42", Ending.PAUSE)


def test_silence_is_timed_from_the_end_of_the_prompt_only() -> None:
    machine = DigitMachine(ZIP)
    assert machine.deadline is None
    assert machine.expire(1000.0) is None
    machine.begin(1000.0)
    assert machine.deadline == 1005.0
    assert machine.expire(1005.0) == Verdict("", Ending.NO_INPUT)


def test_keys_typed_during_the_prompt_shorten_the_wait_after_it() -> None:
    machine = DigitMachine(AMOUNT)
    machine.feed("7", 1.0)
    machine.begin(10.0)
    assert machine.deadline == 13.0


@pytest.mark.parametrize(
    ("rule", "keys", "problem"),
    [
        (DigitRule(allowed=frozenset("12")), "3", "not one of the allowed answers"),
        (DigitRule(allowed=frozenset("1*")), "*", ""),
        (DigitRule(longest=3, shortest=3), "1*2", "a key that is not a digit"),
        (DigitRule(longest=4, shortest=4, pattern="19.."), "2001", "does not match the pattern"),
        (DigitRule(longest=4, shortest=4, pattern="19.."), "1999", ""),
    ],
)
def test_what_counts_is_decided_by_the_rule(rule: DigitRule, keys: str, problem: str) -> None:
    verdict = typed(rule, keys)
    assert verdict is not None
    assert verdict.problem == problem


MENU = DigitRule(longest=3, terminator="#", between=2.0, allowed=frozenset({"1", "2", "234"}))


def test_an_allowed_answer_ends_at_once_when_no_longer_one_begins_with_it() -> None:
    assert typed(MENU, "1") == Verdict("1", Ending.LAST_DIGIT)
    assert typed(MENU, "234") == Verdict("234", Ending.LAST_DIGIT)


def test_an_allowed_answer_waits_for_a_longer_one_that_begins_with_it() -> None:
    machine = DigitMachine(MENU)
    machine.begin(0.0)
    assert machine.feed("2", 1.0) is None
    assert machine.expire(3.0) == Verdict("2", Ending.PAUSE)
    assert typed(MENU, "2#") == Verdict("2", Ending.TERMINATOR)


def test_keys_that_lead_nowhere_are_collected_to_their_end() -> None:
    assert typed(MENU, "29") is None, "a third one may be on its way"
    verdict = typed(MENU, "299")
    assert verdict is not None
    assert (verdict.keys, verdict.counts) == ("299", False)


rules = st.builds(
    lambda low, more, end, first, between: DigitRule(
        shortest=low, longest=low + more, terminator=end, first=first, between=between
    ),
    st.integers(1, 10),
    st.integers(0, 10),
    st.sampled_from(["", "#", "*"]),
    st.floats(0.1, 60),
    st.floats(0.1, 60),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("key"), st.sampled_from("0123456789*#ABCD"), st.floats(0, 20)),
        st.tuples(st.just("begin"), st.just(""), st.floats(0, 20)),
        st.tuples(st.just("wait"), st.just(""), st.floats(0, 100)),
    ),
    max_size=60,
)


@given(rules, steps)
def test_whatever_happens_the_verdict_is_consistent_and_final(
    rule: DigitRule, happenings: list[tuple[str, str, float]]
) -> None:
    machine, now, typed_keys, final = DigitMachine(rule), 0.0, "", None
    for what, key, later in happenings:
        now += later
        if what == "key":
            if final is None and key != rule.terminator:
                typed_keys += key
            verdict = machine.feed(key, now)
        elif what == "begin":
            machine.begin(now)
            continue
        else:
            verdict = machine.expire(now)
        if final is not None:
            assert verdict == final, "a verdict never changes"
        elif verdict is not None:
            final = verdict
            assert machine.deadline is None
            assert verdict.keys == typed_keys
            assert len(verdict.keys) <= rule.longest
            if verdict.counts and verdict.keys:
                assert rule.shortest <= len(verdict.keys)
                assert verdict.keys.isdigit()
            if verdict.ending is Ending.NO_INPUT:
                assert verdict.keys == ""
        else:
            assert len(typed_keys) < rule.longest
            assert machine.deadline is None or machine.deadline > now or what != "wait"


@given(rules, st.text("0123456789", min_size=0, max_size=25), st.floats(0.001, 0.09))
def test_every_input_ends_by_itself_once_the_prompt_has_ended(
    rule: DigitRule, keys: str, gap: float
) -> None:
    machine, now = DigitMachine(rule), 0.0
    machine.begin(now)
    verdict = None
    for key in keys:
        now += gap
        verdict = machine.feed(key, now)
    if verdict is None:
        assert machine.deadline is not None
        verdict = machine.expire(machine.deadline)
    assert verdict is not None
    assert verdict.keys == keys[: rule.longest]
