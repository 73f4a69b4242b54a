"""The FindMes that are measured, in both languages, and what the phones do. Pure values."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.script import LANGUAGE
from ivrserver.blocks import Account, FindMe, PhoneNumber, ScreenMethod, ToBlock
from ivrserver.flow.phrases import phrases

TRUNK: Final = "people"
WHISPER: Final = "A caller from the radio spot."
_SENTENCES: Final = phrases(LANGUAGE).findme
SPOKEN: Final = (WHISPER, _SENTENCES.accept, _SENTENCES.taken)
"""What people called may hear: `HEARD_WHISPER`, `HEARD_QUESTION`, `HEARD_TAKEN` are its places."""
HEARD_WHISPER, HEARD_QUESTION, HEARD_TAKEN = range(3)

THINKS_SECONDS: Final = 0.5
"""From the end of the whisper to the key: in the middle of the question."""

_FIRST_PERSON: Final = 2125560000
_FIRST_CALLER: Final = 2122000000
_FRAME: Final = 160


@dataclass(frozen=True, slots=True)
class Trial:
    """One situation. Of each group the last of the list accepts, by key.

    Attributes:
        name: for people: callers and legs of each.
        legs: how many are called at once for each call.
        callers: how many calls there are at the same time.
        calls: how many calls a run has.
        all_answer: those who do not accept answer and listen too; else they let it ring.
        rings: seconds until somebody answers.
        talks: seconds from the key to the hang-up.
    """

    name: str
    legs: int
    callers: int
    calls: int
    all_answer: bool = False
    rings: float = 2.5
    talks: float = 3.0

    @property
    def server(self) -> str:
        """The number of this server, also the block's id."""
        return f"81{self.legs:02}"

    @property
    def plain(self) -> str:
        """The dialplan's number; empty: ``Dial()`` cannot do it: with it, an answer is enough."""
        return "" if self.all_answer else f"82{self.legs:02}"

    @property
    def people(self) -> tuple[str, ...]:
        """Who is called, in order."""
        return tuple(str(_FIRST_PERSON + number) for number in range(self.legs))


def trials(callers: int) -> tuple[Trial, ...]:
    """What is measured; `callers`: how many call at the same time where it is not one."""
    several = f"{callers} x 5 legs"
    return (
        Trial("1 x 20 legs", 20, 1, 2, rings=0.5, talks=1.0),
        Trial(several, 5, callers, callers),
        # Long enough for the losers to hear their sentence: it ends when the call does.
        Trial(f"{several}, all answer", 5, callers, callers, all_answer=True, rings=1.0, talks=5.0),
    )


def number_of(call: int) -> str:
    """The number of the caller of that call, which are counted over all runs."""
    return str(_FIRST_CALLER + call)


def voice(number: str, caller: str) -> bytes:
    """20 ms of µ-law that only this party of this call sends."""
    return random.Random(f"{number} {caller}").randbytes(_FRAME)


def account(measured: Sequence[Trial]) -> Account:
    """The FindMes of this server."""
    by_number = {trial.server: trial for trial in measured}
    return Account(
        numbers=tuple(PhoneNumber(number, "FindMe", ToBlock(int(number))) for number in by_number),
        blocks=tuple(
            FindMe(
                block_id=int(number),
                name=f"{trial.legs} people",
                phones=trial.people,
                language=LANGUAGE,
                simultaneous=trial.legs,
                screen_method=ScreenMethod.WHISPER_PHRASE,
                whisper_phrase=WHISPER,
            )
            for number, trial in by_number.items()
        ),
    )


def dialplan(measured: Sequence[Trial], prompts: Sequence[str]) -> str:
    """The same in Asterisk's own language, as far as it goes.

    ``Dial()`` gives up everybody else as soon as one answers; only that one is asked.

    Args:
        prompts: the sound files of `SPOKEN`, without extension.
    """
    heard = "&".join([prompts[HEARD_WHISPER], prompts[HEARD_QUESTION]])
    lines = ["[inbound]"]
    for number, trial in {trial.plain: trial for trial in measured if trial.plain}.items():
        everybody = "&".join(f"PJSIP/{person}@{TRUNK}" for person in trial.people)
        lines += [
            f"exten => {number},1,Set(TIMEOUT(absolute)=14400)",
            " same => n,Answer()",
            f" same => n,Dial({everybody},30,mU(screening))",
            " same => n,Hangup()",
        ]
    return "\n".join(
        [
            *lines,
            "",
            "[screening]",
            f"exten => s,1,Read(KEY,{heard},1,,2,5)",
            ' same => n,ExecIf($["${KEY}"!="1"]?Set(GOSUB_RESULT=CONTINUE))',
            " same => n,Return()",
            "",
        ]
    )
