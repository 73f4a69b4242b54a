"""What ids mean in one account, for people: implements `actions.explain.Names`."""

from __future__ import annotations

from dataclasses import dataclass

from ivrserver.blocks import FlowBook, Ivr
from ivrserver.flow.targets import KINDS


@dataclass(frozen=True, slots=True)
class NamesOf:
    """The names of `book`."""

    book: FlowBook

    def block(self, block_id: int) -> str:
        """A building block, such as ``an IVR, “Thanks”``."""
        block = self.book.blocks.get(block_id)
        return f"{KINDS[type(block)]}, “{block.name}”" if block else "no block has this id"

    def question(self, block_id: int, question_id: int) -> str:
        """A question of an IVR, such as ``“Rating”, the second question``."""
        block = self.book.blocks.get(block_id)
        if not isinstance(block, Ivr):
            return ""
        index = block.index_of(question_id)
        if index is None:
            return f"not of IVR {block_id}, which starts at its first question"
        return f"“{block.questions[index].name}”, question number {index + 1}"
