"""A call's runs through IVRs: each one's respondent, its webhook, and what the reply asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ivrserver.actions.message import spoken_text
from ivrserver.actions.parser import parse
from ivrserver.blocks import Destination, Ivr, WebhookMode
from ivrserver.errors import ActionError
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.events import ActionChosen, BlockEntered, BlockLeft, Warned
from ivrserver.flow.ivr import IvrRun
from ivrserver.flow.ports import WebhookResult
from ivrserver.flow.reading import read_aloud
from ivrserver.flow.records import Checkpoint, RespondentClosed, RespondentOpened
from ivrserver.flow.report import CallFacts
from ivrserver.flow.respondent import Respondent
from ivrserver.flow.targets import Move, Visit, describe, target_of, target_of_action
from ivrserver.flow.world import World


class Surveys:
    """The IVRs of one call, one after another. What they leave behind is the call's state.

    Attributes:
        voice: of the newest IVR.
        pass_through: what every webhook sends back until a reply replaces it.
        deliveries: webhooks under way or done.
    """

    def __init__(self, world: World, talk: Conversation, facts: CallFacts) -> None:
        self._world, self._talk, self._facts = world, talk, facts
        self._respondent: Respondent | None = None
        self._open = self._gone = False
        self._backed_up: set[str] = set()
        self.voice = Voice()
        self.pass_through = ""
        self.deliveries: set[asyncio.Task[WebhookResult]] = set()

    async def run(self, ivr: Ivr, visit: Visit, reason: str, visited: Sequence[int]) -> Move:
        """Take the caller through `ivr` and return where that leads.

        Raises:
            ActionError: the webhook or its reply leaves nothing to do but Backup Routing.
        """
        world, talk = self._world, self._talk
        respondent = Respondent(world.new_id(), ivr, world.clock.now())
        self._respondent, self._open = respondent, True
        self.voice = Voice(ivr.language, ivr.voice, visit.user_parameters)
        talk.write(
            RespondentOpened(
                response_id=respondent.response_id,
                call_id=self._facts.session_id,
                ivr_id=ivr.block_id,
                at=respondent.started_at,
            )
        )
        talk.note(BlockEntered(ivr.block_id, ivr.name, reason, respondent.response_id))
        start = self._start_of(ivr, visit.question_id)
        checkpoint = self._checkpoint(respondent, visited)
        await IvrRun(world, talk, self._facts, respondent, self.voice, checkpoint).walk(start)
        self._leave(respondent)
        return await self._after(respondent)

    def abandon(self) -> None:
        """The caller left: close the IVR in progress and report it without waiting."""
        self._gone = True
        if self._respondent is not None and self._open:
            self._leave(self._respondent)
            self._deliver(self._respondent)

    def backup(self) -> Destination | None:
        """Backup Routing of the newest IVR; once a respondent, so that it cannot go in circles."""
        respondent = self._respondent
        if respondent is None or respondent.response_id in self._backed_up:
            return None
        self._backed_up.add(respondent.response_id)
        return respondent.ivr.backup_routing

    def _start_of(self, ivr: Ivr, question_id: int | None) -> int:
        if question_id is None:
            return 0
        index = ivr.index_of(question_id)
        if index is None:
            text = f"IVR {ivr.block_id} has no question {question_id}: starts at the first"
            self._talk.note(Warned(text))
        return index or 0

    def _checkpoint(self, respondent: Respondent, visited: Sequence[int]) -> Checkpoint:
        return Checkpoint(
            call_id=self._facts.session_id,
            at=respondent.started_at,
            block_id=respondent.ivr.block_id,
            response_id=respondent.response_id,
            question_id=0,
            pass_through=self.pass_through,
            user_parameters=dict(self.voice.parameters),
            blocks_visited=tuple(visited),
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

    def _deliver(
        self, respondent: Respondent, *, acts: bool = False
    ) -> asyncio.Task[WebhookResult] | None:
        """Start the delivery; it goes on when the caller leaves. None: there is no webhook.

        It is a job too, which somebody sees to if this process does not live to do so; and if it
        fails, unless the call `acts` on it and the caller is there to hear what follows.
        """
        if not respondent.ivr.webhook.url:
            return None
        world, talk = self._world, self._talk
        delivery = world.reporter.delivery(self._facts, respondent, self.pass_through)
        now = world.clock.now()
        talk.write(delivery.ordered(now, now + world.reporter.patience))
        under_way = asyncio.create_task(
            world.reporter.deliver(talk, respondent, delivery, lambda: acts and not self._gone)
        )
        self.deliveries.add(under_way)
        return under_way

    async def _after(self, respondent: Respondent) -> Move:
        """What follows an IVR that has ended while the caller is here."""
        ivr = respondent.ivr
        acts = respondent.jump is None and ivr.webhook.mode is not WebhookMode.NONE
        delivery = self._deliver(respondent, acts=acts)
        if respondent.jump is not None:
            return Move(Visit(respondent.jump.block_id), respondent.reason)
        if delivery is None or not acts:
            return Move(target_of(ivr.next_step), f"the next step of IVR {ivr.block_id}")
        result = await self._world.reporter.wait(self._talk, delivery)
        if result.error:
            raise ActionError(f"the webhook failed: {result.error}")
        try:
            if ivr.webhook.mode is WebhookMode.READ_MESSAGE:
                return await self._read(ivr, result)
            return self._act(result)
        except ActionError as error:
            raise ActionError(f"the reply cannot be used: {error}") from error

    async def _read(self, ivr: Ivr, result: WebhookResult) -> Move:
        message = spoken_text(result.body, result.content_type, result.charset)
        self._talk.note(ActionChosen("read the reply to the caller", []))
        await read_aloud(self._talk, message, self.voice)
        return Move(target_of(ivr.next_step), f"the next step of IVR {ivr.block_id}")

    def _act(self, result: WebhookResult) -> Move:
        reply = parse(result.body, charset=result.charset)
        if reply.pass_through is not None:
            self.pass_through = reply.pass_through
        self._talk.note(ActionChosen(describe(reply.action), list(reply.warnings)))
        return Move(target_of_action(reply.action), "the web server's reply")
