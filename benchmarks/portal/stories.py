"""How calls go, as the records that they would have written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from benchmarks.portal.people import COMMENTS, MESSAGES, Dice
from ivrserver.blocks import Account, FindMe, Ivr, Question
from ivrserver.flow.events import (
    ActionChosen,
    AnswerAccepted,
    AnswerRejected,
    BackupRouted,
    BlockEntered,
    BlockLeft,
    Bridged,
    CallAnswered,
    CallEnded,
    CallRouted,
    CallStarted,
    Event,
    GroupDialled,
    LegDecided,
    LegDialled,
    LegScreened,
    MenuChosen,
    MenuPlayed,
    PromptPlayed,
    QuestionAsked,
    RecordingEnded,
    RecordingStarted,
    Unbridged,
    VoicemailLeft,
    Warned,
    WebhookAnswered,
    WebhookMissed,
    WebhookRequested,
)
from ivrserver.flow.question import MASK
from ivrserver.flow.records import (
    AnswerGiven,
    AnswerTranscribed,
    CallClosed,
    CallOpened,
    Checkpoint,
    JobOrdered,
    JobTried,
    MessageLeft,
    MessageTranscribed,
    QuestionReached,
    Record,
    RecordingMade,
    RespondentClosed,
    RespondentOpened,
    TimelineEntry,
    WebhookAttempt,
)

SURVEY, APPOINTMENTS, SALES, FRONT_DESK, SALES_BOX, OFFICE_BOX = 100, 110, 200, 300, 400, 401

_NUMBERS: Final = {
    SURVEY: (("2125550100", "Receipt survey", 70), ("2125550101", "Web site survey", 30)),
    APPOINTMENTS: (("3125550110", "Appointments", 1),),
    FRONT_DESK: (("4155550120", "Main line", 1),),
}
_KINDS: Final = ((SURVEY, 80), (APPOINTMENTS, 10), (FRONT_DESK, 10))

_BAD_DAYS, _BAD_HOUR = 9, 15
"""Every so many days the web server is down for an hour, of UTC."""
_REPLY: Final = "<action><app>hangup</app></action>"

_GIVEN: Final[dict[tuple[int, int], Callable[[Dice], str]]] = {
    (SURVEY, 2): lambda dice: f"{dice.randrange(10**6):06}",
    (SURVEY, 3): lambda dice: dice.of(55, 15, 12, 18),
    (SURVEY, 4): lambda dice: dice.of(81, 19),
    (SURVEY, 5): lambda dice: dice.of(2, 4, 12, 34, 48),
    (SURVEY, 6): lambda dice: dice.of(4, 8, 20, 38, 30),
    (SURVEY, 7): lambda dice: dice.of(8, 14, 26, 32, 20),
    (SURVEY, 8): lambda dice: dice.of(2, 5, 18, 40, 35),
    (SURVEY, 9): lambda dice: str(min(10, max(0, round(dice.gauss(8, 2))))),
    (SURVEY, 10): lambda dice: dice.of(88, 12),
    (SURVEY, 11): lambda dice: dice.of(35, 15, 30, 20),
    (SURVEY, 12): lambda dice: dice.of(24, 44, 32),
    (SURVEY, 13): lambda dice: str(min(52, 1 + int(dice.expovariate(0.2)))),
    (SURVEY, 14): lambda dice: dice.of(23, 77),
    (APPOINTMENTS, 2): lambda dice: f"{dice.randrange(10**4):04}",
    (APPOINTMENTS, 3): lambda dice: dice.of(30, 50, 20),
    (APPOINTMENTS, 4): lambda dice: str(dice.randrange(1, 32)),
    (APPOINTMENTS, 5): lambda dice: dice.of(92, 8),
}


@dataclass(slots=True)
class Story:
    """One call as it goes on.

    Attributes:
        detail: write every prompt; else only the steps that reports read.
        live: it does not end.
    """

    account: Account
    dice: Dice
    at: datetime
    detail: bool = True
    live: bool = False
    records: list[Record] = field(default_factory=list)
    call_id: str = ""

    def tell(self) -> list[Record]:
        """Let it go, from the first ring to the end; its records, in order."""
        dice = self.dice
        self.call_id = dice.id(self.at)
        (first,) = dice.choices([kind for kind, _ in _KINDS], [weight for _, weight in _KINDS])
        (place,) = dice.choices(_NUMBERS[first], [each[2] for each in _NUMBERS[first]])
        number, label, _ = place
        caller = dice.number() if dice.chance(0.97) else ""
        opened = CallOpened(
            call_id=self.call_id, at=self.at, channel_id=f"main-{self.call_id}",
            number_called=number, caller_id=caller, phone_label=label, revision=1, asterisk="main",
        )  # fmt: skip
        self.records.append(opened)
        self.note(CallStarted(number, caller))
        if dice.chance(0.015) and not self.live:
            return self.end("failed" if dice.chance(0.3) else "caller_hung_up", "before an answer")
        self.wait(0.2)
        self.note(CallRouted(f"block {first}", f"{number} is called"))
        self.note(CallAnswered())
        if first == FRONT_DESK:
            return self.front_desk(caller)
        return self.ivr(self._ivr(first), caller)

    # ---- blocks

    def ivr(self, ivr: Ivr, caller: str) -> list[Record]:
        """Ask one question after the other; many stay to the end."""
        dice, run = self.dice, self.dice.id(self.at)
        opened = RespondentOpened(
            response_id=run, call_id=self.call_id, ivr_id=ivr.block_id, at=self.at
        )
        self.records.append(opened)
        self.note(BlockEntered(ivr.block_id, ivr.name, "the number leads there", run))
        leaves = None if dice.chance(0.8) else int(dice.triangular(0, len(ivr.questions), 1))
        if self.live:
            leaves = dice.randrange(2, len(ivr.questions))
        for place, question in enumerate(ivr.questions):
            why = "the first question" if place == 0 else "the next question"
            asked = question.question_id
            self.records.append(QuestionReached(response_id=run, question_id=asked))
            self.note(QuestionAsked(asked, question.name, 1, why))
            if self.detail:
                self.note(PromptPlayed(str(getattr(question.prompt, "text", "")), 3.2))
            if place == leaves and self.live:
                reached = Checkpoint(
                    call_id=self.call_id, at=self.at, block_id=ivr.block_id, response_id=run,
                    question_id=question.question_id,
                )  # fmt: skip
                self.records.append(reached)
                return self.records
            self.wait(dice.uniform(1.5, 4))
            if place == leaves:
                return self._leave(ivr, run, caller)
            self._answer(ivr, question, run)
        self.note(BlockLeft(ivr.block_id, completed=True, reason="all questions were asked"))
        self._webhook(ivr, run, caller, completed=True)
        closed = RespondentClosed(response_id=run, at=self.at, completed=True)
        self.records.append(closed)
        return self.end("hung_up", "the web server says so")

    def front_desk(self, caller: str) -> list[Record]:
        """A menu that leads to people, or to a box."""
        dice = self.dice
        self.note(BlockEntered(FRONT_DESK, "Front desk", "the number leads there", "",
                               kind="receptionist"))  # fmt: skip
        self.note(MenuPlayed(1, "the first time"))
        if self.live and dice.chance(0.5):
            return self.records
        self.wait(dice.uniform(2, 6))
        if dice.chance(0.08) and not self.live:
            return self.end("caller_hung_up", "in the menu")
        if dice.chance(0.3) and not self.live:
            self.note(MenuChosen("2", f"block {OFFICE_BOX}", "the caller pressed 2"))
            return self.voicemail(OFFICE_BOX, "Office messages", caller)
        self.note(MenuChosen("1", f"block {SALES}", "the caller pressed 1"))
        return self.sales(caller)

    def sales(self, caller: str) -> list[Record]:
        """Two people ring at once; one takes the call, or nobody does."""
        dice = self.dice
        findme = next(each for each in self.account.blocks if isinstance(each, FindMe))
        self.note(BlockEntered(SALES, "Sales team", "the caller pressed 1", "", kind="findme"))
        phones = list(findme.phones[:2])
        self.note(GroupDialled(1, 1, phones))
        legs = [f"{self.call_id}-leg-{number}" for number, _ in enumerate(phones, 1)]
        for leg, phone in zip(legs, phones, strict=True):
            self.note(LegDialled(leg, phone, 30.0), leg)
        if self.live:
            return self.records
        self.wait(dice.uniform(4, 12))
        taken = dice.randrange(2) if dice.chance(0.74) else None
        if taken is None:
            self.wait(18)
            for leg in legs:
                self.note(LegDecided(leg, "no_answer", "nobody answered in 30 s"), leg)
            return self.voicemail(SALES_BOX, "Sales messages", caller)
        leg = legs[taken]
        self.note(LegDecided(leg, "answered", "answered"), leg)
        self.wait(3)
        self.note(LegScreened(leg, "accepted", "pressed 1"), leg)
        self.note(LegDecided(legs[1 - taken], "cancelled", "another leg took the call"),
                  legs[1 - taken])  # fmt: skip
        self.note(Bridged(leg))
        name, talked = f"{self.call_id}-{leg[-5:]}", dice.expovariate(1 / 140)
        self.note(RecordingStarted(name))
        self.wait(talked)
        self.note(RecordingEnded(name, talked, "the call is over"))
        self._recorded(name, talked, "hangup")
        self.note(Unbridged(leg, talked, "the caller hung up"))
        return self.end("caller_hung_up", "after talking")

    def voicemail(self, box: int, name: str, caller: str) -> list[Record]:
        """A message, mostly."""
        self.note(BlockEntered(box, name, "nobody took the call", "", kind="voicemail"))
        self.wait(6)
        seconds = self.dice.uniform(4, 70)
        recording = f"{self.call_id}-{box}"
        self.wait(seconds)
        self._recorded(recording, seconds, "hangup")
        message_id = self.dice.id(self.at)
        message = MessageLeft(
            message_id=message_id, call_id=self.call_id, block_id=box, at=self.at,
            caller_id=caller, recording=recording, seconds=round(seconds, 1),
        )  # fmt: skip
        self.records.append(message)
        self.note(VoicemailLeft(message_id, box, round(seconds, 1)))
        written = MessageTranscribed(
            message_id=message_id, at=self.at + timedelta(seconds=20), recording=recording,
            text=MESSAGES[int(seconds) % len(MESSAGES)], engine="pocketsphinx",
        )  # fmt: skip
        self.records.append(written)
        return self.end("caller_hung_up", "after the message")

    # ---- steps

    def note(self, event: Event, leg_id: str = "") -> None:
        """Put something on the timeline."""
        self.wait(0.01)
        self.records.append(TimelineEntry(self.call_id, self.at, event, leg_id))

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)

    def end(self, reason: str, detail: str) -> list[Record]:
        """The call is over."""
        self.note(CallEnded(reason, detail))
        self.records.append(CallClosed(call_id=self.call_id, at=self.at, reason=reason))
        return self.records

    def _ivr(self, block_id: int) -> Ivr:
        for block in self.account.blocks:
            if isinstance(block, Ivr) and block.block_id == block_id:
                return block
        raise LookupError(block_id)

    def _answer(self, ivr: Ivr, question: Question, run: str) -> None:
        give, number = _GIVEN.get((ivr.block_id, question.question_id)), question.question_id
        if (ivr.block_id, number) == (SURVEY, 15):
            self._comment(run)
        if give is None:
            return
        if self.dice.chance(0.03):
            self.note(AnswerRejected(number, 1, "not an allowed answer"))
            self.wait(2)
            self.note(QuestionAsked(number, question.name, 2, "asked again"))
        value = give(self.dice)
        shown = MASK if question.sensitive else value
        self.note(AnswerAccepted(number, shown, len(value), "an allowed answer"))
        answer = AnswerGiven(
            response_id=run, question_id=number, at=self.at, value=value,
            sensitive=question.sensitive,
        )  # fmt: skip
        self.records.append(answer)

    def _comment(self, run: str) -> None:
        name, seconds = f"{self.call_id}-comment", self.dice.uniform(2, 25)
        self.wait(seconds)
        self._recorded(name, seconds, "key", transcribe=True)
        given = AnswerGiven(response_id=run, question_id=15, at=self.at, recording=name)
        written = AnswerTranscribed(
            response_id=run, question_id=15, at=self.at + timedelta(seconds=40), recording=name,
            seconds=round(seconds, 1), text=self.dice.choice(COMMENTS), engine="pocketsphinx",
        )  # fmt: skip
        self.records += [given, written]

    def _recorded(
        self, name: str, seconds: float, ended_by: str, *, transcribe: bool = False
    ) -> None:
        made = RecordingMade(
            name=name, call_id=self.call_id, at=self.at, seconds=round(seconds, 1),
            ended_by=ended_by, transcribe=transcribe, asterisk="main",
        )  # fmt: skip
        self.records.append(made)

    def _leave(self, ivr: Ivr, run: str, caller: str) -> list[Record]:
        self.note(BlockLeft(ivr.block_id, completed=False, reason="the caller hung up"))
        self._webhook(ivr, run, caller, completed=False)
        self.records.append(RespondentClosed(response_id=run, at=self.at, completed=False))
        return self.end("caller_hung_up", "in the IVR")

    def _webhook(self, ivr: Ivr, run: str, caller: str, *, completed: bool) -> None:
        """Tell the web server, which is down at times, and slow at noon."""
        dice, url = self.dice, ivr.webhook.url if ivr.webhook else ""
        told = {"ivr_id": str(ivr.block_id), "ivr_caller_id": caller,
                "ivr_completed": str(completed), "ivr_response_id": run}  # fmt: skip
        self.note(WebhookRequested("POST", url, told, 1))
        bad_hour = self.at.timetuple().tm_yday % _BAD_DAYS == 0 and self.at.hour == _BAD_HOUR
        down = dice.chance(0.4 if bad_hour else 0.012)
        mute = down and dice.chance(0.4)
        seconds = 15.0 if mute else dice.lognormvariate(-1.6, 0.6)
        status = None if mute else 503 if down else 200
        error = "" if not down else "no reply in 15 s" if mute else "HTTP 503"
        body = "" if status is None else "Service Unavailable" if down else _REPLY
        sent_at = self.at
        self.wait(seconds)
        attempt = WebhookAttempt(
            webhook_id=run, response_id=run, number=1, at=sent_at, method="POST", url=url,
            parameters=tuple(told.items()), status=status, body=body, error=error, seconds=seconds,
        )  # fmt: skip
        order = JobOrdered(
            kind="webhook", key=run, call_id=self.call_id, at=sent_at,
            due=sent_at + timedelta(minutes=2), lane=str(ivr.block_id),
            detail={"ivr_id": ivr.block_id, "parameters": tuple(told.items()), "hidden": []},
        )  # fmt: skip
        self.records += [order, attempt, JobTried(kind="webhook", key=run, at=self.at, attempts=1,
                                                  error=error)]  # fmt: skip
        if down:
            self.note(WebhookMissed(error, seconds))
            if completed:
                self.note(BackupRouted("hang up", error))
            return
        self.note(WebhookAnswered(200, body, seconds))
        warnings = ["parameter colour is unknown"] if dice.chance(0.01) else []
        self.note(ActionChosen("hangup", warnings))
        if dice.chance(0.005):
            self.note(Warned("@name was not supplied and is read as nothing"))


def stories(
    account: Account, dice: Dice, moments: list[datetime], *, detail: bool
) -> Iterator[list[Record]]:
    """The records of a call for each moment."""
    for at in moments:
        yield Story(account, dice, at, detail).tell()
