"""Who leads to a block, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ivrserver.blocks import Account
from ivrserver.blocks.graph import Graph, NodeKind, draw
from ivrserver.blocks.graph.model import block_name
from ivrserver.blocks.graph.problems import Trouble, troubles
from ivrserver.blocks.lint import Known
from ivrserver.web.portal.flow_map import page_of


@dataclass(frozen=True, slots=True)
class User:
    """What leads to a block.

    Attributes:
        title: a number, or another block's name.
        page: its address.
        ways: how it leads there, for people; empty words: simply so.
    """

    title: str
    page: str
    ways: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """An account that has been looked through once, for all of its blocks.

    Attributes:
        graph: all of it.
        leading: what leads to each block, by its id.
        wrong: what is wrong with each block, its questions and its webhook, the worst first.
        questions: the question that a trouble is about, by its node; others are not there.
    """

    graph: Graph
    leading: Mapping[int, Sequence[User]]
    wrong: Mapping[int, Sequence[Trouble]]
    questions: Mapping[str, int]

    @classmethod
    def of(cls, account: Account, phones: Mapping[str, str]) -> Seen:
        """Look through `account`; `phones`: extension of each phone, by its name."""
        graph = draw(account)
        nodes = graph.named()
        wrong: dict[int, list[Trouble]] = {}
        for trouble in troubles(account, graph, Known(phones=phones)):
            node = nodes.get(trouble.node)
            if node is not None and node.block_id is not None:
                wrong.setdefault(node.block_id, []).append(trouble)
        asked = {
            node.name: node.question_id for node in graph.nodes if node.question_id is not None
        }
        return cls(graph, _leading(graph.overview()), wrong, asked)

    def users(self, block_id: int) -> Sequence[User]:
        """What leads to a block, but for itself."""
        return self.leading.get(block_id, ())

    def about(self, block_id: int) -> Sequence[Trouble]:
        """What is wrong with a block, its questions and its webhook."""
        return self.wrong.get(block_id, ())

    def about_questions(self, block_id: int) -> dict[int, list[Trouble]]:
        """The same of each question of an IVR."""
        found: dict[int, list[Trouble]] = {}
        for each in self.about(block_id):
            if each.node in self.questions:
                found.setdefault(self.questions[each.node], []).append(each)
        return found


def _leading(overview: Graph) -> dict[int, list[User]]:
    """What leads to each block; a webhook or people are a part of their block."""
    nodes = overview.named()
    found: dict[int, dict[str, list[str]]] = {}
    for edge in overview.edges:
        target, source = nodes[edge.target], nodes[edge.source]
        owner = nodes.get(block_name(source.block_id or 0), source)
        is_block = target.kind not in {NodeKind.END, NodeKind.PEOPLE, NodeKind.WEBHOOK}
        if target.block_id is None or not is_block or owner.block_id == target.block_id:
            continue
        found.setdefault(target.block_id, {}).setdefault(owner.name, []).append(edge.label)
    return {
        block_id: [
            User(nodes[name].title, page_of(nodes[name]), tuple(filter(None, ways)))
            for name, ways in users.items()
        ]
        for block_id, users in found.items()
    }


def copies_name(names: Iterator[str] | Sequence[str], name: str) -> str:
    """What a copy of `name` is called so that no two of `names` are the same."""
    taken = set(names)
    tries = (f"{name} (copy{'' if number == 1 else f' {number}'})" for number in range(1, 1000))
    return next((each for each in tries if each not in taken), name)
