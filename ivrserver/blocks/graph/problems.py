"""What lint finds wrong and what is doubtful, each at its node of the graph. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pydantic import ValidationError

from ivrserver.blocks.doubts import described, doubts
from ivrserver.blocks.graph.model import Graph, block_name, number_name, question_name
from ivrserver.blocks.lint import Known, lint
from ivrserver.blocks.model import Account, Ivr
from ivrserver.blocks.schema import AccountForm
from ivrserver.blocks.yamltree import Document

_PLACE = re.compile(r"(numbers|blocks)\[(\d+)\](?:\.questions\[(\d+)\])?\.?")


class Weight(StrEnum):
    """How much a problem matters.

    ERROR: calls go wrong there. WARNING: probably not meant. NOTE: right in some accounts.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One problem of one node.

    Attributes:
        node: its name.
        about: the node, for people.
        text: what is wrong, and what to do.
    """

    node: str
    about: str
    weight: Weight
    text: str


def troubles(account: Account, graph: Graph, known: Known) -> tuple[Trouble, ...]:
    """Everything that is wrong or doubtful in `account`, the worst first.

    Args:
        graph: that of `account`.
        known: what there is besides the account, such as registered phones.
    """
    found = [*_errors(account, graph, known)]
    for doubt in doubts(account, graph):
        weight = Weight.NOTE if doubt.note else Weight.WARNING
        found.append(Trouble(doubt.node, doubt.about, weight, doubt.text))
    return tuple(sorted(found, key=lambda trouble: list(Weight).index(trouble.weight)))


def _errors(account: Account, graph: Graph, known: Known) -> Iterator[Trouble]:
    try:
        tree = AccountForm.of(account).tree()
    except ValidationError:
        return  # what no flow file can hold is refused before it is stored
    nodes = graph.named()
    for finding in lint([Document("account", tree)], known):
        problem = finding.problem
        place = _PLACE.match(problem.field)
        node = nodes.get(_node(account, place) if place else "")
        if node is None or place is None:
            continue  # the audio library has no node
        owner = nodes.get(block_name(node.block_id or 0), node)
        field = problem.field[place.end() :]
        text = f"{field}: {problem.text}" if field else problem.text
        yield Trouble(node.name, described(node, owner), Weight.ERROR, text)


def _node(account: Account, place: re.Match[str]) -> str:
    section, at, question = place.groups()
    if section == "numbers":
        return number_name(account.numbers[int(at)].number)
    block = account.blocks[int(at)]
    if question is not None and isinstance(block, Ivr):
        return question_name(block.block_id, block.questions[int(question)].question_id)
    return block_name(block.block_id)
