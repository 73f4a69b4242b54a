"""A webhook is tried over the API: stored or not, shown whole, stored nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from ivrserver.storage import Calls
from tests.unit.web.api.conftest import Api
from tests.unit.webhooks.servers import Exchange, RawServer, serving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
IVR: dict[str, Any] = {
    "kind": "ivr",
    "name": "Survey",
    "questions": [{"id": 1, "type": "yes_no", "name": "Happy", "prompt": "Are you happy?"}],
}
HANGUP = b"<action>\n<app>hangup</app>\n<colour>red</colour></action>"
PATH = "/ivrs/101/webhook-test"


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async def temper(exchange: Exchange) -> None:
        await exchange.reply(HANGUP, b"Content-Type: text/xml\r\nX-Evil: <script>1</script>\r\n")

    async with serving(temper) as server:
        yield server


@pytest.fixture
async def survey(api: Api, server: RawServer) -> RawServer:
    webhook = {
        "mode": "next_action", "url": f"{server.url}a?b=1", "secret": SECRET,
        "parameters": {"happy": 1},
    }  # fmt: skip
    added = await api.post("/ivrs", json=IVR | {"webhook": webhook})
    assert added.status_code == 201, added.text
    return server


async def test_a_sample_is_suggested(api: Api, survey: RawServer) -> None:
    assert (await api.get(PATH)).json() == {
        "answers": {"1": "1"}, "number_called": "", "caller_id": "2015550123", "phone_label": "",
        "pass_through": "", "hung_up": False, "values": {},
    }  # fmt: skip


async def test_everything_of_a_test_is_told(api: Api, survey: RawServer) -> None:
    told = (await api.post(PATH, json={"sample": {"answers": {"1": "2"}}})).json()
    (attempt,) = told["attempts"]
    assert attempt["url"] == f"{survey.url}a?b=1"
    assert attempt["body"].encode() == survey.requests[0].partition(b"\r\n\r\n")[2]
    assert parse_qs(attempt["body"])["happy"] == ["2"]
    assert ["X-Evil", "<script>1</script>"] in attempt["reply_headers"]
    assert told["reply"]["body"] == HANGUP.decode()
    lines = {line["name"]: line for line in told["understood"]["lines"]}
    assert (lines["app"]["line"], lines["app"]["value"]) == (2, "hangup")
    assert (lines["colour"]["line"], lines["colour"]["use"]) == (3, "ignored")
    assert told["story"][-1] == {"text": "The call ends.", "mood": "good"}
    assert await Calls(api.engine).newest() == []


async def test_settings_that_nobody_has_stored_are_tried_with_the_stored_secret(
    api: Api, survey: RawServer
) -> None:
    unsaved = {"mode": "read_message", "method": "GET", "url": f"{survey.url}other"}
    told = (await api.post(PATH, json={"webhook": unsaved})).json()
    assert told["attempts"][0]["url"].startswith(f"{survey.url}other?ivr_number_called=")
    assert "webhook-signature" in dict(told["attempts"][0]["headers"])
    assert told["message"]["text"].startswith("<action> <app>hangup")
    assert (await api.get("/ivrs/101")).json()["webhook"]["mode"] == "next_action"


@pytest.mark.parametrize(
    ("body", "field", "text"),
    [
        ({"sample": {"answers": {"9": "1"}}}, "answers.9", "no question 9"),
        ({"sample": {"values": {"st_rank": "1"}}}, "values.st_rank", "include_sourcetrak"),
        ({"sample": {"caller": "1"}}, "sample.caller", ""),
        ({"webhook": {"mode": "next_action"}}, "webhook", "needs a url"),
    ],
)
async def test_mistakes_are_told_by_field(
    api: Api, survey: RawServer, body: dict[str, Any], field: str, text: str
) -> None:
    refused = await api.post(PATH, json=body)
    assert refused.status_code == 422, refused.text
    (wrong,) = refused.json()["errors"]
    assert wrong["field"] == field
    assert text in wrong["text"]
    assert survey.requests == []


async def test_without_a_url_nothing_can_be_tried(api: Api) -> None:
    await api.post("/ivrs", json=IVR)
    refused = await api.post(PATH, json={})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "webhook.url")
    assert (await api.get("/ivrs/7/webhook-test")).status_code == 404


async def test_who_may_only_look_sends_nothing(api: Api, survey: RawServer) -> None:
    assert (await api.looker.get(PATH)).status_code == 200
    assert (await api.looker.post(PATH, json={})).status_code == 403
    assert survey.requests == []
