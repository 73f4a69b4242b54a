"""A webhook tried without a phone, against real web servers of every temper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
from standardwebhooks import Webhook as Verifier

from ivrserver.actions.parameters import IVR_PARAMETERS, SOURCETRAK_PARAMETERS
from ivrserver.blocks import (
    Account,
    Choice,
    ChoiceKey,
    Digits,
    FlowBook,
    Ivr,
    PhoneNumber,
    Prompt,
    ToBlock,
    ToNumber,
    Webhook,
    WebhookMethod,
    WebhookMode,
    WebhookParameter,
)
from ivrserver.config import WebhookSettings
from ivrserver.errors import TrialRefused
from ivrserver.flow.report import CallFacts, Reporter
from ivrserver.flow.respondent import Respondent
from ivrserver.flow.trial.outcome import Mood
from ivrserver.webhooks.client import HttpWebhookClient
from ivrserver.webhooks.trial import Trial, Trials
from ivrserver.webhooks.trial_json import as_json
from tests.fakes import counter
from tests.unit.actions.replies import EXAMPLES, example
from tests.unit.webhooks.servers import Exchange, RawServer, Temper, serving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ZONE = ZoneInfo("America/New_York")
SURVEY = Ivr(
    block_id=101,
    name="Survey",
    questions=(
        Choice(
            question_id=1, name="Rating", prompt=Prompt("How was it?"),
            keys=(ChoiceKey("5"), ChoiceKey("4")),
        ),
        Digits(question_id=2, name="Zip", prompt=Prompt("Your zip?"), min_digits=5, max_digits=5),
    ),
    webhook=Webhook(
        mode=WebhookMode.NEXT_ACTION,
        parameters=(WebhookParameter("qos", 1), WebhookParameter("zip", 2)),
        secret=SECRET,
    ),
    backup_routing=ToNumber("2125550199"),
)  # fmt: skip
BOOK = FlowBook.of(
    Account(
        numbers=(PhoneNumber("2125550100", "Main line", ToBlock(101)),),
        blocks=(SURVEY, Ivr(block_id=102, name="Thanks", questions=())),
    )
)


@pytest.fixture
async def trials(limits: WebhookSettings) -> AsyncIterator[Trials]:
    clock = Noon()
    usual = limits.model_copy(update={"max_reply_bytes": 65536})
    async with HttpWebhookClient(usual, clock) as client:
        yield Trials(
            client=client, clock=clock, zone=ZONE, region="US", new_id=counter("id-"),
            hold_after=0.2,
        )  # fmt: skip


def at(server: RawServer, **changes: object) -> Ivr:
    webhook = replace(SURVEY.webhook, url=f"{server.url}listener?auth=abc", **changes)  # type: ignore[arg-type]
    return replace(SURVEY, webhook=webhook)


def replying(body: bytes | str, head: bytes = b"", status: bytes = b"200 OK") -> Temper:
    data = body.encode() if isinstance(body, str) else body

    async def temper(exchange: Exchange) -> None:
        await exchange.reply(data, head, status)

    return temper


async def tried(trials: Trials, temper: Temper, **changes: object) -> Trial:
    async with serving(temper) as server:
        ivr = at(server, **changes)
        return await trials.run(ivr, BOOK, trials.sample(ivr, BOOK))


def bad(trial: Trial) -> list[str]:
    return [step.text for step in trial.story if step.mood is Mood.BAD]


class Noon:
    def now(self) -> datetime:
        return datetime(2026, 1, 2, 12, tzinfo=UTC)


HANGUP = "<action><app>hangup</app></action>"


async def test_what_is_sent_is_what_a_call_sends_to_the_byte(trials: Trials) -> None:
    async with serving(replying(HANGUP)) as server:
        ivr = at(server)
        trial = await trials.run(ivr, BOOK, trials.sample(ivr, BOOK))
    (raw,) = server.requests
    head, _, body = raw.partition(b"\r\n\r\n")
    (exchange,) = trial.exchanges
    assert exchange.request is not None
    first, *lines = head.decode().split("\r\n")
    assert first == "POST /listener?auth=abc HTTP/1.1"
    assert tuple(tuple(line.split(": ", 1)) for line in lines) == exchange.request_headers
    assert body == exchange.request.body

    facts = CallFacts(
        session_id="id-1", number_called="2125550100", caller_id="2015550123",
        phone_label="Main line",
    )  # fmt: skip
    caller = Respondent("id-2", ivr, trials.clock.now(), {1: "5", 2: "12345"}, completed=True)
    told = Reporter(trials.client, 1.0, ZONE).delivery(facts, caller, "")  # type: ignore[arg-type]
    assert parse_qsl(body.decode(), keep_blank_values=True) == list(told.parameters)
    headers = {name.lower(): value for name, value in exchange.request_headers}
    signed = Verifier(SECRET).sign(headers["webhook-id"], trials.clock.now(), body.decode())
    assert headers["webhook-signature"] == signed


async def test_get_shows_the_url_with_its_query(trials: Trials) -> None:
    async with serving(replying(HANGUP)) as server:
        ivr = at(server, method=WebhookMethod.GET)
        trial = await trials.run(ivr, BOOK, trials.sample(ivr, BOOK))
    shown = as_json(trial)["attempts"][0]
    target = server.requests[0].split(b" ")[1].decode()
    assert shown["url"].endswith(target)
    assert target.startswith("/listener?auth=abc&qos=5&zip=12345&ivr_number_called=2125550100&")
    assert shown["body"] == ""


async def test_everything_of_the_sample_can_be_changed(trials: Trials) -> None:
    async with serving(replying(HANGUP)) as server:
        ivr = at(server, include_sourcetrak=True)
        sample = replace(
            trials.sample(ivr, BOOK), answers={1: "4"}, number_called="100", caller_id="",
            phone_label="Ümlaut & more", pass_through="a|1||b|2", hung_up=True,
            values={"st_rank": "1", "ivr_call_result": "answered"},
        )  # fmt: skip
        trial = await trials.run(ivr, BOOK, sample)
    told = dict(trial.parameters)
    body = server.requests[0].partition(b"\r\n\r\n")[2].decode()
    assert dict(parse_qsl(body, keep_blank_values=True)) == told
    assert {
        "qos": "4", "zip": "", "ivr_number_called": "100", "ivr_caller_id": "", "st_rank": "1",
        "ivr_phone_label": "Ümlaut & more", "ivr_pass_through": "a|1||b|2",
        "ivr_completed": "False", "ivr_call_result": "answered",
    }.items() <= told.items()  # fmt: skip
    names = [each.name for each in (*IVR_PARAMETERS, *SOURCETRAK_PARAMETERS)]
    assert list(told) == ["qos", "zip", *names]
    assert trial.story[0].text == "The caller has hung up: the reply is kept, and not acted on."


@pytest.mark.parametrize("name", EXAMPLES)
async def test_the_reference_s_examples_are_understood(trials: Trials, name: str) -> None:
    trial = await tried(trials, replying(example(name), b"Content-Type: text/xml\r\n"))
    understood = trial.reply.understood
    assert understood is not None
    assert understood.reply == EXAMPLES[name]
    # 12345 is no block of this account: a call would go to Backup Routing.
    assert ("There is no block 12345." in bad(trial)) == ("<id>" in example(name))


async def test_a_reply_is_followed_to_the_next_block(trials: Trials) -> None:
    body = "<action><app>ivr</app><parameters><id>102</id></parameters></action>"
    trial = await tried(trials, replying(body))
    assert [step.text for step in trial.story] == [
        "The reply is understood: ivr 102.",
        "The call goes on with IVR 102 “Thanks”.",
        "It has no questions, so it is completed at once.",
    ]
    assert trial.reply.result.status == 200
    assert trial.body == body


GARBAGE = {
    "nothing": (b"", b"", b"200 OK", "the reply is empty"),
    "html": (b"<html><h1>502</h1></html>", b"Content-Type: text/html\r\n", b"200 OK", "HTML page"),
    "half": (b"<action><app>ivr", b"", b"200 OK", "not well-formed XML"),
    "bytes": (b"\xff\xfe\x00\xd8\x00", b"", b"200 OK", "not valid"),
    "charset": (
        "<action><app>é</app></action>".encode("latin-1"),
        b"Content-Type: text/xml; charset=utf-8\r\n", b"200 OK", "not valid UTF-8",
    ),
    "redirect": (b"", b"Location: https://other.example/x?pin=1\r\n", b"302 Found", "302 Found"),
    "error": (b"<b>oops</b>", b"", b"500 Internal Server Error", "500 Internal Server Error"),
    "bomb": (b"<!DOCTYPE a [<!ENTITY b 'c'>]><action/>", b"", b"200 OK", "document type"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "head", "status", "why"), GARBAGE.values(), ids=GARBAGE)
async def test_garbage_says_why_and_leads_to_backup_routing(
    trials: Trials, body: bytes, head: bytes, status: bytes, why: str
) -> None:
    trial = await tried(trials, replying(body, head, status))
    (reason,) = bad(trial)
    assert why in reason
    told = [step.text for step in trial.story]
    assert "Backup Routing: transfer to 2125550199." in told
    assert as_json(trial)["attempts"][0]["status"] == int(status[:3])


async def test_a_server_that_hangs_is_given_up_and_its_fallback_asked(trials: Trials) -> None:
    async def hang(exchange: Exchange) -> None:
        await exchange.reader.read()

    async with serving(hang) as slow, serving(replying(HANGUP)) as fallback:
        ivr = at(slow, fallback_url=fallback.url)
        trial = await trials.run(ivr, BOOK, trials.sample(ivr, BOOK))
    first, second = trial.exchanges
    assert "no complete reply within" in first.result.error
    assert first.reply_headers == ()
    assert second.result.status == 200
    told = [step.text for step in trial.story]
    assert told[0].startswith("The caller hears hold music after 0.2 s")
    assert told[-1] == "The call ends."


async def test_an_address_that_is_guarded_is_not_asked(limits: WebhookSettings) -> None:
    closed = limits.model_copy(update={"allow_private": False})
    async with HttpWebhookClient(closed, Noon()) as client, serving(replying("")) as server:
        trials = Trials(
            client=client, clock=Noon(), zone=ZONE, region="US", new_id=counter("id-"),
            hold_after=1.0,
        )  # fmt: skip
        ivr = at(server)
        trial = await trials.run(ivr, BOOK, trials.sample(ivr, BOOK))
    assert server.requests == []
    assert "is not on the public Internet" in bad(trial)[0]
    headers = dict(trial.exchanges[0].request_headers)
    assert {"Host", "webhook-id", "webhook-signature", "User-Agent"} <= headers.keys()


async def test_a_message_is_shown_as_it_is_read(trials: Trials) -> None:
    page = "<p>Hello</p><script>alert(1)</script><p>" + "Good day. " * 500 + "</p>"
    head = b"Content-Type: text/html\r\n"
    trial = await tried(trials, replying(page, head), mode=WebhookMode.READ_MESSAGE)
    message = trial.reply.message
    assert message is not None
    assert message.text.startswith("Hello. Good day.")
    assert trial.story[0].text.startswith(f"The caller hears “{message.text}”")
    assert "characters more are not read" in trial.story[1].text
    assert trial.story[-1].text == "The call ends."


async def test_a_message_that_is_none_says_so(trials: Trials) -> None:
    trial = await tried(
        trials, replying("<script>x</script>", b"Content-Type: text/html\r\n"),
        mode=WebhookMode.READ_MESSAGE,
    )  # fmt: skip
    assert "the reply has no text to read to the caller" in trial.reply.problem
    assert trial.reply.problem in bad(trial)[0]


async def test_in_mode_none_the_reply_is_not_looked_at(trials: Trials) -> None:
    trial = await tried(trials, replying("garbage"), mode=WebhookMode.NONE)
    assert bad(trial) == []
    assert trial.reply.understood is None


async def test_unusable_settings_send_nothing_and_say_why(trials: Trials) -> None:
    trial = await tried(trials, replying(HANGUP), secret="whsec_short")
    assert "the secret must be" in bad(trial)[0]
    assert trial.exchanges[0].request is None
    assert as_json(trial)["attempts"][0]["url"] == ""


@pytest.mark.parametrize(
    ("changes", "field", "why"),
    [
        ({"answers": {9: "1"}}, "answers.9", "has no question 9"),
        ({"values": {"ivr_id": "7"}}, "values.ivr_id", "rest of the sample"),
        ({"values": {"st_rank": "7"}}, "values.st_rank", "include_sourcetrak"),
        ({"values": {"nonsense": "7"}}, "values.nonsense", "no parameter"),
    ],
)
async def test_a_sample_that_does_not_fit_is_refused(
    trials: Trials, changes: dict[str, object], field: str, why: str
) -> None:
    async with serving(replying(HANGUP)) as server:
        ivr = at(server)
        sample = replace(trials.sample(ivr, BOOK), **changes)  # type: ignore[arg-type]
        with pytest.raises(TrialRefused, match=why) as caught:
            await trials.run(ivr, BOOK, sample)
    assert caught.value.field == field
    assert server.requests == []


async def test_without_a_url_there_is_nothing_to_try(trials: Trials) -> None:
    with pytest.raises(TrialRefused, match="give it a url"):
        await trials.run(SURVEY, BOOK, trials.sample(SURVEY, BOOK))


async def test_two_trials_are_two_deliveries(trials: Trials) -> None:
    async with serving(replying(HANGUP)) as server:
        ivr = at(server)
        sample = trials.sample(ivr, BOOK)
        both = await asyncio.gather(*(trials.run(ivr, BOOK, sample) for _ in range(2)))
    ids = {dict(trial.parameters)["ivr_response_id"] for trial in both}
    assert len(ids) == 2
