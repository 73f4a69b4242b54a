"""YAML text as a plain tree that remembers its lines.

Scalars stay the text that stands in the file: what a value means is decided by the field it is
for, not by YAML's guesses, so ``number: 0305550123`` keeps its zero and a name may be ``no``.
Aliases and tags are refused: flow files need neither, and both can hide a bomb.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str | int, ...]
"""Where something is in a tree: keys and positions from the root."""

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
_STANDARD_TAG = "tag:yaml.org,2002:"
_NULL_TAG = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend. `field` is for people, such as ``blocks[0].questions[2].prompt``."""

    line: int
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file.

    Attributes:
        name: what errors call the file.
        tree: dicts, lists and strings; a field without a value is left out.
        lines: line of each key and list item, from 1, by its path.
        problems: what is wrong with the file as YAML.
    """

    name: str
    tree: Any = None
    lines: Mapping[Path, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def line_of(self, path: Path) -> int:
        """Line of the innermost part of `path` that is in the file."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return 1


def dotted(path: Path) -> str:
    """`path` for people: ``blocks[0].name``; the root is ``file``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".") or "file"


def parse(name: str, data: bytes) -> Document:
    """Parse one file. Never raises: what is wrong is in the document's problems."""
    if len(data) > MAX_BYTES:
        return _broken(name, 1, f"is larger than {MAX_BYTES:,} bytes; split it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _broken(name, data.count(b"\n", 0, error.start) + 1, "is not UTF-8; save it as that")
    try:
        node = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return _broken(name, line, f"is not valid YAML: {error.problem or error.context}")
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return _broken(name, line, "holds a control character; remove it or write it as an escape")
    if node is None:
        return Document(name)
    reading = _Reading()
    tree = reading.tree(node, ())
    return Document(name, tree, reading.lines, tuple(reading.problems))


def _broken(name: str, line: int, text: str) -> Document:
    return Document(name, problems=(Problem(line, "file", text),))


class _Loader(yaml.SafeLoader):
    """Composes nodes; refuses aliases and bottomless nesting before they cost anything."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose one node (called by PyYAML)."""
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it untyped
        refusal = ""
        if isinstance(event, yaml.AliasEvent):
            refusal = "aliases (*name) are not used here; write the value out"
        elif self.depth >= MAX_DEPTH:
            refusal = f"nested deeper than {MAX_DEPTH} levels"
        if refusal:
            raise yaml.composer.ComposerError(None, None, refusal, event.start_mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


class _Reading:
    """Turns nodes into a tree and notes lines and problems on the way."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.problems: list[Problem] = []

    def tree(self, node: yaml.Node, path: Path) -> Any:
        self.lines.setdefault(path, _line(node))
        if not node.tag.startswith(_STANDARD_TAG):
            self._report(node, path, "tags (!name) are not used here; remove it")
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path)
            case yaml.SequenceNode():
                return [self.tree(item, (*path, at)) for at, item in enumerate(node.value)]
            case yaml.ScalarNode(style=None) if node.tag == _NULL_TAG:
                return None
            case _:
                return node.value

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._report(key, path, "a field's name must be plain text")
                continue
            here = (*path, key.value)
            if here in self.lines:
                first = self.lines[here]
                self._report(key, here, f"stands here twice (first in line {first}); keep one")
                continue
            self.lines[here] = _line(key)
            content = self.tree(value, here)
            if content is not None:
                found[key.value] = content
        return found

    def _report(self, node: yaml.Node, path: Path, text: str) -> None:
        self.problems.append(Problem(_line(node), dotted(path), text))


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
