"""Draws an account: a node for everything a call can be at, an edge for every way on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from ivrserver.blocks.destinations import Destination, HangUp, ToBlock, ToMailbox, ToNumber
from ivrserver.blocks.findme import FindMe, NextAction
from ivrserver.blocks.graph.labels import counted, pressed, tried
from ivrserver.blocks.graph.model import (
    Edge,
    EdgeKind,
    Graph,
    Node,
    NodeKind,
    block_name,
    number_name,
    question_name,
)
from ivrserver.blocks.graph.questions import Way, ways_of
from ivrserver.blocks.model import Account, Block, Ivr
from ivrserver.blocks.receptionist import Menu, Receptionist
from ivrserver.blocks.voicemail import Voicemail
from ivrserver.blocks.webhook import WebhookMode

_LAST_NUMBER = (NextAction.ACCEPT_LAST_SCREENED, NextAction.ACCEPT_LAST_UNSCREENED)


def draw(account: Account) -> Graph:
    """The graph of `account`, questions and all."""
    drawing = _Drawing({block.block_id: block for block in account.blocks})
    for number in account.numbers:
        name = number_name(number.number)
        drawing.add(Node(name, NodeKind.NUMBER, number.number, number.label))
    for block in account.blocks:
        drawing.add(node_of(block))
        if isinstance(block, Ivr):
            for asked in block.questions:
                drawing.add(_question_node(block, asked.question_id, asked.name))
    for number in account.numbers:
        drawing.lead(number_name(number.number), number.destination, "", silent=True)
    for block in account.blocks:
        drawing.block(block)
    return _without_loose_ends(Graph(tuple(drawing.nodes.values()), tuple(drawing.edges)))


def _without_loose_ends(graph: Graph) -> Graph:
    """The same without webhooks and ends that no way leads to."""
    while True:
        targets = {edge.target for edge in graph.edges}
        loose = {
            node.name
            for node in graph.nodes
            if node.kind in (NodeKind.WEBHOOK, NodeKind.END) and node.name not in targets
        }
        if not loose:
            return graph
        graph = Graph(
            tuple(node for node in graph.nodes if node.name not in loose),
            tuple(edge for edge in graph.edges if edge.source not in loose),
        )


def node_of(block: Block) -> Node:
    """The node of a building block."""
    match block:
        case Ivr():
            kind, what = NodeKind.IVR, f"IVR, {counted(len(block.questions), 'question')}"
        case FindMe():
            kind, what = NodeKind.FINDME, f"FindMe, {counted(len(block.phones), 'phone')}"
        case Receptionist():
            kind, what = NodeKind.RECEPTIONIST, "Receptionist"
        case Voicemail():
            kind, what = NodeKind.VOICEMAIL, "Voicemail box"
        case _:
            assert_never(block)
    return Node(block_name(block.block_id), kind, block.name, what, block.block_id)


def _question_node(ivr: Ivr, question_id: int, name: str) -> Node:
    return Node(
        question_name(ivr.block_id, question_id),
        NodeKind.QUESTION,
        name,
        f"Question {question_id}",
        ivr.block_id,
        question_id,
    )


@dataclass(slots=True)
class _Drawing:
    """What is drawn so far."""

    blocks: Mapping[int, Block]
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)

    def add(self, node: Node) -> str:
        self.nodes.setdefault(node.name, node)
        return node.name

    def edge(
        self,
        source: str,
        target: str,
        label: str,
        kind: EdgeKind = EdgeKind.GOES_ON,
        *,
        silent: bool = False,
    ) -> None:
        self.edges.append(Edge(source, target, label, kind, silent))

    def lead(
        self,
        source: str,
        to: Destination,
        label: str,
        kind: EdgeKind = EdgeKind.GOES_ON,
        *,
        silent: bool = False,
    ) -> None:
        self.edge(source, self.place(to, source), label, kind, silent=silent)

    def place(self, to: Destination, source: str) -> str:
        """The node of a destination; who hangs up has an end of its own, to keep lines short."""
        match to:
            case ToBlock(block_id):
                return self._block(block_id)
            case ToNumber(number):
                return self.outside(number)
            case ToMailbox(block_id):
                box = self.nodes.get(self._block(block_id))
                title = box.title if box else str(block_id)
                name, detail = f"mailbox:{block_id}", f"Listen to box {block_id}"
                return self.add(Node(name, NodeKind.MAILBOX, title, detail, block_id))
            case HangUp():
                return self.end(source, "Hang up")
            case _:
                assert_never(to)

    def end(self, source: str, title: str) -> str:
        owner = self.nodes[source]
        block = owner.block_id
        own = f"end:{source}" if block is None else f"end:{block_name(block)}"
        return self.add(Node(f"{own}:{title}", NodeKind.END, title, block_id=block))

    def outside(self, number: str) -> str:
        return self.add(Node(f"outside:{number}", NodeKind.OUTSIDE, number, "Transfer"))

    def _block(self, block_id: int) -> str:
        if block_id in self.blocks:
            return block_name(block_id)
        title = f"Block {block_id}"
        return self.add(Node(f"missing:{block_id}", NodeKind.MISSING, title, "does not exist"))

    def block(self, block: Block) -> None:
        match block:
            case Ivr():
                self._ivr(block)
            case FindMe():
                self._findme(block)
            case Receptionist():
                self._receptionist(block)
            case Voicemail():
                name = block_name(block.block_id)
                self.edge(name, self.end(name, "Hang up"), "after the message", silent=True)
            case _:
                assert_never(block)

    def _ivr(self, ivr: Ivr) -> None:
        own = block_name(ivr.block_id)
        finish = self._finish(ivr)
        names = [question_name(ivr.block_id, asked.question_id) for asked in ivr.questions]
        self.edge(own, names[0] if names else finish, "", silent=True)
        for at, asked in enumerate(ivr.questions):
            following = names[at + 1] if at + 1 < len(names) else finish
            for way in ways_of(asked):
                target = self._target(ivr, way, following, finish)
                self.edge(names[at], target, way.label, way.kind, silent=way.silent)

    def _target(self, ivr: Ivr, way: Way, following: str, finish: str) -> str:
        match way.to:
            case ToNumber(number):
                return self.outside(number)
            case ToBlock(block_id):
                return self._block(block_id)
            case int(question_id):
                # As on a call: one that is missing ends the IVR.
                known = ivr.index_of(question_id) is not None
                return question_name(ivr.block_id, question_id) if known else finish
            case "next":
                return following
            case "end":
                return finish
            case _:
                assert_never(way.to)

    def _finish(self, ivr: Ivr) -> str:
        """Where a caller is when an IVR has ended: at its webhook, or already behind it."""
        own, hook = block_name(ivr.block_id), ivr.webhook
        if not hook.url or hook.mode is WebhookMode.NONE:
            return self.place(ivr.next_step, own)
        decides = hook.mode is WebhookMode.NEXT_ACTION
        title = "The web server decides" if decides else "The reply is read out"
        name = self.add(
            Node(f"webhook:{ivr.block_id}", NodeKind.WEBHOOK, title, "Webhook", ivr.block_id)
        )
        if not decides:
            self.lead(name, ivr.next_step, "then", silent=True)
        if ivr.backup_routing is None:
            self.edge(name, self.end(name, "Apology"), "webhook fails", EdgeKind.BACKUP)
        else:
            self.lead(name, ivr.backup_routing, "backup routing", EdgeKind.BACKUP)
        return name

    def _findme(self, findme: FindMe) -> None:
        own = block_name(findme.block_id)
        if findme.loops:
            title = f"Calls {', '.join(findme.phones[:3])}"
            more = len(findme.phones) - 3
            title += f" and {more} more" if more > 0 else ""
            people = Node(f"people:{findme.block_id}", NodeKind.PEOPLE, title, "", findme.block_id)
            self.edge(own, self.add(people), "somebody takes it")
        nobody = "nobody takes it" if findme.loops else "nobody is called"
        if findme.closed is not None:
            self.lead(own, findme.closed, "closed", EdgeKind.CLOSED)
        if findme.next_action_item is not None:
            self.edge(own, self._block(findme.next_action_item), nobody, EdgeKind.FAILURE)
        elif findme.next_action not in _LAST_NUMBER:
            self.edge(own, self.end(own, "Hang up"), nobody, EdgeKind.FAILURE)

    def _receptionist(self, block: Receptionist) -> None:
        own = block_name(block.block_id)
        self._menu(own, block.menu, "")
        for what, offer in (("closed", block.closed), ("holiday", block.holiday)):
            if isinstance(offer, Menu):
                self._menu(own, offer, f"{what}, ")
            elif offer is not None:
                self.lead(own, offer, what, EdgeKind.CLOSED, silent=True)

    def _menu(self, own: str, menu: Menu, when: str) -> None:
        kind = EdgeKind.CLOSED if when else EdgeKind.KEY
        for table, word in ((menu.keys, "key"), (menu.extensions, "extension")):
            for target, keys in self._grouped(own, table.items()).items():
                self.edge(own, target, when + pressed(word, [(key, "") for key in keys]), kind)
        if menu.direct:
            phones = Node("outside:", NodeKind.OUTSIDE, "Any registered phone", "Transfer")
            self.edge(own, self.add(phones), f"{when}a phone's extension", kind)
        for failure, what in ((menu.no_input, "no input"), (menu.invalid, "wrong keys")):
            label, silent = when + tried(what, failure.tries), failure is menu.no_input
            self.lead(own, failure.then, label, EdgeKind.FAILURE, silent=silent)

    def _grouped(
        self, own: str, table: Iterable[tuple[str, Destination]]
    ) -> Mapping[str, list[str]]:
        groups: dict[str, list[str]] = {}
        for key, to in table:
            groups.setdefault(self.place(to, own), []).append(key)
        return groups
