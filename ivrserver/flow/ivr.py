"""Walk one caller through one IVR, storing each answer before the next question (SPEC §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from ivrserver.blocks import (
    Choice,
    Digits,
    EndIvr,
    GoToBlock,
    GoToQuestion,
    Message,
    NextQuestion,
    Prompt,
    Question,
    Record,
    Step,
    ToBlock,
    Transfer,
    YesNo,
)
from ivrserver.flow.conversation import Conversation, Preparations, Voice
from ivrserver.flow.gather import LeftOver
from ivrserver.flow.ports import RecordedAudio
from ivrserver.flow.question import Answered, Unanswered, ask, prompts_of, tell
from ivrserver.flow.recording import ask_to_record
from ivrserver.flow.records import AnswerGiven, QuestionReached
from ivrserver.flow.report import CallFacts
from ivrserver.flow.respondent import Respondent
from ivrserver.flow.transfer import transfer
from ivrserver.flow.world import World

MAX_QUESTIONS_ASKED = 1000
"""Questions per run: jumps may form a loop, and a loop without keys would never end."""


@dataclass(frozen=True, slots=True)
class IvrRun:
    """Everything one run needs: who, what, and how to store it."""

    world: World
    talk: Conversation
    facts: CallFacts
    respondent: Respondent
    voice: Voice

    async def walk(self, start: int = 0) -> None:
        """Ask from the question at position `start` on; the outcome is left in `respondent`.

        Cancelling it leaves the respondent as far as it came, with every answer stored.
        """
        preparations = Preparations(self.talk)
        left = LeftOver()
        position: int | None = start
        try:
            for _ in range(MAX_QUESTIONS_ASKED):
                if position is None:
                    return
                position = await self._take(position, left, preparations)
            loop = f"{MAX_QUESTIONS_ASKED} questions were asked: jumps in a loop"
            self._end(completed=False, reason=loop)
        finally:
            await preparations.stop()

    async def _take(self, position: int, left: LeftOver, ahead: Preparations) -> int | None:
        """Ask the question there; return the position of the next, None: the run is over."""
        if self._reach(position) is None:
            return None
        question = self.respondent.ivr.questions[position]
        self.talk.write(
            QuestionReached(
                response_id=self.respondent.response_id, question_id=question.question_id
            )
        )
        ahead.start(self._soon(position), self.voice)
        outcome = await self._ask(question, left)
        if isinstance(outcome, Answered) and isinstance(question, Digits | Choice | YesNo):
            self._store(question, outcome.value)
        following = self._follow(outcome, position)
        if following is not None:
            following = self._reach(following)
        if not isinstance(question, Message):
            # What was answered, and what comes next, is durable before the next question is heard:
            # nobody is asked twice, whatever happens to this controller.
            await self.talk.journal.commit()
        return following

    def _reach(self, position: int) -> int | None:
        """Mark the question there as the one in progress; None: it is the end of the IVR."""
        questions = self.respondent.ivr.questions
        if position >= len(questions):
            self._end(completed=True, reason="every question was asked")
            return None
        self.talk.bookmark.ask(questions[position].question_id, self.respondent.monitored)
        return position

    async def _ask(self, question: Question, left: LeftOver) -> Answered | Unanswered:
        match question:
            case Message():
                return await tell(self.talk, question, self.voice, left)
            case Digits() | Choice() | YesNo():
                return await ask(self.talk, question, self.voice, left)
            case Record():

                def keep(audio: RecordedAudio) -> None:
                    self._store(question, "", audio.name)

                return await ask_to_record(
                    self.talk,
                    question,
                    self.voice,
                    left,
                    name=self._recording_name,
                    keep=keep,
                )
            case Transfer():
                return await self._connect(question, left)
            case _:
                assert_never(question)

    async def _connect(self, question: Transfer, left: LeftOver) -> Answered | Unanswered:
        """A monitored transfer; its seconds count also when the caller hangs up during it."""
        if self.talk.bookmark.connection is None:
            await tell(self.talk, question, self.voice, left)
        result = await transfer(
            self.world,
            self.talk,
            self.facts,
            self.talk.resolved(question.destination, self.voice),
            self.voice,
            timeout=question.timeout,
            record=question.record,
            refer=False,
            spent=self._monitored,
        )
        if result.connected:
            return Answered("", "", question.then)
        return Unanswered(question.unanswered, f"the transfer failed: {result.reason}")

    def _monitored(self, seconds: float) -> None:
        self.respondent.monitored += seconds

    def _follow(self, outcome: Answered | Unanswered, position: int) -> int | None:
        questions = self.respondent.ivr.questions
        answered = isinstance(outcome, Answered)
        why = "" if isinstance(outcome, Answered) else outcome.reason
        step: Step = outcome.then
        match step:
            case NextQuestion():
                return position + 1
            case GoToQuestion(question_id):
                target = self.respondent.ivr.index_of(question_id)
                # Flow files are checked when saved; a target that is missing all the same ends it.
                return len(questions) if target is None else target
            case GoToBlock(block_id):
                self.respondent.jump = ToBlock(block_id)
                self._end(completed=answered, reason=why or f"the answer leads to block {block_id}")
                return None
            case EndIvr():
                self._end(completed=answered, reason=why or "the question ends the IVR")
                return None
            case _:
                assert_never(step)

    def _end(self, *, completed: bool, reason: str) -> None:
        respondent = self.respondent
        respondent.completed, respondent.reason = completed, reason
        self.talk.bookmark.report(
            completed=completed,
            reason=reason,
            monitored=respondent.monitored,
            jump=respondent.jump.block_id if respondent.jump else None,
        )

    def _store(self, question: Question, value: str, recording: str = "") -> None:
        self.respondent.answers[question.question_id] = value
        self.talk.write(
            AnswerGiven(
                response_id=self.respondent.response_id,
                question_id=question.question_id,
                at=self.talk.clock.now(),
                value=value,
                sensitive=question.sensitive,
                recording=recording,
            )
        )

    def _recording_name(self) -> str:
        return f"{self.talk.call_id}-{self.world.new_id()}"

    def _soon(self, position: int) -> list[Prompt]:
        """Prompts that may be needed while or after this question is heard."""
        questions = self.respondent.ivr.questions
        soon = list(prompts_of(questions[position]))
        following = questions[position + 1 : position + 2]
        return soon + [prompt for question in following for prompt in prompts_of(question)]
