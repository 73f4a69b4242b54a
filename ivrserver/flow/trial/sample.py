"""A respondent that there never was: sensible answers to try a webhook with, each changeable."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

import phonenumbers

from ivrserver.actions.parameters import IVR_PARAMETERS, SOURCETRAK_PARAMETERS
from ivrserver.blocks import (
    Choice,
    Digits,
    FlowBook,
    GoToBlock,
    Ivr,
    Record,
    ToBlock,
    YesNo,
)
from ivrserver.blocks.numbers import webhook_form
from ivrserver.blocks.patterns import matches, possible_match
from ivrserver.blocks.questions import KeyQuestion
from ivrserver.errors import TrialRefused
from ivrserver.flow.digits import Ending
from ivrserver.flow.trial.way import Way, judged, way_through

_DIGITS: Final = "123456789012345678901234567890"
_GUESSES: Final = 200
_PHONE_NUMBER: Final = 10
"""Digits: who may type more is asked for something longer, of which little will do."""

_TOLD: Final = {each.name for each in (*IVR_PARAMETERS, *SOURCETRAK_PARAMETERS)}
_OF_THE_SAMPLE: Final = {
    "ivr_number_called", "ivr_caller_id", "ivr_id", "ivr_response_id", "ivr_pass_through",
    "ivr_session_id", "ivr_completed", "ivr_phone_label",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One respondent.

    Attributes:
        answers: keys by question id, as the caller presses them; empty: no answer.
        number_called: in webhook form.
        caller_id: in webhook form; empty: withheld.
        pass_through: what an earlier reply of the call would have left.
        hung_up: the caller leaves before the reply comes.
        values: of generated parameters that nothing else here decides, such as ``st_rank``.
    """

    answers: Mapping[int, str] = field(default_factory=dict, repr=False)
    number_called: str = ""
    caller_id: str = ""
    phone_label: str = ""
    pass_through: str = field(default="", repr=False)
    hung_up: bool = False
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


def sample_of(ivr: Ivr, book: FlowBook, region: str) -> Sample:
    """Somebody who calls a number that leads to `ivr` and answers all that is asked.

    Args:
        region: ISO 3166 code of the country that the caller is from.
    """
    answers = {question.question_id: _answer(question) for question in _asking(ivr)}
    asked = way_of(ivr, answers).asked
    number = next(
        (each for each in book.numbers.items() if each[1].destination == ToBlock(ivr.block_id)),
        next(iter(book.numbers.items()), None),
    )
    return Sample(
        answers={place: answer for place, answer in answers.items() if place in asked},
        number_called=number[0] if number else "",
        caller_id=_caller(region),
        phone_label=number[1].label if number else "",
    )


def _caller(region: str) -> str:
    """A number of that country that is nobody's, as far as that is known."""
    number = phonenumbers.example_number(region)
    if number is None:
        return ""
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return webhook_form(written, region)


def way_of(ivr: Ivr, answers: Mapping[int, str]) -> Way:
    """The way through `ivr` of a caller who gives those answers."""
    return way_through(ivr, lambda question: answers.get(question.question_id, ""))


def check(ivr: Ivr, sample: Sample) -> None:
    """See that the sample can be told to a web server.

    Raises:
        TrialRefused: it has answers to what nobody asks, or values that it cannot have.
    """
    asking = {question.question_id for question in _asking(ivr)}
    recorded = {each.question_id for each in ivr.questions if isinstance(each, Record)}
    for question_id in sample.answers:
        field = f"answers.{question_id}"
        if question_id in recorded:
            raise TrialRefused("recorded answers are never sent; leave it out", field)
        if question_id not in asking:
            text = f"IVR {ivr.block_id} has no question {question_id} that takes keys"
            raise TrialRefused(text, field)
    told = _TOLD if ivr.webhook.include_sourcetrak else {each.name for each in IVR_PARAMETERS}
    for name in sample.values:
        if name in _OF_THE_SAMPLE:
            text = f"{name} is made from the rest of the sample; set it there"
            raise TrialRefused(text, f"values.{name}")
        if name not in told:
            text = f"{name} is no parameter that this webhook sends by itself"
            if name in _TOLD:
                text = f"{name} is only sent with include_sourcetrak; switch it on"
            raise TrialRefused(text, f"values.{name}")


def doubts(ivr: Ivr, sample: Sample) -> Iterator[str]:
    """What no caller could do."""
    asked = way_of(ivr, sample.answers).asked
    for question in _asking(ivr):
        keys = sample.answers.get(question.question_id, "")
        if not keys:
            continue
        verdict = judged(question, keys)
        title = f"question {question.question_id} “{question.name}”"
        if verdict.ending is Ending.NO_INPUT or verdict.keys != keys:
            yield f"a caller could not answer {title} with that many keys"
        elif verdict.problem:
            yield f"a caller could not answer {title} so: {verdict.problem}"
        if question.question_id not in asked:
            yield f"with these answers {title} is not asked"


def _asking(ivr: Ivr) -> Iterator[KeyQuestion]:
    yield from (each for each in ivr.questions if isinstance(each, Digits | Choice | YesNo))


def _answer(question: KeyQuestion) -> str:
    """Keys that count."""
    match question:
        case Choice(keys=keys):
            staying = (each.key for each in keys if not isinstance(each.then, GoToBlock))
            return next(staying, keys[0].key)
        case YesNo():
            return "1"
        case Digits(valid=(first, *_)):
            return first
        case Digits():
            return _digits(question)
        case _:
            assert_never(question)


def _digits(question: Digits) -> str:
    """Digits that match its pattern; empty: none could be found."""
    lengths = range(question.min_digits, question.max_digits + 1)
    plain = [(_DIGITS * (length // 30 + 1))[:length] for length in lengths]
    if not question.pattern:
        return plain[-1] if question.max_digits <= _PHONE_NUMBER else plain[0]
    chance = random.Random(1)  # noqa: S311 - no secret, and the same every time
    guesses = ("".join(chance.choices(_DIGITS, k=chance.choice(lengths))) for _ in range(_GUESSES))
    # Where any character would do, the least one is no digit.
    least = re.sub(r"[^0-9]", "0", possible_match(question.pattern))
    for keys in (least, *plain, *guesses):
        if len(keys) in lengths and keys.isdigit() and matches(question.pattern, keys):
            return keys
    return ""
