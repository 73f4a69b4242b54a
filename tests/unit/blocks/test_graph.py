"""An account is drawn as it is walked: every key and every failure is a way."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given

from ivrserver.blocks import Account
from ivrserver.blocks.graph import Graph, NodeKind, draw
from tests.unit.blocks.accounts import accounts
from tests.unit.blocks.flows import flow, ivr

HOUSE = """
numbers:
  - {number: "8005550100", label: Main, destination: {block: 1}}
  - {number: box, destination: {mailbox: 3}}
blocks:
  - id: 1
    kind: receptionist
    name: Desk
    menu:
      prompt: Sales or support?
      keys: {1: {block: 2}, 2: {block: 4}, 9: {block: 2}}
      extensions: {204: {number: desk}}
      direct: true
      no_input: {tries: 2, then: {block: 3}}
    schedule: {hours: [{days: mon-fri, open: "09:00", close: "17:00"}]}
    closed: {prompt: We are closed., keys: {1: {block: 3}}}
    holiday: {block: 3}
  - {id: 2, kind: findme, name: Sales, phones: [a, b, c, d], next_action: {voicemail: 3}}
  - {id: 3, kind: voicemail, name: Office}
  - id: 4
    kind: ivr
    name: Survey
    questions:
      - {id: 7, type: digits, name: Score, prompt: Your score, no_input: {tries: 1, then: end}}
      - id: 8
        type: choice
        name: Why
        prompt: Why?
        keys: {1: {label: billing, then: {block: 2}}, 2: price, 3: other}
      - {id: 9, type: transfer, name: Talk, prompt: Wait., destination: desk}
    webhook: {mode: next_action, url: "https://example.com/"}
    backup_routing: {number: "2125550123"}
"""


def ways(graph: Graph, source: str) -> list[tuple[str, str]]:
    return [(edge.label, edge.target) for edge in graph.edges if edge.source == source]


def test_a_receptionist_leads_where_its_keys_its_failures_and_its_hours_say() -> None:
    graph = draw(flow(HOUSE))
    assert ways(graph, "number:8005550100") == [("", "block:1")]
    assert ways(graph, "number:box") == [("", "mailbox:3")]
    assert ways(graph, "block:1") == [
        ("keys 1, 9", "block:2"),
        ("key 2", "block:4"),
        ("extension 204", "outside:desk"),
        ("a phone's extension", "outside:"),
        ("no input after 2 tries", "block:3"),
        ("wrong keys after 3 tries", "end:block:1:Hang up"),
        ("closed, key 1", "block:3"),
        ("closed, no input after 3 tries", "end:block:1:Hang up"),
        ("closed, wrong keys after 3 tries", "end:block:1:Hang up"),
        ("holiday", "block:3"),
    ]


def test_the_questions_of_an_ivr_lead_on_by_answers_and_by_failures() -> None:
    graph = draw(flow(HOUSE))
    assert ways(graph, "block:4") == [("", "question:4:7")]
    assert ways(graph, "question:4:7") == [
        ("answered", "question:4:8"),
        ("no input", "webhook:4"),
        ("wrong keys after 3 tries", "question:4:8"),
    ]
    assert ways(graph, "question:4:8")[:2] == [
        ("key 1 · billing", "block:2"),
        ("keys 2 · price, 3 · other", "question:4:9"),
    ]
    assert ways(graph, "question:4:9") == [
        ("connects", "outside:desk"),
        ("afterwards", "webhook:4"),
        ("nobody is reached", "webhook:4"),
    ]
    assert ways(graph, "webhook:4") == [("backup routing", "outside:2125550123")]
    assert graph.named()["webhook:4"].title == "The web server decides"


def test_a_findme_calls_people_and_leads_on_when_nobody_takes_it() -> None:
    graph = draw(flow(HOUSE))
    assert ways(graph, "block:2") == [
        ("somebody takes it", "people:2"),
        ("nobody takes it", "block:3"),
    ]
    assert graph.named()["people:2"].title == "Calls a, b, c and 1 more"


def test_a_message_that_is_read_leads_on_and_without_backup_routing_there_is_an_apology() -> None:
    hook = ", webhook: {mode: read_message, url: 'https://example.com/'}"
    graph = draw(flow("blocks:\n" + ivr(1, more=hook)))
    assert ways(graph, "block:1") == [("", "webhook:1")]
    assert ways(graph, "webhook:1") == [
        ("then", "end:block:1:Hang up"),
        ("webhook fails", "end:block:1:Apology"),
    ]


def test_in_the_overview_an_ivr_leads_where_its_questions_lead() -> None:
    graph = draw(flow(HOUSE)).overview()
    assert NodeKind.QUESTION not in {node.kind for node in graph.nodes}
    assert ("Why: key 1 · billing", "block:2") in ways(graph, "block:4")
    assert ("Score: no input", "webhook:4") in ways(graph, "block:4")
    assert "block:4" not in [target for _, target in ways(graph, "block:4")]


def test_around_a_block_is_what_leads_to_it_and_what_it_leads_to() -> None:
    graph = draw(flow(HOUSE)).overview().around("block:2")
    assert {node.name for node in graph.nodes} == {
        "number:8005550100",
        "block:1",
        "block:4",
        "block:2",
        "people:2",
        "block:3",
        "end:block:3:Hang up",
    }


def test_inside_an_ivr_are_its_questions_and_its_neighbours() -> None:
    text = HOUSE + ivr(5, "{id: 1, type: message, name: a, prompt: A, then: {block: 4}}")
    graph = draw(flow(text)).inside(4)
    entering = [edge for edge in graph.edges if edge.target == "block:4"]
    assert [(edge.source, edge.label) for edge in entering] == [
        ("block:1", "key 2"),
        ("block:5", "a: then"),
    ]
    names = {node.name for node in graph.nodes}
    assert {"question:4:7", "question:4:8", "question:4:9", "webhook:4", "block:2"} <= names
    assert not {"question:5:1", "people:2"} & names


@given(accounts())
def test_every_way_of_every_view_begins_and_ends_at_a_node_of_it(account: Account) -> None:
    graph = draw(account)
    views = [graph, graph.overview(), *(graph.inside(each.block_id) for each in account.blocks)]
    views += [graph.around(node.name) for node in graph.nodes]
    for view in views:
        names = [node.name for node in view.nodes]
        assert len(set(names)) == len(names)
        assert {end for edge in view.edges for end in (edge.source, edge.target)} <= set(names)


def test_two_hundred_blocks_are_drawn() -> None:
    chain = [
        ivr(here, more=f", next_step: {{block: {on}}}") for here, on in pairwise(range(1, 201))
    ]
    graph = draw(flow("blocks:\n" + "".join(chain) + ivr(200))).overview()
    assert len(graph.nodes) == 201
    assert len(graph.around("block:100").nodes) == 201


def test_a_webhook_that_nobody_comes_to_is_not_drawn() -> None:
    hook = ", webhook: {mode: next_action, url: 'https://example.com/'}"
    asked = "{id: 1, type: message, name: a, prompt: A, then: {question: 1}}"
    graph = draw(flow("blocks:\n" + ivr(1, asked, more=hook)))
    assert [node.name for node in graph.nodes] == ["block:1", "question:1:1"]
