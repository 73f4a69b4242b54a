"""What is called in a soak, what callers do, and what must be left of each call. Pure values."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from benchmarks.script import LANGUAGE
from ivrserver.blocks import (
    Account,
    Block,
    Choice,
    ChoiceKey,
    Digits,
    FindMe,
    Ivr,
    Message,
    PhoneNumber,
    Prompt,
    Question,
    Record,
    ScreenMethod,
    ToBlock,
    Voicemail,
    Webhook,
    WebhookMode,
    WebhookParameter,
    YesNo,
)

TRUNK: Final = "people"
SHORT, SURVEY, DICTATION, FINDME, TEAM, BOX, SHORTENED = (str(8201 + each) for each in range(7))
"""Numbers, also the ids of what answers there."""
PERSON: Final = "2125560000"
"""Whoever calls takes the call."""
ENGAGED: Final = "2125560001"
NEVER_HOME: Final = "2125560002"

_FIRST_CALLER: Final = 2120000000
_SEED: Final = 4
_WHISPER: Final = "A call."


class Kind(StrEnum):
    """What one caller does. The value is what people read."""

    SHORT = "short call"
    SURVEY = "survey, completed"
    LEFT = "survey, caller hangs up"
    REFUSED = "survey, the web server fails while the caller waits"
    SLOW = "survey, the web server takes 2 s"
    LATER = "survey, caller hangs up, the web server fails twice"
    HANGING = "survey, caller hangs up, the web server does not answer at first"
    CONNECTED = "survey, then FindMe by the webhook's reply"
    VANISHED = "survey, caller vanishes"
    DICTATED = "recorded answer"
    TALKED = "FindMe: people talk, caller hangs up"
    RECORDED = "FindMe of three, recorded, the person called hangs up"
    MESSAGE = "voicemail, ended by key"
    MESSAGE_LEFT = "voicemail, caller hangs up"
    MESSAGE_LOST = "voicemail, caller vanishes"


class Reply(StrEnum):
    """What the web server does with a request."""

    HANG_UP = "an action: hang up"
    FINDME = "an action: FindMe"
    LATE = "an action, after 2 s"
    ERROR = "503"
    RESET = "connection reset"
    NOTHING = "no answer for as long as anybody waits"

    @property
    def accepted(self) -> bool:
        """Whether the webhook has been delivered by it."""
        return self in {Reply.HANG_UP, Reply.FINDME, Reply.LATE}


@dataclass(frozen=True, slots=True)
class Left:
    """What must be left in the database of a call.

    Attributes:
        respondents: runs through an IVR.
        attempts: requests to the web server.
        bridges: times that two parties were connected.
    """

    respondents: int = 0
    answers: int = 0
    attempts: int = 0
    recordings: int = 0
    messages: int = 0
    bridges: int = 0


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One kind of call.

    Attributes:
        number: what is called.
        share: how often it comes among mixed calls.
        left: what must be in the database afterwards.
        replies: what the web server does, request by request.
    """

    number: str
    share: int
    left: Left
    replies: tuple[Reply, ...] = ()


_ALL: Final = Left(respondents=1, answers=3, attempts=1)
_ONE: Final = Left(respondents=1, answers=1, attempts=1)
BEHAVIOURS: Final[dict[Kind, Behaviour]] = {
    Kind.SHORT: Behaviour(SHORT, 0, Left(respondents=1)),
    Kind.SURVEY: Behaviour(SURVEY, 16, _ALL, (Reply.HANG_UP,)),
    Kind.LEFT: Behaviour(SURVEY, 12, _ONE, (Reply.HANG_UP,)),
    Kind.REFUSED: Behaviour(SURVEY, 6, _ALL, (Reply.ERROR,)),
    Kind.SLOW: Behaviour(SURVEY, 6, _ALL, (Reply.LATE,)),
    Kind.LATER: Behaviour(
        SURVEY, 6, Left(1, 1, attempts=3), (Reply.ERROR, Reply.RESET, Reply.HANG_UP)
    ),
    Kind.HANGING: Behaviour(SURVEY, 2, Left(1, 1, attempts=2), (Reply.NOTHING, Reply.HANG_UP)),
    Kind.CONNECTED: Behaviour(SURVEY, 8, Left(1, 3, attempts=1, bridges=1), (Reply.FINDME,)),
    Kind.VANISHED: Behaviour(SHORTENED, 6, Left(1, 1, attempts=1), (Reply.HANG_UP,)),
    Kind.DICTATED: Behaviour(DICTATION, 12, Left(1, 1, 1, recordings=1), (Reply.HANG_UP,)),
    Kind.TALKED: Behaviour(FINDME, 8, Left(bridges=1)),
    Kind.RECORDED: Behaviour(TEAM, 6, Left(recordings=1, bridges=1)),
    Kind.MESSAGE: Behaviour(BOX, 6, Left(recordings=1, messages=1)),
    Kind.MESSAGE_LEFT: Behaviour(BOX, 4, Left(recordings=1, messages=1)),
    Kind.MESSAGE_LOST: Behaviour(BOX, 2, Left(recordings=1, messages=1)),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call that is to be made.

    Attributes:
        caller: the number that it shows; every call has its own.
        code: the five digits that the caller keys in, where a code is asked for.
    """

    kind: Kind
    caller: str
    code: str

    @property
    def behaviour(self) -> Behaviour:
        """What calls of this kind are like."""
        return BEHAVIOURS[self.kind]


def short_calls(count: int) -> Sequence[Call]:
    """So many short calls."""
    return [Call(Kind.SHORT, str(_FIRST_CALLER + index), "") for index in range(count)]


def mixed_calls(count: int, after: int) -> Sequence[Call]:
    """So many of the mixture, callers numbered behind the first `after`; always the same."""
    pick = random.Random(_SEED)
    kinds = [kind for kind, behaviour in BEHAVIOURS.items() if behaviour.share]
    shares = [BEHAVIOURS[kind].share for kind in kinds]
    # Every kind comes once at least, however short the soak is.
    chosen = [*kinds, *pick.choices(kinds, shares, k=max(0, count - len(kinds)))]
    return [
        Call(kind, str(_FIRST_CALLER + after + index), f"{pick.randrange(100000):05}")
        for index, kind in enumerate(chosen[:count])
    ]


def account(webhook: str) -> Account:
    """Everything that can be called; `webhook` is the URL that gets the answers."""
    whisper = ScreenMethod.WHISPER_PHRASE
    people: Sequence[FindMe] = (
        FindMe(
            block_id=int(FINDME), name="One person", phones=(PERSON,), screen_method=whisper,
            whisper_phrase=_WHISPER,
        ),
        FindMe(
            block_id=int(TEAM), name="Team", phones=(ENGAGED, NEVER_HOME, PERSON),
            simultaneous=3, screen_method=whisper, whisper_phrase=_WHISPER, record=True,
        ),
    )  # fmt: skip
    box = Voicemail(
        block_id=int(BOX), name="Box", greeting=Prompt(text="Leave a word."), max_seconds=12,
        review=False,
    )  # fmt: skip
    welcome = Message(question_id=1, name="welcome", prompt=Prompt(text="Welcome."))
    recorded = Record(question_id=1, name="wish", prompt=Prompt(text="What is it?"), max_seconds=20)
    code = _code(5.0)
    topic = Choice(
        question_id=2, name="topic", prompt=Prompt(text="Sales is one, service two."),
        keys=(ChoiceKey("1"), ChoiceKey("2")),
    )  # fmt: skip
    agree = YesNo(question_id=3, name="agree", prompt=Prompt(text="May we call you back?"))
    blocks: Sequence[Block] = (
        _ivr(SHORT, [welcome], ""),
        _ivr(SURVEY, [code, topic, agree], webhook),
        _ivr(DICTATION, [recorded], webhook),
        _ivr(SHORTENED, [code, _code(1.0, 2)], webhook),
        *people,
        box,
    )
    return Account(
        numbers=tuple(
            PhoneNumber(str(block.block_id), block.name, ToBlock(block.block_id))
            for block in blocks
        ),
        blocks=tuple(blocks),
    )


def _code(timeout: float, question_id: int = 1) -> Digits:
    """Asks for five digits."""
    return Digits(
        question_id=question_id, name=f"code{question_id}", prompt=Prompt(text="Your number?"),
        min_digits=5, max_digits=5, timeout=timeout,
    )  # fmt: skip


def _ivr(number: str, questions: Sequence[Question], webhook: str) -> Ivr:
    parameters = tuple(
        WebhookParameter(each.name, each.question_id)
        for each in questions
        if isinstance(each, (Digits, Choice, YesNo))
    )
    return Ivr(
        block_id=int(number),
        name=f"IVR {number}",
        language=LANGUAGE,
        questions=tuple(questions),
        webhook=Webhook(mode=WebhookMode.NEXT_ACTION, url=webhook, parameters=parameters)
        if webhook
        else Webhook(),
    )
