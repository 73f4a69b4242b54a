"""Nodes, edges, and the parts of a graph that people look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class NodeKind(StrEnum):
    """What a node stands for."""

    NUMBER = "number"
    IVR = "ivr"
    FINDME = "findme"
    RECEPTIONIST = "receptionist"
    VOICEMAIL = "voicemail"
    QUESTION = "question"
    WEBHOOK = "webhook"
    PEOPLE = "people"
    OUTSIDE = "outside"
    MAILBOX = "mailbox"
    END = "end"
    MISSING = "missing"


class EdgeKind(StrEnum):
    """Why a call takes a way.

    GOES_ON: without anybody's choice. KEY: the caller chooses. FAILURE: nothing came, or nothing
    that counts. CLOSED: the hour decides. CALLS: a question connects the caller, who comes back.
    BACKUP: the webhook gave nothing that can be used.
    """

    GOES_ON = "goes_on"
    KEY = "key"
    FAILURE = "failure"
    CLOSED = "closed"
    CALLS = "calls"
    BACKUP = "backup"


@dataclass(frozen=True, slots=True)
class Node:
    """One thing that a call can be at.

    Attributes:
        name: unique in its graph, such as ``number:8005550100``, ``block:100``,
            ``question:100:2``.
        title: for people, in a few words.
        detail: what it is, such as ``IVR 100, 5 questions``.
        block_id: the building block that it is, or is a part of; None: of none.
        question_id: the question that it is; None: it is none.
    """

    name: str
    kind: NodeKind
    title: str
    detail: str = ""
    block_id: int | None = None
    question_id: int | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """One way from node to node.

    Attributes:
        source: name of the node that it begins at.
        target: name of the node that it leads to.
        label: as people say it, such as ``key 2 · billing``; empty: it just goes on.
        silent: a caller who never presses anything can be taken this way.
    """

    source: str
    target: str
    label: str
    kind: EdgeKind
    silent: bool = False


def block_name(block_id: int) -> str:
    """The name of a building block's node."""
    return f"block:{block_id}"


def question_name(block_id: int, question_id: int) -> str:
    """The name of a question's node."""
    return f"question:{block_id}:{question_id}"


def number_name(number: str) -> str:
    """The name of a phone number's node."""
    return f"number:{number}"


@dataclass(frozen=True, slots=True)
class Graph:
    """Where calls can go, or a part of that; nodes in the order of the account."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def named(self) -> Mapping[str, Node]:
        """Every node by its name."""
        return {node.name: node for node in self.nodes}

    def overview(self) -> Graph:
        """The same without questions: what they lead to, their IVRs lead to."""
        nodes = self.named()

        def shown(name: str) -> str:
            node = nodes[name]
            inside = node.kind is NodeKind.QUESTION and node.block_id is not None
            return block_name(node.block_id or 0) if inside else name

        edges: dict[Edge, None] = {}
        for edge in self.edges:
            inside = nodes[edge.source].kind is NodeKind.QUESTION
            into = nodes[edge.target].kind is NodeKind.QUESTION
            source, target = shown(edge.source), shown(edge.target)
            if source == target and into:
                continue  # from question to question
            label = f"{nodes[edge.source].title}: {edge.label or 'then'}" if inside else edge.label
            edges[replace(edge, source=source, target=target, label=label)] = None
        outer = (node for node in self.nodes if node.kind is not NodeKind.QUESTION)
        return Graph(tuple(outer), tuple(edges))

    def around(self, name: str) -> Graph:
        """What leads to a node, and what it leads to, however far."""
        kept = reached([name], self.edges) | reached([name], map(_turned, self.edges))
        return self._only(kept)

    def inside(self, block_id: int) -> Graph:
        """One block with its questions, and its neighbours without theirs."""
        own = {
            node.name
            for node in self.nodes
            if node.block_id == block_id and node.kind is not NodeKind.MAILBOX
        }
        entering = [
            edge for edge in self.overview().edges if edge.target in own and edge.source not in own
        ]
        edges = (*entering, *(edge for edge in self.edges if edge.source in own))
        kept = own | {end for edge in edges for end in (edge.source, edge.target)}
        return Graph(tuple(node for node in self.nodes if node.name in kept), edges)

    def _only(self, kept: set[str]) -> Graph:
        return Graph(
            tuple(node for node in self.nodes if node.name in kept),
            tuple(edge for edge in self.edges if edge.source in kept and edge.target in kept),
        )


def reached(starts: Iterable[str], edges: Iterable[Edge]) -> set[str]:
    """Names of everything that the edges lead to from `starts`, which are among them."""
    following: dict[str, list[str]] = {}
    for edge in edges:
        following.setdefault(edge.source, []).append(edge.target)
    found, waiting = set(starts), list(starts)
    while waiting:
        for target in following.get(waiting.pop(), []):
            if target not in found:
                found.add(target)
                waiting.append(target)
    return found


def _turned(edge: Edge) -> Edge:
    return replace(edge, source=edge.target, target=edge.source)
