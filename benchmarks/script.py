"""The IVR that is measured, and what each caller does in it. Pure values."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ivrserver import blocks
from ivrserver.blocks import (
    Account,
    Choice,
    ChoiceKey,
    Digits,
    Ivr,
    Message,
    PhoneNumber,
    Prompt,
    ToBlock,
    Webhook,
    WebhookMode,
    WebhookParameter,
    YesNo,
)

LANGUAGE: Final = "en-US"
MODULES: Final = "load = app_read.so\nload = func_curl.so\n"
LEAVE_EVERY: Final = 10
LEAVE_AFTER: Final = 4.0  # as in scenario.xml; the slowest caller's code has been keyed in by 3.3
_FIRST_CALLER: Final = 2122000000


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the IVR.

    Attributes:
        name: also the webhook's parameter; empty for the message that asks nothing.
        text: what is said.
        pattern: the answers that count, as a regular expression.
        keys: length of the answer; 0: a message.
        hears_out: the caller hears the prompt to its end before the first key; else the key comes
            in the middle of it.
    """

    name: str
    text: str
    pattern: str = ""
    keys: int = 0
    hears_out: bool = False


QUESTIONS: Final = (
    Question("welcome", "Welcome to the service line."),
    Question("code", "Please enter your five digit customer number.", "[0-9]{5}", 5),
    Question(
        "topic",
        "For sales, press one. For service, press two. For anything else, press three.",
        "[123]",
        1,
    ),
    Question("agree", "May we call you back?", "[12]", 1, hears_out=True),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One IVR that can be called, once of this server and once of the plain dialplan.

    Attributes:
        server: number of this server's, also its id.
        plain: number of the dialplan's.
        webhook: whether the answers are posted at the end.
    """

    name: str
    server: str
    plain: str
    questions: tuple[Question, ...]
    webhook: bool

    @property
    def asking(self) -> tuple[Question, ...]:
        """The questions that have answers."""
        return tuple(question for question in self.questions if question.keys)


SURVEY: Final = Line("survey", "8001", "8002", QUESTIONS, webhook=True)
SHORT: Final = Line("short call", "8003", "8004", QUESTIONS[:1], webhook=False)
LINES: Final = (SURVEY, SHORT)


@dataclass(frozen=True, slots=True)
class Keying:
    """How callers press keys: seconds held, and seconds between two keys; multiples of 0.02."""

    held: float = 0.12
    pause: float = 0.08


@dataclass(frozen=True, slots=True)
class Caller:
    """One call.

    Attributes:
        number: the caller's own, ten digits; each call of a run has another one.
        answers: the keys for each question that asks for some; empty after the caller has left.
        leaves: the caller hangs up in the middle, `LEAVE_AFTER` seconds after the answer.
    """

    number: str
    answers: tuple[str, ...]
    leaves: bool = False

    def presses_after(self, lengths: Sequence[float]) -> tuple[float, ...]:
        """Seconds from each prompt's start to the first key, for prompts of these lengths.

        Between 0.3 and 0.7 s in, not the same for all: so the key does not always meet the same
        sound. After the end of a prompt that is heard out, 0.2 s.
        """
        early = 0.3 + int(self.number) * 7 % 41 / 100
        return tuple(
            length + 0.2 if question.hears_out else min(early, length / 2)
            for question, length in zip(QUESTIONS, lengths, strict=False)
        )


def callers(line: Line, count: int, first: int) -> tuple[Caller, ...]:
    """Make up `count` callers; `first` keeps the numbers of several runs apart."""
    pick = random.Random(first)
    made = []
    for index in range(count):
        number = str(_FIRST_CALLER + first + index)
        answers = tuple(_answer(question, pick) for question in line.asking)
        leaves = bool(answers) and index % LEAVE_EVERY == LEAVE_EVERY - 1
        if leaves:
            answers = answers[:1] + ("",) * (len(answers) - 1)
        made.append(Caller(number, answers, leaves))
    return tuple(made)


def _answer(question: Question, pick: random.Random) -> str:
    keys = [key for key in "0123456789" if re.fullmatch(question.pattern, key * question.keys)]
    return "".join(pick.choices(keys, k=question.keys))


def account(webhook: str) -> Account:
    """Both lines for this server; `webhook` is the URL that gets the answers."""
    return Account(
        numbers=tuple(
            PhoneNumber(line.server, line.name, ToBlock(int(line.server))) for line in LINES
        ),
        blocks=tuple(_ivr(line, webhook) for line in LINES),
    )


def _ivr(line: Line, webhook: str) -> Ivr:
    ids = {question.name: index for index, question in enumerate(line.questions, 1)}
    parameters = tuple(WebhookParameter(each.name, ids[each.name]) for each in line.asking)
    asked = Webhook(mode=WebhookMode.NEXT_ACTION, url=webhook, parameters=parameters)
    return Ivr(
        block_id=int(line.server),
        name=line.name,
        language=LANGUAGE,
        questions=tuple(_block(each, ids[each.name]) for each in line.questions),
        webhook=asked if line.webhook else Webhook(),
    )


def _block(question: Question, question_id: int) -> blocks.Question:
    prompt = Prompt(text=question.text)
    match question.name:
        case "code":
            return Digits(
                question_id=question_id,
                name=question.name,
                prompt=prompt,
                min_digits=question.keys,
                max_digits=question.keys,
            )
        case "topic":
            keys = tuple(ChoiceKey(key) for key in "123")
            return Choice(question_id=question_id, name=question.name, prompt=prompt, keys=keys)
        case "agree":
            return YesNo(question_id=question_id, name=question.name, prompt=prompt)
        case _:
            return Message(question_id=question_id, name=question.name, prompt=prompt)


def dialplan(webhook: str, prompts: Sequence[str]) -> str:
    """Both lines in Asterisk's own language.

    Args:
        webhook: gets the answers, as from this server.
        prompts: the sound file of each of `QUESTIONS`, without extension.
    """
    lines = ["[inbound]"]
    lines += [f"exten => {line.plain},1,Goto(plain-{line.plain},s,1)" for line in LINES]
    for line in LINES:
        lines += ["", *_extension(line, webhook, prompts[: len(line.questions)])]
    return "\n".join([*lines, ""])


def _extension(line: Line, webhook: str, prompts: Sequence[str]) -> list[str]:
    lines = [
        f"[plain-{line.plain}]",
        "exten => s,1,Set(TIMEOUT(absolute)=14400)",
        " same => n,Set(DONE=False)",
        " same => n,Answer()",
    ]
    for question, sound in zip(line.questions, prompts, strict=True):
        if not question.keys:
            lines.append(f" same => n,Playback({sound})")
            continue
        lines += [
            f" same => n({question.name}),Read({question.name},{sound},{question.keys},,3,5)",
            f' same => n,GotoIf($[${{REGEX("^{question.pattern}$" ${{{question.name}}})}}=0]'
            f"?{question.name})",
        ]
    if not line.webhook:
        return [*lines, " same => n,Hangup()"]
    return [
        *lines,
        " same => n,Set(DONE=True)",
        f" same => n,{_post(line, webhook)}",
        " same => n,Hangup()",
        'exten => h,1,GotoIf($["${DONE}"="True"]?end)',
        f" same => n,{_post(line, webhook)}",
        " same => n(end),NoOp()",
    ]


def _post(line: Line, webhook: str) -> str:
    fields = [
        "ivr_caller_id=${CALLERID(num)}",
        f"ivr_number_called={line.plain}",
        f"ivr_id={line.plain}",
        "ivr_session_id=${UNIQUEID}",
        "ivr_timestamp=${STRFTIME(${EPOCH},,%Y-%m-%d+%H:%M:%S)}",
        "ivr_completed=${DONE}",
        *(f"{question.name}=${{{question.name}}}" for question in line.asking),
    ]
    return f"Set(REPLY=${{CURL({webhook},{'&'.join(fields)})}})"
