"""What a graph shows to be doubtful: rounds without an end, and what nobody reaches. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ivrserver.blocks.graph.model import Edge, EdgeKind, Graph, Node, NodeKind, reached

_BLOCKS = frozenset({NodeKind.IVR, NodeKind.FINDME, NodeKind.RECEPTIONIST, NodeKind.VOICEMAIL})
_ENDLESS = (
    "callers who get here go round until the server ends the call ({way}); let a way lead out"
)
_SILENT = (
    "a caller who presses nothing goes round until the server ends the call ({way}); "
    "let no_input end elsewhere"
)


@dataclass(frozen=True, slots=True)
class Remark:
    """One doubt about one node.

    Attributes:
        node: its name.
        text: what is doubtful, and what to do.
        note: it is right where a web server or a program sends callers there.
    """

    node: str
    text: str
    note: bool = False


def remarks(graph: Graph) -> Iterator[Remark]:
    """Everything that is doubtful about the ways of `graph`, a whole account's."""
    nodes = graph.named()
    flow = [edge for edge in graph.edges if edge.kind is not EdgeKind.CALLS]
    deciding = _deciding(graph)
    yield from _unreached(graph, decided=bool(deciding))
    endless = set(nodes) - _leading_out(nodes, flow, deciding)
    yield from _rounds(nodes, [edge for edge in flow if edge.source in endless], _ENDLESS)
    silent = [edge for edge in flow if edge.silent and edge.source not in endless]
    yield from _rounds(nodes, silent, _SILENT)


def _deciding(graph: Graph) -> set[str]:
    """Names of the webhooks whose replies send callers anywhere."""
    leading = {edge.source for edge in graph.edges if edge.kind is not EdgeKind.BACKUP}
    hooks = {node.name for node in graph.nodes if node.kind is NodeKind.WEBHOOK}
    return hooks - leading


def _unreached(graph: Graph, *, decided: bool) -> Iterator[Remark]:
    blocks = {node.name for node in graph.nodes if node.kind in _BLOCKS}
    numbers = {node.name for node in graph.nodes if node.kind is NodeKind.NUMBER}
    found = reached(numbers, graph.edges)
    found |= {name.replace("mailbox:", "block:") for name in found}
    asked = reached(blocks, graph.edges)
    for node in graph.nodes:
        if numbers and node.name in blocks - found:
            why = "no number leads here, whatever callers press"
            mend = "let a number, a key or a next step lead here"
        elif node.kind is NodeKind.QUESTION and node.name not in asked:
            why, mend = (
                "is never asked, every question before it leads elsewhere",
                "let one lead here",
            )
        else:
            continue
        text = f"{why}; only a web server's reply can" if decided else f"{why}; {mend}"
        yield Remark(node.name, text, decided)


def _leading_out(nodes: Iterable[str], edges: Sequence[Edge], deciding: set[str]) -> set[str]:
    """Names of the nodes from which a caller can come to an end, or to somebody."""
    sources = {edge.source for edge in edges}
    ends = deciding | {name for name in nodes if name not in sources}
    turned = [Edge(edge.target, edge.source, "", edge.kind) for edge in edges]
    return reached(ends, turned)


def _rounds(nodes: Mapping[str, Node], edges: list[Edge], text: str) -> Iterator[Remark]:
    """One remark for each round that `edges` make, at the first of its nodes."""
    following: dict[str, list[str]] = {}
    for edge in edges:
        following.setdefault(edge.source, []).append(edge.target)
    told: set[str] = set()
    for start in nodes:
        way = _round(start, following)
        if way and not told & set(way):
            told |= set(way)
            shown = " → ".join(_said(nodes[name]) for name in [*way, start])
            yield Remark(start, text.format(way=shown))


def _round(start: str, following: Mapping[str, list[str]]) -> list[str]:
    """The shortest way from a node back to itself, without its end; empty: there is none."""
    before: dict[str, str] = {}
    waiting = [start]
    for name in waiting:
        for target in following.get(name, []):
            if target == start:
                way = [name]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return way[::-1]
            if target not in before:
                before[target] = name
                waiting.append(target)
    return []


def _said(node: Node) -> str:
    if node.question_id is not None:
        return f"question {node.question_id}"
    if node.kind in _BLOCKS:
        return f"block {node.block_id}"
    return node.title
