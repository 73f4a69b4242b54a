"""The flow map and a call's chart, for programs."""

from __future__ import annotations

from ivrserver.flow.records import CallClosed, CallOpened
from tests.unit.flow.test_chart import NOON, SURVEY
from tests.unit.web.api.conftest import Api
from tests.unit.web.api.test_flows import IVR


async def test_the_map_has_nodes_ways_and_problems(api: Api) -> None:
    assert (await api.get("/flow-map")).json() == {"nodes": [], "ways": [], "problems": []}
    await api.post("/ivrs", json=IVR)
    await api.post("/numbers", json={"number": "100", "destination": {"block": 101}})
    await api.post("/numbers", json={"number": "200", "destination": "hangup"})
    found = (await api.looker.get("/flow-map")).json()
    assert [node["name"] for node in found["nodes"]] == [
        "number:100",
        "number:200",
        "block:101",
        "question:101:1",
        "end:number:200:Hang up",
        "end:block:101:Hang up",
    ]
    assert {"source": "number:100", "target": "block:101", "kind": "goes_on", "label": ""} in found[
        "ways"
    ]
    (problem,) = found["problems"]
    assert (problem["node"], problem["weight"]) == ("number:200", "warning")


async def test_the_map_may_be_cut_to_a_block_and_without_questions(api: Api) -> None:
    await api.post("/ivrs", json=IVR)
    await api.post("/numbers", json={"number": "200", "destination": "hangup"})
    cut = (await api.get("/flow-map", params={"block": 101, "detail": "blocks"})).json()
    assert [node["name"] for node in cut["nodes"]] == ["block:101", "end:block:101:Hang up"]
    assert (await api.get("/flow-map", params={"block": 5})).status_code == 404


async def test_the_chart_of_a_call_has_lanes_spans_and_every_event(api: Api) -> None:
    assert (await api.get("/calls/c/chart")).status_code == 404
    opened = CallOpened(
        call_id="c",
        at=NOON,
        channel_id="x",
        number_called="100",
        caller_id="2125550123",
        phone_label="",
        revision=1,
    )
    await api.write(opened, *SURVEY)
    assert (await api.get("/calls/c/chart")).json()["live"] is False, "it says how it ended"
    await api.write(CallClosed(call_id="c", at=SURVEY[-1].at, reason="hung_up"))
    drawn = (await api.looker.get("/calls/c/chart")).json()
    assert [lane["name"] for lane in drawn["lanes"]] == ["flow", "caller", "webhook"]
    assert len(drawn["lines"]) == len(SURVEY)
    (hook,) = [mark for mark in drawn["marks"] if mark["kind"] == "webhook"]
    assert (hook["start"], hook["end"], hook["label"]) == (9.1, 11.0, "POST 200")
