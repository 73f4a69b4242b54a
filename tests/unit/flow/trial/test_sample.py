"""Sample answers are such as callers can give, and lead through the IVR."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from ivrserver.blocks import (
    Account,
    Choice,
    ChoiceKey,
    Digits,
    EndIvr,
    FlowBook,
    GoToBlock,
    GoToQuestion,
    Ivr,
    Message,
    Prompt,
    Question,
    Record,
    Retries,
    ToBlock,
    YesNo,
)
from ivrserver.blocks.patterns import matches
from ivrserver.flow.trial.sample import Sample, doubts, sample_of, way_of
from ivrserver.flow.trial.way import judged
from tests.unit.blocks.accounts import accounts

EMPTY = FlowBook.of(Account())


def digits(question_id: int = 1, **about: object) -> Digits:
    return Digits(question_id=question_id, name="D", prompt=Prompt("?"), **about)  # type: ignore[arg-type]


def choice(*keys: ChoiceKey, question_id: int = 1) -> Choice:
    return Choice(question_id=question_id, name="C", prompt=Prompt("?"), keys=keys)


def ivr(*questions: Question) -> Ivr:
    return Ivr(block_id=1, name="I", questions=questions)


def answers(*questions: Question) -> dict[int, str]:
    return dict(sample_of(ivr(*questions), EMPTY, "US").answers)


PATTERNS = [
    r"[1-5]\d{3}", r"(19|20)\d\d", r"\d{5}(\d{4})?", r"[^0]\d*", r".*7", r"4111.{2}", r"0+1",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_digits_match_their_pattern(pattern: str) -> None:
    question = digits(min_digits=1, max_digits=9, pattern=pattern)
    keys = answers(question)[1]
    assert matches(pattern, keys)
    assert judged(question, keys).counts


def test_answers_are_of_the_right_kind() -> None:
    assert answers(
        digits(1, min_digits=4, max_digits=4),
        digits(2, valid=("777", "888"), min_digits=3, max_digits=3),
        YesNo(question_id=3, name="Y", prompt=Prompt("?")),
        Record(question_id=4, name="R", prompt=Prompt("?")),
        Message(question_id=5, name="M", prompt=Prompt("Bye")),
    ) == {1: "1234", 2: "777", 3: "1"}


def test_a_choice_is_taken_that_stays_in_the_ivr() -> None:
    away, here = ChoiceKey("1", then=GoToBlock(9)), ChoiceKey("2")
    assert answers(choice(away, here)) == {1: "2"}
    assert answers(choice(away)) == {1: "1"}


def test_what_is_not_asked_is_not_answered() -> None:
    skip = choice(ChoiceKey("1", then=GoToQuestion(3)))
    assert answers(skip, digits(2), digits(3)) == {1: "1", 3: "1"}


@settings(max_examples=30)
@given(accounts())
def test_every_ivr_has_a_sample_that_a_caller_could_be(account: Account) -> None:
    book = FlowBook.of(account)
    for block in account.blocks:
        if isinstance(block, Ivr):
            sample = sample_of(block, book, "US")
            assert list(doubts(block, sample)) == []


def test_the_way_goes_where_the_answers_lead() -> None:
    late = digits(2, no_input=Retries(then=EndIvr()), invalid=Retries(then=GoToBlock(8)),
                  pattern="[12]")  # fmt: skip
    asked = ivr(choice(ChoiceKey("1"), ChoiceKey("2", then=GoToBlock(7))), late)
    assert way_of(asked, {1: "1", 2: "2"}).completed
    jump = way_of(asked, {1: "2"})
    assert (jump.jump, jump.completed, jump.asked) == (ToBlock(7), True, (1,))
    silent = way_of(asked, {1: "1"})
    assert (silent.completed, silent.jump) == (False, None)
    assert way_of(asked, {1: "1", 2: "9"}).jump == ToBlock(8)


def test_a_way_that_goes_round_ends() -> None:
    first = choice(ChoiceKey("1", then=GoToQuestion(1)))
    way = way_of(ivr(first), {1: "1"})
    assert (way.asked, way.completed) == ((1,), False)


def test_what_no_caller_could_do_is_said() -> None:
    asked = ivr(choice(ChoiceKey("1", then=GoToQuestion(3))), digits(2), digits(3))
    told = list(doubts(asked, Sample(answers={1: "1", 2: "5", 3: "12"})))
    assert told == [
        "with these answers question 2 “D” is not asked",
        "a caller could not answer question 3 “D” with that many keys",
    ]
    (wrong,) = doubts(ivr(choice(ChoiceKey("1"))), Sample(answers={1: "2"}))
    assert "not one of the allowed answers" in wrong


def test_the_caller_is_of_the_account_s_country() -> None:
    german = sample_of(ivr(), EMPTY, "DE")
    assert german.caller_id.startswith("49")
    assert sample_of(ivr(), EMPTY, "US").caller_id == "2015550123"
