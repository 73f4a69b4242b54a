"""Ask one question until it is answered or its tries have run out (SPEC §3)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

from ivrserver.blocks import (
    Choice,
    Digits,
    Message,
    NextQuestion,
    Prompt,
    Question,
    Record,
    Step,
    Transfer,
    YesNo,
)
from ivrserver.blocks.questions import KeyQuestion
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.digits import DigitRule, Ending, Verdict
from ivrserver.flow.events import AnswerAccepted, AnswerRejected, QuestionAsked
from ivrserver.flow.gather import LeftOver, gather, skip_on_key
from ivrserver.flow.tries import Tries

MASK = "•••"


@dataclass(frozen=True, slots=True)
class Answered:
    """The question has its answer.

    Attributes:
        value: the keys; empty for a message or a recording.
        recording: the recording's name; empty: none.
        then: the step that follows.
    """

    value: str = field(repr=False)
    recording: str
    then: Step


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The tries ran out: `then` is the configured step, `reason` is for people."""

    then: Step
    reason: str


def rule_of(question: KeyQuestion) -> DigitRule:
    """What counts as an answer to `question`."""
    match question:
        case Digits():
            return DigitRule(
                shortest=question.min_digits,
                longest=question.max_digits,
                terminator=question.terminator,
                first=question.timeout,
                between=question.between,
                allowed=frozenset(question.valid),
                pattern=question.pattern,
            )
        case Choice():
            keys = frozenset(choice.key for choice in question.keys)
            return DigitRule(first=question.timeout, allowed=keys)
        case YesNo():
            return DigitRule(first=question.timeout, allowed=frozenset("12"))
        case _:
            assert_never(question)


def reason_to_accept(question: KeyQuestion, verdict: Verdict) -> str:
    """Why `verdict` is the answer, for the timeline."""
    match question:
        case Digits():
            return f"ended by {verdict.ending.value}"
        case Choice():
            label = next((key.label for key in question.keys if key.key == verdict.keys), "")
            return f"the choice {label!r}" if label and not question.sensitive else "a valid choice"
        case YesNo():
            if question.sensitive:
                return "a valid choice"
            return "yes" if verdict.keys == "1" else "no"
        case _:
            assert_never(question)


def prompts_of(question: Question) -> Sequence[Prompt]:
    """Every prompt that this question may need, in the likely order."""
    match question:
        case Message() | Transfer():
            return [question.prompt]
        case Record():
            return [question.prompt, question.no_input.prompt]
        case Digits() | Choice() | YesNo():
            return [question.prompt, question.no_input.prompt, question.invalid.prompt]
        case _:
            assert_never(question)


def step_after(question: KeyQuestion, keys: str) -> Step:
    """Where that answer leads: the pressed key's own jump, else the question's next step."""
    if isinstance(question, Choice):
        for choice in question.keys:
            if choice.key == keys and not isinstance(choice.then, NextQuestion):
                return choice.then
    return question.then


async def tell(
    talk: Conversation, question: Message | Transfer, voice: Voice, left: LeftOver
) -> Answered:
    """Play what it says; a key skips the rest of it where barge-in is allowed."""
    talk.note(QuestionAsked(question.question_id, question.name, 1, "its turn"))
    left.ahead.clear()
    talk.channel.forget_keys()
    playback_id = await talk.play([question.prompt], voice)
    if question.barge_in:
        await skip_on_key(talk, playback_id, left)
    else:
        await talk.finish(playback_id)
    return Answered("", "", question.then)


async def ask(
    talk: Conversation, question: KeyQuestion, voice: Voice, left: LeftOver
) -> Answered | Unanswered:
    """Ask for keys, again after no input or an invalid answer, as often as is configured."""
    rule = rule_of(question)
    no_input, invalid = Tries(question.no_input), Tries(question.invalid)
    prompts, reason, attempt = [question.prompt], "its turn", 1
    while True:
        talk.note(QuestionAsked(question.question_id, question.name, attempt, reason))
        verdict = await gather(
            talk,
            prompts,
            voice,
            rule,
            barge_in=question.barge_in,
            type_ahead=question.type_ahead and attempt == 1,
            left=left,
        )
        if verdict.counts and verdict.ending is not Ending.NO_INPUT:
            return _accept(talk, question, verdict, left)
        tries = no_input if verdict.ending is Ending.NO_INPUT else invalid
        reason = verdict.problem or verdict.ending.value
        talk.note(AnswerRejected(question.question_id, len(verdict.keys), reason))
        attempt += 1
        if not tries.fail():
            return Unanswered(tries.allowed.then, f"{reason}, {tries.failed} times")
        prompts = [tries.allowed.prompt, question.prompt]


def _accept(
    talk: Conversation, question: KeyQuestion, verdict: Verdict, left: LeftOver
) -> Answered:
    if isinstance(question, Digits) and verdict.ending is Ending.LAST_DIGIT:
        left.expect_terminator(question.terminator, asyncio.get_running_loop().time())
    shown = MASK if question.sensitive else verdict.keys
    why = reason_to_accept(question, verdict)
    talk.note(AnswerAccepted(question.question_id, shown, len(verdict.keys), why))
    return Answered(verdict.keys, "", step_after(question, verdict.keys))
