"""Calls that nobody saw end are ended and reported like those of callers who hung up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivrserver.blocks import Digits, Prompt, Webhook, WebhookMode
from ivrserver.blocks.webhook import WebhookParameter
from ivrserver.errors import ChannelGone, MediaFailed
from ivrserver.flow.absent import LOST, Absent, end_without_caller
from ivrserver.flow.events import CallEnded
from ivrserver.flow.ports import RecordingOrder
from ivrserver.flow.records import CallClosed, JobOrdered, RespondentClosed
from ivrserver.flow.saved import (
    Asking,
    Following,
    Reporting,
    SavedCall,
    SavedConnection,
    SavedMove,
    SavedRun,
)
from ivrserver.flow.targets import Move, Visit
from tests.fakes import START
from tests.unit.flow.scene import Scene, ivr

pytestmark = pytest.mark.looptime

SURVEY = ivr(
    Digits(question_id=1, name="code", prompt=Prompt("code")),
    Digits(question_id=2, name="key", prompt=Prompt("key")),
    webhook=Webhook(
        mode=WebhookMode.NEXT_ACTION,
        url="https://www.example.com/next",
        parameters=(WebhookParameter("code", 1), WebhookParameter("key", 2)),
    ),
)
ANSWERED = SavedCall(
    call_id="call-1", asterisk="another", channel_id="channel-1", number_called="100",
    caller_id="2125550199", phone_label="Sample line", started_at=START, revision=1,
    run=SavedRun(
        response_id="r-1", ivr_id=101, started_at=START, completed=None, answers={1: "7"}
    ),
    question_id=2, pass_through="step|2", blocks_visited=(101,), doing=Asking(),
)  # fmt: skip
TALKING = SavedConnection(leg_id="leg-1", recording="rec-1", began=START)


def scene() -> Scene:
    it = Scene((SURVEY,))
    it.webhooks.reply("<action><app>hangup</app></action>")
    return it


async def test_its_ivr_is_closed_and_reported_once_with_what_was_answered() -> None:
    it = scene()
    await end_without_caller(it.world(), ANSWERED)
    (request,) = it.webhooks.requests
    sent = dict(request.parameters)
    assert request.webhook_id == "r-1"
    assert (sent["code"], sent["key"], sent["ivr_completed"]) == ("7", "", "False")
    assert (sent["ivr_session_id"], sent["ivr_pass_through"]) == ("call-1", "step|2")
    assert [each.completed for each in it.journal.of(RespondentClosed)] == [False]
    assert [each.job_id for each in it.journal.of(JobOrdered)] == ["webhook-r-1"]
    (ended,), (closed,) = it.journal.of(CallEnded), it.journal.of(CallClosed)
    assert (ended.reason, ended.detail) == ("caller_hung_up", LOST)
    assert (closed.call_id, closed.reason) == ("call-1", "caller_hung_up")
    assert it.heard == []


@pytest.mark.parametrize(
    "doing",
    [
        None,
        Asking(connection=TALKING),
        Asking(recording="rec-2"),
        Following(move=SavedMove.of(Move(Visit(101), "because")), connection=TALKING),
        Reporting(completed=True, reason="the last question is answered"),
    ],
)
async def test_whatever_it_was_doing_it_ends_without_an_error(doing: object) -> None:
    it = scene()
    await end_without_caller(it.world(), replace(ANSWERED, doing=doing))
    (ended,) = it.journal.of(CallEnded)
    assert (ended.reason, ended.detail) == ("caller_hung_up", LOST)
    assert it.dialer.orders == []


async def test_nothing_can_be_done_with_a_party_who_is_not_there() -> None:
    party = Absent("channel-1")
    assert (party.channel_id, party.gone.result().text) == ("channel-1", LOST)
    party.forget_keys()
    await party.hang_up()
    order = RecordingOrder(name="r", max_seconds=1, silence=0, beep=False)
    for doing in (
        party.answer(), party.play([]), party.stop(), party.next_event(), party.record(order),
        party.start_hold(), party.stop_hold(), party.start_ringing(), party.stop_ringing(),
    ):  # fmt: skip
        with pytest.raises(ChannelGone):
            await doing
    with pytest.raises(MediaFailed):
        await party.left_behind("rec-1")
