"""A call's runs through IVRs: each one's respondent, its webhook, and what the reply asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ivrserver.actions.message import spoken_text
from ivrserver.actions.parser import parse
from ivrserver.blocks import Destination, Ivr, ToBlock, WebhookMode
from ivrserver.errors import ActionError
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.events import ActionChosen, BlockEntered, BlockLeft, Warned
from ivrserver.flow.ivr import IvrRun
from ivrserver.flow.ports import WebhookResult
from ivrserver.flow.reading import read_aloud
from ivrserver.flow.records import RespondentClosed, RespondentOpened
from ivrserver.flow.report import CallFacts
from ivrserver.flow.respondent import Respondent
from ivrserver.flow.saved import Asking, Following, Reporting, SavedRun
from ivrserver.flow.spoken_answers import to_be_written
from ivrserver.flow.targets import Move, Visit, describe, target_of, target_of_action
from ivrserver.flow.world import World


class Surveys:
    """The IVRs of one call, one after another. What they leave behind is the call's state.

    Attributes:
        voice: of the newest IVR.
        deliveries: webhooks under way or done.
    """

    def __init__(self, world: World, talk: Conversation, facts: CallFacts) -> None:
        self._world, self._talk, self._facts = world, talk, facts
        self._respondent: Respondent | None = None
        self._open = self._gone = False
        self._attempts = 0
        self.voice = Voice()
        self.deliveries: set[asyncio.Task[WebhookResult]] = set()

    async def run(self, ivr: Ivr, visit: Visit, reason: str) -> Move:
        """Take the caller through `ivr` and return where that leads.

        Raises:
            ActionError: the webhook or its reply leaves nothing to do but Backup Routing.
        """
        world, talk = self._world, self._talk
        respondent = Respondent(world.new_id(), ivr, world.clock.now())
        self._begin(respondent, visit.user_parameters)
        talk.bookmark.enter_ivr(ivr.block_id, respondent.response_id, visit.user_parameters)
        talk.write(
            RespondentOpened(
                response_id=respondent.response_id,
                call_id=self._facts.session_id,
                ivr_id=ivr.block_id,
                at=respondent.started_at,
            )
        )
        talk.note(BlockEntered(ivr.block_id, ivr.name, reason, respondent.response_id))
        await self._walk(respondent, self._start_of(ivr, visit.question_id))
        self._leave(respondent)
        return await self._after(respondent)

    def restore(self, run: SavedRun) -> None:
        """Take over what another controller knew of the newest respondent.

        Raises:
            ActionError: its IVR is no longer there.
        """
        bookmark = self._talk.bookmark
        ivr = self._talk.book.blocks.get(run.ivr_id)
        if not isinstance(ivr, Ivr):
            raise ActionError(f"IVR {run.ivr_id}, in which the call was, is no longer there")
        respondent = Respondent(run.response_id, ivr, run.started_at, dict(run.answers))
        match bookmark.doing:
            case Asking(monitored=monitored):
                respondent.monitored = monitored
            case Reporting(completed=completed, reason=reason, monitored=monitored, jump=jump):
                respondent.completed, respondent.reason = completed, reason
                respondent.monitored = monitored
                respondent.jump = None if jump is None else ToBlock(jump)
        self._begin(respondent, bookmark.user_parameters)
        self._open = run.completed is None and not isinstance(bookmark.doing, Following)
        self._attempts = run.attempts

    async def resume(self) -> Move:
        """Go on with the respondent that was restored: at the question in progress, or the webhook.

        Raises:
            ActionError: as `run`.
        """
        respondent, doing = self._respondent, self._talk.bookmark.doing
        if respondent is None:
            raise ActionError("the call was in an IVR that nobody knows")
        if isinstance(doing, Asking):
            await self._walk(respondent, self._place_of_question(respondent))
        if self._open:
            self._leave(respondent)
        return await self._after(respondent)

    def abandon(self) -> None:
        """The caller left: close the IVR in progress and report it without waiting."""
        self._gone = True
        if self._respondent is not None and self._open:
            self._leave(self._respondent)
            self._deliver(self._respondent)

    def answered_by_speaking(self, question_id: int) -> None:
        """What was being recorded when another controller was lost is an answer."""
        if self._respondent is not None:
            self._respondent.answers.setdefault(question_id, "")

    def backup(self) -> Destination | None:
        """Backup Routing of the newest IVR; once a respondent, so that it cannot go in circles."""
        respondent, bookmark = self._respondent, self._talk.bookmark
        if respondent is None or bookmark.backed_up:
            return None
        bookmark.backed_up = True
        return respondent.ivr.backup_routing

    def _start_of(self, ivr: Ivr, question_id: int | None) -> int:
        if question_id is None:
            return 0
        index = ivr.index_of(question_id)
        if index is None:
            text = f"IVR {ivr.block_id} has no question {question_id}: starts at the first"
            self._talk.note(Warned(text))
        return index or 0

    def _begin(self, respondent: Respondent, parameters: Mapping[str, str]) -> None:
        ivr = respondent.ivr
        self._respondent, self._open, self._attempts = respondent, True, 0
        self.voice = Voice(ivr.language, ivr.voice, parameters)

    async def _walk(self, respondent: Respondent, start: int) -> None:
        await IvrRun(self._world, self._talk, self._facts, respondent, self.voice).walk(start)

    def _place_of_question(self, respondent: Respondent) -> int:
        """Where the question in progress is; if it is gone, the first without an answer."""
        ivr, question_id = respondent.ivr, self._talk.bookmark.question_id
        index = ivr.index_of(question_id)
        if index is not None:
            return index
        self._talk.note(Warned(f"IVR {ivr.block_id} has no question {question_id} any more"))
        open_ones = (
            place
            for place, question in enumerate(ivr.questions)
            if question.question_id not in respondent.answers
        )
        return next(open_ones, len(ivr.questions))

    def _leave(self, respondent: Respondent) -> None:
        self._open = False
        self._talk.note(BlockLeft(respondent.ivr.block_id, respondent.completed, respondent.reason))
        # Before its end: whoever finds that stored need not look whether this was.
        spoken = to_be_written(
            respondent.ivr,
            respondent.answers,
            call_id=self._facts.session_id,
            response_id=respondent.response_id,
        )
        for answer in spoken:
            self._talk.write(answer.transcription(self._world.clock.now()))
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
        delivery = world.reporter.delivery(self._facts, respondent, talk.bookmark.pass_through)
        now = world.clock.now()
        talk.write(delivery.ordered(now, now + world.reporter.patience))
        under_way = asyncio.create_task(
            world.reporter.deliver(
                talk,
                respondent,
                delivery,
                lambda: acts and not self._gone,
                self._attempts + 1,
            )
        )
        self.deliveries.add(under_way)
        return under_way

    async def _after(self, respondent: Respondent) -> Move:
        """What follows an IVR that has ended while the caller is here."""
        ivr, bookmark = respondent.ivr, self._talk.bookmark
        doing = bookmark.doing
        if isinstance(doing, Reporting) and doing.reply is not None:
            return await self._obey(ivr, doing.reply.result())
        # That the IVR has ended is durable before the web server hears of it.
        await self._talk.journal.commit()
        acts = respondent.jump is None and ivr.webhook.mode is not WebhookMode.NONE
        delivery = self._deliver(respondent, acts=acts)
        if respondent.jump is not None:
            return Move(Visit(respondent.jump.block_id), respondent.reason)
        if delivery is None or not acts:
            return Move(target_of(ivr.next_step), f"the next step of IVR {ivr.block_id}")
        result = await self._world.reporter.wait(self._talk, delivery)
        if result.error:
            raise ActionError(f"the webhook failed: {result.error}")
        bookmark.replied(result)
        await self._talk.journal.commit()
        return await self._obey(ivr, result)

    async def _obey(self, ivr: Ivr, result: WebhookResult) -> Move:
        """Do what the web server says."""
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
            self._talk.bookmark.pass_through = reply.pass_through
        self._talk.note(ActionChosen(describe(reply.action), list(reply.warnings)))
        return Move(target_of_action(reply.action), "the web server's reply")
