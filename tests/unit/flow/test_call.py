"""Whole calls: what the web server is told, and what its reply leads to (SPEC §4, §5, §9)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ivrserver.actions.parameters import IVR_PARAMETERS, SOURCETRAK_PARAMETERS
from ivrserver.blocks import (
    Account,
    Choice,
    ChoiceKey,
    Digits,
    FlowBook,
    GoToBlock,
    Ivr,
    Message,
    PhoneNumber,
    Prompt,
    ToBlock,
    ToNumber,
    Webhook,
    WebhookMethod,
    WebhookMode,
    WebhookParameter,
)
from ivrserver.config import LimitSettings
from ivrserver.flow.events import ActionChosen, BackupRouted, BlockEntered, LegDecided, Warned
from ivrserver.flow.ports import WebhookResult
from ivrserver.flow.records import CallClosed, RespondentClosed, WebhookAttempt
from tests.fakes import FarEnd
from tests.unit.flow.scene import Scene, ivr

pytestmark = pytest.mark.looptime

SCORE = Digits(question_id=7, name="Service Score", prompt=Prompt("score"))
ACTION = Webhook(
    mode=WebhookMode.NEXT_ACTION,
    method=WebhookMethod.GET,
    url="https://www.example.com/listener.php?auth=abc123",
    parameters=(WebhookParameter("qos", 7),),
)
SORRY = "We are sorry. We cannot continue this call. Please try again later. Goodbye."


def xml(app: str, parameters: str = "") -> str:
    return f"<action><app>{app}</app><parameters>{parameters}</parameters></action>"


def survey(**more: object) -> Ivr:
    return replace(ivr(SCORE, webhook=ACTION), **more)  # type: ignore[arg-type]


def thanks(block_id: int = 102) -> Ivr:
    return ivr(
        Message(question_id=1, name="hello", prompt=Prompt("hello @firstname")),
        Message(question_id=2, name="bye", prompt=Prompt("bye")),
        block_id=block_id,
    )


async def test_the_web_server_is_told_the_answers_and_everything_about_the_call() -> None:
    scene = Scene((survey(),))
    scene.webhooks.reply(xml("hangup"))
    await scene.call((1.0, "5"))
    sent = scene.webhooks.sent()
    assert list(sent) == ["qos", *(parameter.name for parameter in IVR_PARAMETERS)]
    assert sent == {
        "qos": "5",
        "ivr_number_called": "100",
        "ivr_caller_id": "2125550199",
        "ivr_id": "101",
        "ivr_response_id": "id2",
        "ivr_timestamp": "2030-01-02 10:04:05",
        "ivr_pass_through": "",
        "ivr_session_id": "id1",
        "ivr_completed": "True",
        "ivr_call_result": "",
        "ivr_monitored_time": "0",
        "ivr_opted_out": "0",
        "ivr_phone_label": "Sample line",
    }


async def test_sourcetrak_parameters_come_when_they_are_asked_for() -> None:
    scene = Scene((survey(webhook=replace(ACTION, include_sourcetrak=True)),))
    scene.webhooks.reply(xml("hangup"))
    await scene.call((1.0, "5"))
    assert {parameter.name for parameter in SOURCETRAK_PARAMETERS} <= set(scene.webhooks.sent())


async def test_the_reply_leads_to_the_next_ivr_with_its_parameters() -> None:
    scene = Scene((survey(), thanks()))
    scene.webhooks.reply(
        xml("ivr", "<id>102</id><user_parameters><firstname>Ada</firstname></user_parameters>")
    )
    ended = await scene.call((1.0, "5"))
    assert scene.heard == ["score", "hello Ada", "bye"]
    assert ended.reason == "hung_up"


async def test_a_reply_may_enter_an_ivr_at_a_question() -> None:
    scene = Scene((survey(), thanks()))
    scene.webhooks.reply(xml("ivr", "<id>102</id><question_id>2</question_id>"))
    await scene.call((1.0, "5"))
    assert scene.heard == ["score", "bye"]


async def test_a_question_of_another_ivr_is_ignored_with_a_warning() -> None:
    scene = Scene((survey(), thanks()))
    scene.webhooks.reply(xml("ivr", "<id>102</id><question_id>77</question_id>"))
    await scene.call((1.0, "5"))
    assert scene.heard == ["score", "hello", "bye"]
    texts = [event.text for event in scene.journal.of(Warned)]
    assert texts[0] == "IVR 102 has no question 77: starts at the first"
    assert texts[1] == "nobody supplied @firstname: read as nothing"


async def test_pass_through_comes_back_with_every_webhook_until_it_is_replaced() -> None:
    scene = Scene((survey(), survey(block_id=102)))
    scene.webhooks.reply(xml("ivr", "<id>102</id><p_t>user|1||step| x&amp;y </p_t>"))
    scene.webhooks.reply(xml("ivr", "<id>101</id>"))
    scene.webhooks.reply(xml("ivr", "<id>101</id><p_t></p_t>"))
    scene.webhooks.reply(xml("hangup"))
    await scene.call(*[(second, "5") for second in range(1, 9)])
    told = [dict(request.parameters)["ivr_pass_through"] for request in scene.webhooks.requests]
    assert told == ["", "user|1||step| x&y ", "user|1||step| x&y ", ""]


async def test_user_parameters_live_for_the_next_ivr_only() -> None:
    again = replace(thanks(), webhook=ACTION)
    scene = Scene((survey(), again))
    scene.webhooks.reply(
        xml("ivr", "<id>102</id><user_parameters><firstname>Ada</firstname></user_parameters>")
    )
    scene.webhooks.reply(xml("ivr", "<id>102</id>"))
    scene.webhooks.reply(xml("hangup"))
    await scene.call((1.0, "5"))
    assert scene.heard == ["score", "hello Ada", "bye", "hello", "bye"]


async def test_who_leaves_early_is_reported_as_not_completed_and_the_reply_is_not_acted_on() -> (
    None
):
    scene = Scene((survey(), thanks()))
    scene.webhooks.reply(xml("ivr", "<id>102</id>"))
    ended = await scene.call(hang_up_at=2.0)
    assert ended.reason == "caller_hung_up"
    assert scene.webhooks.sent()["ivr_completed"] == "False"
    assert scene.webhooks.sent()["qos"] == ""
    assert scene.journal.of(RespondentClosed)[0].completed is False
    assert "<id>102</id>" in scene.journal.of(WebhookAttempt)[0].body
    assert scene.heard == ["score"]


async def test_who_leaves_while_the_web_server_thinks_is_reported_once() -> None:
    scene = Scene((survey(),))
    scene.webhooks.delay = 10
    scene.webhooks.reply(xml("hangup"))
    ended = await scene.call((1.0, "5"), hang_up_at=4.0)
    assert ended.reason == "caller_hung_up"
    assert len(scene.webhooks.requests) == 1
    assert scene.webhooks.sent()["ivr_completed"] == "True"
    assert scene.journal.of(WebhookAttempt)[0].status == 200


async def test_a_slow_web_server_means_hold_audio_never_dead_air() -> None:
    scene = Scene((survey(),))
    scene.webhooks.delay = 5
    scene.webhooks.reply(xml("hangup"))
    await scene.call((1.0, "5"))
    assert scene.channel.did[-3:] == ["start_hold", "stop_hold", "hang_up"]


async def test_a_quick_web_server_means_no_hold_audio() -> None:
    scene = Scene((survey(),))
    scene.webhooks.reply(xml("hangup"))
    await scene.call((1.0, "5"))
    assert "start_hold" not in scene.channel.did


async def test_a_connection_that_failed_before_anything_was_sent_is_tried_once_more() -> None:
    scene = Scene((survey(),))
    scene.webhooks.results = [WebhookResult(error="connection refused", sent=False)]
    scene.webhooks.reply(xml("hangup"))
    ended = await scene.call((1.0, "5"))
    assert ended.detail == "the web server's reply"
    assert len({request.webhook_id for request in scene.webhooks.requests}) == 1
    assert [attempt.number for attempt in scene.journal.of(WebhookAttempt)] == [1, 2]


async def test_a_request_that_was_sent_is_not_repeated_but_the_fallback_is_asked() -> None:
    fallback = replace(ACTION, fallback_url="https://fallback.example.com/")
    scene = Scene((survey(webhook=fallback),))
    scene.webhooks.results = [WebhookResult(status=500, error="HTTP status 500")]
    scene.webhooks.reply(xml("hangup"))
    ended = await scene.call((1.0, "5"))
    assert ended.detail == "the web server's reply"
    assert [request.url for request in scene.webhooks.requests] == [
        ACTION.url,
        fallback.fallback_url,
    ]


async def test_no_reply_means_backup_routing_and_the_timeline_says_why() -> None:
    scene = Scene((survey(backup_routing=ToBlock(102)), thanks()))
    await scene.call((1.0, "5"))
    assert scene.heard == ["score", "hello", "bye"]
    backup = scene.journal.of(BackupRouted)[0]
    assert (backup.to, backup.reason) == ("block 102", "the webhook failed: connection refused")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (xml("vr", "<id>5</id>"), "there is no block 5"),
        (xml("vr", "<id>101</id>"), "block 101 is an IVR, not a Virtual Receptionist"),
        (xml("findme", "<id>101</id>"), "block 101 is an IVR, not a FindMe"),
        (xml("voicemail", "<id>101</id>"), "block 101 is an IVR, not a voicemail box"),
        ("<action><app>dance</app></action>", "dance"),
        ("<nothing/>", "action"),
        ("Service temporarily unavailable", "XML"),
        (xml("ivr", "<id>999</id>"), "there is no block 999"),
        (xml("transfer", "<destination>nowhere</destination>"), "the transfer failed"),
    ],
)
async def test_a_reply_that_cannot_be_used_means_backup_routing(body: str, reason: str) -> None:
    scene = Scene((survey(),))
    scene.webhooks.reply(body)
    ended = await scene.call((1.0, "5"))
    assert scene.heard[0] == "score"
    assert scene.heard[-1].startswith("We are sorry.")
    assert reason in scene.journal.of(BackupRouted)[0].reason
    assert ended.reason == "hung_up"


async def test_backup_routing_that_leads_back_into_trouble_ends_with_an_apology() -> None:
    scene = Scene((survey(backup_routing=ToBlock(999)),))
    await scene.call((1.0, "5"))
    assert [event.to for event in scene.journal.of(BackupRouted)] == [
        "block 999",
        "an apology, then hang up",
    ]
    assert scene.heard[-1] == SORRY


async def test_a_message_is_read_to_the_caller_as_it_is() -> None:
    read = replace(ACTION, mode=WebhookMode.READ_MESSAGE)
    scene = Scene((survey(webhook=read, next_step=ToBlock(102)), thanks()))
    scene.webhooks.reply("<h1>Hi</h1><script>x()</script><p>mail @us</p>", "text/html")
    await scene.call((1.0, "5"))
    assert "mail @us" in scene.heard[1]
    assert "x()" not in scene.heard[1]
    assert scene.heard[2:] == ["hello", "bye"]


async def test_without_a_webhook_the_next_step_runs() -> None:
    scene = Scene((survey(webhook=Webhook(), next_step=ToBlock(102)), thanks()))
    await scene.call((1.0, "5"))
    assert scene.heard == ["score", "hello", "bye"]
    assert not scene.webhooks.requests


async def test_in_mode_none_the_web_server_is_told_but_nobody_waits() -> None:
    tell = replace(ACTION, mode=WebhookMode.NONE)
    scene = Scene((survey(webhook=tell, next_step=ToBlock(102)), thanks()))
    scene.webhooks.delay = 60
    scene.webhooks.reply(xml("ivr", "<id>101</id>"))
    await scene.call((1.0, "5"))
    assert scene.heard == ["score", "hello", "bye"]
    assert scene.webhooks.sent()["ivr_completed"] == "True"


async def test_an_answer_that_leads_to_a_block_wins_over_the_reply() -> None:
    menu = Choice(
        question_id=1,
        name="menu",
        prompt=Prompt("menu"),
        keys=(ChoiceKey("1", "thanks", GoToBlock(102)),),
    )
    scene = Scene((ivr(menu, webhook=ACTION), thanks()))
    scene.webhooks.reply(xml("hangup"))
    await scene.call((0.5, "1"))
    assert scene.heard == ["menu", "hello", "bye"]
    assert scene.webhooks.sent()["ivr_completed"] == "True"


async def test_a_transfer_bridges_and_ends_with_the_far_end() -> None:
    scene = Scene((survey(),))
    scene.webhooks.reply(xml("transfer", "<destination>(212) 555-0142</destination>"))
    scene.dialer.people = {"(212) 555-0142": FarEnd()}
    ended = await scene.call((1.0, "5"))
    assert len(scene.dialer.bridges) == 1
    assert ended.reason == "transferred"
    assert "start_ringing" in scene.channel.did


async def test_a_busy_transfer_goes_to_backup_routing() -> None:
    scene = Scene((survey(backup_routing=ToBlock(102)), thanks()))
    scene.webhooks.reply(xml("transfer", "<destination>2125550142</destination>"))
    await scene.call((1.0, "5"))
    assert scene.dialer.dialled == ["2125550142"]
    assert scene.journal.of(LegDecided)[0].outcome == "busy"
    assert scene.heard == ["score", "hello", "bye"]


async def test_backup_routing_may_be_a_number() -> None:
    scene = Scene((survey(backup_routing=ToNumber("2125550142")),))
    await scene.call((1.0, "5"))
    assert scene.dialer.dialled == ["2125550142"]
    assert scene.heard[-1] == "We are sorry. Nobody is available to take your call. Goodbye."


async def test_the_same_ivr_again_and_again_is_stopped() -> None:
    scene = Scene((survey(),), limits=LimitSettings(visits_per_ivr=3))
    for _ in range(10):
        scene.webhooks.reply(xml("ivr", "<id>101</id>"))
    ended = await scene.call(*[(second, "5") for second in range(1, 12)])
    assert len(scene.journal.of(BlockEntered)) == 3
    assert ended.reason == "limit"


async def test_a_call_has_a_longest_duration() -> None:
    scene = Scene((thanks(),), limits=LimitSettings(call_seconds=60))
    scene.speech.broken = set()
    long = ivr(Message(question_id=1, name="long", prompt=Prompt("word " * 5000)))
    scene.blocks = (long,)
    ended = await scene.call()
    assert (ended.reason, ended.detail) == ("limit", "the call lasted 60 s")
    assert asyncio.get_running_loop().time() == pytest.approx(60, abs=1)


async def test_a_number_nobody_configured_is_told_so() -> None:
    scene = Scene((thanks(),))
    await scene.call(number="999")
    assert scene.heard == ["We are sorry. The number you have called is not in service. Goodbye."]
    assert scene.journal.of(CallClosed)[0].reason == "hung_up"


async def test_an_error_of_our_own_is_told_to_the_caller_and_recorded() -> None:
    scene = Scene((survey(),))

    async def broken(request: object) -> WebhookResult:
        raise RuntimeError("a bug")

    scene.webhooks.send = broken  # type: ignore[method-assign,assignment]
    ended = await scene.call((1.0, "5"))
    assert (ended.reason, ended.detail) == ("failed", "an error of the server: RuntimeError")
    assert scene.heard[-1] == SORRY


async def test_how_a_reply_was_understood_is_on_the_timeline() -> None:
    scene = Scene((survey(), thanks()))
    scene.webhooks.reply(xml("survo", "<id>102</id><speed>9</speed>"))
    await scene.call((1.0, "5"))
    chosen = scene.journal.of(ActionChosen)[0]
    assert chosen.action == "ivr 102"
    assert any("speed" in warning for warning in chosen.warnings)


async def test_a_number_is_found_however_the_flow_file_writes_it() -> None:
    account = Account(numbers=(PhoneNumber("+4930123456", "Berlin", ToBlock(102)),))
    assert FlowBook.of(account).numbers["4930123456"].label == "Berlin"
