"""Who leads to a block, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ivrserver.blocks import Account
from ivrserver.blocks.graph import Graph, Node, draw
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
    """An account that has been looked through.

    Attributes:
        graph: all of it.
        overview: without questions.
        troubles: what is wrong, the worst first.
    """

    graph: Graph
    overview: Graph
    troubles: Sequence[Trouble]

    @classmethod
    def of(cls, account: Account, phones: Mapping[str, str]) -> Seen:
        """Look through `account`; `phones`: extension of each phone, by its name."""
        graph = draw(account)
        return cls(graph, graph.overview(), troubles(account, graph, Known(phones=phones)))

    def users(self, block_id: int) -> tuple[User, ...]:
        """What leads to a block, but for itself."""
        own = {block_name(block_id), f"mailbox:{block_id}"}
        nodes = self.overview.named()
        found: dict[str, list[str]] = {}
        for edge in self.overview.edges:
            owner = self._owner(nodes[edge.source], nodes)
            if edge.target in own and owner.block_id != block_id:
                found.setdefault(owner.name, []).append(edge.label)
        return tuple(
            User(nodes[name].title, page_of(nodes[name]), tuple(filter(None, ways)))
            for name, ways in found.items()
        )

    def about(self, block_id: int) -> tuple[Trouble, ...]:
        """What is wrong with a block, its questions and its webhook."""
        nodes = self.graph.named()
        return tuple(
            each
            for each in self.troubles
            if each.node in nodes and nodes[each.node].block_id == block_id
        )

    def about_questions(self, block_id: int) -> dict[int, list[Trouble]]:
        """The same of each question of an IVR."""
        nodes = self.graph.named()
        found: dict[int, list[Trouble]] = {}
        for each in self.about(block_id):
            question = nodes[each.node].question_id
            if question is not None:
                found.setdefault(question, []).append(each)
        return found

    def _owner(self, node: Node, nodes: Mapping[str, Node]) -> Node:
        """The block that a webhook's or people's node is a part of; else the node itself."""
        return nodes.get(block_name(node.block_id or 0), node)


def copies_name(names: Iterator[str] | Sequence[str], name: str) -> str:
    """What a copy of `name` is called so that no two of `names` are the same."""
    taken = set(names)
    tries = (f"{name} (copy{'' if number == 1 else f' {number}'})" for number in range(1, 1000))
    return next((each for each in tries if each not in taken), name)
