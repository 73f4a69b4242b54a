"""Who of several people gets the call: exactly one, the first (SPEC §6)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum, auto

from ivrserver.blocks import AutoAccept, FindMe, NextAction, ScreenMethod
from ivrserver.flow.ports import Channel


class OnAnswer(Enum):
    """What an answer means."""

    ASK = auto()
    """Nothing yet: the person is asked."""
    WHISPER = auto()
    """They have the call; they hear the whisper first."""
    CONNECT = auto()
    """They have the call."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One leg to be placed.

    Attributes:
        number: from 1, in the order of the FindMe.
        last: it is the last number of the list, in the last loop.
    """

    number: int
    leg_id: str
    destination: str
    on_answer: OnAnswer
    last: bool = False

    @property
    def name(self) -> str:
        """For people."""
        return f"leg {self.number}"


@dataclass(frozen=True, slots=True)
class Winner:
    """Who takes the call, ready to be connected."""

    attempt: Attempt
    channel: Channel


class Race:
    """One group of legs.

    Attributes:
        taken: done as soon as one leg has the call; why, for people.
        told: set at the same time: phones that still ring say "answered elsewhere".
        over: the leg that can be connected; None: every leg has failed.
    """

    def __init__(self, legs: int) -> None:
        loop = asyncio.get_running_loop()
        self._running = legs
        self.taken: asyncio.Future[str] = loop.create_future()
        self.told = asyncio.Event()
        self.over: asyncio.Future[Winner | None] = loop.create_future()

    def claim(self, why: str) -> bool:
        """Take the call; False: somebody was faster."""
        if self.taken.done():
            return False
        self.taken.set_result(why)
        self.told.set()
        return True

    def win(self, winner: Winner) -> None:
        """Who claimed the call can be connected."""
        self.over.set_result(winner)

    def finish(self) -> None:
        """One leg is done."""
        self._running -= 1
        if self._running == 0 and not self.over.done():
            self.over.set_result(None)


_LAST = {
    AutoAccept.LAST_NUMBER_UNSCREENED: OnAnswer.CONNECT,
    AutoAccept.LAST_NUMBER_SCREENED: OnAnswer.WHISPER,
}
_LAST_BY_NEXT_ACTION = {
    NextAction.ACCEPT_LAST_UNSCREENED: OnAnswer.CONNECT,
    NextAction.ACCEPT_LAST_SCREENED: OnAnswer.WHISPER,
}


def on_answer(findme: FindMe, *, last: bool) -> OnAnswer:
    """What an answer means; `last`: of the last number, in the last loop.

    Where ``auto_accept`` and ``nextaction`` both name the last number, the former decides. The
    first to answer is told a whisper, but no name: the caller is not asked for it.
    """
    if findme.auto_accept is AutoAccept.FIRST_TO_ANSWER:
        named = findme.screen_method is ScreenMethod.RECORD_NAME
        return OnAnswer.CONNECT if named else OnAnswer.WHISPER
    if not last:
        return OnAnswer.ASK
    by_next_action = _LAST_BY_NEXT_ACTION.get(findme.next_action, OnAnswer.ASK)
    return _LAST.get(findme.auto_accept, by_next_action)
