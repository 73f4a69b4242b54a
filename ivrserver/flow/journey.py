"""From block to block: what one visit of a block leads to, and why (SPEC §3 to §9)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import assert_never

from ivrserver.blocks import (
    Block,
    FindMe,
    HangUp,
    Ivr,
    Receptionist,
    ToMailbox,
    ToNumber,
    Voicemail,
)
from ivrserver.errors import ActionError
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.events import BackupRouted, BlockEntered, BlockLeft, Warned
from ivrserver.flow.findme import find
from ivrserver.flow.mailbox import open_mailbox
from ivrserver.flow.ports import WebhookResult
from ivrserver.flow.receptionist import receive
from ivrserver.flow.report import CallFacts
from ivrserver.flow.saved import Asking, Following, Reporting, SavedCall
from ivrserver.flow.surveys import Surveys
from ivrserver.flow.targets import (
    FindSomebody,
    Move,
    Visit,
    block_of,
    name_of,
    target_of,
    target_of_next_action,
)
from ivrserver.flow.transfer import transfer
from ivrserver.flow.voicemail import take_message
from ivrserver.flow.world import World


class Journey:
    """One call's way through the blocks."""

    def __init__(self, world: World, talk: Conversation, facts: CallFacts) -> None:
        self._world = world
        self._talk = talk
        self._facts = facts
        self._surveys = Surveys(world, talk, facts)

    @property
    def voice(self) -> Voice:
        """In which the caller is spoken to outside a block: that of the newest IVR."""
        return self._surveys.voice

    @property
    def deliveries(self) -> set[asyncio.Task[WebhookResult]]:
        """Webhooks under way or done."""
        return self._surveys.deliveries

    async def follow(self, move: Move) -> Move:
        """Go where `move` says; return where that leads. Raises what the channel raises."""
        try:
            match move.target:
                case HangUp():
                    return move
                case ToNumber(number):
                    return await self._transfer(number)
                case ToMailbox(block_id):
                    return await self._listen(self._block(block_id, Voicemail), move.reason)
                case FindSomebody(findme):
                    voice = self.voice
                    dynamic = replace(findme, language=voice.language, voice=voice.name)
                    return await self._enter(dynamic, Visit(0), move.reason)
                case Visit(block_id, kind) as visit:
                    return await self._enter(self._block(block_id, kind), visit, move.reason)
                case _:
                    assert_never(move.target)
        except ActionError as error:
            return await self._back_up(str(error))

    def restore(self, saved: SavedCall) -> str:
        """Take over what another controller knew; return what it was doing, for people."""
        if saved.run is not None:
            try:
                self._surveys.restore(saved.run)
            except ActionError as error:
                self._talk.note(Warned(str(error)))
        match saved.doing:
            case None:
                return "from its beginning"
            case Following() if saved.connection is not None:
                return "the caller and the far end still hear each other"
            case Following(move=move):
                return f"at {name_of(move.move().target)}"
            case Asking():
                return f"at question {saved.question_id}"
            case Reporting():
                return "at the webhook"
            case _:
                assert_never(saved.doing)

    async def resume(self) -> Move:
        """Go on where the other controller was; return where that leads."""
        doing = self._talk.bookmark.doing
        if isinstance(doing, Following):
            return await self.follow(doing.move.move())
        try:
            return await self._surveys.resume()
        except ActionError as error:
            return await self._back_up(str(error))

    def answered_by_speaking(self, question_id: int) -> None:
        """What was being recorded when the other controller was lost is an answer."""
        self._surveys.answered_by_speaking(question_id)

    def abandon(self) -> None:
        """The caller left: the IVR in progress is closed and reported without waiting."""
        self._surveys.abandon()

    def _block(self, block_id: int, kind: type[Block] | None) -> Block:
        """The block of that id; ActionError if there is none, or it is of another kind."""
        return block_of(self._talk.book, block_id, kind)

    async def _enter(self, block: Block, visit: Visit, reason: str) -> Move:
        limit = self._limit_reached(block.block_id)
        if limit:
            return await self._back_up(limit, ended="limit")
        self._talk.bookmark.visited.append(block.block_id)
        match block:
            case Ivr():
                return await self._surveys.run(block, visit, reason)
            case FindMe():
                return await self._find(replace(block, **visit.changes), reason)
            case Receptionist():
                return await self._receive(block, reason)
            case Voicemail():
                return await self._take_message(block, reason)
            case _:
                assert_never(block)

    def _limit_reached(self, block_id: int) -> str:
        limits, visited = self._world.limits, self._talk.bookmark.visited
        if len(visited) >= limits.blocks_per_call:
            return f"the call has visited {limits.blocks_per_call} blocks, the most allowed"
        if block_id and visited.count(block_id) >= limits.visits_per_ivr:
            return (
                f"the call was in block {block_id} {limits.visits_per_ivr} times, the most allowed"
            )
        return ""

    # ---- one kind of block each

    async def _find(self, findme: FindMe, reason: str) -> Move:
        self._note_entry(findme, "findme", reason)
        voice = self._voice_of(findme)
        found = await find(self._world, self._talk, self._facts, findme, voice)
        self._talk.note(BlockLeft(findme.block_id, found.connected, found.reason, "findme"))
        if found.connected:
            return Move(HangUp(), found.reason, ended="transferred")
        if found.closed and findme.closed is not None:
            return Move(target_of(findme.closed), found.reason)
        following = target_of_next_action(findme)
        if following is not None:
            return Move(following, f"nobody took the call: {found.reason}")
        end = Move(HangUp(), f"nobody took the call: {found.reason}")
        self._talk.bookmark.follow(end)
        await self._talk.say(voice.phrases.nobody_available, voice)
        return end

    async def _receive(self, block: Receptionist, reason: str) -> Move:
        self._note_entry(block, "receptionist", reason)
        chosen = await receive(self._world, self._talk, block, self._voice_of(block))
        self._talk.note(BlockLeft(block.block_id, True, chosen.reason, "receptionist"))
        return Move(target_of(chosen.destination), chosen.reason)

    async def _take_message(self, box: Voicemail, reason: str) -> Move:
        self._note_entry(box, "voicemail", reason)
        voice = self._voice_of(box)
        left = await take_message(self._world, self._talk, self._facts, box, voice)
        self._talk.note(BlockLeft(box.block_id, True, left, "voicemail"))
        return Move(HangUp(), left)

    async def _listen(self, box: Block, reason: str) -> Move:
        if not isinstance(box, Voicemail):
            raise ActionError(f"block {box.block_id} is not a voicemail box")
        self._note_entry(box, "voicemail", reason)
        ended = await open_mailbox(self._world, self._talk, box, self._voice_of(box))
        self._talk.note(BlockLeft(box.block_id, True, ended, "voicemail"))
        return Move(HangUp(), ended)

    def _note_entry(self, block: FindMe | Receptionist | Voicemail, kind: str, reason: str) -> None:
        name = block.name or "dynamic"
        self._talk.note(BlockEntered(block.block_id, name, reason, kind=kind))

    def _voice_of(self, block: FindMe | Receptionist | Voicemail) -> Voice:
        return Voice(block.language, block.voice, self.voice.parameters)

    # ---- leaving the flow

    async def _transfer(self, destination: str) -> Move:
        number = self._talk.resolved(destination, self.voice)
        result = await transfer(self._world, self._talk, self._facts, number, self.voice)
        if result.connected:
            return Move(HangUp(), result.reason, ended="transferred")
        nobody = self.voice.phrases.nobody_available
        return await self._back_up(f"the transfer failed: {result.reason}", apology=nobody)

    async def _back_up(self, reason: str, *, ended: str = "hung_up", apology: str = "") -> Move:
        """Backup Routing of the newest IVR; without one an apology (SPEC §5)."""
        backup = self._surveys.backup()
        if backup is not None:
            target = target_of(backup)
            self._talk.note(BackupRouted(name_of(target), reason))
            return Move(target, f"Backup Routing: {reason}", ended)
        self._talk.note(BackupRouted("an apology, then hang up", reason))
        end = Move(HangUp(), reason, ended)
        self._talk.bookmark.follow(end)
        await self._talk.say(apology or self.voice.phrases.apology, self.voice)
        return end
