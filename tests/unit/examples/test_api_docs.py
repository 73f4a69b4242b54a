"""What the page about the API says is what the API does."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from ivrserver.web.api.problems import _CASES
from tests.unit.examples.pages import examples
from tests.unit.storage.records import opened, ordered
from tests.unit.web.api.conftest import Api, api

__all__ = ["api"]

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
NUMBER = {"number": "100", "label": "Line", "destination": "hangup"}
IVR = {"kind": "ivr", "name": "Survey", "questions": []}


def test_the_page_lists_every_kind_of_problem() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", PAGE, re.MULTILINE)
    known = {(kind, str(status.value)) for status, kind in _CASES.values()}
    assert known == set(rows)


async def test_the_requests_of_the_page_do_what_it_says(api: Api) -> None:
    await api.post("/ivrs", json=IVR)
    await api.post("/numbers", json=NUMBER)
    text = "\n".join(examples([PAGE], "sh")).replace("\\\n", "")
    lines = [shlex.split(line, comments=True) for line in text.splitlines() if line]
    blocks, attempts, retry, file, read, written = lines
    assert (await api.get(blocks[-1].partition("/api/v1")[2])).status_code == 200
    there = await api.get(read[-1].removeprefix("$API"))
    assert there.headers["ETag"].startswith('"')
    body = json.loads(written[written.index("--json") + 1])
    assert any(word.startswith("If-Match: ") for word in written)
    put = await api.put(written[-1].removeprefix("$API"), there.headers["ETag"], json=body)
    assert put.json() == body
    for asked in (attempts, file):
        found = await api.get(asked[-1].removeprefix("$API"))
        assert found.status_code == 200, found.text
    await api.write(opened(), ordered())
    address = retry[-1].removeprefix("$API").replace("$JOB", "webhook-r-call-1")
    key = next(each for each in retry if each.startswith("Idempotency-Key: "))
    retried = await api.post(address, headers=dict([key.split(": ")]))
    assert retried.json()["state"] == "waiting"


async def test_the_error_of_the_page_is_one(api: Api) -> None:
    (shown,) = examples([PAGE], "json")
    question = {"id": 1, "type": "message", "name": "x", "prompt": "x", "then": {"block": 9}}
    refused = await api.post("/ivrs", json={**IVR, "questions": [question]})
    told, wanted = refused.json(), json.loads(shown)
    assert told.keys() == wanted.keys()
    assert (told["type"], told["status"]) == (wanted["type"], wanted["status"])
    assert told["errors"][0]["field"] == wanted["errors"][0]["field"]
