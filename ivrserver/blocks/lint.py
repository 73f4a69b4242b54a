"""What is wrong between the parts of an account: ids used twice, references that lead nowhere.

Works on the plain trees of flow files, not on values, so that it also speaks about a file that has
other mistakes, and knows the line of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivrserver.blocks.yamltree import Document, Path, Problem, dotted

SENDABLE = frozenset({"digits", "choice", "yes_no"})
"""Question types whose answers can be webhook parameters (reference: no recordings)."""

_SHOWN = 10
_PLACES = {"then", "destination", "next_step", "backup_routing"}


@dataclass(frozen=True, slots=True)
class Known:
    """What exists already besides the files, so that they may refer to it."""

    blocks: frozenset[int] = frozenset()
    audio: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem and the document that has it."""

    document: Document
    problem: Problem


@dataclass(slots=True)
class _Names:
    """What may be referred to, and where it was first defined."""

    blocks: dict[Any, str] = field(default_factory=dict)
    audio: dict[Any, str] = field(default_factory=dict)
    numbers: dict[Any, str] = field(default_factory=dict)


def lint(documents: Sequence[Document], known: Known) -> Iterator[Finding]:
    """Find what is wrong between the parts of `documents`, which together are one account."""
    names = _Names()
    for document in documents:
        yield from _definitions(document, names)
    blocks = names.blocks.keys() | known.blocks
    audio = names.audio.keys() | known.audio
    for document in documents:
        for path, kind, target in _references(document.tree, ()):
            if kind == "block" and _number(target) not in blocks:
                text = f"there is no block {target}{_choices(blocks)}"
                yield _finding(document, (*path, kind), text)
            if kind == "audio" and target not in audio:
                text = f"there is no audio file called {target}{_choices(audio)}"
                yield _finding(document, (*path, kind), text)
        for path, ivr in _items(document.tree, "blocks"):
            yield from _questions(document, path, ivr)


def _definitions(document: Document, names: _Names) -> Iterator[Finding]:
    tree = document.tree
    for path, number in _items(tree, "numbers"):
        yield from _once(document, (*path, "number"), number.get("number"), names.numbers)
    for path, audio in _items(tree, "audio"):
        name = audio.get("name") or str(audio.get("path", "")).rpartition("/")[2]
        yield from _once(document, (*path, "name"), name or None, names.audio)
    for path, block in _items(tree, "blocks"):
        yield from _once(document, (*path, "id"), _number(block.get("id")), names.blocks)


def _once(document: Document, path: Path, name: Any, seen: dict[Any, str]) -> Iterator[Finding]:
    if name is None:
        return
    if name in seen:
        yield _finding(document, path, f"{name} is used twice (first in {seen[name]}); change one")
    seen.setdefault(name, f"{document.name}:{document.line_of(path)}")


def _questions(document: Document, path: Path, ivr: Mapping[str, Any]) -> Iterator[Finding]:
    types: dict[int, Any] = {}
    seen: dict[Any, str] = {}
    for at, question in _items(ivr, "questions"):
        number = _number(question.get("id"))
        yield from _once(document, (*path, *at, "id"), number, seen)
        if number is not None:
            types.setdefault(number, question.get("type"))
    for at, kind, target in _references(ivr, ()):
        if kind == "question" and _number(target) not in types:
            text = f"this IVR has no question {target}{_choices(types.keys())}"
            yield _finding(document, (*path, *at, kind), text)
    webhook = ivr.get("webhook")
    parameters = webhook.get("parameters") if isinstance(webhook, Mapping) else None
    for name, target in (parameters if isinstance(parameters, Mapping) else {}).items():
        advice = _why_not_sendable(target, types)
        if advice:
            yield _finding(document, (*path, "webhook", "parameters", name), advice)


def _why_not_sendable(target: Any, types: Mapping[int, Any]) -> str:
    number = _number(target)
    if number is None:
        return ""  # not an id at all: the form says so
    if number not in types:
        return f"this IVR has no question {number}{_choices(types.keys())}"
    match types[number]:
        case "record":
            return f"question {number} is a recording, which cannot be sent; choose another"
        case "message":
            return f"question {number} collects nothing; choose another"
        case _:
            return ""


def _references(tree: Any, path: Path) -> Iterator[tuple[Path, str, Any]]:
    """Each reference below `tree`: where, ``block``, ``question`` or ``audio``, and the target."""
    if isinstance(tree, list):
        for at, item in enumerate(tree):
            yield from _references(item, (*path, at))
    if not isinstance(tree, Mapping):
        return
    for name, content in tree.items():
        here = (*path, name)
        if isinstance(content, Mapping) and name in _PLACES:
            for kind in ("block", "question"):
                if _number(content.get(kind)) is not None:
                    yield here, kind, content[kind]
        elif isinstance(content, Mapping) and name == "prompt":
            if isinstance(content.get("audio"), str):
                yield here, "audio", content["audio"]
        else:
            yield from _references(content, here)


def _items(tree: Any, section: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The mappings in a list, each with its path; a plain text counts as an audio file's path."""
    items = tree.get(section) if isinstance(tree, Mapping) else None
    for at, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, Mapping):
            yield (section, at), item
        elif isinstance(item, str) and section == "audio":
            yield (section, at), {"path": item}


def _number(raw: Any) -> int | None:
    """An id, which is still text in a tree; None: it is not a number."""
    try:
        return int(raw)
    except (TypeError, ValueError):
        return None


def _choices(names: Any) -> str:
    """The names that would be right, if they are few."""
    shown = ", ".join(str(name) for name in sorted(names)[:_SHOWN])
    more = ", ..." if len(names) > _SHOWN else ""
    return f"; there is {shown}{more}" if shown else "; add it"


def _finding(document: Document, path: Path, text: str) -> Finding:
    return Finding(document, Problem(document.line_of(path), dotted(path), text))
