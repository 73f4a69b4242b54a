"""Which way through an IVR a caller with given answers would take; as `flow.ivr` goes on calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from ivrserver.blocks import (
    Choice,
    Digits,
    EndIvr,
    GoToBlock,
    GoToQuestion,
    Ivr,
    NextQuestion,
    Question,
    Step,
    ToBlock,
    YesNo,
)
from ivrserver.blocks.questions import KeyQuestion
from ivrserver.flow.digits import DigitMachine, Ending, Verdict
from ivrserver.flow.question import rule_of, step_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One caller's way through an IVR.

    Attributes:
        asked: ids of the questions that are asked, in order.
        completed: it leads to the IVR's end.
        jump: the block that an answer leads to instead of what the webhook says; None: none.
        reason: why the run ends, for people.
    """

    asked: tuple[int, ...]
    completed: bool
    jump: ToBlock | None = None
    reason: str = "every question was asked"


def way_through(ivr: Ivr, answer_of: Callable[[KeyQuestion], str]) -> Way:
    """The way of a caller who gives those answers, each as often as it is asked for.

    Args:
        answer_of: keys by question; empty: the caller presses nothing.
    """
    asked: list[int] = []
    position = 0
    while position < len(ivr.questions):
        question = ivr.questions[position]
        if question.question_id in asked:
            return Way(asked=tuple(asked), completed=False, reason="the answers go in a circle")
        asked.append(question.question_id)
        step, answered = _step(question, answer_of)
        match step:
            case NextQuestion():
                position += 1
            case GoToQuestion(question_id):
                target = ivr.index_of(question_id)
                position = len(ivr.questions) if target is None else target
            case GoToBlock(block_id):
                reason = f"question {question.question_id} leads to block {block_id}"
                jump = ToBlock(block_id)
                return Way(asked=tuple(asked), completed=answered, jump=jump, reason=reason)
            case EndIvr():
                reason = f"question {question.question_id} ends the IVR"
                return Way(asked=tuple(asked), completed=answered, reason=reason)
            case _:
                assert_never(step)
    return Way(asked=tuple(asked), completed=True)


def judged(question: KeyQuestion, keys: str) -> Verdict:
    """What becomes of these keys when the caller presses them and nothing else."""
    machine = DigitMachine(rule_of(question))
    machine.begin(0.0)
    for key in keys:
        verdict = machine.feed(key, 0.0)
        if verdict is not None:
            return verdict
    verdict = machine.expire(machine.deadline or 0.0)
    return verdict or Verdict(keys, Ending.PAUSE)


def _step(question: Question, answer_of: Callable[[KeyQuestion], str]) -> tuple[Step, bool]:
    """Where the question leads, and whether by an answer."""
    if not isinstance(question, Digits | Choice | YesNo):
        return question.then, True
    verdict = judged(question, answer_of(question))
    if verdict.ending is Ending.NO_INPUT:
        return question.no_input.then, False
    if not verdict.counts:
        return question.invalid.then, False
    return step_after(question, verdict.keys), True
