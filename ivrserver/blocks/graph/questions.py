"""Where each type of question leads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, assert_never

from ivrserver.blocks.destinations import (
    EndIvr,
    GoToBlock,
    GoToQuestion,
    NextQuestion,
    Step,
    ToBlock,
    ToNumber,
)
from ivrserver.blocks.graph.labels import pressed, tried
from ivrserver.blocks.graph.model import EdgeKind
from ivrserver.blocks.questions import (
    Choice,
    Digits,
    KeyQuestion,
    Message,
    Question,
    Record,
    Transfer,
    YesNo,
)

Whereto = ToBlock | ToNumber | int | Literal["next", "end"]
"""A question of the same IVR is its id."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way on from a question; the fields are those of an edge."""

    to: Whereto
    label: str
    kind: EdgeKind = EdgeKind.GOES_ON
    silent: bool = False


def ways_of(question: Question) -> Iterator[Way]:
    """Every way on from `question`, the usual one first."""
    match question:
        case Message():
            yield Way(_whereto(question.then), "", silent=True)
        case Choice():
            yield from _choices(question)
            yield from _failures(question)
        case Digits() | YesNo():
            yield Way(_whereto(question.then), "answered")
            yield from _failures(question)
        case Record(no_input=silence):
            yield Way(_whereto(question.then), "recorded")
            label = tried("nothing is said", silence.tries)
            yield Way(_whereto(silence.then), label, EdgeKind.FAILURE, silent=True)
        case Transfer():
            yield Way(ToNumber(question.destination), "connects", EdgeKind.CALLS)
            yield Way(_whereto(question.then), "afterwards")
            yield Way(_whereto(question.unanswered), "nobody is reached", EdgeKind.FAILURE)
        case _:
            assert_never(question)


def _choices(question: Choice) -> Iterator[Way]:
    """One way for all keys that lead to the same place."""
    groups: dict[Whereto, list[tuple[str, str]]] = {}
    for key in question.keys:
        then = question.then if isinstance(key.then, NextQuestion) else key.then
        groups.setdefault(_whereto(then), []).append((key.key, key.label))
    for to, keys in groups.items():
        yield Way(to, pressed("key", keys), EdgeKind.KEY)


def _failures(question: KeyQuestion) -> Iterator[Way]:
    no_input, invalid = question.no_input, question.invalid
    label = tried("no input", no_input.tries)
    yield Way(_whereto(no_input.then), label, EdgeKind.FAILURE, silent=True)
    label = tried("wrong keys", invalid.tries)
    yield Way(_whereto(invalid.then), label, EdgeKind.FAILURE)


def _whereto(step: Step) -> Whereto:
    match step:
        case NextQuestion():
            return "next"
        case EndIvr():
            return "end"
        case GoToQuestion(question_id):
            return question_id
        case GoToBlock(block_id):
            return ToBlock(block_id)
        case _:
            assert_never(step)
