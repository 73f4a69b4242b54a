"""What is counted of calls, on calls that really run."""

from __future__ import annotations

import asyncio

import pytest
from ulid import ULID

from ivrserver.blocks import (
    Digits,
    FindMe,
    Prompt,
    ScreenMethod,
    Voicemail,
    Webhook,
    WebhookMode,
)
from ivrserver.flow.events import Bridged, LegDialled, Warned
from ivrserver.flow.ports import WebhookResult
from ivrserver.flow.records import CallClosed, TimelineEntry
from ivrserver.monitoring.call_ids import began
from ivrserver.monitoring.metrics.webhooks import outcome_of
from tests.fakes import START, FarEnd
from tests.unit.flow.scene import ivr
from tests.unit.monitoring.readings import MeasuredScene, Readings

pytestmark = pytest.mark.looptime

SCORE = Digits(question_id=7, name="score", prompt=Prompt("score"), valid=("5",))
ASKED = Webhook(mode=WebhookMode.NEXT_ACTION, url="https://www.example.com/")


async def test_a_call_is_counted_from_its_beginning_to_its_end() -> None:
    scene = MeasuredScene((ivr(SCORE, webhook=ASKED),))
    scene.call_id = str(ULID.from_datetime(START))
    scene.webhooks.results = [WebhookResult(status=500, error="status 500", seconds=0.4)]
    await scene.call((1.0, "4"), (9.0, "5"))
    metrics = scene.metrics
    assert metrics.value("calls_started_total") == 1
    assert metrics.grown("calls_ended_total", "reason") == {"hung_up": 1}
    lasted = (scene.journal.of(CallClosed)[0].at - START).total_seconds()
    assert metrics.value("call_seconds_sum") == pytest.approx(lasted)
    assert metrics.grown("blocks_entered_total", "kind") == {"ivr": 1}
    assert metrics.grown("answers_total", "outcome") == {
        "accepted": 1, "invalid": 1, "no_input": 1,
    }  # fmt: skip
    assert metrics.value("questions_asked_total") == 3
    assert metrics.grown("webhook_requests_total", "outcome") == {"server_error": 1}
    assert metrics.value("webhook_seconds_sum") == 0.4
    assert metrics.value("webhooks_in_flight") == 0
    assert metrics.value("backup_routings_total") == 1
    assert metrics.value("journal_records_total") == len(scene.journal.records)
    assert metrics.value("journal_commit_seconds_count") == len(scene.journal.committed)
    assert metrics.value("speech_seconds_count") == len(scene.speech.made)


async def test_a_webhook_is_seen_while_it_is_under_way() -> None:
    scene = MeasuredScene((ivr(SCORE, webhook=ASKED),))
    scene.webhooks.delay = 10
    task = asyncio.create_task(scene.call((1.0, "5")))
    await asyncio.sleep(5)
    assert scene.metrics.value("webhooks_in_flight") == 1
    await task
    assert scene.metrics.value("webhooks_in_flight") == 0


async def test_legs_are_seen_while_they_ring_and_while_they_talk() -> None:
    findme = FindMe(
        block_id=3,
        name="Sales",
        phones=("a", "b"),
        screen_method=ScreenMethod.WHISPER_PHRASE,
        whisper_phrase="sales",
        simultaneous=2,
    )
    scene = MeasuredScene((findme,))
    scene.dialer.people = {"a": FarEnd(rings=4, acts=[(3, "1")], stays=60)}
    task = asyncio.create_task(scene.call())
    await asyncio.sleep(1)
    assert scene.metrics.value("legs_ringing") == 2
    await asyncio.sleep(2.5)
    assert scene.metrics.value("legs_ringing") == 1
    await asyncio.sleep(20)
    assert (scene.metrics.value("legs_ringing"), scene.metrics.value("legs_bridged")) == (0, 1)
    await task
    assert scene.metrics.value("legs_bridged") == 0
    assert scene.metrics.value("legs_dialled_total") == 2
    assert scene.metrics.grown("legs_decided_total", "outcome") == {"answered": 1, "busy": 1}
    assert scene.metrics.grown("legs_screened_total", "outcome") == {"accepted": 1}
    assert scene.metrics.value("bridge_seconds_count") == 1
    assert scene.metrics.grown("calls_ended_total", "reason") == {"transferred": 1}


async def test_messages_and_recordings_are_counted() -> None:
    box = Voicemail(block_id=9, name="Sales", greeting=Prompt("hello"), review=False)
    scene = MeasuredScene((box,))
    await scene.call()
    assert scene.metrics.grown("voicemail_messages_total", "outcome") == {"left": 1}
    assert scene.metrics.grown("recordings_total", "ended_by") == {"silence": 1}


async def test_nothing_of_a_call_that_is_over_rings_or_talks() -> None:
    metrics = Readings()
    journal = metrics.journal(MeasuredScene((ivr(SCORE),)).journal)
    for event in (LegDialled("leg", "a", 30), Bridged("leg")):
        journal.write(TimelineEntry("call", START, event))
    journal.write(CallClosed(call_id="call", at=START, reason="failed"))
    assert (metrics.value("legs_ringing"), metrics.value("legs_bridged")) == (0, 0)


async def test_words_that_are_not_known_share_one_label() -> None:
    metrics = Readings()
    journal = metrics.journal(MeasuredScene((ivr(SCORE),)).journal)
    for reason in ("2125550199", "4711"):
        journal.write(CallClosed(call_id="call", at=START, reason=reason))
    journal.write(TimelineEntry("call", START, Warned("anything")))
    assert metrics.grown("calls_ended_total", "reason") == {"other": 2}
    assert metrics.value("call_warnings_total") == 1
    assert b"2125550199" not in metrics.written("")[0]


def test_the_beginning_of_a_call_is_read_from_its_id() -> None:
    assert began(str(ULID.from_datetime(START))) == START
    assert began("call") is None


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (WebhookResult(status=200, body=b"<action/>"), "ok"),
        (WebhookResult(error="no connection", sent=False), "unsent"),
        (WebhookResult(error="no reply in time"), "unread"),
        (WebhookResult(status=200, error="the reply is too long"), "unread"),
        (WebhookResult(status=302, error="a redirect"), "redirect"),
        (WebhookResult(status=404, error="status 404"), "client_error"),
        (WebhookResult(status=503, error="status 503"), "server_error"),
    ],
)
def test_what_comes_of_a_webhook_is_one_of_a_few_words(result: WebhookResult, outcome: str) -> None:
    assert outcome_of(result) == outcome
