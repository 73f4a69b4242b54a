"""What the customer's web server is asked, and what its replies make of a real call."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime

import numpy as np
import pytest
from standardwebhooks import Webhook

from ivrserver.actions.parameters import IVR_PARAMETERS, SOURCETRAK_PARAMETERS
from ivrserver.demo import listening
from ivrserver.flow.events import (
    ActionChosen,
    BackupRouted,
    BlockEntered,
    HoldStarted,
    QuestionAsked,
    Warned,
    WebhookMissed,
)
from ivrserver.resources import folder
from tests.telephony.caller import Outcome
from tests.telephony.customer import Reply
from tests.telephony.house import House
from tests.telephony.sounds import ulaw

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="module")]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BACKUP = "This is the backup."


def action(app: str, parameters: str = "") -> Reply:
    return Reply(f"<action><app>{app}</app><parameters>{parameters}</parameters></action>")


async def steered(house: House, *replies: Reply, number: str = "8008") -> Outcome:
    """A call to an IVR without questions, whose web server gives these replies."""
    async with house.calling(number, *replies) as caller:
        return await caller.waits()


async def test_a_post_carries_exactly_the_parameters_and_is_signed(house: House) -> None:
    async with house.calling("2125550106") as caller:
        await caller.asked("code")
        await caller.press("0123")
        await caller.asked("key")
        await caller.press("*")
        call = await caller.waits()
    (asked,) = house.customer.asked[caller.number]
    assert (asked.method, asked.path, asked.query) == ("POST", "/post", "auth=a%20b&auth=2&empty=")
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    (run,) = call.details.respondents
    sent = asked.parameters
    assert sent[:4] == [("code", "0123"), ("skipped", ""), ("the_key", "*"), ("code_again", "0123")]
    assert [name for name, _ in sent[4:]] == [parameter.name for parameter in IVR_PARAMETERS]
    generated = dict(sent[4:])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", generated.pop("ivr_timestamp"))
    assert generated == {
        "ivr_number_called": "2125550106",
        "ivr_caller_id": caller.number,
        "ivr_id": "6",
        "ivr_response_id": run.response_id,
        "ivr_pass_through": "",
        "ivr_session_id": call.details.call.call_id,
        "ivr_completed": "True",
        "ivr_call_result": "",
        "ivr_monitored_time": "0",
        "ivr_opted_out": "0",
        "ivr_phone_label": "Sales & Support",
    }
    assert asked.headers["webhook-id"] == run.response_id
    assert asked.headers["webhook-signature"] == Webhook(SECRET).sign(
        asked.headers["webhook-id"],
        datetime.fromtimestamp(int(asked.headers["webhook-timestamp"]), UTC),
        asked.body.decode(),
    )
    assert call.answers == {"code": "0123", "key": "*"}


async def test_a_get_appends_the_parameters_to_the_query(house: House) -> None:
    async with house.calling("2125550107") as caller:
        await caller.asked("code")
        await caller.press("77#")
        call = await caller.waits()
    (asked,) = house.customer.asked[caller.number]
    assert (asked.method, asked.path, asked.body) == ("GET", "/get", b"")
    assert asked.query.startswith("auth=a%20b&auth=2&code=77&ivr_number_called=2125550107&")
    names = [parameter.name for parameter in (*IVR_PARAMETERS, *SOURCETRAK_PARAMETERS)]
    assert [name for name, _ in asked.parameters[3:]] == names
    assert call.answers == {"code": "77"}


async def test_the_reply_leads_to_another_ivr_with_parameters_and_pass_through(
    house: House,
) -> None:
    given = "user_id|90786||step|a=b&c <ü>"
    wire = given.replace("&", "&amp;").replace("<", "&lt;")
    first = action(
        "ivr",
        "<id>20</id><question_id>2</question_id><user_parameters><firstname>Robin</firstname>"
        f"<amount>35</amount></user_parameters><p_t>{wire}</p_t>",
    )
    back = action("ivr", "<id>20</id><user_parameters><amount>5</amount></user_parameters>")
    async with house.calling("8008", first, back, action("hangup")) as caller:
        await caller.listens("amount")
        await caller.press("1")
        call = await caller.waits()
    await house.hears(
        call.heard, "One moment.", "Robin, your bill is 35 dollars.",
        "This is the first question.", ", your bill is 5 dollars.",
    )  # fmt: skip
    asked = house.customer.asked[caller.number]
    assert [request["ivr_pass_through"] for request in asked] == ["", given, given]
    assert [request["ivr_id"] for request in asked] == ["8", "20", "20"]
    assert [request["paid"] for request in asked[1:]] == ["1", ""]
    assert len({request["ivr_response_id"] for request in asked}) == 3
    assert len({request["ivr_session_id"] for request in asked}) == 1
    entered = [event.block_id for event in call.all(BlockEntered)]
    assert entered == [8, 20, 20]
    assert [event.name for event in call.all(QuestionAsked)] == [
        "hello", "amount", "first", "amount",
    ]  # fmt: skip
    assert call.completed == [True, True, True]
    assert any("@firstname" in event.text for event in call.all(Warned))
    assert call.ended.reason == "hung_up"


async def test_a_message_is_read_to_the_caller_as_text_and_as_html(house: House) -> None:
    text = Reply("Your parcel is on its way.", content_type="text/plain")
    html = Reply(
        "<html><head><title>No</title><script>alert(1)</script></head>"
        "<body><p>The office closes <b>at noon</b>.</p></body></html>",
        content_type="text/html",
    )
    plain, marked_up = await asyncio.gather(
        steered(house, text, number="8009"), steered(house, html, number="8009")
    )
    await house.hears(plain.heard, "Your news.", "Your parcel is on its way.", "That was all.")
    await house.hears(marked_up.heard, "Your news.", "The office closes at noon.", "That was all.")
    assert plain.ended.reason == marked_up.ended.reason == "hung_up"


async def test_a_caller_who_waits_for_the_web_server_hears_hold_music(house: House) -> None:
    call = await steered(house, Reply(delay=3.0))
    await house.hears(call.heard, "One moment.")
    prompt = listening.trimmed(await house.prompt("One moment."))
    spoken = listening.find(call.played, prompt).offset + len(prompt) / listening.RATE
    assert listening.silence_from(call.played, spoken + 0.3, spoken + 1.2)
    music = ulaw(folder("asterisk-config") / "moh" / "hold")
    assert listening.contains_whole(call.heard, music[:8000])
    waited = call.played[round((spoken + 1.9) * listening.RATE) :][:8000]
    loud = listening.levels(waited) >= listening.SILENCE_RMS
    assert np.mean(loud) > 0.5
    assert len(call.all(HoldStarted)) == 1
    assert call.one(ActionChosen).action == "hangup"


async def test_whatever_is_wrong_with_the_reply_the_backup_is_heard_and_the_reason_told(
    house: House,
) -> None:
    wrong = {
        "no complete reply within 4 s": Reply(fault="hang"),
        "closed the connection without a reply": Reply(fault="reset"),
        "the server's reply is not HTTP": Reply(fault="garbage"),
        "the server answered 500 Internal Server Error": Reply("oops", status=500),
        "the reply is an HTML page": Reply("<html>Hello</html>"),
        "names 'dance', which is none of": action("dance"),
        "there is no block 4711": action("ivr", "<id>4711</id>"),
        "there is no block 4712": action("findme", "<id>4712</id>"),
        "block 20 is an IVR, not a Virtual Receptionist": action("vr", "<id>20</id>"),
        "block 20 is an IVR, not a voicemail box": action("voicemail", "<id>20</id>"),
    }
    # Twice, as a kept-alive connection that ends before its reply is tried once more.
    calls = await asyncio.gather(*(steered(house, reply, reply) for reply in wrong.values()))
    for expected, call in zip(wrong, calls, strict=True):
        backup = call.one(BackupRouted)
        assert (backup.to, expected in backup.reason) == ("block 90", True), backup.reason
        await house.hears(call.heard, "One moment.", BACKUP)
        assert call.ended.reason == "hung_up"


async def test_a_webhook_that_was_sent_is_not_sent_again(house: House) -> None:
    async with (
        house.calling("8008", Reply(fault="hang")) as patient,
        house.calling("8008", Reply(status=503)) as refused,
    ):
        calls = [await caller.waits() for caller in (patient, refused)]
    for caller, call, status in zip((patient, refused), calls, (None, 503), strict=True):
        assert len(house.customer.asked[caller.number]) == 1
        (attempt,) = call.details.respondents[0].attempts
        assert (attempt.status, attempt.number) == (status, 1)
    assert calls[0].one(WebhookMissed).seconds == pytest.approx(4.0, abs=0.3)
