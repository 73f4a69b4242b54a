"""What is found while a reply is read: warnings for people, and of which element each speaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from ivrserver.actions.xmltree import Node
from ivrserver.errors import ActionError

_MAX_WARNINGS: Final = 20


class Use(IntEnum):
    """What became of an element, the worst last.

    USED: it counts as it is. ABSENT: it is not there, and need not be. ADJUSTED: it counts, but not
    as it is. IGNORED: it does not count. MISSING: it is not there, so there is no action. WRONG: it
    is there, and there is no action because of it.
    """

    USED = 0
    ABSENT = 1
    ADJUSTED = 2
    IGNORED = 3
    MISSING = 4
    WRONG = 5

    @property
    def word(self) -> str:
        """Its name in lower case."""
        return self.name.lower()


@dataclass(slots=True)
class Finding:
    """What was found of one element.

    Attributes:
        value: as what it was read; None: it was not, or has none.
        texts: warnings about it.
    """

    use: Use = Use.USED
    value: object = None
    texts: list[str] = field(default_factory=list)


class Findings:
    """What was accepted although it is not quite right, and how each element was read.

    Args:
        first: warnings about the reply as a whole.
        node: the element that this speaks of; None: the whole reply.
        of: findings that these are part of.
    """

    def __init__(
        self, first: Iterable[str] = (), node: Node | None = None, of: Findings | None = None
    ) -> None:
        self._texts: list[str] = list(first) if of is None else of._texts
        self._found: dict[int, Finding] = {} if of is None else of._found
        self._node = node

    @property
    def found(self) -> Mapping[int, Finding]:
        """What was found, by the place of the element."""
        return self._found

    def at(self, node: Node | None) -> Findings:
        """The same, for what is found of `node`."""
        return Findings(node=node, of=self)

    def add(self, text: str, use: Use = Use.ADJUSTED) -> None:
        """Keep a warning, and what it means for the element that it speaks of."""
        self._texts.append(text)
        if (finding := self._finding()) is not None:
            finding.use = max(finding.use, use)
            finding.texts.append(text)

    def means(self, value: object) -> None:
        """The element was read as `value`."""
        if (finding := self._finding()) is not None:
            finding.value = value

    def refusal(self, text: str) -> ActionError:
        """The error that the element makes."""
        if (finding := self._finding()) is not None:
            finding.use = Use.WRONG
            finding.texts.append(text)
        return ActionError(text, line=self._node.line if self._node else 0)

    def all(self) -> tuple[str, ...]:
        """Every warning, or the first ones and how many more there were."""
        more = len(self._texts) - _MAX_WARNINGS
        if more <= 0:
            return tuple(self._texts)
        return (*self._texts[:_MAX_WARNINGS], f"and {more} more warnings")

    def _finding(self) -> Finding | None:
        return None if self._node is None else self._found.setdefault(self._node.place, Finding())
