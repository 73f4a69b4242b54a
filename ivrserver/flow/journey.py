"""From block to block: what one visit of a block leads to, and why (SPEC §3 to §5, §9)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from ivrserver.actions.message import spoken_text
from ivrserver.actions.model import (
    EndCall,
    RunFindMe,
    RunIvr,
    RunReceptionist,
    RunVoicemail,
    TransferCall,
)
from ivrserver.actions.parser import parse
from ivrserver.blocks import HangUp, Ivr, ToNumber, WebhookMode
from ivrserver.blocks.numbers import webhook_form
from ivrserver.config import LimitSettings
from ivrserver.errors import ActionError
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.events import ActionChosen, BackupRouted, BlockEntered, BlockLeft, Warned
from ivrserver.flow.ivr import IvrRun, Respondent
from ivrserver.flow.ports import Clock, Dialer, Journal, Library, Speech, WebhookResult
from ivrserver.flow.reading import read_aloud
from ivrserver.flow.records import Checkpoint, RespondentClosed, RespondentOpened
from ivrserver.flow.report import CallFacts, Reporter
from ivrserver.flow.targets import Move, Visit, describe, name_of, target_of
from ivrserver.flow.transfer import transfer


@dataclass(frozen=True, slots=True)
class World:
    """What every call is given; the composition root fills it in.

    Attributes:
        region: default region for phone numbers, such as ``US``.
        caller_id: shown on legs; empty: the caller's own.
        new_id: makes unique, time-ordered ids.
    """

    speech: Speech
    dialer: Dialer
    reporter: Reporter
    journal: Journal
    library: Library
    clock: Clock
    limits: LimitSettings
    region: str
    caller_id: str
    new_id: Callable[[], str]


class Journey:
    """One call's way through the blocks. Its state is what the next webhook will tell."""

    def __init__(self, world: World, talk: Conversation, facts: CallFacts) -> None:
        self._world = world
        self._talk = talk
        self._facts = facts
        self._pass_through = ""
        self._visited: list[int] = []
        self._respondent: Respondent | None = None
        self._backed_up: set[str] = set()
        self._open = False
        self.voice = Voice()
        self.deliveries: set[asyncio.Task[WebhookResult]] = set()

    async def follow(self, move: Move) -> Move:
        """Go where `move` says; return where that leads. Raises what the channel raises."""
        match move.target:
            case HangUp():
                return move
            case ToNumber(number):
                return await self._transfer(number)
            case Visit() as visit:
                return await self._visit(visit, move.reason)
            case _:
                assert_never(move.target)

    def abandon(self) -> None:
        """The caller left: close the IVR in progress and report it without waiting."""
        if self._respondent is not None and self._open:
            self._leave(self._respondent)
            self._deliver(self._respondent)

    async def _visit(self, visit: Visit, reason: str) -> Move:
        block = self._talk.book.blocks.get(visit.block_id)
        if block is None:
            return await self._back_up(f"there is no block {visit.block_id}")
        limit = self._limit_reached(block.block_id)
        if limit:
            return await self._back_up(limit, ended="limit")
        self._visited.append(block.block_id)
        return await self._run_ivr(block, visit, reason)

    def _limit_reached(self, block_id: int) -> str:
        limits = self._world.limits
        if len(self._visited) >= limits.blocks_per_call:
            return f"the call has visited {limits.blocks_per_call} blocks, the most allowed"
        if self._visited.count(block_id) >= limits.visits_per_ivr:
            return (
                f"the call was in block {block_id} {limits.visits_per_ivr} times, the most allowed"
            )
        return ""

    async def _run_ivr(self, ivr: Ivr, visit: Visit, reason: str) -> Move:
        respondent = Respondent(self._world.new_id(), ivr, self._world.clock.now())
        self._respondent, self._open = respondent, True
        self.voice = Voice(ivr.language, ivr.voice, visit.user_parameters)
        self._talk.write(
            RespondentOpened(
                response_id=respondent.response_id,
                call_id=self._facts.session_id,
                ivr_id=ivr.block_id,
                at=respondent.started_at,
            )
        )
        self._talk.note(BlockEntered(ivr.block_id, ivr.name, reason, respondent.response_id))
        start = self._start_of(ivr, visit.question_id)
        run = IvrRun(
            self._talk, respondent, self.voice, self._checkpoint(respondent), self._world.new_id
        )
        await run.walk(start)
        self._leave(respondent)
        return await self._after(respondent)

    def _start_of(self, ivr: Ivr, question_id: int | None) -> int:
        if question_id is None:
            return 0
        index = ivr.index_of(question_id)
        if index is None:
            text = f"IVR {ivr.block_id} has no question {question_id}: starts at the first"
            self._talk.note(Warned(text))
        return index or 0

    def _checkpoint(self, respondent: Respondent) -> Checkpoint:
        return Checkpoint(
            call_id=self._facts.session_id,
            at=respondent.started_at,
            block_id=respondent.ivr.block_id,
            response_id=respondent.response_id,
            question_id=0,
            pass_through=self._pass_through,
            user_parameters=dict(self.voice.parameters),
            blocks_visited=tuple(self._visited),
        )

    def _leave(self, respondent: Respondent) -> None:
        self._open = False
        self._talk.note(BlockLeft(respondent.ivr.block_id, respondent.completed, respondent.reason))
        self._talk.write(
            RespondentClosed(
                response_id=respondent.response_id,
                at=self._world.clock.now(),
                completed=respondent.completed,
            )
        )

    # ---- the webhook and what it says

    def _deliver(self, respondent: Respondent) -> asyncio.Task[WebhookResult] | None:
        """Start the delivery; it goes on when the caller leaves. None: there is no webhook."""
        if not respondent.ivr.webhook.url:
            return None
        delivery = asyncio.create_task(
            self._world.reporter.deliver(self._talk, self._facts, respondent, self._pass_through)
        )
        self.deliveries.add(delivery)
        return delivery

    async def _after(self, respondent: Respondent) -> Move:
        """What follows an IVR that has ended while the caller is here."""
        ivr = respondent.ivr
        delivery = self._deliver(respondent)
        if respondent.jump is not None:
            return Move(Visit(respondent.jump.block_id), respondent.reason)
        if delivery is None or ivr.webhook.mode is WebhookMode.NONE:
            return Move(target_of(ivr.next_step), f"the next step of IVR {ivr.block_id}")
        result = await self._world.reporter.wait(self._talk, delivery)
        if result.error:
            return await self._back_up(f"the webhook failed: {result.error}")
        try:
            if ivr.webhook.mode is WebhookMode.READ_MESSAGE:
                return await self._read(ivr, result)
            return await self._act(result)
        except ActionError as error:
            return await self._back_up(f"the reply cannot be used: {error}")

    async def _read(self, ivr: Ivr, result: WebhookResult) -> Move:
        message = spoken_text(result.body, result.content_type, result.charset)
        self._talk.note(ActionChosen("read the reply to the caller", []))
        await read_aloud(self._talk, message, self.voice)
        return Move(target_of(ivr.next_step), f"the next step of IVR {ivr.block_id}")

    async def _act(self, result: WebhookResult) -> Move:
        reply = parse(result.body, charset=result.charset)
        if reply.pass_through is not None:
            self._pass_through = reply.pass_through
        self._talk.note(ActionChosen(describe(reply.action), list(reply.warnings)))
        match reply.action:
            case RunIvr(block_id, question_id, parameters):
                return Move(Visit(block_id, question_id, parameters), "the web server's reply")
            case TransferCall(destination):
                return Move(ToNumber(destination), "the web server's reply")
            case EndCall():
                return Move(HangUp(), "the web server's reply")
            case RunFindMe() | RunReceptionist() | RunVoicemail():
                raise ActionError(f"{describe(reply.action)} is not available on this server")
            case _:
                assert_never(reply.action)

    # ---- leaving the flow

    async def _transfer(self, destination: str) -> Move:
        number = webhook_form(destination, self._world.region)
        if not number.isdigit():
            return await self._back_up("the transfer's destination is not a phone number")
        result = await transfer(
            self._talk,
            self._world.dialer,
            number,
            self._world.new_id(),
            self._world.caller_id or self._facts.caller_id,
        )
        if result.connected:
            return Move(HangUp(), result.reason, ended="transferred")
        nobody = self.voice.phrases.nobody_available
        return await self._back_up(f"the transfer failed: {result.reason}", apology=nobody)

    async def _back_up(self, reason: str, *, ended: str = "hung_up", apology: str = "") -> Move:
        """Backup Routing of the newest IVR, once a respondent; then an apology (SPEC §5)."""
        respondent = self._respondent
        backup = respondent.ivr.backup_routing if respondent else None
        if respondent and backup is not None and respondent.response_id not in self._backed_up:
            self._backed_up.add(respondent.response_id)
            target = target_of(backup)
            self._talk.note(BackupRouted(name_of(target), reason))
            return Move(target, f"Backup Routing: {reason}", ended)
        self._talk.note(BackupRouted("an apology, then hang up", reason))
        await self._talk.say(apology or self.voice.phrases.apology, self.voice)
        return Move(HangUp(), reason, ended)
