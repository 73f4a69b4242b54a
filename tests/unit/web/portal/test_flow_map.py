"""What is drawn of a flow map is in its data, and in a list that needs no drawing."""

from __future__ import annotations

import json
from typing import Any

from lxml import html

from ivrserver.blocks import Account
from ivrserver.blocks.graph import Graph, draw
from ivrserver.blocks.graph.problems import Weight, troubles
from ivrserver.blocks.lint import Known
from ivrserver.web.portal import Pages
from ivrserver.web.portal.flow_map import FlowMap, Passed, flow_map
from tests.unit.blocks.flows import flow
from tests.unit.web.portal.conftest import request
from tests.unit.web.portal.visitors import somebody

SHOWN = """
numbers: [{number: "100", label: "<b>Ad</b>", destination: {block: 1}}]
blocks:
  - id: 1
    kind: ivr
    name: "Survey </script>"
    questions:
      - {id: 1, type: message, name: Hello, prompt: Hello, then: {question: 3}}
      - {id: 2, type: message, name: Jumped over, prompt: Never}
      - id: 3
        type: choice
        name: Wish
        prompt: Wish
        keys: {1: {label: billing, then: {block: 2}}, 2: {label: sales, then: {block: 2}}}
        no_input: {then: {block: 2}}
        invalid: {then: {block: 2}}
  - {id: 2, kind: voicemail, name: Box}
"""


def shown(graph: Graph, account: Account, **more: dict[int, Passed]) -> FlowMap:
    return flow_map(graph, troubles(account, draw(account), Known()), **more)


def overview() -> FlowMap:
    account = flow(SHOWN)
    return shown(draw(account).overview(), account)


def test_ways_between_the_same_two_nodes_are_one_with_every_label() -> None:
    (way,) = [way for way in overview().ways if way.target == "block:2"]
    assert way.labels == (
        "Wish: keys 1 · billing, 2 · sales",
        "Wish: no input after 3 tries",
        "Wish: wrong keys after 3 tries",
    )


def test_a_problem_of_a_question_is_at_its_ivr_where_questions_are_hidden() -> None:
    nodes = {each.node.name: each for each in overview().nodes}
    assert nodes["block:1"].weight is Weight.WARNING
    assert nodes["block:1"].problems[0].startswith("question 2: is never asked")
    assert nodes["block:2"].weight is None
    (trouble,) = overview().troubles
    assert trouble.page == "/blocks/1"
    assert overview().count("warning") == 1


def test_inside_an_ivr_every_question_says_how_many_came_and_how_many_left() -> None:
    account = flow(SHOWN)
    inside = shown(draw(account).inside(1), account, passed={1: Passed(1200, 30)})
    details = {each.node.name: each.detail for each in inside.nodes}
    assert details["question:1:1"] == "1,200 reached, 30 left here"
    assert details["question:1:3"] == "Question 3"
    assert inside.for_scripts()["nodes"][0]["page"] == "/numbers/100"


def test_the_page_holds_the_data_and_the_list_and_nothing_of_it_is_markup(pages: Pages) -> None:
    context: dict[str, Any] = {"map": overview(), "blocks": [(1, "<b>")], "block": 1}
    answer = pages.render(request("/map"), somebody(), "flows/map.html", detail="", **context)
    page: Any = html.fromstring(bytes(answer.body))
    data = json.loads(page.xpath("string(//script[@id='flow-map-data'])"))
    assert [node["title"] for node in data["nodes"]][:2] == ["100", "Survey </script>"]
    assert data["nodes"][1]["problems"] != []
    first = {"source": "number:100", "target": "block:1", "kind": "goes_on", "labels": []}
    assert data["ways"][0] == first
    assert page.xpath("count(//main//b)") == 0
    listed = page.xpath("//ul[@class='flow-list']/li")
    words = [" ".join(each.text_content().split()) for each in listed]
    assert words[0] == "100 <b>Ad</b> then → leads to Survey </script>"
    assert words[1].endswith("Wish: wrong keys after 3 tries → leads to Box")
    assert page.xpath("//button/@data-shows-node") == ["question:1:2"]


def test_an_account_without_anything_says_what_to_do(pages: Pages) -> None:
    context: dict[str, Any] = {"map": flow_map(Graph((), ()), ()), "blocks": [], "block": ""}
    answer = pages.render(request("/map"), somebody(), "flows/map.html", detail="", **context)
    assert b"No numbers and no blocks yet" in answer.body
