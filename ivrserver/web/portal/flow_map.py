"""The flow map: what of a graph is shown, in which words, and where each node's page is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ivrserver.blocks.graph import EdgeKind, Graph, Node, NodeKind
from ivrserver.blocks.graph.problems import Trouble, Weight
from ivrserver.blocks.numbers import readable

_ICONS: Final[Mapping[NodeKind, str]] = {
    NodeKind.NUMBER: "phone-incoming",
    NodeKind.IVR: "list-ordered",
    NodeKind.FINDME: "users",
    NodeKind.RECEPTIONIST: "headset",
    NodeKind.VOICEMAIL: "voicemail",
    NodeKind.QUESTION: "message-circle-question",
    NodeKind.WEBHOOK: "webhook",
    NodeKind.PEOPLE: "phone-outgoing",
    NodeKind.OUTSIDE: "phone-forwarded",
    NodeKind.MAILBOX: "headphones",
    NodeKind.END: "phone-off",
    NodeKind.MISSING: "circle-help",
}
_WEIGHT_ICONS: Final[Mapping[Weight, str]] = {
    Weight.ERROR: "octagon-alert",
    Weight.WARNING: "triangle-alert",
    Weight.NOTE: "info",
}
_STARTS: Final = frozenset(
    {
        NodeKind.NUMBER,
        NodeKind.IVR,
        NodeKind.FINDME,
        NodeKind.RECEPTIONIST,
        NodeKind.VOICEMAIL,
        NodeKind.QUESTION,
        NodeKind.WEBHOOK,
    }
)
"""What the list has an entry for; the rest only stands at the end of ways."""


@dataclass(frozen=True, slots=True)
class Passed:
    """Callers at one question.

    Attributes:
        reached: how many were asked it.
        left: how many of them hung up there.
    """

    reached: int
    left: int


@dataclass(frozen=True, slots=True)
class ShownWay:
    """All ways from one node to another.

    Attributes:
        kind: that of the first of them.
        labels: one for each way; empty: the call just goes on.
    """

    source: str
    target: str
    kind: EdgeKind
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownNode:
    """A node as it is shown.

    Attributes:
        page: the address of what it stands for; empty: it has none.
        weight: of its worst problem; None: it has none.
        problems: what is wrong with it.
        passed: callers at this question; None: not counted.
        ways: that begin at it, with the nodes that they lead to.
    """

    node: Node
    page: str
    icon: str
    weight: Weight | None
    problems: tuple[str, ...]
    passed: Passed | None
    ways: tuple[tuple[ShownWay, Node], ...]

    @property
    def listed(self) -> bool:
        """Whether the list has an entry of its own for it."""
        return self.node.kind in _STARTS and bool(self.ways or self.problems)

    @property
    def title(self) -> str:
        """What it is called; numbers as people read them."""
        title = self.node.title
        return readable(title) if self.node.kind is NodeKind.NUMBER else title

    @property
    def detail(self) -> str:
        """What stands below its title."""
        if self.passed is None:
            return self.node.detail
        return f"{self.passed.reached:,} reached, {self.passed.left:,} left here"


@dataclass(frozen=True, slots=True)
class ShownTrouble:
    """A problem as it is shown."""

    trouble: Trouble
    icon: str
    page: str


@dataclass(frozen=True, slots=True)
class FlowMap:
    """A map, ready for `flows/flow_map.html`."""

    nodes: tuple[ShownNode, ...]
    ways: tuple[ShownWay, ...]
    troubles: tuple[ShownTrouble, ...]

    def count(self, weight: str) -> int:
        """How many problems of that weight there are."""
        return sum(each.trouble.weight == weight for each in self.troubles)

    def for_scripts(self) -> dict[str, Any]:
        """What frontend/src/parts/flow-map.ts draws."""
        nodes = [
            {
                "name": each.node.name,
                "kind": each.node.kind.value,
                "title": each.title,
                "detail": each.detail,
                "page": each.page,
                "icon": each.icon,
                "weight": each.weight or "",
                "problems": each.problems,
            }
            for each in self.nodes
        ]
        ways = [
            {"source": way.source, "target": way.target, "kind": way.kind, "labels": way.labels}
            for way in self.ways
        ]
        return {"nodes": nodes, "ways": ways}


def flow_map(
    graph: Graph,
    troubles: Sequence[Trouble],
    *,
    passed: Mapping[int, Passed] | None = None,
) -> FlowMap:
    """What is shown of `graph`.

    Args:
        graph: all of an account, or a part of it.
        troubles: those of the account; those of questions that are not in the graph are shown at
            their IVR.
        passed: callers at each question by its id, where the graph is the inside of one IVR.
    """
    nodes = graph.named()
    ways = tuple(_merged(graph))
    leading = defaultdict(list)
    for way in ways:
        leading[way.source].append((way, nodes[way.target]))
    places = [(each, _place(each, nodes)) for each in troubles]
    wrong = defaultdict(list)
    for each, place in places:
        wrong[place].append(each)
    shown = []
    for node in graph.nodes:
        own, counted = wrong[node.name], passed or {}
        shown.append(
            ShownNode(
                node=node,
                page=page_of(node),
                icon=_ICONS[node.kind],
                weight=min((each.weight for each in own), key=list(Weight).index, default=None),
                problems=tuple(_words(each, node) for each in own),
                passed=counted.get(node.question_id) if node.question_id is not None else None,
                ways=tuple(leading[node.name]),
            )
        )
    listed = tuple(
        ShownTrouble(each, _WEIGHT_ICONS[each.weight], page_of(nodes[place]))
        for each, place in places
        if place
    )
    return FlowMap(tuple(shown), ways, listed)


def page_of(node: Node) -> str:
    """The address of the page about a node; empty: there is none."""
    match node.kind:
        case NodeKind.NUMBER:
            return f"/numbers/{node.title}"
        case NodeKind.QUESTION:
            return f"/blocks/{node.block_id}#question-{node.question_id}"
        case NodeKind.OUTSIDE | NodeKind.MISSING | NodeKind.END | NodeKind.PEOPLE:
            return ""
        case NodeKind.WEBHOOK:
            return f"/blocks/{node.block_id}/webhook"
        case _:
            return f"/blocks/{node.block_id}"


def _place(trouble: Trouble, nodes: Mapping[str, Node]) -> str:
    """The node that a problem is shown at; empty: none of these."""
    if trouble.node in nodes:
        return trouble.node
    kind, _, rest = trouble.node.partition(":")
    owner = f"block:{rest.partition(':')[0]}"
    return owner if kind == "question" and owner in nodes else ""


def _words(trouble: Trouble, node: Node) -> str:
    """What is wrong; at an IVR it says which question it is about."""
    if trouble.node == node.name:
        return trouble.text
    return f"question {trouble.node.rpartition(':')[2]}: {trouble.text}"


def _merged(graph: Graph) -> Iterator[ShownWay]:
    """One way for each pair of nodes."""
    labels: dict[tuple[str, str], dict[str, EdgeKind]] = {}
    for edge in graph.edges:
        labels.setdefault((edge.source, edge.target), {}).setdefault(edge.label, edge.kind)
    for (source, target), named in labels.items():
        kind = next(iter(named.values()))
        yield ShownWay(source, target, kind, tuple(label for label in named if label))
