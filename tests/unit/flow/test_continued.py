"""A controller is lost at any moment of a call, and another goes on from what was stored."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ivrserver.blocks import (
    Choice,
    ChoiceKey,
    Digits,
    Ivr,
    Prompt,
    Record,
    Transfer,
    Voicemail,
    Webhook,
    WebhookMode,
)
from ivrserver.blocks.webhook import WebhookParameter
from ivrserver.flow.call import Call
from ivrserver.flow.events import CallContinued, CallEnded, Event, QuestionAsked, VoicemailLeft
from ivrserver.flow.jobs import TRANSCRIPTION
from ivrserver.flow.ports import IncomingCall, RecordedAudio, WebhookRequest, WebhookResult
from ivrserver.flow.records import (
    AnswerGiven,
    CallClosed,
    CallOpened,
    Checkpoint,
    JobOrdered,
    MessageLeft,
    RecordingMade,
    RespondentClosed,
    RespondentOpened,
    TimelineEntry,
    WebhookBegun,
)
from ivrserver.flow.saved import SavedCall, SavedRun, doing_of_json
from tests.fakes import FakeChannel, FakeJournal, FakeWebhooks, FarEnd, counter
from tests.unit.flow.scene import Scene, ivr

pytestmark = pytest.mark.looptime

NEXT = "https://www.example.com/next"
GO_ON = """<action><app>ivr</app><parameters><id>102</id>
<user_parameters><name>Ada</name></user_parameters><p_t>step|2</p_t></parameters></action>"""
FIND = """<action><app>findme</app><parameters><phone_list>busy|sales</phone_list>
<screen_method>1</screen_method><whisper_phrase>a call</whisper_phrase></parameters></action>"""
KEYS = {"code": "12", "color": "2", "again": "7", "more": "9"}


def asking(*parameters: tuple[str, int]) -> Webhook:
    return Webhook(
        mode=WebhookMode.NEXT_ACTION,
        url=NEXT,
        parameters=tuple(WebhookParameter(name, question) for name, question in parameters),
    )


def digits(question_id: int, name: str, prompt: str, longest: int = 1) -> Digits:
    return Digits(
        question_id=question_id,
        name=name,
        prompt=Prompt(prompt),
        min_digits=longest,
        max_digits=longest,
        timeout=60,
    )


FIRST = ivr(
    digits(1, "code", "your code", 2),
    Choice(
        question_id=2,
        name="color",
        prompt=Prompt("a color"),
        keys=(ChoiceKey("1", "red"), ChoiceKey("2", "blue")),
        timeout=60,
    ),
    Record(
        question_id=3,
        name="speech",
        prompt=Prompt("speak"),
        max_seconds=3,
        beep=False,
        transcribe=True,
    ),
    webhook=asking(("code", 1), ("color", 2)),
)
SECOND = ivr(
    digits(1, "again", "hello @name"),
    block_id=102,
    webhook=asking(("again", 1)),
)


class Steering(FakeWebhooks):
    """A web server that sends each caller the same way."""

    async def send(self, request: WebhookRequest) -> WebhookResult:
        self.requests.append(request)
        await asyncio.sleep(0.5)
        body = {"101": GO_ON, "102": FIND}[dict(request.parameters)["ivr_id"]]
        return WebhookResult(status=200, body=body.encode(), content_type="text/xml")


class Answering(FakeJournal):
    """A journal that presses the right keys whenever a question is asked."""

    def __init__(self, channel: FakeChannel) -> None:
        super().__init__()
        self._channel = channel
        self.sealed = False

    def write(self, record: Any) -> None:
        if self.sealed:
            return
        super().write(record)
        event = record.event if isinstance(record, TimelineEntry) else None
        if isinstance(event, QuestionAsked) and event.name in KEYS:
            loop = asyncio.get_running_loop()
            loop.call_later(0.7, self._press, KEYS[event.name])

    def _press(self, keys: str) -> None:
        if not self.sealed and not self._channel.gone.done():
            self._channel.press(keys)


def saved(records: list[Any], **more: Any) -> SavedCall:
    """The call as its rows tell it."""

    def of(kind: type[Any]) -> list[Any]:
        return [record for record in records if isinstance(record, kind)]

    (call,) = of(CallOpened)
    facts = SavedCall(
        call_id=call.call_id,
        asterisk="main",
        channel_id=call.channel_id,
        number_called=call.number_called,
        caller_id=call.caller_id,
        phone_label=call.phone_label,
        started_at=call.at,
        revision=call.revision,
        **more,
    )
    if not of(Checkpoint):
        return facts
    place: Checkpoint = of(Checkpoint)[-1]
    doing = doing_of_json(place.doing)
    made = {record.name for record in of(RecordingMade)}
    if getattr(doing, "recording", "") in made:
        doing = replace(doing, recording="")  # type: ignore[call-arg]
    runs = {run.response_id: run for run in of(RespondentOpened)}
    closed = {run.response_id: run.completed for run in of(RespondentClosed)}
    run = runs.get(place.response_id)
    return replace(
        facts,
        question_id=place.question_id,
        pass_through=place.pass_through,
        user_parameters=place.user_parameters,
        blocks_visited=place.blocks_visited,
        backed_up=place.backed_up,
        doing=doing,
        run=run
        and SavedRun(
            response_id=run.response_id,
            ivr_id=run.ivr_id,
            started_at=run.at,
            completed=closed.get(run.response_id),
            answers={
                answer.question_id: answer.value
                for answer in of(AnswerGiven)
                if answer.response_id == run.response_id
            },
            attempts=sum(each.response_id == run.response_id for each in of(WebhookBegun)),
        ),
    )


@dataclass
class Relay:
    """Two controllers, one after the other, and one caller.

    Attributes:
        durable: only what was committed has survived; else everything that was written.
    """

    scene: Scene
    durable: bool = False
    records: list[Any] = field(default_factory=list)

    async def run(self, lost_at: float, *, left: bool = False) -> CallEnded:
        """Kill the first controller then; `left`: the caller leaves while nobody is there."""
        scene, first = self.scene, self.scene.channel
        scene.journal = before = Answering(first)
        call = asyncio.create_task(
            Call(scene.world(), first, IncomingCall("100", "2125550199")).run()
        )
        await asyncio.sleep(lost_at)
        before.sealed, first.handed_over = True, True
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        kept = before.committed[-1] if self.durable and before.committed else None
        self.records = before.records[:kept]
        if any(isinstance(record, CallClosed) for record in self.records):
            return self.of(CallEnded)[-1]
        if not any(isinstance(record, CallOpened) for record in self.records):
            # Of whom nothing is stored, they are a new caller.
            self.records = []
            return await self._go_on(IncomingCall("100", "2125550199"), left=left)
        return await self._go_on(saved(self.records), left=left)

    async def _go_on(self, call: SavedCall | IncomingCall, *, left: bool) -> CallEnded:
        scene = self.scene
        scene.channel = again = FakeChannel(scene.channel.channel_id)
        scene.journal = after = Answering(again)
        if isinstance(call, SavedCall):
            self._left_behind(call)
        if left:
            again.leave()
        world = replace(scene.world(), controller="heir", new_id=counter("heir"))
        await Call(world, again, call).run()
        self.records += after.records
        return self.of(CallEnded)[-1]

    def _left_behind(self, call: SavedCall) -> None:
        """What Asterisk still has of it."""
        scene, again = self.scene, self.scene.channel
        if call.recording:
            again.left[call.recording] = RecordedAudio(
                call.recording, 2.0, 1.5, "hangup", f"recording:{call.recording}"
            )
        if call.connection is not None:
            leg = FakeChannel(call.connection.leg_id)
            scene.dialer.legs[leg.channel_id] = leg
            asyncio.get_running_loop().call_later(3.0, leg.leave)

    def of(self, kind: type[Any]) -> list[Any]:
        events = [each.event for each in self.records if isinstance(each, TimelineEntry)]
        return [each for each in [*self.records, *events] if isinstance(each, kind)]

    @property
    def answers(self) -> Mapping[tuple[int, int], str]:
        """Values by IVR and question."""
        runs = {run.response_id: run.ivr_id for run in self.of(RespondentOpened)}
        return {
            (runs[answer.response_id], answer.question_id): answer.value
            for answer in self.of(AnswerGiven)
        }

    @property
    def unwritten(self) -> set[str]:
        """Respondents with a recorded answer that nobody is to write down, and the reverse."""
        spoken = {answer.response_id for answer in self.of(AnswerGiven) if answer.recording}
        ordered = [each for each in self.of(JobOrdered) if each.kind == TRANSCRIPTION]
        return spoken ^ {each.detail["response_id"] for each in ordered}

    @property
    def asked(self) -> dict[str, list[dict[str, str]]]:
        """What the web server was asked, by webhook id."""
        found: dict[str, list[dict[str, str]]] = {}
        for request in self.scene.webhooks.requests:
            found.setdefault(request.webhook_id, []).append(dict(request.parameters))
        return found


def story() -> Relay:
    scene = Scene((FIRST, SECOND), webhooks=Steering())
    scene.dialer.people = {"sales": FarEnd(rings=1.0, acts=((1.2, "1"),), stays=4.0)}
    return Relay(scene)


MOMENTS = [round(0.05 + step * 0.19, 2) for step in range(75)]


@pytest.mark.parametrize("durable", [False, True], ids=["all", "committed"])
@pytest.mark.parametrize("lost_at", MOMENTS)
async def test_whenever_it_is_lost_the_call_ends_as_if_it_were_not(
    lost_at: float, durable: bool
) -> None:
    relay = story()
    relay.durable = durable
    ended = await relay.run(lost_at)
    assert ended.reason == "transferred"
    assert dict(relay.answers) == {(101, 1): "12", (101, 2): "2", (101, 3): "", (102, 1): "7"}
    runs = relay.of(RespondentOpened)
    assert len({run.ivr_id for run in runs}) == 2
    for requests in relay.asked.values():
        assert len(requests) <= 2, "again only where nobody knows whether it arrived"
        assert all(request == requests[0] for request in requests)
    reported = [requests[0] for requests in relay.asked.values()]
    assert [each["ivr_id"] for each in reported] == ["101", "102"]
    assert [(each["code"], each["color"]) for each in reported[:1]] == [("12", "2")]
    assert (reported[1]["again"], reported[1]["ivr_pass_through"]) == ("7", "step|2")
    assert {each["ivr_completed"] for each in reported} == {"True"}
    assert len(relay.of(CallClosed)) == 1
    assert relay.unwritten == set()


@pytest.mark.parametrize("lost_at", MOMENTS)
async def test_an_answer_that_is_stored_is_not_asked_for_again(lost_at: float) -> None:
    relay = story()
    await relay.run(lost_at)
    events: list[Event | AnswerGiven] = [
        each.event if isinstance(each, TimelineEntry) else each for each in relay.records
    ]
    given: set[int] = set()
    for each in events:
        if isinstance(each, QuestionAsked) and each.name in {"code", "color"}:
            assert each.question_id not in given
        if isinstance(each, AnswerGiven) and each.value in {"12", "2"}:
            given.add(each.question_id)


@pytest.mark.parametrize("lost_at", MOMENTS)
async def test_who_leaves_while_nobody_is_there_is_reported_and_closed(lost_at: float) -> None:
    relay = story()
    ended = await relay.run(lost_at, left=True)
    assert ended.reason in {"caller_hung_up", "transferred"}
    assert len(relay.of(CallClosed)) == 1
    opened = {run.response_id for run in relay.of(RespondentOpened)}
    assert {run.response_id for run in relay.of(RespondentClosed)} == opened
    assert relay.unwritten == set()
    assert all(leg.gone.done() for leg in relay.scene.dialer.legs.values())
    for run in opened:
        completed = [each.completed for each in relay.of(RespondentClosed)][-1]
        assert relay.asked[run][-1]["ivr_completed"] in {str(completed), "True"}


async def test_the_timeline_says_who_goes_on_and_where() -> None:
    relay = story()
    await relay.run(0.5)
    (continued,) = relay.of(CallContinued)
    assert continued == CallContinued("heir", "at question 1")


async def test_a_message_in_progress_is_kept_when_the_caller_has_left() -> None:
    box = Voicemail(
        block_id=300, name="Sales", review=False, email=("a@example.com",), transcribe=True
    )  # fmt: skip
    relay = Relay(Scene((box,)))
    relay.scene.channel.talks = 30.0
    ended = await relay.run(8.0, left=True)
    assert ended.reason == "caller_hung_up"
    (message,) = relay.of(MessageLeft)
    assert (message.block_id, message.seconds) == (300, 2.0)
    assert relay.of(VoicemailLeft)
    jobs = [order.job_id for order in relay.of(JobOrdered)]
    assert jobs == [f"mail-{message.message_id}", f"transcription-{message.message_id}"]
    (made,) = relay.of(RecordingMade)
    assert made.transcribe


async def test_seconds_of_a_monitored_transfer_are_counted_over_both_controllers() -> None:
    question = Transfer(question_id=1, name="helper", prompt=Prompt("wait"), destination="sales")
    block: Ivr = ivr(question, digits(2, "more", "more"), webhook=asking(("more", 2)))
    scene = Scene((block,), webhooks=Steering())
    scene.dialer.people = {"sales": FarEnd(rings=1.0, stays=600.0)}
    relay = Relay(scene)
    await relay.run(12.0)
    reported = relay.asked[relay.of(RespondentOpened)[0].response_id][0]
    assert 10 <= int(reported["ivr_monitored_time"]) <= 20
    assert reported["more"] == "9"
