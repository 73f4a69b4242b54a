"""Calls as traces: what is a part of what, who else adds to it, and what is not in it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from ulid import ULID

from ivrserver.blocks import Digits, FindMe, Prompt, ScreenMethod, Voicemail, Webhook, WebhookMode
from ivrserver.flow.events import BlockEntered, CallContinued, CallEnded, Unbridged
from ivrserver.flow.ports import Sound, WebhookRequest, WebhookResult
from ivrserver.flow.records import CallClosed, TimelineEntry
from ivrserver.flow.world import World
from ivrserver.monitoring.traces.calls import Calls, TracedJournal
from ivrserver.monitoring.traces.ids import Place, root_of, sampled
from ivrserver.monitoring.traces.spans import Span
from ivrserver.monitoring.traces.speech import TracedSpeech
from ivrserver.monitoring.traces.webhooks import TracedWebhooks
from tests.fakes import START, FakeClock, FakeSpeech, FakeWebhooks, FarEnd
from tests.unit.flow.scene import Scene, ivr

pytestmark = pytest.mark.looptime

CALL = str(ULID.from_datetime(START))
NOWHERE = Place(trace_id=0, span_id=0)
PIN = Digits(question_id=7, name="pin", prompt=Prompt("pin"), valid=("4711",), max_digits=4)
ASKED = Webhook(mode=WebhookMode.NEXT_ACTION, url="https://www.example.com/?token=secret")


class SlowSpeech(FakeSpeech):
    """Takes half a second for what it has not said before."""

    async def sound(self, prompt: Prompt, language: str, voice: str, audio_path: str) -> Sound:
        known = prompt.text in self.made
        sound = await super().sound(prompt, language, voice, audio_path)
        await asyncio.sleep(0 if known else 0.5)
        return sound


@dataclass
class TracedScene(Scene):
    """A call that is traced."""

    spans: list[Span] = field(default_factory=list)
    share: float = 1.0

    def world(self) -> World:
        plain = super().world()
        calls = Calls(self.spans.append, self.share)
        webhooks = TracedWebhooks(self.webhooks, self.spans.append, self.share, FakeClock())
        ids = iter([CALL])
        return replace(
            plain,
            journal=TracedJournal(self.journal, calls),
            speech=TracedSpeech(self.speech, self.spans.append, calls.around, FakeClock()),
            reporter=replace(plain.reporter, client=webhooks),
            new_id=lambda: next(ids, "") or plain.new_id(),
        )

    def tree(self) -> dict[str, list[str]]:
        """Names of the spans by the name of what they are a part of."""
        names = {span.place.span_id: span.name for span in self.spans}
        tree: dict[str, list[str]] = {}
        for span in sorted(self.spans, key=lambda span: span.began):
            parent = names[span.parent.span_id] if span.parent else ""
            tree.setdefault(parent, []).append(span.name)
        return tree

    def one(self, name: str) -> Span:
        (span,) = [span for span in self.spans if span.name == name]
        return span


def seconds(span: Span) -> tuple[float, float]:
    """When a span began and ended, from the beginning of the test."""
    assert span.ended is not None
    return (span.began - START).total_seconds(), (span.ended - START).total_seconds()


async def test_blocks_questions_and_webhooks_are_parts_of_the_call() -> None:
    scene = TracedScene((ivr(PIN, webhook=ASKED),), speech=SlowSpeech())
    scene.webhooks.reply("<action><app>hangup</app></action>")
    await scene.call((1.0, "9999"), (4.0, "4711"))
    tree = scene.tree()
    assert tree[""] == ["call"]
    assert tree["call"] == ["ivr", "webhook"]
    assert tree["ivr"] == ["question", "question"]
    assert tree["question"][0] == "prompt"
    assert {span.place.trace_id for span in scene.spans} == {root_of(CALL).trace_id}
    first, second = (span.attributes for span in scene.spans if span.name == "question")
    assert (first["ivr.outcome"], second["ivr.outcome"]) == ("invalid", "accepted")
    assert (second["ivr.question.name"], second["ivr.attempt"]) == ("pin", 2)
    root = scene.one("call")
    assert root.attributes["ivr.call.end"] == "hung_up"
    assert seconds(root)[0] == 0
    assert all(root.ended >= span.ended for span in scene.spans if span.ended and root.ended)
    assert scene.one("webhook").attributes["http.response.status_code"] == 200
    assert scene.one("ivr").attributes["ivr.completed"] is True


async def test_nothing_of_the_caller_is_in_a_trace() -> None:
    scene = TracedScene((ivr(PIN, webhook=ASKED),))
    scene.webhooks.results = [WebhookResult(status=500, error="status 500 of example.com")]
    await scene.call((1.0, "4711"))
    assert scene.one("webhook").error == "no usable reply"
    # The numbers of places are random: any of them may have these digits.
    told = repr([replace(span, place=NOWHERE, parent=None) for span in scene.spans])
    assert "'ivr.question.name': 'pin'" in told
    for what in ("4711", "2125550199", "secret", "example.com"):
        assert what not in told


async def test_legs_and_bridges_last_as_long_as_they_lasted() -> None:
    findme = FindMe(
        block_id=3,
        name="Sales",
        phones=("a", "b"),
        simultaneous=2,
        screen_method=ScreenMethod.WHISPER_PHRASE,
        whisper_phrase="sales",
    )
    scene = TracedScene((findme,))
    scene.dialer.people = {"a": FarEnd(rings=4, acts=[(3, "1")], stays=60)}
    await scene.call()
    assert scene.tree() == {
        "": ["call"], "call": ["findme"], "findme": ["leg", "leg"], "leg": ["bridge"],
    }  # fmt: skip
    busy, taken = sorted((s for s in scene.spans if s.name == "leg"), key=lambda s: seconds(s)[1])
    assert seconds(busy) == (0, 2)
    assert busy.attributes["ivr.outcome"] == "busy"
    assert [moment.name for moment in taken.moments] == [
        "answered", "prompt_played", "prompt_played",
    ]  # fmt: skip
    assert taken.attributes["ivr.screening"] == "accepted"
    bridge = scene.one("bridge")
    assert seconds(bridge) == (pytest.approx(7), pytest.approx(67))
    assert seconds(taken) == (0, pytest.approx(67))


async def test_recordings_are_parts_of_what_they_are_made_for() -> None:
    box = Voicemail(block_id=9, name="Sales", greeting=Prompt("hello"), review=False)
    scene = TracedScene((box,))
    await scene.call()
    assert scene.tree()["voicemail"] == ["recording"]
    assert scene.one("recording").attributes["ivr.seconds"] == pytest.approx(7)
    assert "voicemail_left" in [moment.name for moment in scene.one("voicemail").moments]


async def test_whatever_is_open_ends_with_the_call() -> None:
    scene = TracedScene((ivr(PIN),))
    await scene.call(hang_up_at=1.0)
    assert scene.tree() == {"": ["call"], "call": ["ivr"], "ivr": ["question"]}
    assert {seconds(span)[1] for span in scene.spans} == {1.0}


async def test_a_call_that_fails_is_marked() -> None:
    scene = TracedScene((ivr(PIN),))
    scene.channel.play = None  # type: ignore[assignment, method-assign]
    await scene.call()
    assert scene.one("call").error == "an error of the server"


async def test_another_controller_goes_on_with_the_same_trace() -> None:
    first, second = list[Span](), list[Span]()
    before, after = Calls(first.append, 1), Calls(second.append, 1)
    scene = TracedScene((ivr(PIN),))
    await scene.call((1.0, "4711"))
    for record in scene.journal.records:
        if not isinstance(record, CallClosed):
            before.note(record)
    assert [span.name for span in first] == ["question", "ivr"], "and then it dies"
    later = datetime(2030, 1, 2, 15, 4, 9, tzinfo=UTC)
    for event in (
        CallContinued("ivr-b-1", "question 7"),
        BlockEntered(102, "Next", "the web server's reply"),
        Unbridged("leg", 3.0, "the far end hung up"),
        CallEnded("hung_up", "the end"),
    ):
        after.note(TimelineEntry(CALL, later, event))
    after.note(CallClosed(call_id=CALL, at=later, reason="hung_up"))
    assert [span.name for span in second] == ["ivr", "call"]
    root = second[-1]
    assert first[-1].parent == second[0].parent == root.place == root_of(CALL)
    assert root.began == START, "the beginning, though it was not there"
    assert [moment.name for moment in root.moments] == ["call_continued"]


async def test_a_webhook_of_a_call_that_is_over_goes_on_with_nothing() -> None:
    spans = list[Span]()
    calls = Calls(spans.append, 1)
    calls.note(TimelineEntry(CALL, START, BlockEntered(102, "Next", "late")))
    calls.note(CallClosed(call_id=CALL, at=START, reason="hung_up"))
    assert spans == []


def delivery(**parameters: str) -> WebhookRequest:
    return WebhookRequest(
        webhook_id="r1", method=ASKED.method, url=ASKED.url, parameters=tuple(parameters.items())
    )


async def test_a_webhook_carries_the_place_of_its_span() -> None:
    server, spans = FakeWebhooks(), list[Span]()
    traced = TracedWebhooks(server, spans.append, 1, FakeClock())
    await traced.send(delivery(ivr_session_id=CALL))
    (span,) = spans
    trace_id, span_id = f"{int(ULID.from_str(CALL)):032x}", f"{span.place.span_id:016x}"
    assert server.requests[0].traceparent == f"00-{trace_id}-{span_id}-01"
    assert span.parent == root_of(CALL)
    assert span.kind == "client"


async def test_a_webhook_that_is_given_up_is_a_span_too() -> None:
    server, spans = FakeWebhooks(delay=3600), list[Span]()
    traced = TracedWebhooks(server, spans.append, 1, FakeClock())
    sending = asyncio.create_task(traced.send(delivery(ivr_session_id=CALL)))
    await asyncio.sleep(1)
    sending.cancel()
    await asyncio.wait({sending})
    assert spans[0].error == "given up"


@pytest.mark.parametrize("parameters", [{}, {"ivr_session_id": CALL}])
async def test_what_is_not_traced_carries_nothing(parameters: dict[str, str]) -> None:
    server, spans = FakeWebhooks(), list[Span]()
    await TracedWebhooks(server, spans.append, 0, FakeClock()).send(delivery(**parameters))
    assert server.requests[0].traceparent == ""
    assert spans == []


async def test_a_share_of_calls_is_traced_whole_or_not_at_all() -> None:
    scene = TracedScene((ivr(PIN, webhook=ASKED),), speech=SlowSpeech(), share=0)
    await scene.call((1.0, "4711"))
    assert scene.spans == []
    kept = [sampled(root_of(str(ULID())), 0.25) for _ in range(2000)]
    assert 350 < sum(kept) < 650
    assert all(sampled(root_of(str(ULID())), 1) for _ in range(100))


async def test_prompts_outside_calls_and_prompts_that_were_there_are_no_spans() -> None:
    spans, speech = list[Span](), SlowSpeech()
    around = Calls(spans.append, 1).around
    traced = TracedSpeech(speech, spans.append, around, FakeClock())
    await traced.sound(Prompt("hello"), "en-US", "", "")
    assert spans == []
    scene = TracedScene((ivr(PIN),), speech=speech)
    scene.speech.made.append("pin")
    await scene.call((1.0, "4711"))
    assert "prompt" not in [span.name for span in scene.spans]


async def test_the_oldest_calls_are_let_go_when_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ivrserver.monitoring.traces.calls.MOST_CALLS", 2)
    calls, ids = Calls(lambda _: None, 1), [str(ULID()) for _ in range(3)]
    for call_id in ids:
        calls.note(TimelineEntry(call_id, START, CallContinued("ivr-b-1", "")))
    assert [calls.around(call_id) is None for call_id in ids] == [True, False, False]


def test_any_call_id_leads_to_a_trace() -> None:
    assert root_of("call").trace_id
    assert root_of("call") == root_of("call")
    assert root_of("call") != root_of("other")
