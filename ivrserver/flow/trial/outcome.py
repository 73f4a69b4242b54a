"""What would happen after a webhook's reply, as a story in words: as far as the next block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import assert_never

from ivrserver.actions.explain import Explanation
from ivrserver.actions.message import SpokenMessage
from ivrserver.blocks import (
    FindMe,
    FlowBook,
    HangUp,
    Ivr,
    Receptionist,
    ToMailbox,
    ToNumber,
    Voicemail,
    WebhookMode,
)
from ivrserver.errors import ActionError
from ivrserver.flow.phrases import phrases
from ivrserver.flow.ports import WebhookResult
from ivrserver.flow.targets import (
    FindSomebody,
    Target,
    Visit,
    block_of,
    describe,
    name_of,
    target_of,
    target_of_action,
)
from ivrserver.flow.trial import arrivals
from ivrserver.flow.trial.way import Way

Objection = Callable[[str], str]
"""Why a destination could not be dialled; empty: it could."""


class Mood(Enum):
    """How a step of a story is meant."""

    GOOD = "good"
    DOUBT = "doubt"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Step:
    """One sentence of a story."""

    text: str
    mood: Mood = Mood.GOOD


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of the webhook.

    Attributes:
        result: of the last request.
        understood: of a reply in mode "Retrieve next action".
        message: of a reply in mode "Retrieve message and read to user".
        problem: why there is no message.
        waited: seconds until it was there.
    """

    result: WebhookResult
    understood: Explanation | None = None
    message: SpokenMessage | None = None
    problem: str = ""
    waited: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """Tells what would happen on a call.

    Attributes:
        hold_after: seconds of waiting after which a caller hears hold audio.
        objection: why a destination could not be dialled.
    """

    ivr: Ivr
    book: FlowBook
    hold_after: float
    objection: Objection

    def tell(self, way: Way, reply: Reply, *, hung_up: bool) -> Iterator[Step]:
        """The story of a caller who took `way` through the IVR.

        Args:
            hung_up: the caller leaves when the request is made.
        """
        webhook, result = self.ivr.webhook, reply.result
        if hung_up:
            yield Step("The caller has hung up: the reply is kept, and not acted on.")
            yield from self._sent_again(reply)
            return
        if way.jump is not None:
            yield Step(f"The reply is kept, and not acted on: {way.reason}.")
            yield from self._go(Visit(way.jump.block_id))
            return
        if webhook.mode is WebhookMode.NONE:
            yield from self._sent_again(reply)
            yield Step("The reply is kept, and not acted on: the mode is none.")
            yield from self._go(target_of(self.ivr.next_step))
            return
        if reply.waited > self.hold_after:
            yield Step(
                f"The caller hears hold music after {self.hold_after:g} s, "
                f"and waits {reply.waited:.1f} s in all.",
                Mood.DOUBT,
            )
        if result.error:
            yield from self._back_up(f"the webhook failed: {result.error}")
        elif webhook.mode is WebhookMode.READ_MESSAGE:
            yield from self._read(reply)
        else:
            yield from self._act(reply)

    def _sent_again(self, reply: Reply) -> Iterator[Step]:
        if reply.result.error:
            again = f"The web server was not told ({reply.result.error}): a job would try again."
            yield Step(again, Mood.DOUBT)

    def _read(self, reply: Reply) -> Iterator[Step]:
        if reply.message is None:
            yield from self._back_up(f"the reply cannot be used: {reply.problem}")
            return
        yield Step(f"The caller hears {arrivals.quoted(reply.message.text)}")
        if reply.message.cut:
            cut = f"{len(reply.message.cut):,} characters more are not read: the reply is too long."
            yield Step(cut, Mood.DOUBT)
        yield from self._go(target_of(self.ivr.next_step))

    def _act(self, reply: Reply) -> Iterator[Step]:
        understood = reply.understood
        if understood is None or understood.reply is None:
            error = understood.error if understood else "there is none"
            yield from self._back_up(f"the reply cannot be used: {error}")
            return
        asked = understood.reply
        yield Step(f"The reply is understood: {describe(asked.action)}.")
        if asked.pass_through is not None:
            kept = "Following webhooks of the call send its pass-through data back."
            yield Step(kept if asked.pass_through else "The pass-through data is emptied.")
        yield from self._go(target_of_action(asked.action))

    def _go(self, target: Target) -> Iterator[Step]:
        """What is met at `target`, or Backup Routing if there is nothing."""
        try:
            steps = list(self._arrive(target))
        except ActionError as error:
            yield from self._back_up(str(error))
            return
        yield from steps

    def _back_up(self, reason: str) -> Iterator[Step]:
        yield Step(f"{reason[:1].upper()}{reason[1:]}.", Mood.BAD)
        backup = self.ivr.backup_routing
        if backup is None:
            yield Step("The IVR has no Backup Routing.", Mood.DOUBT)
            yield from self._apologise()
            return
        target = target_of(backup)
        yield Step(f"Backup Routing: {name_of(target)}.")
        try:
            steps = list(self._arrive(target, backed_up=True))
        except ActionError as error:
            yield Step(f"That fails too: {error}.", Mood.BAD)
            yield from self._apologise()
            return
        yield from steps

    def _apologise(self) -> Iterator[Step]:
        apology = phrases(self.ivr.language).apology
        yield Step(f"The caller hears “{apology}”, and the call ends.", Mood.BAD)

    def _arrive(self, target: Target, *, backed_up: bool = False) -> Iterator[Step]:
        match target:
            case HangUp():
                yield Step("The call ends.")
            case ToNumber(number):
                yield from self._transfer(number, backed_up=backed_up)
            case ToMailbox(block_id):
                box = block_of(self.book, block_id, Voicemail)
                yield Step(f"The caller may listen to voicemail box {block_id} “{box.name}”.")
            case FindSomebody(findme):
                dynamic = replace(findme, language=self.ivr.language, voice=self.ivr.voice)
                yield from self._told(arrivals.find(dynamic, self.book, self.objection))
            case Visit() as visit:
                yield from self._told(self._enter(visit))
            case _:
                assert_never(target)

    def _transfer(self, number: str, *, backed_up: bool) -> Iterator[Step]:
        why = self.objection(number) if "@" not in number else ""
        if why and not backed_up:
            raise ActionError(f"the transfer to {number} would fail: {why}")
        if why:
            yield Step(f"The transfer to {number} would fail: {why}.", Mood.BAD)
            yield from self._apologise()
            return
        yield Step(f"{number} is dialled, and the caller connected to whoever answers.")

    def _enter(self, visit: Visit) -> Iterator[tuple[str, bool]]:
        block = block_of(self.book, visit.block_id, visit.kind)
        match block:
            case Ivr():
                yield from arrivals.ask(block, visit, self.book)
            case FindMe():
                yield from arrivals.find(replace(block, **visit.changes), self.book, self.objection)
            case Receptionist():
                yield from arrivals.receive(block, self.book)
            case Voicemail():
                yield from arrivals.take_message(block, self.book)
            case _:
                assert_never(block)

    @staticmethod
    def _told(sentences: Iterator[tuple[str, bool]]) -> Iterator[Step]:
        for text, is_doubtful in sentences:
            yield Step(text, Mood.DOUBT if is_doubtful else Mood.GOOD)


def everything(_: str) -> str:
    """Anything may be dialled."""
    return ""
