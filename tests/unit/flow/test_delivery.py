"""Every webhook is a job: what the call cannot deliver, or does not live to, is not lost."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from ivrserver.blocks import (
    Choice,
    ChoiceKey,
    Digits,
    GoToBlock,
    Prompt,
    ToBlock,
    Webhook,
    WebhookMode,
    WebhookParameter,
)
from ivrserver.flow.delivery import Delivery
from ivrserver.flow.events import BackupRouted, WebhookRequested
from ivrserver.flow.jobs import JobState
from ivrserver.flow.ports import WebhookResult
from ivrserver.flow.records import (
    JobOrdered,
    JobTried,
    RespondentClosed,
    WebhookAttempt,
    WebhookBegun,
)
from tests.fakes import START
from tests.unit.flow.scene import Scene, ivr

pytestmark = pytest.mark.looptime

HOOK = Webhook(
    mode=WebhookMode.NEXT_ACTION,
    url="https://example.com/hook?key=secret",
    parameters=(WebhookParameter("pin", 1), WebhookParameter("again", 1)),
)
HANG_UP = "<action><app>hangup</app></action>"
REFUSED = WebhookResult(error="connection refused", sent=False)
LATE = WebhookResult(error="no complete reply within 15 s")


def scene(webhook: Webhook = HOOK, delay: float = 0.1) -> Scene:
    """An IVR that asks for a PIN, and one for when its webhook fails."""
    question = Digits(question_id=1, name="pin", prompt=Prompt("pin"), max_digits=4, sensitive=True)
    made = Scene((
        ivr(question, webhook=webhook, backup=ToBlock(102)),
        ivr(block_id=102),
    ))  # fmt: skip
    made.webhooks.delay = delay
    return made


def due_in(tried: JobTried) -> timedelta:
    assert tried.due is not None
    return tried.due - tried.at


async def test_it_is_ordered_with_the_end_of_the_ivr_and_before_the_first_request() -> None:
    it = scene()
    it.webhooks.reply(HANG_UP)
    await it.call((1.0, "1234"))
    kinds = [type(record) for record in it.journal.records]
    ordered = kinds.index(JobOrdered)
    assert kinds.index(RespondentClosed) < ordered < kinds.index(WebhookBegun)
    (job,) = it.journal.of(JobOrdered)
    (run,) = it.journal.of(RespondentClosed)
    assert job.job_id == f"webhook-{run.response_id}"
    assert job.lane == "101"
    assert job.due - job.at == timedelta(minutes=2), "longer than a call can take for it"


async def test_what_is_delivered_is_done() -> None:
    it = scene()
    it.webhooks.reply(HANG_UP)
    await it.call((1.0, "1234"))
    (tried,) = it.journal.of(JobTried)
    assert (tried.state, tried.attempts, tried.due) == (JobState.DONE, 1, None)


async def test_what_fails_while_the_caller_waits_is_not_tried_again_by_itself() -> None:
    it = scene()
    it.webhooks.results = [LATE]
    await it.call((1.0, "1234"))
    (tried,) = it.journal.of(JobTried)
    assert (tried.state, tried.error) == (JobState.FAILED, LATE.error)
    assert len(it.journal.of(BackupRouted)) == 1


async def test_what_fails_when_the_caller_has_left_is_tried_again_soon() -> None:
    it = scene()
    it.webhooks.results = [REFUSED, REFUSED]
    await it.call(hang_up_at=2.0)
    (tried,) = it.journal.of(JobTried)
    assert (tried.state, tried.error) == (JobState.WAITING, REFUSED.error)
    assert timedelta(seconds=4) <= due_in(tried) <= timedelta(seconds=6)


async def test_what_fails_after_the_caller_got_tired_of_waiting_is_tried_again() -> None:
    it = scene(delay=10)
    it.webhooks.results = [LATE]
    await it.call((1.0, "1234"), hang_up_at=4.0)
    (tried,) = it.journal.of(JobTried)
    assert tried.at >= START + timedelta(seconds=11)
    assert tried.state is JobState.WAITING
    assert not it.journal.of(BackupRouted)


async def test_what_nobody_waits_for_is_tried_again_though_the_caller_is_there() -> None:
    it = scene(replace(HOOK, mode=WebhookMode.NONE))
    it.webhooks.results = [LATE]
    await it.call((1.0, "1234"))
    (tried,) = it.journal.of(JobTried)
    assert tried.state is JobState.WAITING


async def test_the_same_holds_when_a_key_has_led_elsewhere() -> None:
    menu = Choice(
        question_id=1,
        name="menu",
        prompt=Prompt("menu"),
        keys=(ChoiceKey("1", "", GoToBlock(102)),),
    )
    it = Scene((ivr(menu, webhook=replace(HOOK, parameters=())), ivr(block_id=102)))
    it.webhooks.results = [LATE]
    await it.call((1.0, "1"))
    (tried,) = it.journal.of(JobTried)
    assert tried.state is JobState.WAITING


async def test_without_a_webhook_there_is_no_job() -> None:
    it = scene(Webhook())
    await it.call((1.0, "1234"))
    assert not it.journal.of(JobOrdered)
    assert not it.journal.of(JobTried)


async def test_each_request_is_on_record_before_it_is_made() -> None:
    it = scene(replace(HOOK, fallback_url="https://fallback.example.com/"))
    it.webhooks.results = [REFUSED, LATE]
    it.webhooks.reply(HANG_UP)
    await it.call((1.0, "1234"))
    begun, made = it.journal.of(WebhookBegun), it.journal.of(WebhookAttempt)
    assert [each.number for each in begun] == [each.number for each in made] == [1, 2, 3]
    assert [each.url for each in begun] == [
        "https://example.com/hook?…", "https://example.com/hook?…", "https://fallback.example.com/",
    ]  # fmt: skip
    assert {each.webhook_id for each in (*begun, *made)} == {begun[0].response_id}


async def test_what_was_ordered_says_all_that_is_told_and_hides_what_is_sensitive() -> None:
    it = scene()
    it.webhooks.reply(HANG_UP)
    await it.call((1.0, "1234"))
    (job,) = it.journal.of(JobOrdered)
    delivery = Delivery.of(job.key, job.call_id, json.loads(json.dumps(job.detail)))
    assert delivery.parameters == it.webhooks.requests[0].parameters
    assert delivery.shown[:3] == (
        ("pin", "•••"), ("again", "•••"), ("ivr_number_called", "100"),
    )  # fmt: skip
    assert "1234" not in repr(job)
    assert "1234" not in repr(delivery)
    for kind in (WebhookBegun, WebhookAttempt, WebhookRequested):
        assert "1234" not in str(it.journal.of(kind))
