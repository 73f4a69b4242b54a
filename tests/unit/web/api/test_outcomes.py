"""What calls have left, over the API: messages, requests to web servers, jobs, answers."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta

import openpyxl

from ivrserver.flow.events import ActionChosen, WebhookAnswered, WebhookRequested
from ivrserver.flow.records import TimelineEntry
from ivrserver.flow.spoken_messages import SpokenMessage
from ivrserver.storage import Audit, AuditFilter, Mailboxes
from tests.unit.storage.records import (
    START,
    attempt,
    message,
    message_transcribed,
    opened,
    ordered,
    recording,
    tried,
    whole_call,
)
from tests.unit.web.api.conftest import Api, client
from tests.unit.web.api.test_flows import IVR

LATER = (START + timedelta(hours=1)).isoformat()
BEFORE = (START - timedelta(hours=1)).isoformat()


async def log_of(api: Api, kind: str) -> list[tuple[str, str]]:
    entries = (await Audit(api.engine).page(AuditFilter(kind=kind))).items
    return [(each.deed.verb, each.deed.thing) for each in reversed(entries)]


async def test_messages_are_found_heard_and_deleted(api: Api) -> None:
    made = await api.post("/voicemails", json={"id": 301, "kind": "voicemail", "name": "Office"})
    assert made.status_code == 201, made.text
    await api.write(opened("a"), message(1, 300, "a"), message(2, 300, "a"), message(3, 300, "a"))
    boxes = (await api.looker.get("/mailboxes")).json()["items"]
    office, gone = boxes
    assert (office["id"], office["name"], office["new"]) == (301, "Office", 0)
    assert (gone["id"], gone["name"], gone["new"], gone["saved"]) == (300, "", 3, 0)
    first = (await api.get("/mailboxes/300/messages?limit=2")).json()
    assert [each["id"] for each in first["items"]] == ["m-a-3", "m-a-2"]
    second = (await api.get(f"/mailboxes/300/messages?cursor={first['next']}")).json()
    assert [each["id"] for each in second["items"]] == ["m-a-1"]
    saved = await api.client.patch("/messages/m-a-1", json={"state": "saved"})
    assert (saved.status_code, saved.json()["state"]) == (200, "saved")
    again = await api.looker.get("/messages/m-a-1")
    assert again.json() == saved.json()
    found = (await api.get("/mailboxes/300/messages?state=saved")).json()["items"]
    assert [each["id"] for each in found] == ["m-a-1"]
    assert (await api.client.delete("/messages/m-a-2")).status_code == 204
    for reply in (
        await api.client.delete("/messages/m-a-2"),
        await api.get("/messages/m-a-2"),
        await api.client.patch("/messages/m-a-2", json={"state": "new"}),
        await api.get("/mailboxes/999/messages"),
    ):
        assert reply.status_code == 404
    assert (await api.client.patch("/messages/m-a-1", json={"state": "lost"})).status_code == 422
    heard = await Mailboxes(api.engine).messages(300)
    assert [(each.message_id, each.new) for each in heard] == [("m-a-3", True), ("m-a-1", False)]
    assert await log_of(api, "message") == [("change", "m-a-1"), ("delete", "m-a-2")]


async def test_what_was_said_in_a_message_is_told_as_far_as_it_is_written_down(api: Api) -> None:
    spoken = SpokenMessage(message_id="m-a-2", block_id=300, language="en-US", letter=False)
    await api.write(
        opened("a"), recording("a", "rec-a-1"), message(1, 300, "a"), message(2, 300, "a"),
        message_transcribed(1, "a"), *spoken.orders(START, transcribe=True), message(3, 300, "a"),
    )  # fmt: skip
    found = (await api.looker.get("/mailboxes/300/messages")).json()["items"]
    never, waiting, done = (each["transcript"] for each in found)
    assert never is None
    assert waiting == {
        "state": "waiting", "text": "", "engine": "", "error": "", "job": "transcription-m-a-2",
    }  # fmt: skip
    assert (done["state"], done["text"]) == ("done", "call me back")
    assert done["engine"] == "pocketsphinx"
    one = await api.looker.get("/messages/m-a-1")
    assert one.json()["transcript"] == done
    saved = await api.client.patch("/messages/m-a-1", json={"state": "saved"})
    assert saved.json()["transcript"] == done
    stopped = await api.client.post(f"/jobs/{waiting['job']}/cancel")
    assert stopped.status_code == 200, stopped.text
    failed = (await api.looker.get("/messages/m-a-2")).json()["transcript"]
    assert (failed["state"], failed["error"]) == ("failed", "it was cancelled")


async def test_requests_are_found_and_sent_again(api: Api) -> None:
    failed = replace(attempt(1, "b"), status=500, error="HTTP 500", url="http://other.test:81/x")
    run = replace(whole_call("b")[2], ivr_id=101)
    await api.write(
        *whole_call("a"), opened("b"), run, failed, ordered("b"), tried("b", "HTTP 500")
    )

    async def found(query: str) -> list[tuple[str, int]]:
        reply = await api.looker.get(f"/webhook-attempts?{query}")
        assert reply.status_code == 200, reply.text
        return [(each["response_id"], each["number"]) for each in reply.json()["items"]]

    assert len(await found("")) == 3
    assert await found("ivr=101") == [("r-b", 1)]
    assert await found("failed=true") == [("r-b", 1)]
    assert await found("status=5xx") == await found("host=OTHER.test:81") == [("r-b", 1)]
    assert await found("status=none") == []
    assert len(await found("status=2xx&limit=1")) == 1
    one = (await api.get("/webhook-attempts/r-b/1")).json()
    assert (one["error"], one["job_id"], one["job_state"]) == ("HTTP 500", "webhook-r-b", "failed")
    assert one["parameters"] == [["pin", "•••"], ["a", ""]]
    resend = "/webhook-attempts/r-b/1/resend"
    assert (await api.looker.post(resend)).status_code == 403
    key = {"Idempotency-Key": "once"}
    sent = await api.post(resend, headers=key)
    assert sent.status_code == 202
    assert (sent.json()["state"], sent.json()["run"]) == ("waiting", 1)
    assert (await api.post(resend, headers=key)).headers["Idempotency-Replayed"] == "true"
    assert await log_of(api, "job") == [("retry", "webhook-r-b")]
    assert (await api.post("/webhook-attempts/r-b/9/resend")).status_code == 404


async def test_a_reply_is_explained_with_what_was_then_done(api: Api) -> None:
    reply = "<action>\n<app>ivr</app>\n<parameters><id>100</id></parameters>\n<x/>\n</action>"
    webhook = {"mode": "next_action", "url": "https://example.com/"}
    made = await api.post("/ivrs", json=IVR | {"id": 100, "webhook": webhook})
    assert made.status_code == 201, made.text
    await api.write(opened("a"), *whole_call("a")[1:3], attempt(1, "a", reply), attempt(2, "a"))
    asked, action = WebhookRequested("POST", "https://example.com/", {}, 1), "go on with IVR 100"
    chosen = ActionChosen(action, ["<x> is ignored"])
    await api.write(
        *(
            TimelineEntry("a", START + timedelta(seconds=at), event)
            for at, event in enumerate((asked, WebhookAnswered(200, reply, 0.2), chosen), 1)
        )
    )
    told = (await api.looker.get("/webhook-attempts/r-a/1")).json()
    lines = {line["name"]: line for line in told["understood"]["lines"]}
    assert lines["id"]["value"] == f"100: an IVR, “{IVR['name']}”"
    assert (lines["x"]["line"], lines["x"]["use"]) == (4, "ignored")
    done = {"seconds": 3.0, "kind": "action_chosen", "text": action}
    assert told["then"] == [done | {"more": ["warning: <x> is ignored"]}]
    wrong = (await api.get("/webhook-attempts/r-a/2")).json()
    assert wrong["understood"]["error"] == "the reply has no <app>"
    assert (wrong["message"], wrong["message_error"], wrong["then"]) == (None, "", [])
    read = {"webhook": webhook | {"mode": "read_message"}}
    assert (await api.put("/ivrs/100", json=IVR | {"id": 100} | read)).status_code == 200
    # The call knew the account as it was before.
    assert (await api.get("/webhook-attempts/r-a/1")).json() == told


async def test_jobs_are_listed_tried_again_and_cancelled(api: Api) -> None:
    upkeep = replace(ordered(), kind="upkeep", key="upkeep", call_id="")
    await api.write(opened("b"), ordered("b"), upkeep)
    (job,) = (await api.looker.get("/jobs?state=waiting")).json()["items"]
    assert (job["id"], job["kind"], job["call_id"]) == ("webhook-r-b", "webhook", "b")
    assert "ü" not in str(job), "what a caller typed is not told"
    assert (await api.get("/jobs?kind=mail")).json() == {"items": [], "next": None}
    assert (await api.get("/jobs/webhook-r-b")).json() == job
    cancelled = await api.post("/jobs/webhook-r-b/cancel")
    assert cancelled.json()["state"] == "cancelled"
    assert (await api.post("/jobs/webhook-r-b/cancel")).status_code == 409
    again = await api.post("/jobs/webhook-r-b/retry")
    assert (again.json()["state"], again.json()["attempts"]) == ("waiting", 0)
    for path in (
        "/jobs/webhook-9/retry",
        "/jobs/upkeep-upkeep/cancel",
        "/jobs/upkeep-upkeep/retry",
    ):
        assert (await api.post(path)).status_code == 404, path
    assert (await api.looker.post("/jobs/webhook-r-b/retry")).status_code == 403
    assert await log_of(api, "job") == [("cancel", "webhook-r-b"), ("retry", "webhook-r-b")]


async def test_respondents_are_listed_counted_and_taken_away(api: Api) -> None:
    ivr = await api.post("/ivrs", json=IVR | {"id": 100})
    assert ivr.status_code == 201, ivr.text
    await api.write(*whole_call("a"))
    (run,) = (await api.looker.get("/ivrs/100/respondents")).json()["items"]
    assert (run["id"], run["state"], run["caller_id"]) == ("r-a", "completed", "2125550123")
    given = {each["question_id"]: each for each in run["answers"]}
    assert [given[1]["value"], given[2]["value"]] == ["•••", "7"]
    assert given[3]["transcript"] == "more téa"
    for query, many in (
        ("question=2&value=7", 1), ("question=2&value=8", 0), ("question=1&value=1234", 0),
        ("state=live", 0), ("caller_id=2125550123", 1), (f"until={BEFORE[:-6]}Z", 0),
    ):  # fmt: skip
        found = await api.get(f"/ivrs/100/respondents?{query}")
        assert len(found.json()["items"]) == many, query
    span = {"since": BEFORE, "until": LATER}
    report = (await api.get("/ivrs/100/report", params=span)).json()
    assert report["total"] == {"runs": 1, "completed": 1, "left_early": 0}
    assert [each["runs"] for each in report["days"]] == [1]
    counted = {each["question_id"]: each for each in report["questions"]}
    assert counted[2]["values"] == [{"value": "7", "answers": 1}]
    over_time = (await api.get("/ivrs/100/report/questions/2", params=span)).json()
    (day,) = over_time["days"]
    assert (day["answered"], day["values"]) == (1, [{"value": "7", "answers": 1}])
    secret = (await api.get("/ivrs/100/report/questions/1", params=span)).json()
    assert [(each["answered"], each["values"]) for each in secret["days"]] == [(1, [])]
    assert (await api.get("/ivrs/100/report/questions/9", params=span)).status_code == 404
    for wrong in (
        {"since": LATER, "until": BEFORE},
        {"since": "1990-01-01T00:00:00Z"},
        {"since": "0001-01-01T00:00:00+14:00"},
        {"since": "2030-01-02T10:00:00"},
    ):
        assert (await api.get("/ivrs/100/report", params=wrong)).status_code == 422, wrong
    text = await api.looker.get("/ivrs/100/respondents.csv")
    assert text.headers["Content-Disposition"] == 'attachment; filename="respondents-100.csv"'
    heading, line = csv.reader(io.StringIO(text.content.decode("utf-8-sig")))
    assert line[heading.index("Respondent")] == "r-a"
    book = await api.get("/ivrs/100/respondents.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
    assert [cell or "" for cell in list(sheet.values)[1]] == line
    for what in ("respondents", "report", "respondents.csv", "respondents.xlsx"):
        assert (await api.get(f"/ivrs/999/{what}")).status_code == 404, what


async def test_what_was_said_takes_the_right_to_hear(api: Api) -> None:
    await api.write(*whole_call("a"))
    spoken = {"id": 3, "type": "record", "name": "Wish", "prompt": "Say it."}
    made = await api.post("/ivrs", json=IVR | {"id": 100, "questions": [spoken]})
    assert made.status_code == 201, made.text
    form = {"name": "counts", "owner": "kim", "rights": ["calls:read"]}
    made = (await api.post("/api-keys", json=form)).json()
    async with client(api.app, made["key"]) as deaf:
        (run,) = (await deaf.get("/ivrs/100/respondents")).json()["items"]
        assert {each["transcript"] for each in run["answers"]} == {None}
        said = (await deaf.get("/ivrs/100/respondents.csv")).text
        assert "more téa" not in said
        assert "recording rec-a" in said
        assert (await deaf.get("/mailboxes")).status_code == 403
