"""What is right in an account, but probably not meant: told when it is loaded, and not refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ivrserver.blocks.destinations import HangUp
from ivrserver.blocks.findme import FindMe, NextAction
from ivrserver.blocks.graph.build import draw
from ivrserver.blocks.graph.model import Graph, Node, NodeKind, block_name, number_name
from ivrserver.blocks.graph.ways import remarks
from ivrserver.blocks.model import Account, Block, Ivr
from ivrserver.blocks.questions import Record
from ivrserver.blocks.receptionist import Menu, Receptionist


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that is probably not meant.

    Attributes:
        node: name of the node of the account's graph that it is about.
        about: the same for people: ``block 100 (Survey)``, ``number 8005550100``.
        text: what is doubtful, and what to do.
        note: it is right where a web server or a program sends callers there: not worth a warning.
    """

    node: str
    about: str
    text: str
    note: bool = False

    def __str__(self) -> str:
        """The whole of it in a line."""
        return f"{self.about}: {self.text}"


def doubts(account: Account, graph: Graph | None = None) -> Iterator[Doubt]:
    """Each of them: first those about one number or block, then those about the ways between.

    Args:
        account: all of it: what its parts lead to counts.
        graph: its graph, if it is drawn already.
    """
    graph = graph or draw(account)
    nodes = graph.named()
    for number in account.numbers:
        if isinstance(number.destination, HangUp):
            text = "hangs up on everybody at once; give it a destination"
            yield Doubt(number_name(number.number), f"number {number.number}", text)
    for block in account.blocks:
        name = block_name(block.block_id)
        for text in _about(block):
            yield Doubt(name, described(nodes[name], nodes[name]), text)
    for remark in remarks(graph):
        node = nodes[remark.node]
        owner = nodes.get(block_name(node.block_id or 0), node)
        yield Doubt(node.name, described(node, owner), remark.text, remark.note)


def described(node: Node, owner: Node) -> str:
    """A node for people; `owner` is the block that it is a part of."""
    if node.kind is NodeKind.NUMBER:
        return f"number {node.title}"
    block = f"block {owner.block_id} ({owner.title})"
    return block if node.question_id is None else f"{block}, question {node.question_id}"


def _about(block: Block) -> Iterator[str]:
    match block:
        case Ivr():
            if block.webhook.transcription_url and not _transcribes(block):
                yield (
                    "webhook.transcription_url will receive nothing; give a question of "
                    "type record transcribe: true, or take the URL out"
                )
            if not block.questions and not block.webhook.url and block.next_step == HangUp():
                yield "asks nothing and hangs up; add questions, or let next_step lead on"
        case FindMe(loops=0, next_action=NextAction.SAY_NOBODY_AND_HANG_UP):
            yield "calls nobody and hangs up; set loops to at least 1, or next_action"
        case Receptionist():
            menus = {"menu": block.menu, "closed": block.closed, "holiday": block.holiday}
            for place, menu in menus.items():
                if isinstance(menu, Menu) and _leads_nowhere(menu):
                    yield f"every choice of {place} hangs up; let one lead on"


def _transcribes(ivr: Ivr) -> bool:
    return any(isinstance(asked, Record) and asked.transcribe for asked in ivr.questions)


def _leads_nowhere(menu: Menu) -> bool:
    choices = [*menu.keys.values(), *menu.extensions.values()]
    return not menu.direct and all(isinstance(to, HangUp) for to in choices)
